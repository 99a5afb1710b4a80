"""Which values of a claim are service levels: availability, latency, error rate, recovery objectives, growth."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Final

from sre_kit.compute.vocabulary import Fact, Kind
from sre_kit.load.facts import roles, scope
from sre_kit.load.facts.claims import Claim
from sre_kit.load.facts.level_kinds import cut, kind_of, objective
from sre_kit.load.facts.quantities import MONTH, SECONDS, YEAR, Quantity, quantities
from sre_kit.load.facts.reading import Table
from sre_kit.load.facts.stating import RECOVERY, Found, fails, stated

_DOWNTIME = re.compile(
    r"\bdown-?time\b|\bausfallzeit\b|\bunavailab(?:le|ility)\b|\bausfall\b|\btiempo de inactividad|\bindisponibilité",
    re.IGNORECASE,
)
_DOWNTIME_PERIOD = re.compile(
    r"(?:per|a|each|every|/|pro|im|im|por|par|in a|every|any)\s?(?:calendar |30-day "
    r"|rolling )?(month|year|quarter|week|day|monat|jahr|mes|año|mois)|\b(monthly|"
    r"yearly|annual(?:ly)?|weekly|quarterly|daily)\b",
    re.IGNORECASE,
)
_PERIOD_SECONDS: Final = {
    "month": MONTH, "monthly": MONTH, "monat": MONTH, "mes": MONTH, "mois": MONTH, "year": YEAR, "yearly": YEAR,
    "annual": YEAR, "annually": YEAR, "jahr": YEAR, "año": YEAR, "quarter": 90 * 86_400,
    "quarterly": 90 * 86_400, "week": 7 * 86_400, "weekly": 7 * 86_400, "day": 86_400, "daily": 86_400,
}  # fmt: skip
_IMMEDIATE = re.compile(
    r"^\W*(?:immediate(?:ly)?|instant(?:aneous)?|sofort|zero|none|no data loss|near[- ](?:zero|"
    r"instant|real[- ]time)|real[- ]time|continuous|inmediato|immédiat|0)\b(?! \w+ "
    r"(?:hours|minutes))",
    re.IGNORECASE,
)


_SPELLED: Final = re.compile(
    r"(?i)\b(?:one|two|three|four|five|six|eight|ten|twelve|fifteen|thirty|an?|zwei|vier|dos|cuatro|deux|"
    r"quatre)[ -](?:minute|"
    r"hour|day|second|stunde|hora|heure|week)"
)


_IDENTIFIED: Final = re.compile(r"[a-z]+(?:_[a-z0-9]+)+\s?[<>≤≥]=?\s?\d")
"""`service_availability >= 99.9 %`: a metric's name in place of words."""


def level_facts(claim: Claim, document: str, style: str) -> Iterator[Fact]:
    """The service levels that a claim states."""
    if claim.form != "cell" and _IDENTIFIED.match(claim.text):
        claim = replace(claim, text=re.split(r"\s(?:over|during|per)\b", claim.text.replace("_", " "))[0])
    if (
        not any(character.isdigit() for character in claim.text)
        and not _IMMEDIATE.match(claim.text)
        and not _SPELLED.search(claim.text)
        and "nine" not in claim.text.lower()
    ):
        return
    if claim.form == "cell" and _beside_compared(claim):
        return
    found = [(one, _aimed(one)) for one in _found(claim, document, style)]
    for one, aimed in found:
        reached = not aimed and any(
            other.kind is one.kind and _beside(one.quantity, other.quantity, claim) for other, target in found if target
        )
        if (
            claim.form == "sentence"
            and not aimed
            and not reached
            and any(other.kind is one.kind and target for other, target in found)
        ):
            continue  # mentioned beside a target that is another value's
        if fact := stated(one, claim, document, reached):
            yield fact


_SHARE_BELOW: Final = re.compile(r"[<≤]=?\s?\d[\d.,]*\s?(?:ms|s|sec|seconds)\b")


def bounded_rows(table: Table, document: str, style: str) -> Iterator[Fact]:
    """The bound that stands in the name of an indicator: `| Latency: share of calls < 50 ms | 99 % |`."""
    around = ((table.lead,) if table.lead else ()) + tuple(reversed(table.heading))
    for row in table.rows:
        name = row.cells[0]
        if _SHARE_BELOW.search(name) and any(
            re.match(r"[≥>]?=?\s?9\d(?:[.,]\d+)?\s?%", cell) for cell in row.cells[1:]
        ):
            label, _, text = name.rpartition(":")
            claim = Claim(text.strip(), label or "latency", "", around, table.heading, row.line, row.source, "pair")
            yield from level_facts(claim, document, style)


