"""An objective of another tool's file, checked as those of a params file are."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from sre_kit.compute.slo.objectives import SLO
from sre_kit.errors import ParameterError
from sre_kit.load.explained import explained


def objective(mapping: Mapping[str, Any]) -> SLO:
    """One entry of `slos`, checked as those of a params file are; all that is wrong in one message."""
    try:
        return _objectives().validate_python(dict(mapping))
    except ValidationError as error:
        raise ParameterError("; ".join(explained(one, SLO) for one in error.errors()[:8])) from None


@cache
def _objectives() -> TypeAdapter[SLO]:
    return TypeAdapter(SLO)
