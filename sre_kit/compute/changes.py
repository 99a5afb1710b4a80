"""What was changed and when: deployments, the events that error budgets and incidents are held against."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Deploy:
    """
    One deployment to production; `source` says where it was read (file:line, or the repository).

    `outcome` is ``succeeded``, ``failed``, ``rolled back``, another word of the log, or empty where nobody said.
    """

    time: datetime
    service: str
    version: str
    outcome: str
    source: str
    committed_at: datetime | None = None
    """When the change was committed, for the lead time; None where it was not recorded."""
    incident: str = ""
    """The incident that it caused, where one is recorded."""
    unplanned: bool | None = None
    """Whether it was made to repair something; None where nobody said."""

    @property
    def lead_time(self) -> timedelta | None:
        """From commit to production; None where the commit's time is unknown or later than the deployment."""
        if self.committed_at is None or self.committed_at > self.time:
            return None
        return self.time - self.committed_at


@dataclass(frozen=True, slots=True)
class DeployLog:
    """Deployments in order of time, with what could not be used."""

    deploys: tuple[Deploy, ...]
    later: int = 0
    """Rows later than the report time; left out."""
    problems: tuple[str, ...] = ()
    """Rows that cannot be used, each with its place and the reason."""
    gap: str = ""
    """Why there is nothing; empty where there is something."""
