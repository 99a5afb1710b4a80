"""The parser of written quantities: exact where it reads, silent or marked where it cannot know."""

from __future__ import annotations

import itertools
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sre_kit.load.facts.quantities import SECONDS, decimal_mark, number, quantities

TOKENS = [
    "99,9 %",
    "$5k",
    "€",
    "1.000",
    "1,000",
    "15-30 min",
    "p(95)",
    "<",
    "≤",
    "|",
    "`",
    "\n",
    "\u2028",
    "three nines",
    "27+",
    "ms",
    "/month",
    "%",
    "-",
    ".",
]


def read(text: str) -> list[tuple[str, str]]:
    return [(f"{quantity.value:f}", quantity.unit) for quantity in quantities(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("99,9 %", [("0.999", "ratio")]),
        ("99.0-99.5%", [("0.995", "ratio")]),
        ("four and a half nines", [("0.99995", "ratio")]),
        ("250ms", [("0.250", "s")]),
        ("43h 48min", [("157680", "s")]),
        ("4 hours 23 minutes", [("15780", "s")]),
        ("30 minutes - 1 hour", [("3600", "s")]),
        ("two weeks", [("1209600", "s")]),
        ("24 Stunden", [("86400", "s")]),
        ("$140-415/month", [("415", "USD")]),
        ("US$ 1,234.50", [("1234.50", "USD")]),
        ("₹4,000–₹8,000", [("8000", "INR")]),
        ("5k EUR", [("5000", "EUR")]),
        ("1.2 million users", [("1200000.0", "")]),
        ("2025-11-10", []),
        ("version 1.30.2", []),
        ("10.0.0.1", []),
        ("db.t3.medium", []),
        ("5M events", [("5000000", "")]),
    ],
)
def test_what_people_write(text: str, expected: list[tuple[str, str]]):
    assert [found for found in read(text) if found != ("0", "")] == expected


@pytest.mark.parametrize(
    ("text", "sign"),
    [
        ("< 500 ms", "<"),
        ("at most 2 s", "<="),
        ("no more than 43 minutes", "<="),
        ("under 300ms", "<"),
        ("1 h or better", "<="),
        ("27+ hours", ">="),
        ("more than 5 %", ">"),
        ("~850", "~"),
        ("exceeds 2%", ">"),
        ("≥ 99.9%", ">="),
        ("80%", ""),
    ],
)
def test_comparisons_in_signs_and_words(text: str, sign: str):
    assert quantities(text)[0].comparison == sign


def test_a_range_keeps_both_ends_and_plans_for_the_upper():
    (found,) = quantities("15-30 min")
    assert (found.low, found.high, found.value) == (900, 1800, 1800)


@pytest.mark.parametrize(
    ("written", "style", "whole", "value"),
    [
        ("1,000", "", False, "1000"),
        ("1.000", "", False, None),
        ("1.000", "", True, "1000"),
        ("1.000", ".", False, "1.000"),
        ("1,000", ",", False, None),
        ("99,9", "", False, "99.9"),
        ("1.234.567", "", False, "1234567"),
        ("1.234,5", "", False, "1234.5"),
        ("1,23,456", "", False, "123456"),
        ("0.125", "", False, "0.125"),
        ("1'000", "", False, "1000"),
        ("1,2,3", "", False, None),
    ],
)
def test_separators(written: str, style: str, whole: bool, value: str | None):
    assert number(written, style, whole) == (None if value is None else Decimal(value))


def test_the_document_settles_the_decimal_mark():
    assert (
        decimal_mark("Verfügbarkeit 99,9 %"),
        decimal_mark("99.9 % in 1.5 s"),
        decimal_mark("99,9 % and 99.9 %"),
    ) == (",", ".", "")


@given(st.decimals(min_value="0.01", max_value="99.99", places=2))
def test_a_percentage_reads_back(value: Decimal):
    (found,) = quantities(f"uptime {value} % of the time")
    assert found.value * 100 == value and not found.ambiguous


@given(st.integers(1, 999), st.sampled_from(["ms", "s", "min", "h", "hours", "days", "weeks"]))
def test_a_duration_reads_back(count: int, unit: str):
    (found,) = quantities(f"within {count} {unit}")
    assert found.value == count * SECONDS[unit] and found.unit == "s"


@given(st.integers(0, 10**9), st.sampled_from(["$", "€", "EUR ", "USD "]))
def test_an_amount_with_separators_reads_back(amount: int, symbol: str):
    (found,) = quantities(f"{symbol}{amount:,}")
    assert found.value == amount or found.ambiguous


@given(st.lists(st.one_of(st.sampled_from(TOKENS), st.text(max_size=8)), max_size=12).map("".join))
def test_no_text_raises_and_quantities_do_not_overlap(text: str):
    found = quantities(text)
    assert all(before.end <= after.start for before, after in itertools.pairwise(found))
    assert all(text[quantity.start : quantity.end] == quantity.written for quantity in found)
    assert all(quantity.low is None or quantity.low < quantity.value for quantity in found)
