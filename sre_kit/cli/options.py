"""What ``sre-kit render`` is asked: its options, what each may be, and which arguments are params."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from sre_kit.errors import ParameterError, nearest
from sre_kit.render import engine

FAIL_ON: Final = ("slo-breached", "budget-exhausted", "coverage-gap", "failed-check")
FORMS: Final = ("md", "html")
PRECEDENCE: Final = (4, 6, 3, 5, 1)
"""Of several exit codes, the first of these."""
_ANSWERED: Final = ("params", "names", "as_of", "parameters", "fail_on", "strict", "seconds", "engine", "json", "to")


@dataclass(frozen=True)
class Options:
    """What was asked for on the command line."""

    params: str
    names: tuple[str, ...] = ()
    as_of: str = ""
    parameters: tuple[str, ...] = ()
    out: Path | None = None
    dry_run: bool = False
    check: bool = False
    fail_on: tuple[str, ...] = ()
    strict: bool = False
    force: bool = False
    jobs: int = 2
    seconds: int = engine.CELL_SECONDS
    engine: str = engine.WARM
    fresh: bool = False
    json: bool = False
    to: tuple[str, ...] = ()

    @property
    def in_place(self) -> bool:
        """
        Whether it is published where it belongs, so that it may be answered from memory if its moment is fixed.
        """
        return bool(self.params) and not (self.out or self.dry_run or self.check or self.fresh)

    def asked(self, params: Path) -> dict[str, Any]:
        """All that an answer depends on beside files."""
        whole = asdict(self)
        return {name: list(one) if isinstance(one := whole[name], tuple) else one for name in _ANSWERED} | {
            "params": str(params)
        }


def check_options(options: Options) -> None:
    """
    Refuse what no project could be rendered with.

    Raises
    ------
    ParameterError
        A threshold, engine or form that there is not.
    """
    for name in options.fail_on:
        if name not in FAIL_ON:
            raise ParameterError(f"--fail-on {name!r}{nearest(name, FAIL_ON)}")
    if options.engine not in engine.ENGINES:
        raise ParameterError(f"--engine {options.engine!r}{nearest(options.engine, engine.ENGINES)}")
    for name in options.to:
        if name not in FORMS:
            raise ParameterError(f"--to {name!r}{nearest(name, FORMS)}")


def split(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """
    Arguments that are params (a path, or a name that ends in .yaml or .yml), and those that are documents.

    >>> split(["params/shop.yaml", "SLODefinitions", "bank.yml", "./bank"])
    (['params/shop.yaml', 'bank.yml', './bank'], ['SLODefinitions'])
    """
    params = [one for one in arguments if os.sep in one or one.endswith((".yaml", ".yml"))]
    return params, [one for one in arguments if one not in params]
