"""
Files that would do by machine what people do by hand: GitHub workflows, and systemd timers with their services.

Nothing is installed or committed: the files are prepared. What bounds a run stands in the file itself: one at a time,
for so long, with so few rights, off at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, NamedTuple

import yaml

from sre_kit.compute.operations.automation import Automation
from sre_kit.compute.operations.tasks import runs
from sre_kit.errors import ParameterError
from sre_kit.units import instant

_STEM: Final = re.compile(r"[a-z][a-z0-9-]{0,60}")
_ACTION: Final = re.compile(r"[\w.-]+/[\w.-]+(?:/[\w./-]+)?")
_COMMIT: Final = re.compile(r"[0-9a-f]{40}")
_VARIABLE: Final = re.compile(r"[A-Z][A-Z0-9_]{0,60}")
_KEY: Final = re.compile(r"[a-z][a-z0-9_]{0,60}")
_DISPATCH: Final = re.compile(r"[A-Za-z][\w-]{0,99}")
_WRITTEN: Final = "# Prepared from operations.automations of the params. Nothing runs before somebody {}.\n"
_MONDAY: Final = instant("2024-01-01")
_DAYS: Final = ("Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@dataclass(frozen=True, slots=True)
class AutomationFile:
    """A file's name and content, and what it is for."""

    name: str
    content: str
    media_type: str
    about: str


class AutomationFiles(NamedTuple):
    """The files, and why opportunities got none."""

    files: tuple[AutomationFile, ...]
    left_out: tuple[str, ...]

    @property
    def names(self) -> frozenset[str]:
        """Names of the files."""
        return frozenset(one.name for one in self.files)


def automation_files(decided: Iterable[Automation]) -> AutomationFiles:
    """
    The workflow, or the timer and its service, of each automation that has a `form` and commands to run.

    One that GitHub or systemd would refuse, or that would take an action by a name that can be moved, is left out with
    the reason.
    """
    files: list[AutomationFile] = []
    left_out: list[str] = []
    for one in decided:
        try:
            files += _workflow(one) if one.form == "workflow" else _timer(one) if one.form == "timer" else []
        except ParameterError as reason:
            left_out.append(f"{one.opportunity}: {reason}")
    return AutomationFiles(tuple(files), tuple(left_out))


def _workflow(one: Automation) -> list[AutomationFile]:
    _check(one)
    on: dict[str, Any] = {"workflow_dispatch": {}}
    if one.cron:
        if one.zone not in ("UTC", "Etc/UTC"):
            raise ParameterError(f"GitHub runs schedules in UTC, got the zone {one.zone}; write cron in UTC")
        on["schedule"] = [{"cron": one.cron}]
    on |= {event: {} for event in one.events if event in ("push", "pull_request")}
    if types := [event for event in one.events if event not in ("push", "pull_request")]:
        if wrong := [event for event in types if not _DISPATCH.fullmatch(event)]:
            raise ParameterError(
                f"event {wrong[0]!r} is no type of a repository_dispatch; letters, digits, '-' and '_'"
            )
        on["repository_dispatch"] = {"types": types}
    job: dict[str, Any] = {"if": f"vars.{one.switch} != 'true'", "runs-on": one.runner}
    job["timeout-minutes"] = _minutes(one.longest)
    if one.environment:
        job["environment"] = one.environment
    if one.permissions:
        job["permissions"] = {"contents": "read", **one.permissions}
    if variables := _variables(one):
        job["env"] = variables
    job["steps"] = [_action(name, commit) for name, commit in one.uses.items()]
    job["steps"] += [{"name": _title(command), "run": command, "shell": "bash"} for command in one.runs]
    document = {
        "name": one.stem,
        "on": on,
        "permissions": {"contents": "read"},
        "concurrency": {"group": one.stem, "cancel-in-progress": False},
        "jobs": {one.stem: job},
    }
    text = yaml.safe_dump(document, sort_keys=False, width=1000, allow_unicode=True)
    (name,) = one.files
    about = f"GitHub workflow: {one.action or one.opportunity}"
    return [AutomationFile(name, _WRITTEN.format("commits it to .github/workflows") + text, "application/yaml", about)]


def _variables(one: Automation) -> dict[str, str]:
    """What the commands may read of the event, and the token where it may do more than read."""
    for name, key in one.variables.items():
        if not (_VARIABLE.fullmatch(name) and _KEY.fullmatch(key)):
            raise ParameterError(f"variables: {name} -> {key!r}; write NAME: key_of_the_payload")
    found = {name: f"${{{{ github.event.client_payload.{key} }}}}" for name, key in one.variables.items()}
    return found | ({"GH_TOKEN": "${{ github.token }}"} if one.permissions else {})


def _action(name: str, commit: str) -> dict[str, Any]:
    if not _ACTION.fullmatch(name):
        raise ParameterError(f"uses: {name!r} is no action; write owner/name")
    if not _COMMIT.fullmatch(commit):
        raise ParameterError(
            f"uses: {name} is pinned to {commit!r}; a tag can be moved, write the commit's 40 hexadecimal digits"
        )
    step: dict[str, Any] = {"uses": f"{name}@{commit}"}
    # the token would stay in .git/config, where every later step can read it
    return step | ({"with": {"persist-credentials": False}} if name == "actions/checkout" else {})


