"""The params file: what is refused, and what the refusal says."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from sre_kit.errors import ParameterError
from sre_kit.load import params

SLO = {"name": "a", "target": "99.9 %", "service": "shop", "good": "g", "total": "t"}


def checked(**sections: object) -> params.Params:
    return params.checked({"project": {"name": "Shop"}, **sections}, "shop.yaml")


def test_sections_become_the_types_that_compute_uses() -> None:
    slo = checked(slos=[SLO]).slos[0]
    assert slo.target == Fraction(999, 1000)
    assert slo.budget_ratio == Fraction(1, 1000)


@pytest.mark.parametrize(
    ("sections", "message"),
    [
        (
            {"slos": [{**SLO, "target": 99.9}]},
            r'target: a ratio lies in 0\.\.1, got 99\.9; for 99\.9 % write 0\.999 or "99\.9 %"',
        ),
        ({"slos": [{**SLO, "target": 0}]}, "target must lie above 0"),
        ({"slos": [{**SLO, "windw": "30d"}]}, "slos.0.windw: no such key; did you mean 'window'?"),
        ({"slso": []}, "slso: no such key; did you mean 'slos'?"),
        ({"slos": [{**SLO, "window": 30}]}, "a duration with its unit"),
        ({"slos": [{**SLO, "bad": "b"}]}, "exactly one of good and bad"),
        ({"slos": [{"name": "x"}]}, r"slos.0.target: is needed and missing"),
        ({"operations": {"backups": [{"component": "db", "sise": 3}]}}, "did you mean 'size'?"),
        ({"oncall": {"absences": [{"person": "a", "start": "2026-01-01T09:00", "end": "2026-01-02"}]}}, "has no zone"),
        ({"source": {"url": "demo:", "auth": {"token": "hunter2"}}}, "token_env"),
        ({"source": {"auth": {"tokn_env": "X"}}}, "did you mean 'token_env'?"),
    ],
)
def test_a_refusal_names_the_place_the_value_and_the_way_out(sections: dict[str, object], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        checked(**sections)


def test_a_secret_is_not_repeated_in_its_refusal() -> None:
    with pytest.raises(ParameterError) as refused:
        checked(source={"url": "demo:", "auth": {"token": "hunter2"}})
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("project: {name: a}\nproject: {name: b}\n", "line 2: 'project' is given twice, first in line 1"),
        ("a: &x [1]\nb: *x\n", "aliases are not read"),
        ("- 1\n", "mapping of sections"),
        ("project: [\n", "is not YAML"),
        ("project: !!python/object/apply:os.system ['true']\n", "is not YAML"),
        ("[" * 5000, "nested too deeply|is not YAML"),
    ],
)
def test_yaml_that_is_no_params_file_is_refused_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "shop.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ParameterError, match=message):
        params.read(file)


def test_latin_1_is_refused_with_the_byte(tmp_path: Path) -> None:
    (tmp_path / "shop.yaml").write_bytes(b"project: {name: Caf\xe9}")
    with pytest.raises(ParameterError, match="not UTF-8 at byte 19"):
        params.read(tmp_path / "shop.yaml")


def test_a_folder_is_merged_and_a_key_given_twice_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("project: {name: Shop}\n", encoding="utf-8")
    (tmp_path / "b.yaml").write_text("slos: []\n", encoding="utf-8")
    assert params.read(tmp_path).project.name == "Shop"
    (tmp_path / "c.yaml").write_text("slos: []\n", encoding="utf-8")
    with pytest.raises(ParameterError, match=r"c\.yaml: 'slos' is also given in b\.yaml"):
        params.read(tmp_path)


def test_the_schema_knows_every_section_and_closes_it() -> None:
    schema = params.schema()
    assert set(schema["properties"]) == set(params.Params.model_fields)
    assert schema["additionalProperties"] is False
    assert "SLO" in schema["$defs"]


def test_the_digest_changes_with_a_byte(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text("a: 1\n", encoding="utf-8")
    before = params.digest(file)
    file.write_text("a: 2\n", encoding="utf-8")
    assert params.digest(file) != before


def test_a_value_longer_than_any_file_name_is_no_input(tmp_path: Path) -> None:
    """Every value of the params is tried as a path; a command of 300 letters made that fail."""
    from sre_kit.load import project
    from sre_kit.load.inputs import inputs

    (tmp_path / "shop").mkdir()
    command = "true " * 60
    text = f"project: {{name: Shop, path: shop}}\nas_of: 2026-10-01\noperations: {{activation: '{command}'}}\n"
    (tmp_path / "shop.yaml").write_text(text)
    assert list(inputs(project(str(tmp_path / "shop.yaml")))) == ["params:shop.yaml"]
