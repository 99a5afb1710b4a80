"""Facts that one notebook of a run reads for the others."""

from __future__ import annotations

import json

from sre_kit import load
from sre_kit.load.facts import carrying
from sre_kit.store import places


def test_facts_of_a_whole_project_come_back_as_they_were_written():
    facts = list(load.project(str(places.bundled("params") / "demo")).all_facts)
    back = carrying.unpacked(json.loads(json.dumps(carrying.packed(facts))))
    assert len(facts) > 100
    assert repr(back) == repr(facts)  # what was asked of documents is held by the hash of this
