"""Generated alerts and their runbooks: one each, with queries that parse and commands that people wrote."""

from fractions import Fraction

import pytest
import yaml

from sre_kit.compute.incidents import Runbook
from sre_kit.compute.oncall.plan import OnCall
from sre_kit.compute.operations.own_alerts import own_runbooks
from sre_kit.compute.operations.runbooks import (
    Alert,
    broken_queries,
    commands,
    looks_like_query,
    missing_parts,
    runbook_check,
)
from sre_kit.compute.queries import query_problem
from sre_kit.compute.slo.objectives import SLO
from sre_kit.compute.slo.symptoms import existing_alerts
from sre_kit.compute.vocabulary import Fact, Kind
from sre_kit.emit import data_rules, own_alerts, prometheus_rules

SLOS = [
    SLO("checkout-availability", Fraction("0.999"), "t", "checkout", good="g", journey="Buy", owner="Kwame"),
    SLO("search-latency", Fraction("0.97"), "t", "search", good="g", owner="Niamh", kind="latency"),
    SLO("index-age", Fraction("0.99"), service="search", gauge="time() - index_time", at_most=1800, kind="freshness"),
]
WRITTEN = Runbook(
    "HighErrorRate", "m", "i", ["d"], ["A release is young: `kubectl rollout undo deploy/checkout`", "Switch it off"]
)


def fact(name, condition):
    """An alert rule of a document."""
    return Fact(Kind.ALERT_RULE, condition, "text", "MonitoringAlerts.md", 1, condition, name)


def test_every_alert_of_the_rule_files_has_exactly_one_runbook_in_its_order():
    files = [prometheus_rules(SLOS), data_rules(SLOS)]
    rules = [rule for text in files for group in yaml.safe_load(text)["groups"] for rule in group["rules"]]
    alerts = [(rule["alert"], rule["expr"]) for rule in rules if "alert" in rule]
    assert [(one.alert.name, one.alert.expression) for one in own_alerts(SLOS)] == alerts
    assert [one.runbook.alert for one in own_runbooks(own_alerts(SLOS), [])] == [name for name, _ in alerts]


def test_queries_of_the_forms_parse_and_name_series_that_the_rules_record():
    records = {
        rule["record"]
        for group in yaml.safe_load(prometheus_rules(SLOS))["groups"]
        for rule in group["rules"]
        if "record" in rule
    }
    for one in own_runbooks(own_alerts(SLOS), []):
        steps = [*one.runbook.diagnose, *one.runbook.mitigate, one.runbook.verify]
        queries = [command for step in steps for command in commands(step)]
        assert queries and all(query_problem(query) == "" for query in queries)
        recorded = {query.split("{")[0] for query in queries if query.startswith("slo:")}
        assert recorded <= records and (recorded or one.own.kind == "missing")


def test_a_form_takes_the_way_back_from_the_runbook_of_the_same_service():
    facts = [fact("HighErrorRate", "error rate of checkout above 5 %")]
    fast = own_runbooks(own_alerts(SLOS), [WRITTEN], existing_alerts(facts, SLOS))[0].runbook
    assert fast.mitigate[0] == "A release is young: `kubectl rollout undo deploy/checkout` (HighErrorRate)"
    assert fast.mitigate[1] == "Nothing was released: work through HighErrorRate"
    alone = own_runbooks(own_alerts(SLOS), [], (), OnCall(experts={"checkout": "Ann"}))[0].runbook
    assert "call Ann" in alone.mitigate[1]


def test_a_form_never_takes_a_command_for_another_service():
    """Somebody paged for search must not be told to undo a release of checkout."""
    facts = [fact("HighErrorRate", "error rate of checkout and search above 5 %")]
    slos = [SLO("search-availability", Fraction("0.99"), "t", "search", good="g")]
    fast = own_runbooks(own_alerts(slos), [WRITTEN], existing_alerts(facts, [*SLOS, *slos]))[0].runbook
    assert (
        fast.mitigate[0]
        == "Something was released: roll it back first; HighErrorRate has the command, for another service"
    )
    assert not [step for step in fast.mitigate if "deploy/checkout" in step]


def test_what_a_person_wrote_replaces_the_form_and_is_no_orphan():
    own = own_alerts(SLOS)
    mine = Runbook("CheckoutAvailabilityFastBurn", "mine", "i")
    found = own_runbooks(own, [mine])
    assert (found[0].runbook, found[0].written, found[1].written) == (mine, True, False)
    names = [one.alert.name for one in own]
    assert runbook_check([Alert("A", "x")], [mine], names).orphans == ()
    assert runbook_check([Alert("A", "x")], [mine]).orphans == (mine,)


def test_no_part_of_a_form_is_empty_but_what_only_people_can_say():
    from datetime import date

    for one in own_runbooks(own_alerts(SLOS[:2]), []):
        assert set(missing_parts(one.runbook, date(2026, 11, 1))) <= {"never tested", "no review date", "no dashboard"}


@pytest.mark.parametrize(
    ("command", "meant"),
    [
        ('sum(rate(x_total{code=~"5.."}[5m]))', True),
        ("predict_linear(node_filesystem_avail_bytes[6h], 86400) < 0", True),
        ('x{a="b"}', True),
        ("sum by (service) (rate(x[5m])", True),
        ("kubectl -n shop get pods -l app=checkout", False),
        ("SELECT relname, max(age) FROM pg_class GROUP BY 1", False),
        ("rabbitmqctl list_queues name messages_ready consumers", False),
        ("idle in transaction", False),
        ("curl -s 'http://x/api?query=sum(up)'", False),
    ],
)
def test_a_command_that_is_meant_as_a_query_is_told_from_shell_and_sql(command, meant):
    assert looks_like_query(command) == meant


def test_a_query_that_does_not_parse_is_named():
    book = Runbook("A", "m", "i", ["look: `sum(rate(x[5m])`"], ["`kubectl get pods`"], "`up == 1` holds")
    assert len(broken_queries(book)) == 1 and broken_queries(book)[0].startswith("sum(rate(x[5m])")
