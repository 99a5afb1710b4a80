"""The walls of the house: names, layers, what is carried inside a wheel."""

from __future__ import annotations

import importlib
import pkgutil
import re
from pathlib import Path

import pytest

import sre_kit

ROOT = Path(__file__).resolve().parents[1]
LAYERS = ("compute", "load", "show", "emit")


def _modules(package: str) -> list[str]:
    found = importlib.import_module(package)
    return [name.rpartition(".")[2] for _, name, _ in pkgutil.walk_packages(found.__path__, f"{package}.")]


@pytest.mark.parametrize("layer", LAYERS)
def test_a_public_name_leads_to_what_it_says(layer: str) -> None:
    package = importlib.import_module(f"sre_kit.{layer}")
    for name in dir(package) if not hasattr(package, "_WHERE") else package._WHERE:
        if not name.startswith("_"):
            assert getattr(package, name) is not None


@pytest.mark.parametrize("layer", LAYERS)
def test_no_module_is_called_utils_common_helpers_or_models(layer: str) -> None:
    assert not {"utils", "common", "helpers", "models", "util", "misc"} & set(_modules(f"sre_kit.{layer}"))


def test_every_module_says_what_it_is() -> None:
    for path in (ROOT / "sre_kit").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert text.startswith('"""'), f"{path.relative_to(ROOT)} has no docstring"


def test_no_module_is_longer_than_400_lines() -> None:
    long = {
        str(path.relative_to(ROOT)): count
        for path in (ROOT / "sre_kit").rglob("*.py")
        if (count := len(path.read_text(encoding="utf-8").splitlines())) > 400
    }
    assert not long


def test_the_lock_has_names_and_versions_and_no_addresses() -> None:
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines():
        assert re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.+!]+", line), line


def test_importing_the_package_imports_nothing_else() -> None:
    assert sre_kit.__version__
    source = (ROOT / "sre_kit" / "__init__.py").read_text(encoding="utf-8")
    assert "import" not in source.split('"""', 2)[2]
