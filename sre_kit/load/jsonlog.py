"""
Access logs as JSON lines: the names that nginx, Caddy, Traefik and CDNs give to the fields of a request.

A time is ISO 8601 with its zone, or a number of seconds, milliseconds, microseconds or nanoseconds since 1970; a naive
time is no time. Durations are read where the name says that they are seconds.
"""

from __future__ import annotations

from typing import Final

_FIELDS: Final = {
    "time": (
        "time", "timestamp", "@timestamp", "time_iso8601", "msec", "ts", "StartUTC", "EdgeStartTimestamp",
    ),
    "method": ("method", "request_method", "RequestMethod", "ClientRequestMethod", "request.method"),
    "target": ("uri", "request_uri", "path", "url", "RequestPath", "ClientRequestURI", "request.uri"),
    "request": ("request",),
    "status": ("status", "status_code", "response_code", "DownstreamStatus", "EdgeResponseStatus"),
    "bytes": ("body_bytes_sent", "bytes_sent", "bytes", "size", "DownstreamContentSize", "EdgeResponseBytes"),
    "seconds": ("request_time", "duration_s", "duration_seconds"),
    "cache": ("upstream_cache_status", "cache_status", "cache", "x_cache", "CacheCacheStatus"),
}  # fmt: skip
"""Our word -> the names that are looked for, the first that is there counts; a dot goes into an object."""

LINE: Final = r"^\s*\{.*\}\s*$"


def _first(word: str) -> str:
    paths = []
    for name in _FIELDS[word]:
        steps = name.split(".") if name[0] != "@" else [name]
        paths.append("$" + "".join(f'."{step}"' for step in steps))
    return f"coalesce({', '.join(f'''json_extract_string(j, '{path}')''' for path in paths)})"


_ZONED: Final = r"'^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)$'"
_SCALE: Final = "CASE WHEN n > 1e17 THEN 1e9 WHEN n > 1e14 THEN 1e6 WHEN n > 1e11 THEN 1e3 ELSE 1 END"

TABLE: Final = f"""
    CREATE TABLE lines AS
    WITH parsed AS (
        SELECT number, text, CASE WHEN json_valid(text) THEN text::JSON END AS j FROM written
    ), named AS (
        SELECT number, text, {_first("time")} AS t, {_first("method")} AS m, {_first("target")} AS u,
            regexp_extract({_first("request")}, $1, ['method', 'target', 'protocol']) AS r,
            try_cast({_first("status")} AS INTEGER) AS status, try_cast({_first("bytes")} AS BIGINT) AS bytes,
            {_first("seconds")} AS seconds, upper({_first("cache")}) AS cache
        FROM parsed
    ), timed AS (
        SELECT *, try_cast(t AS DOUBLE) AS n,
            CASE WHEN regexp_matches(t, {_ZONED}) THEN try_cast(t AS TIMESTAMPTZ) END AS z FROM named
    ), dated AS (
        SELECT *, CASE WHEN z IS NOT NULL THEN epoch(z) WHEN n > 0 THEN n / {_SCALE} END AS moment FROM timed
    )
    SELECT number, CASE WHEN moment IS NULL OR status IS NULL THEN text END AS text,
        CASE WHEN status IS NOT NULL THEN floor(moment)::BIGINT END AS moment, status, coalesce(bytes, 0) AS bytes,
        upper(coalesce(m, r.method, '')) AS method, coalesce(u, r.target, '') AS target,
        CASE WHEN contains(seconds, '.') THEN seconds ELSE seconds || '.0' END AS written_duration,
        NULL::DOUBLE AS duration, nullif(cache, '-') AS cache
    FROM dated
"""
"""Makes ``lines`` of ``written``, as the combined format has it; its one parameter is the form of a request line."""
