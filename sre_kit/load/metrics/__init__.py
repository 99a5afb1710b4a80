"""
Where measurements come from: one source per module, picked by the scheme of its URL.

A third party adds a scheme with three lines of its own packaging metadata::

    [project.entry-points."sre_kit.sources"]
    influx = "my_package:open_influx"

The callable takes ``(url, *, auth, base, timeout)`` and returns a `Source`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import Final

from sre_kit.errors import ParameterError, nearest
from sre_kit.load.metrics.source import Auth, CountingSource, LabellingSource, MatchingSource, Named, Source, counted

__all__ = ["Auth", "CountingSource", "LabellingSource", "MatchingSource", "Named", "Source", "counted", "open_source"]

_SCHEMES: Final = {
    "prometheus+http": "sre_kit.load.metrics.prometheus:open_prometheus",
    "prometheus+https": "sre_kit.load.metrics.prometheus:open_prometheus",
    "file": "sre_kit.load.metrics.file:open_file",
    "demo": "sre_kit.load.metrics.demo:open_demo",
}


def open_source(
    url: str,
    *,
    auth: Auth | None = None,
    base: Path = Path(),
    timeout: timedelta = timedelta(seconds=30),
    queries: Mapping[str, str] | None = None,
    series_cap: int = 500,
) -> Source:
    """
    The source that `url` names; nothing is asked of it yet.

    Parameters
    ----------
    url
        ``prometheus+https://host/prefix``, ``file:folder``, ``demo:``, or a scheme that another package registers.
    auth
        How to prove who we are.
    base
        What relative paths are relative to: the folder of the params file.
    timeout
        For one question altogether, retries included.
    queries
        Names for queries, so that `read` takes the name.
    series_cap
        Of a Prometheus: above so many series per query the server is asked to sum, and its estimate is labelled.

    Raises
    ------
    ParameterError
        No such scheme, or a URL its source cannot use.
    """
    scheme, colon, _ = url.partition(":")
    ours = bool(colon) and scheme in _SCHEMES  # looking through every installed package takes longer than reading
    others = {} if ours else {point.name: point for point in entry_points(group="sre_kit.sources")}
    if not colon or scheme not in {*_SCHEMES, *others}:
        shown = scheme if colon else url[:40]
        raise ParameterError(
            f"source.url: no source {shown!r}" + nearest(scheme, [*_SCHEMES, *others]) + ' (for example "demo:")'
        )
    if ours:
        module, _, function = _SCHEMES[scheme].partition(":")
        opener: Callable[..., Source] = getattr(import_module(module), function)
    else:
        opener = others[scheme].load()
    more = {"series_cap": series_cap} if scheme.startswith("prometheus+") else {}
    found = opener(url, auth=auth or Auth(), base=base, timeout=timeout, **more)
    return Named(found, tuple(sorted(queries.items()))) if queries else found
