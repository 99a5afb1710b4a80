"""The same bytes whatever the machine's clock is set to and whatever order its sets have."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

LONG = os.environ.get("SRE_KIT_FAULTS") == "long"
DOCUMENTS: tuple[str, ...] = () if LONG else ("SLODefinitions",)
"""All six in the long form."""
ZONES = ("America/St_Johns", "Pacific/Kiritimati")
SEEDS = ("0", "4711")
ELSEWHERE = tuple(itertools.product(ZONES, SEEDS)) if LONG else tuple(zip(ZONES, SEEDS, strict=True))
"""All four in the long form."""


def rendered(demo: Path, folder: Path, zone: str, seed: str) -> dict[str, bytes]:
    """Every file of a set, pages among them, that is made anew from the same project."""
    shutil.copytree(demo, folder, ignore=shutil.ignore_patterns(".sre_kit", "SRE"))
    environment = {**os.environ, "TZ": zone, "PYTHONHASHSEED": seed}
    command = ["render", *DOCUMENTS, "--to", "md", "--to", "html", "--params", str(folder / "params")]
    done = subprocess.run([sys.executable, "-m", "sre_kit", *command], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    files = [*(folder / "docs" / "SRE").rglob("*"), folder / "build-plan.md"]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files if path.is_file()}


@pytest.mark.slow
@pytest.mark.fault("T15", "A")
def test_two_time_zones_and_two_hash_seeds_give_the_same_bytes(demo: Path, tmp_path: Path) -> None:
    sets = {
        (zone, seed): rendered(demo, tmp_path / f"{zone.partition('/')[2]}-{seed}", zone, seed)
        for zone, seed in ELSEWHERE
    }
    first, *others = sets.values()
    assert {"docs/SRE/SLODefinitions.md", "docs/SRE/html/SLODefinitions.html", "docs/SRE/manifest.json"} <= set(first)
    assert any(path.endswith(".png") for path in first)
    for where, other in zip(list(sets)[1:], others, strict=True):
        assert set(other) == set(first), where
        assert not [path for path in first if other[path] != first[path]], where
