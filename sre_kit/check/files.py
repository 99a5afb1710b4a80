"""The files beside the documents, as their rules read them."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

import yaml

_LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml's, where PyYAML has it: reading rule files in Python took a fifth of a render's own time."""


@lru_cache(maxsize=64)
def documents(content: bytes) -> tuple[Any, ...]:
    """The YAML documents of a file that are not empty; not to be changed, every rule is given the same ones."""
    return tuple(one for one in yaml.load_all(content, _LOADER) if one)
