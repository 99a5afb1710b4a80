"""The files beside the documents, as their rules read them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import yaml

_LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml's, where PyYAML has it: reading rule files in Python took a fifth of a render's own time."""


@lru_cache(maxsize=64)
def documents(content: bytes) -> tuple[Any, ...]:
    """The YAML documents of a file that are not empty; not to be changed, every rule is given the same ones."""
    return tuple(one for one in yaml.load_all(content, _LOADER) if one)


@dataclass(frozen=True)
class Events:
    """A calendar's events, and the names of the zones that it defines."""

    events: tuple[Any, ...]
    zones: tuple[str, ...]


@lru_cache(maxsize=64)
def calendar(content: bytes) -> Events:
    """
    An iCalendar file; parsing one takes longer than judging it, and several rules read each.

    Raises
    ------
    ValueError
        It is none.
    """
    from icalendar import Calendar

    whole = Calendar.from_ical(content)
    return Events(tuple(whole.walk("VEVENT")), tuple(str(zone["tzid"]) for zone in whole.walk("VTIMEZONE")))
