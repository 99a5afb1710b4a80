"""
Caches, the CDN and the database for readers: what is configured, what was measured, what could be saved.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from sre_kit.compute.performance.caching import TimePoint
from sre_kit.compute.performance.edge import EdgeTraffic
from sre_kit.compute.performance.plan import Cache, PerformancePlan
from sre_kit.compute.performance.statements import Statements, statement_evidence
from sre_kit.compute.vocabulary import Gap
from sre_kit.show.shown import Note, Record, Shown, Stack
from sre_kit.show.table import Table
from sre_kit.show.text import Code, Inline, Lines
from sre_kit.units import MISSING, money, number, percent, span, utc

STATEMENTS_SHOWN: Final = 10
LONGEST: Final = 120
WHOLE: Final = 0.99
"""A log with this share of the counted requests is no sample."""


def caches(configured: Sequence[Cache]) -> Table:
    """Each cache as configured; its hit ratio where the metrics have one."""
    rows: list[Sequence[Inline]] = [
        (
            one.name,
            one.component,
            span(one.ttl),
            one.size or MISSING,
            percent(one.stated_hit_ratio, 0),
            one.source or MISSING,
        )
        for one in configured
    ]
    gaps = [
        Gap(
            f"hits and misses of the cache {one.name}",
            "DevOps Engineer",
            "the metrics source, performance.caches",
            "no query counts them",
        )
        for one in configured
        if not (one.hits and one.misses)
    ]
    if not configured:
        gaps = [Gap("the caches and their configuration", "Backend Developer", "params: performance.caches")]
    return Table(("Cache", "Component", "Kept for", "Size", "Hit ratio, stated", "Source"), rows, gaps=gaps)


def cache_curve(traffic: EdgeTraffic | Gap) -> Shown:
    """How large a shared cache before the origin would have to be, and how long it would have to keep things."""
    if isinstance(traffic, Gap):
        return Note.gap(traffic)
    sample = "" if traffic.sampled >= WHOLE else " The log is a sample: the whole traffic repeats itself more."
    sizes = Table(
        ("Objects kept", "Of all objects", "Hit ratio, requests", "Hit ratio, bytes"),
        [
            (
                number(point.objects),
                percent(point.objects / traffic.objects, 0),
                percent(point.hit_ratio, 1),
                percent(point.byte_ratio, 1),
            )
            for point in traffic.curve
        ],
        source=_log(traffic),
        note="Least recently used, exact stack distances, objects of equal size. "
        f"A larger cache stops helping where the last columns stop rising.{sample}",
    )
    times = Table(
        ("Kept for", "Hit ratio, requests (95 % interval)", "Hit ratio, bytes"),
        [(span(float(point.seconds)), _ratio(point), percent(point.byte_ratio, 1)) for point in traffic.kept],
        source=_log(traffic),
        note="A cache of any size that fetches an object again when its time is over; the interval draws keys again. "
        f"Longer than the log nothing can be said.{sample}",
    )
    return Stack(_served(traffic), sizes, times)


def _ratio(point: TimePoint) -> str:
    if point.interval is None:
        return f"{percent(point.hit_ratio, 1)} (too few keys for an interval)"
    low, high = point.interval
    return f"{percent(point.hit_ratio, 1)} ({percent(low, 1)} to {percent(high, 1)})"


def _served(traffic: EdgeTraffic) -> Note:
    """What the cache in front did, where the log says it."""
    served = traffic.served
    if served is None:
        return Note("The log has no cache status, so what the cache in front answered is not in it.")
    said = ", ".join(f"{status} {number(requests)}" for status, requests in served.statuses)
    ratio, of_bytes = percent(served.hit_ratio, 1), percent(served.byte_ratio, 1)
    return Note(f"Measured at the cache: {ratio} of {number(served.asked)} requests and {of_bytes} of bytes ({said}).")


def content_delivery(traffic: EdgeTraffic | Gap, plan: PerformancePlan, currency: str) -> Shown:
    """What the CDN is told to keep, what it could answer, and what the bytes cost."""
    told = (
        Note([f"Configured: {plan.cdn}", f" ({plan.cdn_source})." if plan.cdn_source else "."])
        if plan.cdn
        else Note.gap(Gap("what the CDN is told to keep", "Frontend Developer", "params: performance.cdn"))
    )
    if isinstance(traffic, Gap):
        return Stack(told, Note.gap(traffic))
    return Stack(told, _edge(traffic, plan.cdn_price_per_gb, currency), _heavy(traffic))


def _edge(traffic: EdgeTraffic, price: Decimal | None, currency: str) -> Table:
    cacheable = "GET and HEAD with a status that a shared cache may keep (RFC 9110)"
    whole = traffic.sampled >= WHOLE
    again = "asked for again: what an endless cache that never forgets would answer"
    if not whole:
        again = "asked for again within the sample; the whole traffic repeats itself more"
    month = f"{number(traffic.monthly_gigabytes)} GB"
    rows: list[Sequence[Inline]] = [
        ("Cacheable", percent(traffic.cacheable_share, 1), percent(traffic.cacheable_bytes_share, 1), cacheable),
        (
            "Offload, at most" if whole else "Offload, in the sample",
            percent(traffic.offload, 1),
            percent(traffic.offload_bytes, 1),
            again,
        ),
        ("Egress a month", MISSING, month, "the log's rate over an average month" + _sample(traffic)),
    ]
    gaps = []
    if price is None:
        gaps.append(Gap("the price of a gigabyte of egress", "DevOps Engineer", "params: performance.cdn_price_per_gb"))
    else:
        cost = money(traffic.egress_cost(price), currency)
        rows.append(("Egress cost a month", MISSING, cost, f"{price} {currency} a GB (params)"))
        worth = money(traffic.offload_value(price), currency)
        rows.append(("Worth of the offload a month", MISSING, worth, "the offload's share of the bytes at that price"))
    return Table(
        ("Edge", "Requests", "Bytes", "Meaning"),
        rows,
        source=_log(traffic),
        note="An upper bound: objects change, and a cache forgets." if whole else "",
        gaps=gaps,
        records=[
            Record("performance.edge.cacheable_share", traffic.cacheable_share, "ratio", "access log"),
            Record("performance.edge.offload", traffic.offload, "ratio", "access log"),
        ],
    )


def _sample(traffic: EdgeTraffic) -> str:
    if traffic.sampled >= WHOLE:
        return ""
    return f"; the log holds {percent(traffic.sampled)} of the {number(traffic.counted)} requests counted meanwhile"


def _heavy(traffic: EdgeTraffic) -> Table:
    rows: list[Sequence[Inline]] = [
        (
            Code(route),
            number(requests),
            percent(size / traffic.bytes if traffic.bytes else None, 1),
            Code(_header(route)),
        )
        for route, requests, size in traffic.routes
    ]
    return Table(
        ("Route, most bytes first", "Requests", "Share of the bytes", "Header to consider"),
        rows,
        note="A header is a proposal: whether a route may be shared between readers is for its owner to say.",
    )


def _header(route: str) -> str:
    method, _, path = route.partition(" ")
    if method not in ("GET", "HEAD"):
        return "Cache-Control: no-store"
    if any(path.endswith(end) for end in (".webp", ".png", ".jpg", ".css", ".js", ".woff2", ".svg", ".ico")):
        return "Cache-Control: public, max-age=2592000, immutable"
    return "Cache-Control: public, max-age=60, stale-while-revalidate=30"


def _log(traffic: EdgeTraffic) -> str:
    unread = f", {number(traffic.bad_lines)} lines unreadable" if traffic.bad_lines else ""
    return f"access log, {utc(traffic.began)} to {utc(traffic.ended)}, n = {number(traffic.requests)} requests{unread}"


def database_statements(found: Statements) -> Shown:
    """Statements by total time, with what their counters say."""
    if found.gap is not None:
        return Note.gap(found.gap)
    rows: list[Sequence[Inline]] = []
    for place, one in enumerate(found.statements[:STATEMENTS_SHOWN], 1):
        share = found.share(one)
        rows.append(
            (
                str(place),
                Code(one.query if len(one.query) <= LONGEST else f"{one.query[:LONGEST]}…"),
                percent(share, 1),
                number(one.calls),
                span(one.mean),
                number(one.rows_per_call),
                percent(one.hit_ratio, 1),
                number(one.temporary),
                Lines(statement_evidence(one, share)) if statement_evidence(one, share) else MISSING,
            )
        )
    note = f"{len(found.statements)} statements, {span(found.total)} in all; written by {found.version}."
    columns = (
        "#",
        "Statement",
        "Share of time",
        "Calls",
        "Mean",
        "Rows a call",
        "From cache",
        "Temporary blocks",
        "Evidence",
    )
    return Table(columns, rows, source=found.source, note=" ".join([note, *found.notes]))
