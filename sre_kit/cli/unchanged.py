"""``sre-kit render`` of a project that has not changed: answered before anything heavy is imported."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from sre_kit.cli.options import Options
from sre_kit.errors import ParameterError
from sre_kit.store import places, regular

_MAX_BYTES: Final = 1_000_000


def answered_or_run(options: Options, many: Sequence[str], shard: str, dask: str) -> int:
    """The exit code of one project, from memory where that holds, or of `many`."""
    single = not (many or shard or dask)
    if single and (code := answered(options)) is not None:
        return code
    if single and not (options.dry_run or options.check):
        begin(options)
    from sre_kit.cli import fleet
    from sre_kit.cli.render import run

    return run(options) if single else fleet.run(many, options, shard, dask)


def begin(options: Options) -> None:
    """Have the warm engine begin its imports, after those that it shares with us: something has changed."""
    from sre_kit.render import engine
    from sre_kit.render.warm import standing

    if options.engine == engine.WARM and not standing.missing():
        engine.environment("")
        _parse(options.params)
        standing.standing(may_fork=True)


def _parse(written: str) -> None:
    """Parse the params before the engine is a fork of us, and no notebook does; loading them says what is wrong."""
    import yaml

    from sre_kit.load import yaml_text

    with contextlib.suppress(ParameterError, OSError, UnicodeDecodeError, RecursionError, yaml.YAMLError):
        params = places.find_params(written)
        for file in sorted(params.glob("*.yaml")) if params.is_dir() else [params]:
            yaml_text.loaded(regular.content(file, _MAX_BYTES).decode("utf-8-sig"))


def answered(options: Options) -> int | None:
    """Print what the last render of an unchanged project said, and return its exit code; None where it must be run."""
    from sre_kit.render.answers import remembered

    if not options.in_place:
        return None
    try:
        params = places.find_params(options.params)
    except ParameterError:
        return None
    root = _root(params)
    answer = remembered(root, options.asked(params)) if root else None
    if answer is None:
        return None
    sys.stdout.write(answer.out)
    sys.stderr.write(answer.err)
    return answer.code


def _root(params: Path) -> Path | None:
    """
    The project's folder where the params name it themselves; only a hint, what lies there is held against hashes.
    """
    import yaml

    base = params if params.is_dir() else params.parent
    files = sorted(params.glob("*.y*ml"), key=lambda path: path.stem != "project") if params.is_dir() else [params]
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    for file in files:
        with contextlib.suppress(OSError, UnicodeDecodeError, yaml.YAMLError, RecursionError):
            written = _scalar(
                yaml.compose(regular.content(file, _MAX_BYTES).decode("utf-8-sig"), Loader=loader), "project", "path"
            )
            if written:
                return places.resolve(written, base).resolve()
    return None


def _scalar(node: Any, *keys: str) -> str:
    """The text under nested keys of a YAML node; empty where there is none. Aliases are not expanded."""
    for key in keys:
        pairs: Mapping[str, Any] = {
            str(name.value): value for name, value in (node.value if getattr(node, "id", "") == "mapping" else ())
        }
        node = pairs.get(key)
    return str(node.value) if getattr(node, "id", "") == "scalar" else ""
