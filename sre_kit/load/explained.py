"""What pydantic found wrong, in our words: the place, the value, what is allowed, the nearest name."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any, get_args, get_origin, get_type_hints

from pydantic import BaseModel

from sre_kit.errors import nearest

_KINDS = {
    "list_type": "a list was expected",
    "dict_type": "a mapping was expected",
    "dataclass_type": "a mapping was expected",
    "string_type": "text was expected; put it in quotes",
    "int_parsing": "a whole number was expected",
    "int_type": "a whole number was expected",
    "int_from_float": "a whole number was expected",
    "float_parsing": "a number was expected",
    "float_type": "a number was expected",
    "bool_parsing": "true or false was expected",
    "bool_type": "true or false was expected",
    "date_from_datetime_parsing": "a date such as 2026-03-01 was expected",
    "date_type": "a date such as 2026-03-01 was expected",
    "date_parsing": "a date such as 2026-03-01 was expected",
}
"""What was expected, in our words, by pydantic's type of error."""


def explained(error: Mapping[str, Any], kind: Any) -> str:
    """One error of pydantic's, met while reading a `kind`, in our words: where, what, what is allowed."""
    where = ".".join(str(part) for part in error["loc"])
    if error["type"] in {"extra_forbidden", "unexpected_keyword_argument"}:
        *parents, key = error["loc"]
        return f"{where}: no such key{nearest(str(key), _fields(kind, parents))}"
    if error["type"] in {"missing", "missing_argument"}:
        return f"{where}: is needed and missing"
    message = _KINDS.get(error["type"], str(error["msg"]).removeprefix("Value error, "))
    if error["type"] == "value_error":
        return f"{where}: {message}" if where else message
    got = (
        error["input"] if isinstance(error["input"], str | int | float | bool | None) else type(error["input"]).__name__
    )
    return f"{where}: {message}, got {got!r}"


def _fields(kind: Any, parents: Iterable[object]) -> list[str]:
    """Keys allowed at a place within a `kind`."""
    for part in parents:
        if isinstance(part, int):
            kind = get_args(kind)[-1] if get_args(kind) else kind
            continue
        hints = get_type_hints(kind) if isinstance(kind, type) else {}
        kind = hints.get(str(part))
        if get_origin(kind) is dict:
            kind = get_args(kind)[-1]
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return list(kind.model_fields)
    return [f.name for f in dataclasses.fields(kind)] if dataclasses.is_dataclass(kind) else []