_COMPARED: Final = re.compile(r"[<>≤≥]=?\s?[~$€]?\d")


def _beside_compared(claim: Claim) -> bool:
    """
    Whether another cell of the row is compared (`< 1 s`) and this one is not, in a column that no word calls a level.

    It says over which window is measured, how often, or what is done then, in whichever language.
    """
    if _COMPARED.search(claim.text) or re.search(r"\d\s?%", claim.text):
        return False
    known = (
        roles.target_column(claim.column)
        or roles.threshold_column(claim.column)
        or roles.measured_column(claim.column)
        or scope.statistic(claim.column)
        or scope.tier(claim.column)
        or scope.environment(claim.column)
        or RECOVERY.search(claim.column)
    )
    return not known and any(_COMPARED.match(cell) for name, cell in claim.row[1:] if name != claim.column)


def _beside(reached: Quantity, target: Quantity, claim: Claim) -> bool:
    """Whether a value stands right before or behind a target; in a sentence a distant one is another matter's."""
    apart = max(target.start - reached.end, reached.start - target.end)
    return claim.form != "sentence" or apart <= 60


def _aimed(found: Found) -> bool:
    """Whether the value is compared with something, or called a target."""
    return bool(found.quantity.comparison.strip("~")) or bool(
        roles.TARGET_TEXT.search(found.clause.partition(found.quantity.written)[0])
    )


def _found(claim: Claim, document: str, style: str) -> Iterator[Found]:
    spotted = [_with_unit(quantity, claim) for quantity in quantities(claim.text, style)]
    spotted = [_equal(quantity, claim) for quantity in spotted]
    if "reach" in claim.text and fails(claim):
        spotted = [_reached(quantity, claim) for quantity in spotted]
    previous: dict[str, Kind | None] = {}
    last_end = 0
    for index, quantity in enumerate(spotted):
        following = spotted[index + 1].start if index + 1 < len(spotted) else len(claim.text)
        before, after = claim.text[last_end : quantity.start], claim.text[quantity.end : following]
        before = _BRACKET.sub("", before) if last_end else before  # a bracket right after a value belongs to it
        if quantity.unit not in ("ratio", "s"):
            continue
        if (
            quantity.unit == "ratio"
            and scope.statistic(claim.text[quantity.start : quantity.end + 32]).startswith("p")
            and not _SUCCEED.match(claim.text[quantity.end : quantity.end + 80])
        ):
            continue  # "95 % of requests" names a statistic
        if quantity.unit == "s" and re.match(r"/(?!p\d|avg|max)[A-Za-z]", after):
            last_end = quantity.end  # "1 s/MB" grows with what is asked
            continue
        if quantity.unit == "s" and _LASTING.search(before):
            last_end = quantity.end  # how long it lasts, not how fast it is
            continue
        if quantity.unit == "s" and quantity.value >= 60 and not quantity.comparison and _BRACKETED.search(before):
            last_end = quantity.end  # "(24 h, 10 metrics)": what is asked for
            continue
        if quantity.unit == "s" and _downtime(claim, quantity, before, after):
            period = _downtime(claim, quantity, before, after)
            value = 1 - quantity.value / period
            if (
                Decimal("0.9") <= value < 1
                and not re.search(r"\d\s?%", claim.text)
                and not any("%" in cell for _, cell in claim.row)
            ):
                yield Found(Kind.AVAILABILITY_TARGET, _as_ratio(quantity, value), before + after, before)
            last_end = quantity.end
            continue
        kind, words = kind_of(claim, quantity, before, after, previous, document)
        previous[quantity.unit] = kind
        if kind is not None:
            yield Found(kind, quantity, f"{before}{quantity.written}{cut(after)}", words)
        last_end = quantity.end
    if (none := _NONE_LOST.search(claim.text)) and not any(one.unit for one in spotted):
        kind = Kind.RPO if none["named"].lower() == "rpo" else Kind.RTO
        yield Found(kind, Quantity(Decimal(0), "s", none.start(), none.end(), none[0]), claim.text, none["named"])
        return
    if not any(one.unit for one in spotted) and _IMMEDIATE.match(claim.text) and len(claim.text.split()) <= 8:
        named = RECOVERY.search(claim.column) or RECOVERY.search(claim.label)
        if named:
            kind = objective(named)
            yield Found(
                kind, Quantity(Decimal(0), "s", 0, len(claim.text), claim.text), claim.text, claim.column or claim.label
            )


