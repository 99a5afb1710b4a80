"""What a set of files says: objectives as ours, Sloth's as theirs, alert windows, and what is wrong or left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sre_kit.compute.slo.alerting import BurnRateAlert
from sre_kit.compute.slo.objectives import SLO
from sre_kit.compute.slo.sloth import SlothSLO
from sre_kit.load.slo_files.values import Remark


@dataclass(frozen=True, slots=True)
class Imported:
    """An objective as ours, with its line and what the file says about it that ours cannot hold."""

    slo: SLO
    file: str
    line: int
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NotImported:
    """An objective that is valid and that ours cannot hold, with the reason."""

    name: str
    file: str
    line: int
    reason: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: SLO {self.name!r}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Specification:
    """
    Sloth's objectives of one service, with the metadata of the Kubernetes object that holds them.

    `metadata` has name, namespace, labels and annotations as far as they are given; a plain file has none.
    """

    service: str
    slos: tuple[SlothSLO, ...]
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class Contents:
    """All of it, in the order of the files."""

    objects: list[str] = field(default_factory=list)
    """Each object that was read, as its kind and name."""
    slos: list[Imported] = field(default_factory=list)
    not_imported: list[NotImported] = field(default_factory=list)
    specs: list[Specification] = field(default_factory=list)
    windows: dict[timedelta, tuple[BurnRateAlert, ...]] = field(default_factory=dict)
    """Period of an objective -> the window pairs that a file asks for."""
    problems: list[Remark] = field(default_factory=list)
    notes: list[Remark] = field(default_factory=list)

    @property
    def sloth(self) -> list[SlothSLO]:
        """Sloth's objectives of all specifications."""
        return [slo for spec in self.specs for slo in spec.slos]
