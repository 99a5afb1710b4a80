"""
``sre-kit render params/*.yaml``: many projects, each as if it were alone, and one table of what became of them.
"""

from __future__ import annotations

import json as jsonlib
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, as_completed
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from sre_kit import load
from sre_kit.cli.options import PRECEDENCE, Options, check_options
from sre_kit.cli.progress import Progress
from sre_kit.cli.render import render
from sre_kit.errors import NotebookError, ParameterError, SREKitError
from sre_kit.render import engine, fleet, stopping

WORST: Final = (70, PRECEDENCE[0], 2, *PRECEDENCE[1:])
"""Of the exit codes of the projects, the first of these; a defect (70) and unusable params (2) write nothing either."""
_alone = threading.Lock()


def run(params: Sequence[str], options: Options, shard: str = "", dask: str = "") -> int:
    """Render the projects of `params`; returns the worst exit code."""
    _check(params, options, dask)
    mine = fleet.shard(params, shard) if shard else sorted(params)
    # projects side by side leave no core idle; few projects leave some for their notebooks
    each = replace(options, params="", json=True, jobs=max(1, options.jobs // max(1, len(mine))))
    began = time.perf_counter()
    results: dict[str, Mapping[str, Any]] = {}
    if mine:
        with Progress(len(mine), options.json) as progress, _executor(options, len(mine), dask) as executor:
            for params_, result in _results(executor, mine, each):
                results[params_] = result
                progress(params_, "rendered")
    done = [results[one] for one in mine]
    code = worst([one["code"] for one in done])
    if options.json:
        whole = {"code": code, "seconds": round(time.perf_counter() - began, 3), "projects": done}
        print(jsonlib.dumps(whole, indent=1, ensure_ascii=False))
    else:
        _print(done, options)
    return code


def worst(codes: Sequence[int]) -> int:
    """
    The exit code of many.

    >>> worst([0, 1, 3, 6]), worst([0, 5, 1]), worst([0, 0]), worst([])
    (6, 5, 0, 0)
    """
    return next((code for code in WORST if code in codes), max(codes, default=0))


def project(params: str, options: Options) -> dict[str, Any]:
    """
    Render one project, in the process that calls; whatever happens becomes a part of the answer.

    ``code`` is the exit code that rendering it alone would have, ``error`` what it would print, ``report`` its JSON
    (absent where nothing came of it), ``seconds`` wall time.
    """
    began = time.perf_counter()
    answer: dict[str, Any] = {"params": params, "project": "", "code": 0, "error": ""}
    try:
        with _alone:  # a worker with several threads has one environment
            loaded = load.project(params, options.as_of)
            answer["project"] = loaded.name
            report, answer["code"] = render(loaded, replace(options, params=params))
            answer["report"] = report.as_json()
    except SREKitError as error:
        answer |= {"code": error.exit_code, "error": str(error)}
    except OSError as error:
        answer |= {"code": 2, "error": f"{error.filename or 'the system'}: {error.strerror or error}"}
    except Exception as error:
        answer |= {"code": 70, "error": f"a defect in sre-kit: {type(error).__name__}: {error}"}
    return {**answer, "seconds": round(time.perf_counter() - began, 3)}


def _check(params: Sequence[str], options: Options, dask: str) -> None:
    check_options(options)
    if not params:
        raise ParameterError("--shard and --dask need params as arguments, for example params/*.yaml")
    if options.params:
        raise ParameterError("params are given as arguments and with --params; write all of them as arguments")
    if options.out:
        raise ParameterError("--out takes the documents of one project; give it with --params and one file")
    if dask and options.engine != engine.WARM:
        raise ParameterError(f"--dask runs the {engine.WARM} engine only, not {options.engine!r}")
    known: dict[Path, str] = {}
    for one in params:
        same = known.setdefault(Path(one).resolve(), one)
        if list(params).count(one) > 1 or same != one:
            raise ParameterError(f"{one} is given twice")


def _executor(options: Options, count: int, dask: str) -> AbstractContextManager[Executor]:
    return fleet.dask(dask) if dask else fleet.Processes(min(options.jobs, count))


def _results(executor: Executor, params: Sequence[str], each: Options) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Each project's answer as it comes."""
    with stopping.workers():
        # a worker elsewhere has another working directory
        running = {executor.submit(project, str(Path(one).absolute()), each): one for one in params}
        try:
            for future in as_completed(running):
                yield running[future], {**_answer(future), "params": running[future]}
        except BaseException:
            executor.shutdown(wait=False, cancel_futures=True)
            raise


def _answer(future: Future[dict[str, Any]]) -> dict[str, Any]:
    try:
        return future.result()
    except SREKitError as error:
        code, said = error.exit_code, str(error)
    except Exception as error:  # the worker, or what carries its answers
        code, said = NotebookError.exit_code, f"its worker failed: {type(error).__name__}: {error}"
    return {"project": "", "code": code, "error": said, "seconds": 0.0}


def _print(done: Sequence[Mapping[str, Any]], options: Options) -> None:
    from tabulate import tabulate

    rows = [_row(one) for one in done]
    verb = "would change" if options.dry_run or options.check else "written"
    headers = ["params", "project", "exit", "documents", verb, "open questions", "seconds"]
    if rows:
        print(tabulate(rows, headers, tablefmt="simple", disable_numparse=[0, 1], floatfmt=".1f"))
    for one in done:
        report = one.get("report", {})
        said = [one["error"]] if one["error"] else []
        said += [f"incomplete: {text}" for text in report.get("degraded", [])]
        said += [f"breached: {text}" for text in report.get("breaches", [])]
        for text in said:
            print(f"{one['params']}: {text}", file=sys.stderr)
    failed = sum(one["code"] != 0 for one in done)
    print(f"{len(done)} projects, {failed} not as they should be" if done else "no project is in this shard")


def _row(one: Mapping[str, Any]) -> list[object]:
    report = one.get("report")
    if report is None:
        return [one["params"], one["project"] or "–", one["code"], "–", "–", "–", one["seconds"]]
    documents = report["documents"].values()
    questions = sum(document["open_questions"] for document in documents)
    return [
        one["params"],
        one["project"],
        one["code"],
        len(documents),
        len(report["changes"]),
        questions,
        one["seconds"],
    ]
