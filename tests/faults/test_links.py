"""Links in place of our own folder: a checkout may bring one that leads anywhere, and nothing is written through it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sre_kit.cli import main
from sre_kit.errors import ProtectedError
from sre_kit.store import places

COMMANDS = (("render", "SLODefinitions"), ("doctor",), ("lab", "--no-browser"), ("incident", "report", "INC-1"))


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    for name in ("shop/docs/SRE", "elsewhere"):
        (tmp_path / name).mkdir(parents=True)
    log = '{"id": "INC-1", "title": "a", "severity": "SEV1", "began": "2026-09-30T01:00:00Z"}\n'
    (tmp_path / "log.jsonl").write_text(log, encoding="utf-8")
    params = "project: {name: Shop, path: shop}\nas_of: 2026-10-01\nhistory: {incidents: log.jsonl}\n"
    (tmp_path / "shop.yaml").write_text(params + "source: {url: 'demo:'}\n", encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("link", [".sre_kit", ".sre_kit/snapshot", ".sre_kit/.gitignore"])
@pytest.mark.fault("T3", "C")
def test_no_command_writes_through_a_link(
    shop: Path, arguments: tuple[str, ...], link: str, capsys: pytest.CaptureFixture[str]
) -> None:
    if link != ".sre_kit":
        (shop / "shop" / ".sre_kit").mkdir()
    (shop / "shop" / link).symlink_to(shop / "elsewhere" / ("file" if link.endswith("ignore") else ""))
    code = main([*arguments, "--params", str(shop / "shop.yaml")])
    assert code == 6 or arguments in {("doctor",), COMMANDS[3]}, capsys.readouterr()
    assert not list((shop / "elsewhere").iterdir()), f"written through the link by {arguments}"


@pytest.mark.fault("T3", "C")
def test_the_folder_of_the_bundled_project_among_everybodys_is_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert places.state(places.demo() / "project").is_relative_to(tmp_path)
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(theirs))
    (theirs / f"sre-kit-{os.getuid()}").symlink_to(tmp_path)
    with pytest.raises((ProtectedError, FileExistsError)):
        places.state(places.demo() / "project")
