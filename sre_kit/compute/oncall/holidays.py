"""Public holidays: whose day off it is, by the country of each person."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from sre_kit.compute.oncall.plan import Person
from sre_kit.errors import ParameterError


def public_holidays(people: Sequence[Person], start: datetime, end: datetime) -> dict[str, dict[date, str]]:
    """Person -> public holidays of the person's own country in the years of [start, end]; none where no country is."""
    places = {(person.country, person.subdivision) for person in people}
    found = {place: holidays_of(*place, start.date(), end.date()) for place in places}
    return {person.name: found[person.country, person.subdivision] for person in people}


def holidays_of(country: str, subdivision: str, start: date, end: date) -> dict[date, str]:
    """
    Public holidays of a country between two dates; empty for no country.

    Raises
    ------
    ParameterError
        The country or its part is not known.
    """
    if not country:
        return {}
    import holidays

    try:
        calendar = holidays.country_holidays(
            country, subdiv=subdivision or None, years=range(start.year, end.year + 1), language="en_US"
        )
    except NotImplementedError:
        raise ParameterError(
            f'no public holidays are known for country {country!r} {subdivision!r}; write an ISO code such as "NL"'
        ) from None
    return {day: name for day, name in sorted(calendar.items()) if start <= day <= end}
