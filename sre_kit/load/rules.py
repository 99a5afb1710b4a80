"""Prometheus rules: as files declare them, and as a server says that it evaluates them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import yaml

from sre_kit.compute.operations.drift import Rule
from sre_kit.errors import DataError, ParameterError, SourceError
from sre_kit.load.http import Server
from sre_kit.load.metrics.promapi import API
from sre_kit.store import regular
from sre_kit.units import duration

MAX_BYTES: Final = 10_000_000


def declared_rules(files: Sequence[Path]) -> list[Rule]:
    """
    The rules of rule files.

    Raises
    ------
    ParameterError
        A file cannot be read, or is none of rules.
    """
    found: list[Rule] = []
    for path in files:
        try:
            content = yaml.safe_load(regular.content(path, MAX_BYTES))
            found += list(_groups(content, path.name, declared=True))
        except OSError as error:
            raise ParameterError(f"{path}: cannot be read: {error.strerror}") from None
        except (yaml.YAMLError, UnicodeDecodeError, RecursionError):
            raise ParameterError(f"{path}: no YAML; name a rule file") from None
        except DataError as error:
            raise ParameterError(f"{path}: {error}; name a rule file") from None
    return found


def loaded_rules(server: Server) -> list[Rule]:
    """
    The rules that a Prometheus evaluates.

    Raises
    ------
    SourceError
        It does not answer, or answers something else.
    """
    try:
        return list(_groups(API(server).rules(), server.url, declared=False))
    except DataError as error:
        raise SourceError(server.clean(f"{server.url}: unusable answer: {error}")[:400]) from None


def _groups(content: Any, source: str, *, declared: bool) -> Iterator[Rule]:
    if not isinstance(content, dict) or not isinstance(content.get("groups"), list):
        raise DataError("groups are missing")
    for group in content["groups"]:
        try:
            for rule in group["rules"]:
                yield _declared(group["name"], rule, source) if declared else _loaded(group["name"], rule, source)
        except (KeyError, TypeError, AttributeError, ValueError, OverflowError) as error:
            raise DataError(f"a rule is not as rules are ({type(error).__name__}: {str(error)[:80]})") from None


def _declared(group: str, rule: Mapping[str, Any], source: str) -> Rule:
    kind = "alerting" if "alert" in rule else "recording"
    held = duration(rule["for"]) if rule.get("for") not in (None, "", "0s", 0) else timedelta(0)
    name = rule["alert"] if kind == "alerting" else rule["record"]
    return Rule(
        str(group),
        kind,
        str(name),
        str(rule["expr"]),
        held,
        _texts(rule, "labels"),
        _texts(rule, "annotations"),
        source,
    )


def _loaded(group: str, rule: Mapping[str, Any], source: str) -> Rule:
    held = timedelta(seconds=float(rule.get("duration") or 0))
    labels, notes = _texts(rule, "labels"), _texts(rule, "annotations")
    return Rule(str(group), str(rule["type"]), str(rule["name"]), str(rule["query"]), held, labels, notes, source)


def _texts(rule: Mapping[str, Any], name: str) -> dict[str, str]:
    return {str(key): str(value) for key, value in (rule.get(name) or {}).items()}
