"""What broke at which load, and how far a resource went: the other half of what a load test tells of traffic."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from sre_kit.compute.vocabulary import Fact, Kind, Role, Scope
from sre_kit.load.facts import roles, scope
from sre_kit.load.facts.claims import Claim
from sre_kit.load.facts.quantities import quantities

_LOAD_UNIT: Final = re.compile(
    r"^\+?\s{0,2}(?P<unit>vus?\b|virtual users\b|concurrent (?:users|connections|sessions|"
    r"requests)\b|users\b|rps\b|req(?:uests)?/s(?:ec)?\b|connections\b|clients\b)",
    re.IGNORECASE,
)
_RESOURCE: Final = re.compile(r"\b(?:cpu|memory|ram|heap|disk|connection pool|db connections|network)\b", re.IGNORECASE)


def capacity_results(claim: Claim, document: str, style: str) -> Iterator[Fact]:
    """What broke at which load, and how far a resource went: only in the results of a load test, or said as such."""
    tested = roles.in_load_test(claim, document)
    for quantity in quantities(claim.text, style):
        before, after = (
            claim.text[max(0, quantity.start - 50) : quantity.start],
            claim.text[quantity.end : quantity.end + 40],
        )
        before = re.split(r"\d", before)[-1]
        if (
            not quantity.unit
            and (unit := _LOAD_UNIT.match(after))
            and re.search(
                r"(?i)\b(?:breaks?(?!-even| even)|broke|breaking point|collapsed?|fell over)\b",
                f"{before} {claim.label}",
            )
            and "no break" not in claim.text.lower()
        ):
            name = "vus" if unit["unit"].lower().startswith(("vu", "virtual")) else unit["unit"].lower()
            yield _test_result(claim, quantity.value, "VUs" if name == "vus" else name, "breaking point", document)
        elif (
            quantity.unit == "ratio"
            and tested
            and claim.form != "cell"
            and _RESOURCE.search(f"{claim.label} {before}")
            and re.search(r"(?i)\bpeak(?:ed|s)?\b|\breached\b|\bhit\b|\bmaxed\b", f"{claim.label} {before}")
            and not quantity.comparison
        ):
            resource = _RESOURCE.search(f"{claim.label} {before}")
            yield _test_result(
                claim, quantity.value, "ratio", f"{resource[0].lower() if resource else ''} peak".strip(), document
            )


def _test_result(claim: Claim, value: Decimal, unit: str, name: str, document: str) -> Fact:
    role, refused = roles.refusal(claim)
    return Fact(
        Kind.LOAD_TEST_RESULT,
        value,
        unit,
        document,
        claim.line,
        claim.quote,
        name=name,
        heading=claim.heading,
        role=role or Role.MEASURED,
        scope=Scope(scope.environment(*claim.around), "", ""),
        details={"statistic": name},
        refused=refused,
    )
