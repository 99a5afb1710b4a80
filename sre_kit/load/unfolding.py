"""
YAML that strangers wrote: anchors are followed, but nothing unfolds to more than a person would write.

Nine lines of aliases to aliases are a billion values to whoever walks through them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import yaml

MOST: Final = 100_000
"""Values of a document with its anchors written out."""
DEEPEST: Final = 100
"""Collections within each other."""


def documents(text: str, loader: Any) -> Iterator[Any]:
    """
    The documents of a YAML text, made by the PyYAML class `loader`.

    Raises
    ------
    yaml.YAMLError
        It is no YAML, is nested deeper than `DEEPEST`, or has more than `MOST` values with its anchors written out.
    """
    reading = loader(text)
    try:
        while reading.check_node():
            node = reading.get_node()
            _unfolded(node, {}, 0)
            yield reading.construct_document(node)
    except RecursionError:
        raise yaml.YAMLError("nested too deeply") from None
    finally:
        reading.dispose()


def _unfolded(node: Any, known: dict[int, int], depth: int) -> int:
    """Values of `node` with its anchors written out; what contains itself is deeper than any limit."""
    if depth > DEEPEST:
        raise yaml.YAMLError(f"nested deeper than {DEEPEST} levels")
    if id(node) not in known:
        parts = node.value if isinstance(node, yaml.CollectionNode) else ()
        inner = (one for part in parts for one in (part if isinstance(part, tuple) else (part,)))
        size = 1
        for one in inner:
            size += _unfolded(one, known, depth + 1)
            if size > MOST:
                raise yaml.YAMLError(f"more than {MOST:,} values with its anchors written out")
        known[id(node)] = size
    return known[id(node)]
