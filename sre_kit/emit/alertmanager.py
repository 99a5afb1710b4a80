"""
An Alertmanager configuration from the severity ladder: what pages goes to the pager, the rest to chat.

The receivers carry no integration: keys and addresses stay where the secrets are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

from sre_kit.compute.incidents import Severity
from sre_kit.escape import plain
from sre_kit.units import promql_duration

PAGER: Final = "sre-pager"
CHAT: Final = "sre-chat"
DEADMAN: Final = "sre-deadman"
UNGRADED: Final = "sre-ungraded"
WATCHDOG: Final = "Watchdog"
TESTS: Final = """\
# For each: amtool config routes test --config.file=alertmanager.yml --verify.receivers=RECEIVER LABEL=VALUE
"""
HEADER: Final = """\
# Routes by the label `severity`: {levels}.
# The receivers have no integration here. Add it where the secrets are kept; until then nobody is notified.
"""


def alert_routes(severities: Sequence[Severity], labels: Iterable[str] = ()) -> dict[str, str]:
    """
    Value of the label `severity` -> receiver, for each level, its other names, and `labels`.

    A label that no level claims goes to the receiver for ungraded alerts, where somebody will see that it has no level.
    """
    routes = {word: PAGER if level.pages else CHAT for level in severities for word in (level.name, *level.maps_from)}
    for label in labels:
        routes.setdefault(label, UNGRADED)
    return routes


def watchdog_rules() -> str:
    """The rule of the dead man's switch, YAML: an alert that always fires, and pages nobody while it arrives."""
    import yaml

    rule = {
        "alert": WATCHDOG,
        "expr": "vector(1)",
        "labels": {"severity": "none"},
        "annotations": {
            "summary": "Alerting works from Prometheus to the dead man's switch",
            "description": "It always fires. When it stops arriving, alerts no longer arrive either: page by hand.",
        },
    }
    return yaml.safe_dump({"groups": [{"name": "dead-mans-switch", "rules": [rule]}]}, sort_keys=False, width=120)


def route_tests(severities: Sequence[Severity], labels: Iterable[str] = ()) -> str:
    """
    What the routes must do, YAML: for each level, each label of `labels`, the dead man's switch and an alert without a
    severity the receiver that it must reach; ``amtool config routes test`` takes one at a time.
    """
    import yaml

    routes = alert_routes(severities, labels)
    wanted = [*(level.name for level in severities), *labels]
    tests: list[dict[str, Any]] = [
        {"receiver": routes[word], "labels": {"severity": word}} for word in dict.fromkeys(wanted)
    ]
    tests.append({"receiver": DEADMAN, "labels": {"alertname": WATCHDOG, "severity": "none"}})
    tests.append({"receiver": UNGRADED, "labels": {"alertname": "NoSeverity"}})
    return TESTS + yaml.safe_dump({"config": "alertmanager.yml", "tests": tests}, sort_keys=False, allow_unicode=True)


def alertmanager_config(severities: Sequence[Severity], labels: Iterable[str] = ()) -> str:
    """
    The configuration, YAML, as Alertmanager 0.25 and later read it.

    An alert ``Watchdog`` that always fires is the dead man's switch: its receiver must shout when it falls silent.
    """
    import yaml

    routes = alert_routes(severities, labels)
    repeat = {level.name: promql_duration(level.update_every) for level in severities}
    tree: list[dict[str, Any]] = [
        {
            "receiver": DEADMAN,
            "matchers": [f'alertname="{WATCHDOG}"'],
            "group_wait": "0s",
            "group_interval": "1m",
            "repeat_interval": "5m",
        }
    ]
    for level in severities:
        tree.append(
            {
                "receiver": PAGER if level.pages else CHAT,
                "matchers": [_severity([level.name, *level.maps_from])],
                "repeat_interval": repeat[level.name],
            }
        )
    config: dict[str, Any] = {
        "route": {
            "receiver": UNGRADED,
            "group_by": ["alertname", "service"],
            "group_wait": "30s",
            "group_interval": "5m",
            "repeat_interval": "4h",
            "routes": tree,
        },
        "receivers": [{"name": name} for name in (PAGER, CHAT, DEADMAN, UNGRADED)],
    }
    paging = [word for word, receiver in routes.items() if receiver == PAGER]
    quiet = [word for word, receiver in routes.items() if receiver == CHAT]
    if paging and quiet:
        config["inhibit_rules"] = [
            {
                "source_matchers": [_severity(paging)],
                "target_matchers": [_severity(quiet)],
                "equal": ["alertname", "service"],
            }
        ]
    levels = ", ".join(f"{word} to {receiver}" for word, receiver in sorted(routes.items()))
    head = HEADER.format(levels=plain(levels))
    return head + yaml.safe_dump(config, sort_keys=False, allow_unicode=True, width=100)


def _severity(words: Sequence[str]) -> str:
    if len(words) == 1:
        return f'severity="{_quoted(words[0])}"'
    return f'severity=~"{_quoted("|".join(re.escape(word) for word in words))}"'


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
