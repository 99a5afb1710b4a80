"""YAML as people write it: each key once, no aliases, not deeper than a person nests."""

from __future__ import annotations

import copy
from functools import lru_cache
from typing import Any

import yaml

from sre_kit.errors import ParameterError

DEEPEST = 100
"""Collections within each other."""


class _OneOfEach:
    """No silent second keys."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: dict[Any, int] = {}
        for key_node, _ in node.value:
            key, line = self.construct_object(key_node, deep=True), key_node.start_mark.line + 1  # type: ignore[attr-defined]
            if key in seen:
                raise ParameterError(f"line {line}: {key!r} is given twice, first in line {seen[key]}; keep one")
            seen[key] = line
        found: dict[Any, Any] = super().construct_mapping(node, deep=deep)  # type: ignore[misc]
        return found


class _Loader(_OneOfEach, yaml.SafeLoader):
    """In Python; its errors are said in words."""


_Fast: Any = type("_Fast", (_OneOfEach, getattr(yaml, "CSafeLoader", yaml.SafeLoader)), {})
"""The same by libyaml, where PyYAML has it: ten times faster."""


def loaded(text: str) -> Any:
    """As `_parsed`; each caller has a copy of its own, because a render asks five times for the same files."""
    return copy.deepcopy(_parsed(text))


@lru_cache(maxsize=64)
def _parsed(text: str) -> Any:
    """What YAML says, without aliases (a bomb needs nothing else) and without depth that a parser could not bear."""
    try:
        _check_events(text, _Fast)
        return yaml.load(text, _Fast)  # noqa: S506  a SafeLoader that refuses more
    except yaml.YAMLError:
        _check_events(text, _Loader)
        return yaml.load(text, _Loader)  # noqa: S506


def _check_events(text: str, loader: Any) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=loader):
        if isinstance(event, yaml.events.AliasEvent):
            line = event.start_mark.line + 1 if event.start_mark else 0
            raise ParameterError(f"line {line}: YAML aliases are not read; write the value out")
        depth += isinstance(event, yaml.events.CollectionStartEvent)
        depth -= isinstance(event, yaml.events.CollectionEndEvent)
        if depth > DEEPEST:
            raise RecursionError
