# ruff: noqa: E501 - a query is easier to read on one line
"""The tests that come with a Sloth specification's rules: promtool runs them, and they find a broken rule."""

from __future__ import annotations

import subprocess
from datetime import timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import yaml

from sre_kit.compute.slo.sloth import AlertMeta, SlothSLO, taken_apart
from sre_kit.emit.sloth import sloth_rules
from sre_kit.emit.sloth_tests import sloth_rule_tests

META = AlertMeta("MailBurns", {"team": "post"}, {"runbook": "https://example.org/{{ $value }}"})
ALL = 'sum(rate(all_{n}{{zone="a"}}[{{{{.window}}}}]))'


def slo(name: str, n: int, **changes: object) -> SlothSLO:
    """Each with counters of its own, so that they share one run of promtool."""
    given: dict[str, object] = {
        "service": "mail", "name": name, "target": Fraction("0.999"), "page": META, "ticket": META,
        "error": f"sum(rate(bad_{n}[{{{{.window}}}}]))", "total": ALL.format(n=n),
    }  # fmt: skip
    return SlothSLO(**{**given, **changes})  # type: ignore[arg-type]


def raw(query: str) -> dict[str, object]:
    return {"error": "", "total": "", "error_ratio": query}


FORMS = [
    slo("events", 1),
    slo("within", 2, error='sum(rate(all_2{zone="a",code=~"(5..|429)"}[{{.window}}]))'),
    slo("latency", 3, error=f'({ALL.format(n=3)} - sum(rate(all_3_bucket{{zone="a",le="0.3"}}[{{{{.window}}}}])))'),
    slo("quotient", 4, **raw(f"sum(rate(bad_4[{{{{.window}}}}]))\n/\n{ALL.format(n=4)}")),
    slo("one less a quotient", 5, **raw(f"1 - (sum(rate(good_5[{{{{.window}}}}])) / {ALL.format(n=5)})")),
    slo("mean", 6, **raw('1 - avg_over_time(up_6{job="x"}[{{.window}}])')),
    slo("month of four weeks", 7, period=timedelta(days=28)),
    slo("page alone", 8, ticket=None),
    slo("ticket alone", 9, page=None),
    slo("labels", 10, labels={"tier": "1"}, ticket=AlertMeta("MailBurns", {"sloth_severity": "minor"})),
    slo("template in a label", 11, page=AlertMeta("MailBurns", {"desk": "{{ $labels.sloth_slo }}"})),
    slo("nothing may fail", 12, target=Fraction(1)),
]  # fmt: skip


def ran(promtool: str, folder: Path, slos: list[SlothSLO], rules: str) -> subprocess.CompletedProcess[str]:
    (folder / "slo.rules.yaml").write_text(rules, encoding="utf-8")
    (folder / "slo.rules-test.yaml").write_text(sloth_rule_tests(slos, "slo.rules.yaml"), encoding="utf-8")
    command = [promtool, "test", "rules", "slo.rules-test.yaml"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300, check=False)


@pytest.mark.server
def test_promtool_runs_the_tests_of_every_form_of_specification(prometheus_binaries: Any, tmp_path: Path) -> None:
    done = ran(prometheus_binaries.promtool, tmp_path, FORMS, sloth_rules(FORMS))
    assert done.returncode == 0, done.stdout + done.stderr
    tests = yaml.safe_load((tmp_path / "slo.rules-test.yaml").read_text(encoding="utf-8"))["tests"]
    assert [test["name"].split(":")[0] for test in tests] == [
        "a fast burn pages in time, and not before",
        "a slow burn makes a ticket and no page",
        "half of what the slowest alert allows stays quiet",
        "without traffic there is no ratio and no alert",
    ]
    assert all("ticket alone" not in tests[0]["name"] for _ in tests)
    assert "page alone" not in tests[1]["name"]
    assert sum(len(test["promql_expr_test"]) for test in tests) > 60


@pytest.mark.server
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("(14.4 * 0.001)", "(144 * 0.001)"),  # never pages
        ("(14.4 * 0.001)", "(0.144 * 0.001)"),  # pages too early
        ("(1 * 0.001)", "(100 * 0.001)"),  # no ticket
        ("team: post", "team: pots"),  # another label than the specification's
        ("sloth_severity: ticket", "sloth_severity: tickets"),
    ],
)
def test_they_find_a_rule_that_is_not_as_the_specification_says(
    prometheus_binaries: Any, tmp_path: Path, old: str, new: str
) -> None:
    rules = sloth_rules(FORMS[:1])
    assert old in rules
    assert ran(prometheus_binaries.promtool, tmp_path, FORMS[:1], rules.replace(old, new)).returncode == 1


def test_what_has_no_test_is_named_with_the_reason() -> None:
    odd = [
        slo("quiet", 1, page=None, ticket=None),
        slo("renamed", 2, labels={"sloth_id": "other"}),
        slo("sum", 3, error="sum(rate(a[{{.window}}])) + sum(rate(b[{{.window}}]))"),
        slo("mean", 4, **raw("sum(sum_over_time(up[{{.window}}])) / sum(count_over_time(up[{{.window}}]))")),
    ]
    text = sloth_rule_tests(odd, "slo.rules.yaml")
    assert [line for line in text.splitlines() if line.startswith("# mail-")] == [
        "# mail-quiet: no test, both its alerts are disabled",
        "# mail-renamed: no test, its labels replace sloth_id, by which its own alerts look for it: they can never fire",
        "# mail-sum: no test, SLO 'mail-sum': its queries are more than one selector, no series can be made up",
        "# mail-mean: no test, SLO 'mail-mean': its queries are more than one selector, no series can be made up",
    ]
    assert yaml.safe_load(text)["tests"] == []


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"error": "e", "total": "t"}, ("", "e", "t", "")),
        ({"error": "t - g", "total": "t"}, ("g", "", "t", "")),
        ({"error": "t{} - g", "total": "(t)"}, ("g", "", "(t)", "")),
        ({"error": "u - g", "total": "t"}, ("", "u - g", "t", "")),
        (raw("e / t"), ("", "e", "t", "")),
        (raw("1 - g / t"), ("g", "", "t", "")),
        (raw("1 - (g / on(job) t)"), ("", "", "", "1 - (g / on(job) t)")),
        (raw("x"), ("", "", "", "x")),
    ],
)
def test_an_error_query_is_taken_apart_into_the_counters_in_it(
    changes: dict[str, object], found: tuple[str, str, str, str]
) -> None:
    ours = taken_apart(slo("any", 0, **changes))
    assert tuple(query.replace("{}", "") for query in (ours.good, ours.bad, ours.total, ours.ratio)) == found