_NONE_LOST: Final = re.compile(r"(?i)\b(?P<named>rpo|rto)\s?(?:=|:|of)\s?(?:0|zero)(?![\w.,:])")
_SUCCEED: Final = re.compile(
    r"(?i)\s?of (?:(?:all|valid|api|http|user|\S*/\S+) ){0,3}(?:requests|calls|probes|checks|minutes) (?:that )?"
    r"(?:must |should |will )?(?:succeed|are successful|return (?:2xx|success)|without (?:an? )?(?:5xx|error))"
)
_BRACKETED: Final = re.compile(r"\([^()]*$")
_BRACKET: Final = re.compile(r"^\s*\([^()]*\)")
_LASTING: Final = re.compile(
    r"\b(?:for|over|during|every|after|last|past|per|within the (?:first|last)|für|"
    r"durante|pendant)\s(?:at least |more than |the last |a )?$",
    re.IGNORECASE,
)
_NAMED_UNIT: Final = re.compile(r"[(\[](ms|s|sec|seconds?|µs|us|min|minutes|%|percent|h|hours)[)\]]", re.IGNORECASE)


def _with_unit(quantity: Quantity, claim: Claim) -> Quantity:
    """A bare number of a cell or pair whose header, label or unit column names the unit: `p95 Latency (ms) | 192`."""
    if quantity.unit or claim.form == "sentence" or len(claim.text) > len(quantity.written) + 3:
        return quantity
    column = next(
        (cell for name, cell in claim.row if re.fullmatch(r"(?i)units?|einheit|unidad|unité", name.strip())), ""
    )
    named = (
        _NAMED_UNIT.search(claim.column)
        or _NAMED_UNIT.search(claim.label)
        or re.fullmatch(r"(ms|s|sec|seconds|µs|%)", column)
        or (scope.is_statistic(claim.label) and claim.around and _NAMED_UNIT.search(claim.around[0]))
    )
    if not named:
        return quantity
    unit = named[1].lower()
    size = Decimal("0.01") if unit in ("%", "percent") else SECONDS[unit]
    return replace(
        quantity,
        value=quantity.value * size,
        unit="ratio" if unit in ("%", "percent") else "s",
        low=None if quantity.low is None else quantity.low * size,
        high=None if quantity.high is None else quantity.high * size,
    )


def _reached(quantity: Quantity, claim: Claim) -> Quantity:
    """`fails when p95 reaches 800 ms` compares, as `exceeds` does."""
    said = re.search(r"\breach(?:es)?\s$", claim.text[: quantity.start])
    return replace(quantity, comparison=">=") if said and not quantity.comparison else quantity


def _equal(quantity: Quantity, claim: Claim) -> Quantity:
    """`500 error rate = 0%` allows none: of nothing, what is equal is what is at most."""
    exact = quantity.value == 0 and quantity.unit == "ratio" and re.search(r"=\s?$", claim.text[: quantity.start])
    return replace(quantity, comparison="<=") if exact and not quantity.comparison else quantity


def _as_ratio(quantity: Quantity, value: Decimal) -> Quantity:
    return Quantity(value, "ratio", quantity.start, quantity.end, quantity.written, comparison="downtime")


def _downtime(claim: Claim, quantity: Quantity, before: str, after: str) -> int:
    """The seconds of the period that a downtime is allowed in, or 0 where the value is no allowed downtime."""
    near = before[-60:] + " " + after[:60]
    if not _DOWNTIME.search(near) and not _DOWNTIME.search(f"{claim.label} {claim.column}"):
        return 0
    period = (
        _DOWNTIME_PERIOD.search(claim.text[quantity.end : quantity.end + 50])
        or _DOWNTIME_PERIOD.search(before[-60:])
        or _DOWNTIME_PERIOD.search(f"{claim.label} {claim.column}")
    )
    if not period or re.search(
        r"\b(?:budget|was|were|had|occurred|cost|costs|credit)\b", f"{claim.label} {claim.column} {near}", re.IGNORECASE
    ):
        return 0
    return _PERIOD_SECONDS[(period[1] or period[2]).lower()]
