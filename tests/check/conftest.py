"""The demo's published set, read once."""

from __future__ import annotations

from pathlib import Path

import pytest

from sre_kit.check import Bundle, bundle


@pytest.fixture(scope="session")
def published(demo: Path) -> Bundle:
    """The six documents, their files and their manifest, with the build plan."""
    return bundle(demo / "docs" / "SRE")
