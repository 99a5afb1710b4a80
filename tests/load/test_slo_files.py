# ruff: noqa: E501 - a case is easier to read on one line
"""Files of objectives: YAML with lines, bounded; formats told apart; objectives that params take over."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sre_kit.errors import ParameterError
from sre_kit.load import params
from sre_kit.load.slo_files import Contents, contents, slo_files

SLOTH = """\
version: prometheus/v1
service: mail
slos:
  - name: delivered
    objective: 99.9
    sli:
      events:
        error_query: sum(rate(bounced_total[{{.window}}]))
        total_query: sum(rate(sent_total[{{.window}}]))
    alerting: {name: MailIsLost}
"""
OPENSLO = """\
apiVersion: openslo/v1
kind: SLO
metadata: {name: delivered}
spec:
  service: mail
  indicator:
    spec:
      ratioMetric:
        counter: true
        good: {metricSource: {type: Prometheus, spec: {query: accepted_total}}}
        total: {metricSource: {type: Prometheus, spec: {query: sent_total}}}
  timeWindow: [{duration: 4w, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{target: 0.995}]
"""


def read(folder: Path, text: str | bytes, name: str = "objectives.yaml") -> Contents:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return contents([path])


def problems(folder: Path, text: str | bytes) -> list[str]:
    return [str(one) for one in read(folder, text).problems]


@pytest.mark.parametrize("text", [SLOTH, OPENSLO])
@pytest.mark.parametrize(
    "written",
    [
        lambda text: text,
        lambda text: text.replace("\n", "\r\n"),
        lambda text: "\ufeff" + text,
        lambda text: "---\n---\n# nothing\n---\n" + text + "---\n",
        lambda text: "- " + text.replace("\n", "\n  "),
        lambda text: "\n".join(" " * 3 + line for line in text.splitlines()),
    ],
    ids=["plain", "crlf", "bom", "documents", "list", "indented"],
)
def test_a_file_may_be_written_in_many_ways(tmp_path: Path, text: str, written: object) -> None:
    found = read(tmp_path, written(text))  # type: ignore[operator]
    assert found.problems == []
    assert [one.slo.service for one in found.slos] == ["mail"]


def test_json_is_yaml_too(tmp_path: Path) -> None:
    import json

    import yaml

    assert read(tmp_path, json.dumps(yaml.safe_load(OPENSLO), indent=2)).slos[0].slo.target == Fraction("0.995")


def test_anchors_and_merge_keys_are_followed_and_own_keys_win(tmp_path: Path) -> None:
    text = SLOTH.replace("  - name: delivered", "  - &first\n    name: delivered")
    text += "  - <<: *first\n    name: read\n    objective: 99\n"
    assert [(one.slo.name, one.slo.target) for one in read(tmp_path, text).slos] == [
        ("mail-delivered", Fraction("0.999")),
        ("mail-read", Fraction("0.99")),
    ]


def test_a_bomb_of_anchors_costs_no_more_than_its_bytes(tmp_path: Path) -> None:
    """Nine levels of nine merges each would be 387 million values."""
    lines = ["a0: &a0 {x: y}"]
    lines += [f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}" for n in range(1, 10)]
    text = "\n".join([*lines, "version: prometheus/v1", "<<: *a9"])
    with pytest.raises(ParameterError, match=r"objectives\.yaml: more than 100,000 values"):
        read(tmp_path, text)


@pytest.mark.parametrize(
    "text", ["&a [*a]", "&a {<<: *a, version: prometheus/v1}", "slos: &a [*a]\nversion: prometheus/v1"]
)
def test_a_cycle_ends(tmp_path: Path, text: str) -> None:
    assert problems(tmp_path, text)


@pytest.mark.parametrize("text", ["[" * 100_000, "- " * 100_000 + "a", "{a: " * 5000])
def test_depth_is_refused_before_anything_recurses_into_it(tmp_path: Path, text: str) -> None:
    with pytest.raises(ParameterError, match=r"objectives\.yaml:1: nested deeper than 50 levels"):
        read(tmp_path, text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: [", "objectives.yaml:2: is no YAML: did not find expected node content"),
        ("a: b: c", "objectives.yaml:1: is no YAML: mapping values are not allowed in this context"),
        ("a: *nobody", "objectives.yaml:1: is no YAML: found undefined alias"),
        ("", "objectives.yaml:1: there is no YAML document in it"),
        ("\n\n- 5", "objectives.yaml:3: [0]: must be an object of OpenSLO or Sloth, got '5'"),
        ("\na: 1", "objectives.yaml:2: neither OpenSLO (apiVersion: openslo/v1) nor Sloth (version: prometheus/v1)"),
        ("apiVersion: openslo/v1beta", "no such"),
        ("apiVersion: openslo/v3", "objectives.yaml:1: apiVersion: the apiVersion 'openslo/v3' is not read"),
        (SLOTH.replace("objective: 99.9", "objective: 99.9\n    objective: 9"), "objective: is given twice, first in line 5"),
        (SLOTH.replace("service: mail", "? [a]\n: b\nservice: mail"), "a key must be text"),
    ],
)  # fmt: skip
def test_what_is_no_such_file_is_said_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    found = "\n".join(problems(tmp_path, text))
    if said == "no such":
        assert "did you mean 'openslo/v1" in found
    else:
        assert said in found


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"\xff\xfe\x00", "not UTF-8 at byte 0"), (b"a" * 1_000_001, "1,000,001 bytes, at most 1,000,000")],
)
def test_what_cannot_be_text_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    with pytest.raises(ParameterError, match=said):
        read(tmp_path, content)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"none\.yaml: cannot be read"):
        slo_files([tmp_path / "none.yaml"])


TOKENS = [
    *"{}[]:,-&*!|>'\"#%@ \n\t?0", "a", "<<", "version", "slos", "spec", "kind", "apiVersion", "openslo/v1", "SLO",
    "prometheus/v1", "metadata", "name", "objectives", "~", "\x00", "é",
]  # fmt: skip


@given(text=st.lists(st.sampled_from(TOKENS), max_size=60).map("".join))
def test_any_text_is_read_or_refused_and_never_fails_otherwise(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    try:
        found = read(tmp_path_factory.getbasetemp(), text, "any.yaml")
    except ParameterError:
        return
    assert found.problems or found.slos or found.objects


def test_params_take_objectives_from_files_and_refuse_a_name_twice(tmp_path: Path) -> None:
    (tmp_path / "objectives.yaml").write_text(SLOTH, encoding="utf-8")
    shop = tmp_path / "shop.yaml"
    shop.write_text("project: {name: shop}\nslo_files: [objectives.yaml]\n", encoding="utf-8")
    assert [slo.name for slo in params.read(shop).slos] == ["mail-delivered"]
    shop.write_text("project: {name: shop}\nslo_files: [objectives.yaml, objectives.yaml]\n", encoding="utf-8")
    with pytest.raises(ParameterError, match="is there twice"):
        params.read(shop)
    own = "slos: [{name: mail-delivered, service: mail, target: 99 %, total: t, good: g}]"
    shop.write_text(f"project: {{name: shop}}\nslo_files: [objectives.yaml]\n{own}\n", encoding="utf-8")
    with pytest.raises(ParameterError, match="given twice, in slos and slo_files"):
        params.read(shop)


def test_params_refuse_what_cannot_be_counted_and_say_how_much_more_there_is(tmp_path: Path) -> None:
    other = OPENSLO.replace("type: Prometheus", "type: Datadog")
    (tmp_path / "other.yaml").write_text(other, encoding="utf-8")
    with pytest.raises(ParameterError, match=r"other\.yaml:14: SLO 'delivered': its good comes from Datadog"):
        slo_files([tmp_path / "other.yaml"])
    many = "version: prometheus/v1\nservice: mail\nslos:\n" + "  - {name: a}\n" * 5
    (tmp_path / "many.yaml").write_text(many, encoding="utf-8")
    with pytest.raises(ParameterError, match="more; sre-kit slo validate lists them all"):
        slo_files([tmp_path / "many.yaml"])
