"""
Shapes: which keys a mapping may have, and how each is read. What does not fit is reported where it stands.

A reader takes a `Value` and returns what it means, or None after it has reported why it means nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any, Final

from sre_kit.errors import nearest
from sre_kit.load.slo_files.values import Value

Reader = Callable[[Value], Any]

DNS_LABEL: Final = re.compile(r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?")
_DIGITS: Final = 400
"""Numbers of more digits are refused: as a fraction, a written exponent would fill the memory."""
_LONG_NAME: Final = re.compile(r"[A-Za-z0-9](?:[-A-Za-z0-9._|/\\]{0,253}[A-Za-z0-9])?")


@dataclass(frozen=True, slots=True)
class Key:
    """How the value of a key is read, and whether it must be there."""

    read: Reader
    required: bool = False


Shape = Mapping[str, Key]


@dataclass(frozen=True, slots=True)
class Fields:
    """A mapping that was read: what its keys mean, and where they stand."""

    value: Value
    parsed: Mapping[str, Any]
    places: Mapping[str, Value]

    def __contains__(self, key: str) -> bool:
        return key in self.places

    def __getitem__(self, key: str) -> Any:
        """What a key means; missing where it is not given or could not be read."""
        return self.parsed.get(key)

    def at(self, key: str) -> Value:
        """Where a key stands; the mapping itself where it is not given."""
        return self.places.get(key, self.value)

    def exactly_one(self, *keys: str) -> str:
        """The one of `keys` that is given; reported, and empty, where it is none or several."""
        given = [key for key in keys if key in self]
        if len(given) == 1:
            return given[0]
        names = f"{', '.join(keys[:-1])} and {keys[-1]}"
        said = f"{' and '.join(given)} are given" if given else "none is given"
        self.at(given[-1] if given else "").wrong(f"give exactly one of {names}; {said}")
        return ""


def mapping(shape: Shape) -> Callable[[Value], Fields | None]:
    """A reader of a mapping with the keys of `shape` and no others."""

    def read(value: Value) -> Fields | None:
        if value.kind != "mapping":
            value.wrong(f"must be a mapping of {', '.join(shape)}, got {value.shown()}")
            return None
        places = value.mapping()
        for name, one in places.items():
            if name not in shape:
                one.wrong(f"no such field{nearest(name, shape)}")
        for name, key in shape.items():
            if key.required and name not in places:
                value.wrong(f"{name} is needed and missing")
        parsed = {name: key.read(places[name]) for name, key in shape.items() if name in places}
        return Fields(value, parsed, places)

    return read


def checked(shape: Shape, *rules: Callable[[Fields], None]) -> Reader:
    """A reader of a mapping, and what else must hold of it."""
    of_shape = mapping(shape)

    def both(value: Value) -> Fields | None:
        found = of_shape(value)
        if found is not None:
            for rule in rules:
                rule(found)
        return found

    return both


def list_of(read: Reader, *, least: int = 0) -> Callable[[Value], list[Any] | None]:
    """A reader of a list; what could not be read is left out of it."""

    def of_list(value: Value) -> list[Any] | None:
        if value.kind != "list":
            value.wrong(f"must be a list, got {value.shown()}")
            return None
        items = value.items()
        if len(items) < least:
            value.wrong(f"must hold at least {least}, holds {len(items)}")
        return [found for one in items if (found := read(one)) is not None]

    return of_list


def text(value: Value) -> str | None:
    """Text; what YAML takes for something else must be quoted."""
    if value.kind == "text":
        return value.text
    if value.kind in ("number", "bool", "time"):
        value.wrong(f'must be text, got the {value.kind} {value.text}; quote it: "{value.text}"')
    else:
        value.wrong(f"must be text, got {value.shown()}")
    return None


def short_text(limit: int) -> Reader:
    """Text of at most `limit` characters."""

    def read(value: Value) -> str | None:
        found = text(value)
        if found is not None and len(found) > limit:
            value.wrong(f"must have at most {limit:,} characters, has {len(found):,}")
        return found

    return read


def choice(*allowed: str) -> Reader:
    """One of some words, as they are written."""

    def read(value: Value) -> str | None:
        found = text(value)
        if found is None or found in allowed:
            return found
        value.wrong(f"{found!r} is no choice{nearest_word(found, allowed)}")
        return None

    return read


def boolean(value: Value) -> bool | None:
    """true or false."""
    words = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
    if value.kind == "bool":
        return words[value.text.lower()]
    value.wrong(f"must be true or false, got {value.shown()}")
    return None


def number(value: Value) -> Fraction | None:
    """A number, exactly as it is written."""
    try:
        found = Decimal(value.text) if value.kind == "number" else None
    except InvalidOperation:
        found = None
    if found is not None and found.is_finite() and abs(found.adjusted()) < _DIGITS:
        return Fraction(found)
    value.wrong(f"must be a number, got {value.shown()}")
    return None


def moment(value: Value) -> str | None:
    """A date with time and without a zone, ``2026-01-31 12:30:00``."""
    try:
        if value.kind in ("time", "text"):
            found = datetime.fromisoformat(value.text)
            if found.tzinfo is None and len(value.text) > len("2026-01-31"):
                return f"{found:%Y-%m-%d %H:%M:%S}"
    except ValueError:
        pass
    value.wrong(f"must be a time such as 2026-01-31 12:30:00, got {value.shown()}")
    return None


def anything(value: Value) -> Value:
    """Whatever is there: it is not ours to judge, nor to print."""
    return value


def some_mapping(value: Value) -> dict[str, Value] | None:
    """A mapping with any keys, at least one."""
    if value.kind != "mapping":
        value.wrong(f"must be a mapping, got {value.shown()}")
        return None
    found = value.mapping()
    if not found:
        value.wrong("must not be empty")
    return found


def texts(value: Value) -> dict[str, str] | None:
    """A mapping of text to text."""
    if value.kind != "mapping":
        value.wrong(f"must be a mapping of text to text, got {value.shown()}")
        return None
    return {key: found for key, one in value.mapping().items() if (found := text(one)) is not None}


def name(value: Value) -> str | None:
    """The name of an object; one that not every tool takes is noted."""
    found = text(value)
    if found is None:
        return None
    if not _LONG_NAME.fullmatch(found):
        value.wrong(
            f'{found!r} is no name; small letters, digits and "-" are allowed, at most 63, '
            "letters and digits at both ends"
        )
        return None
    if not DNS_LABEL.fullmatch(found):
        value.note(
            f'the name {found!r} is not taken everywhere; small letters, digits and "-" are, at most 63 (RFC 1123)'
        )
    return found


def nearest_word(found: str, allowed: Iterable[str]) -> str:
    """The nearest word, whatever its capitals."""
    same = [one for one in allowed if one.lower() == found.lower()]
    return f"; did you mean {same[0]!r}?" if same else nearest(found, allowed)
