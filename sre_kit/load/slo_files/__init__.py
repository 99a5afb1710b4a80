"""
Files in which objectives already stand: OpenSLO (v1, v1alpha) and Sloth (specifications, Kubernetes, alert windows).

Each problem says file, line, what, the value and what is allowed. What is valid and ours cannot hold is left out by
name.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from sre_kit.compute.slo.objectives import SLO
from sre_kit.errors import ParameterError, nearest
from sre_kit.load.slo_files import openslo, openslo_alpha, sloth
from sre_kit.load.slo_files.contents import Contents as Contents
from sre_kit.load.slo_files.values import Remark, Report, Value, documents

SHOWN: Final = 8
_FORMATS: Final = (openslo.VERSION, openslo_alpha.VERSION, sloth.KUBERNETES)


def contents(paths: Sequence[Path]) -> Contents:
    """
    What some files say together: references are resolved across them, names must be different across them.

    Raises
    ------
    ParameterError
        A file cannot be read, is too large or nested too deeply; names the file.
    """
    report = Report()
    found = Contents()
    by_format: dict[str, list[Value]] = {}
    for path in paths:
        read = documents(path, report)
        if not read and not report.problems:
            report.problems.append(Remark(path.name, 1, "there is no YAML document in it"))
        for document in (one for whole in read for one in _objects(whole)):
            if form := _form(document):
                by_format.setdefault(form, []).append(document)
    for reader, form in ((openslo, openslo.VERSION), (openslo_alpha, openslo_alpha.VERSION), (sloth, sloth.KUBERNETES)):
        reader.read(by_format.get(form, []), found)
    found.problems, found.notes = list(dict.fromkeys(report.problems)), list(dict.fromkeys(report.notes))
    order = {path.name: number for number, path in enumerate(paths)}
    for some in (found.problems, found.notes):
        some.sort(key=lambda one: (order.get(one.file, 0), one.line))
    found.slos.sort(key=lambda one: (order.get(one.file, 0), one.line))
    return found


def slo_files(paths: Iterable[Path]) -> list[SLO]:
    """
    The objectives of some files, in their order.

    Raises
    ------
    ParameterError
        A file cannot be read, or an objective cannot be counted; names the file, the line and the objective.
    """
    found = contents(list(paths))
    wrong = [str(one) for one in (*found.problems, *found.not_imported)]
    if wrong:
        more = f"\n{len(wrong) - SHOWN} more; sre-kit slo validate lists them all" if len(wrong) > SHOWN else ""
        raise ParameterError("\n".join(wrong[:SHOWN]) + more)
    return [one.slo for one in found.slos]


def _objects(document: Value) -> list[Value]:
    """The objects of a document: itself, or those of the list that it is."""
    return document.items() if document.kind == "list" else [document]


def _form(document: Value) -> str:
    """Which format an object is in; reported, and empty, where it is none."""
    if document.kind != "mapping":
        document.wrong(f"must be an object of OpenSLO or Sloth, got {document.shown()}")
        return ""
    keys = document.mapping()
    version = keys["apiVersion"].text if "apiVersion" in keys else ""
    if version in _FORMATS:
        return version
    if "version" in keys or (not version and "slos" in keys):
        return sloth.KUBERNETES
    if version:
        keys["apiVersion"].wrong(f"the apiVersion {version!r} is not read{nearest(version, _FORMATS)}")
    else:
        document.wrong(
            "neither OpenSLO (apiVersion: openslo/v1) nor Sloth (version: prometheus/v1); say which with that line"
        )
    return ""
