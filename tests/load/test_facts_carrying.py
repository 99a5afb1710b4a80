"""Facts that one notebook of a run reads for the others."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sre_kit import load
from sre_kit.cli.demo import copy
from sre_kit.cli.render import _meanwhile
from sre_kit.load import carrying
from sre_kit.load import facts as facts_of
from sre_kit.store import places


def test_facts_of_a_whole_project_come_back_as_they_were_written():
    facts = list(load.project(str(places.bundled("params") / "demo")).all_facts)
    back = carrying.unpacked(json.loads(json.dumps(carrying.packed(facts))))
    assert len(facts) > 100
    assert repr(back) == repr(facts)  # what was asked of documents is held by the hash of this


def test_a_render_reads_the_facts_before_its_notebooks_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    copy(tmp_path / "demo")
    params = str(tmp_path / "demo" / "params")
    monkeypatch.setenv("SRE_KIT_RUN", "r1")
    expected = list(load.project(params).all_facts)
    monkeypatch.setenv("SRE_KIT_RUN", "r2")
    _meanwhile(load.project(params))
    monkeypatch.setattr(facts_of, "facts", lambda *_: pytest.fail("a notebook read the documents again"))
    assert list(load.project(params).all_facts) == expected
