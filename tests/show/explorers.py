"""One explorer of each subject over made-up data: 30 days at one minute, six people, five load tests, two stores."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from functools import cache

import numpy as np
import pandas as pd

from sre_kit import show
from sre_kit.compute.capacity.exhaustion import outlooks
from sre_kit.compute.capacity.plan import CapacityPlan, Event, GrowthScenario, Resource
from sre_kit.compute.incidents import Incident, IncidentLog
from sre_kit.compute.oncall.plan import Absence, OnCall, Person, Rotation
from sre_kit.compute.operations.plan import Backup
from sre_kit.compute.operations.recovery import recoverables
from sre_kit.compute.performance.levels import load_scaling
from sre_kit.compute.performance.plan import Endpoint, LoadTest
from sre_kit.compute.slo.counts import History, history
from sre_kit.compute.slo.objectives import SLO
from sre_kit.compute.vocabulary import Reading, Requests
from sre_kit.show.widgets import Explorer

AS_OF = datetime(2026, 11, 2, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
DAYS = 30
PEOPLE = ("Ann", "Ben", "Cleo", "Dan", "Eve", "Finn")


@cache
def histories() -> tuple[History, ...]:
    """An objective over 30 days with an outage an hour long, and one of a calendar month counted in slices."""
    start, slots = AS_OF - DAYS * DAY, DAYS * 1440
    random = np.random.default_rng(1)
    total = random.poisson(1000, slots)
    bad = random.binomial(total, np.where(np.arange(slots) // 60 == 480, 0.3, 0.0003))
    index = pd.date_range(pd.Timestamp(start), periods=slots, freq="1min", name="time")
    frame = pd.DataFrame({"total": total, "good": total - bad}, index=index)
    api = SLO("api", Fraction("0.999"), "t", "api", good="g", owner="Ann", target_source="asked for: 99.9 %")
    web = SLO("web", Fraction("0.99"), "t", "web", good="g", calendar="quarter", budgeting="timeslices")
    return tuple(history(one, Requests(one.name, frame, "made up", start, AS_OF, MINUTE)) for one in (api, web))


INCIDENTS = tuple(
    Incident(f"I{n}", "t", AS_OF - (n + 1) * 5 * DAY, AS_OF - (n + 1) * 5 * DAY + n * 9 * MINUTE, severity="SEV2",
             services=("api",))
    for n in range(100)
)  # fmt: skip
OUTAGE = Incident("OUT", "api fails", AS_OF - 10 * DAY, AS_OF - 10 * DAY + 60 * MINUTE, services=("api",))
ONCALL = OnCall(
    people=[Person(name, zone="Europe/London", country="GB", subdivision="ENG") for name in PEOPLE],
    rotations=[
        Rotation("first", list(PEOPLE), date(2026, 11, 2), zone="Europe/London"),
        Rotation("second", [PEOPLE[-1], *PEOPLE[:-1]], date(2026, 11, 2), zone="Europe/London", layer="secondary"),
    ],
    absences=[Absence("Ben", AS_OF + 14 * DAY, AS_OF + 21 * DAY)],
)
ENDPOINTS = (Endpoint("checkout", "checkout", objective=timedelta(milliseconds=500)), Endpoint("bare", "web"))
PLAN = CapacityPlan(
    horizon=60 * DAY,
    events=[Event("sale", date(2026, 11, 27), date(2026, 12, 6), 1.9, "asked for")],
    scenarios=[GrowthScenario("base", 0.03, 0.8), GrowthScenario("high", 0.06, 0.2)],
)
BACKUPS = (
    Backup("orders", method="snapshot", every=DAY, takes=25 * MINUTE, replication_lag=timedelta(0), rpo=60 * MINUTE,
           rto=120 * MINUTE, size=80 * 2**30, restore_per_second=16_482_941, fixed_steps=10 * MINUTE, owner="Ann"),
    Backup("catalogue", method="snapshot and log", every=DAY, takes=20 * MINUTE, log_every=5 * MINUTE,
           replication_lag=timedelta(0), size=28 * 2**30, fixed_steps=10 * MINUTE, rpo=15 * MINUTE, rto=60 * MINUTE),
)  # fmt: skip


def resource(name: str, level: float, slope: float) -> tuple[Resource, Reading]:
    """A resource that is read every minute for `DAYS` days more than twelve weeks."""
    slots = (84 + DAYS) * 1440
    index = pd.date_range(AS_OF - slots * MINUTE, periods=slots, freq="1min", name="time")
    random = np.random.default_rng(2)
    at = np.arange(slots)
    weekly = 0.1 * np.sin(2 * np.pi * at / (7 * 1440))
    daily = np.repeat(0.04 * random.standard_normal(slots // 1440), 1440)
    values = level + weekly + daily + slope * at / slots + 0.01 * random.standard_normal(slots)
    series = pd.Series(values, index=index, dtype=float)
    one = Resource(name, name, "q", 1.0, kind="cpu", lead_time=14 * DAY, demand_share=Fraction(1))
    return one, Reading(name, series, "q", "made up", index[0].to_pydatetime(), AS_OF, MINUTE)


def load_test(load: float, rate: float, latency: float) -> LoadTest:
    """A run that kept three quantiles."""
    quantiles = {0.5: latency / 3, 0.95: latency, 0.99: latency * 1.6}
    return LoadTest(f"run-{load:g}", "k6", "k6.json", 10_000, 10, 600.0, rate, quantiles, load=load, model="open")


@cache
def made() -> tuple[Explorer, ...]:
    """One of each."""
    log = IncidentLog(tuple(sorted(INCIDENTS, key=lambda one: one.began)), clock="began", source="made up")
    felt = IncidentLog(log.incidents, clock="downtime", source="made up")
    measured = [resource("cpu of web", 0.3, 0.3), resource("cpu of api", 0.3, 0.05), resource("cpu of db", 0.45, 0)]
    foreseen = outlooks(measured, PLAN, AS_OF)
    runs = [(100, 95, 0.12), (200, 180, 0.15), (400, 300, 0.3), (600, 340, 0.7), (800, 330, 1.4)]
    found = (
        show.budget_explorer(histories(), AS_OF, incidents=[OUTAGE]),
        show.back_test_explorer(histories(), AS_OF, incidents=[OUTAGE]),
        show.incident_explorer({"began": log, "downtime": felt}, AS_OF),
        show.rota_explorer(ONCALL, AS_OF),
        show.load_explorer(load_scaling([load_test(*one) for one in runs]), ENDPOINTS),
        show.capacity_explorer(foreseen, PLAN),
        show.size_explorer(foreseen, []),
        show.recovery_explorer(recoverables([], BACKUPS)),
    )
    assert all(isinstance(one, Explorer) for one in found)
    return found  # type: ignore[return-value]