def _timer(one: Automation) -> list[AutomationFile]:
    _check(one)
    if not one.cron:
        raise ParameterError("a timer needs cron")
    if one.uses or one.events or one.permissions or one.variables or one.environment:
        raise ParameterError("a timer has no actions, events, permissions, variables or environment; a workflow has")
    timer, service = one.files
    note = _WRITTEN.format("copies both units to /etc/systemd/system")
    what = one.action or one.opportunity
    units = {
        timer: [
            "[Unit]",
            f"Description=When {one.stem} runs",
            "\n[Timer]",
            *(f"OnCalendar={expression}" for expression in on_calendar(one.cron, one.zone)),
            "Persistent=true",
            "\n[Install]",
            "WantedBy=timers.target",
        ],
        service: [
            "[Unit]",
            f"Description={_plain(what)}",
            f"ConditionPathExists=!{one.switch}",
            "\n[Service]",
            "Type=oneshot",
            *(f"ExecStart=/bin/sh -ec {_quoted(command)}" for command in one.runs),
            f"TimeoutStartSec={round(one.longest.total_seconds())}",
            "DynamicUser=true",
            "NoNewPrivileges=true",
            "PrivateTmp=true",
            "ProtectSystem=strict",
            "ProtectHome=read-only",
        ],
    }
    about = {timer: "systemd timer", service: "systemd service"}
    return [
        AutomationFile(
            name, note + "\n".join(lines) + "\n", "text/plain", f"{about[name]}: {one.action or one.opportunity}"
        )
        for name, lines in units.items()
    ]


def on_calendar(cron: str, zone: str) -> tuple[str, ...]:
    """
    Five cron fields as systemd's OnCalendar; two where cron names a day of the month and of the week, which it joins.

    >>> on_calendar("45 9 * * MON-FRI", "Europe/Amsterdam")
    ('Mon..Fri *-*-* 09:45:00 Europe/Amsterdam',)
    >>> on_calendar("*/15 2 1 1,7 *", "UTC")
    ('*-01,07-01 02:00/15:00 UTC',)

    Raises
    ------
    ParameterError
        No cron expression, or one that OnCalendar cannot say (``TUE#2``).
    """
    next(runs(cron, zone, _MONDAY))
    minute, hour, day, month, weekday = cron.split()
    if set(cron) - set("0123456789*/,- ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") or "L" in day:
        raise ParameterError(f"cron {cron!r}: OnCalendar cannot say it; take a plain day of the week or month")
    clock = f"{_field(hour, 0)}:{_field(minute, 0)}:00 {zone}"
    days = _weekdays(weekday)
    dated = f"*-{_field(month, 1)}-{_field(day, 1)} {clock}"
    if not days:
        return (dated,)
    if day.startswith("*/"):
        raise ParameterError(f"cron {cron!r}: OnCalendar cannot say both; take days of the week or of the month")
    every_week = f"{days} *-{_field(month, 1)}-* {clock}"
    return (every_week,) if day == "*" else (dated, every_week)


_MONTHS: Final = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")


def _field(written: str, least: int) -> str:
    """One field of numbers from `least` on: lists, ranges and steps."""
    parts = []
    for part in written.upper().split(","):
        for number, name in enumerate(_MONTHS, 1):
            part = part.replace(name, str(number))
        span, _, step = part.partition("/")
        ends = [f"{int(end):02d}" for end in span.split("-")] if span != "*" else []
        first = "..".join(ends) if ends else (f"{least:02d}" if step else "*")
        parts.append(f"{first}/{step}" if step else first)
    return ",".join(parts)


def _weekdays(written: str) -> str:
    """Days of the week by name; empty for all."""
    if written == "*":
        return ""

    def named(text: str) -> str:
        return _DAYS[int(text)] if text.isdigit() else text.capitalize()

    if "/" in written:
        raise ParameterError(f"cron weekday {written!r}: write the days one by one")
    return ",".join("..".join(named(end) for end in part.split("-")) for part in written.split(","))


def _check(one: Automation) -> None:
    if not _STEM.fullmatch(one.stem):
        raise ParameterError(f"name {one.stem!r}: small letters, digits and '-', at most 61")
    if not _DISPATCH.fullmatch(one.runner.replace(".", "-")):
        raise ParameterError(f"runner {one.runner!r} is no label; letters, digits, '.', '-' and '_'")
    if not one.runs:
        raise ParameterError("runs is empty; write the commands that it runs")
    for command in one.runs:
        if not command.strip() or not command.isprintable():
            raise ParameterError(f"runs: {command!r} must be one printable line")
        if "${{" in command:
            raise ParameterError(
                f"runs: {command!r} would paste an event's words into a shell; read them from a variable"
            )
    if one.cron:
        next(runs(one.cron, one.zone, _MONDAY))
    _minutes(one.longest)


def _minutes(longest: timedelta) -> int:
    minutes = round(longest / timedelta(minutes=1))
    if not 1 <= minutes <= 360:
        raise ParameterError(f"longest: 1 to 360 minutes are allowed, got {minutes}")
    return minutes


def _title(command: str) -> str:
    return command if len(command) <= 60 else f"{command[:57]}..."


def _plain(text: str) -> str:
    return " ".join(text.replace("%", "%%").split())


def _quoted(command: str) -> str:
    """A command as one argument of ExecStart: systemd's quotes, specifiers and variables taken literally."""
    text = command.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{text}"'
