"""
Queries of a classic histogram: the bucket that ends at a threshold, all buckets, and the count of all events.

A threshold of latency is counted only where a bucket ends: between two bounds nobody knows how many were faster, and
interpolation would invent it.
"""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from typing import Final

from sre_kit.errors import ParameterError

_SELECTOR: Final = re.compile(r"\s*([a-zA-Z_:][a-zA-Z0-9_:]*)\s*(?:\{(.*)\})?\s*", re.DOTALL)


def within(histogram: str, threshold: timedelta) -> str:
    """
    Selector of the bucket that ends at `threshold`; `histogram` is its name with matchers or none.

    Some libraries write a bound of one second as ``1``, some as ``1.0``.

    >>> print(within('http_seconds{job="api"}', timedelta(milliseconds=500)))
    http_seconds_bucket{job="api",le=~"0\\\\.5"}
    >>> print(within("http_seconds", timedelta(seconds=1)))
    http_seconds_bucket{le=~"1(\\\\.0)?"}

    Raises
    ------
    ParameterError
        The histogram is no name with matchers.
    """
    bound = seconds(threshold)
    pattern = bound.replace(".", r"\\.") if "." in bound else bound + r"(\\.0)?"
    return _part(histogram, "bucket", f'le=~"{pattern}"')


def every(histogram: str) -> str:
    """Selector of all its buckets."""
    return _part(histogram, "bucket")


def count(histogram: str) -> str:
    """
    Selector of its counter of all events.

    >>> count('http_seconds{job="api"}')
    'http_seconds_count{job="api"}'
    """
    return _part(histogram, "count")


def _part(histogram: str, suffix: str, matcher: str = "") -> str:
    found = _SELECTOR.fullmatch(histogram)
    if not found or found[1].endswith(("_bucket", "_count", "_sum")):
        raise ParameterError(
            f"histogram {histogram!r} must be the name of a histogram without _bucket, with matchers or none, "
            'such as http_request_duration_seconds{service="api"}'
        )
    inner = ",".join(part for part in ((found[2] or "").strip().rstrip(","), matcher) if part)
    return f"{found[1]}_{suffix}{{{inner}}}" if inner else f"{found[1]}_{suffix}"


def seconds(length: timedelta) -> str:
    """
    Seconds in full, without trailing zeros.

    >>> seconds(timedelta(milliseconds=300)), seconds(timedelta(minutes=10))
    ('0.3', '600')
    """
    return f"{Decimal(length // timedelta(microseconds=1)).scaleb(-6).normalize():f}"
