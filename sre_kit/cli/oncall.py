"""``sre-kit oncall``: on-call calendars of any tool, audited, compared and listed."""

from __future__ import annotations

import json as jsonlib
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from sre_kit.errors import DataError
from sre_kit.escape import plain
from sre_kit.units import duration, instant, percent, ratio, span, utc, zone

if TYPE_CHECKING:
    from sre_kit.compute.oncall.shift_audit import Audit, ShiftCalendar

HOUR: Final = timedelta(hours=1)
oncall = typer.Typer(
    help="On-call calendars (.ics) of any tool: audit one, compare two, list shifts; the digest of a handover.",
    rich_markup_mode=None,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
JSONOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
From = Annotated[str, typer.Option("--from", help="From this instant on, else from the first shift.", metavar="TIME")]
To = Annotated[str, typer.Option("--to", help="Until this instant, else to the last shift.", metavar="TIME")]
Zone = Annotated[
    str, typer.Option("--zone", help="Clock of events that name none, and of nights and weekends.", metavar="ZONE")
]


@oncall.command("audit")
def audit_command(
    file: Annotated[Path, typer.Argument(metavar="FILE.ics")],
    start: From = "",
    end: To = "",
    where: Zone = "",
    rest: Annotated[str, typer.Option("--rest", help="Least rest between primary shifts.")] = "12h",
    stretch: Annotated[str, typer.Option("--stretch", help="Longest primary time without a break.")] = "14d",
    share: Annotated[str, typer.Option("--max-share", help="Largest share of the primary hours.")] = "50 %",
    json: JSONOption = False,
) -> int:
    """Sweep a calendar for gaps, double booking, unclear handoffs, rest and share.

    Exit 0 when it is clean, 1 when something is found or an event cannot be used. Recurring events are expanded, for a
    year where they have no end. Shadows leave no gap and carry no load.
    """
    from sre_kit.compute.oncall.shift_audit import Limits, audit

    limits = Limits(duration(rest), duration(stretch), float(ratio(share)))
    found = _read([file], start, end, where)[0]
    result = audit(found, _at(start), _at(end), limits)
    if json:
        print(jsonlib.dumps({**asdict(result), "left_out": found.left_out}, indent=1, ensure_ascii=False, default=_iso))
    else:
        _print_audit(result, found)
    return 1 if result.findings or found.left_out else 0


@oncall.command("diff")
def diff_command(
    before: Annotated[Path, typer.Argument(metavar="A.ics")],
    after: Annotated[Path, typer.Argument(metavar="B.ics")],
    start: From = "",
    end: To = "",
    where: Zone = "",
    json: JSONOption = False,
) -> int:
    """Say whose shifts differ between two calendars, and the hours that move per person.

    Exit 0 when nobody's do, 1 when somebody's do or an event cannot be used.
    """
    from sre_kit.compute.oncall.shift_audit import hours_moved, moved

    old, new = _read([before, after], start, end, where)
    changes = moved(old.shifts, new.shifts)
    people = hours_moved(changes)
    left_out = [*old.left_out, *new.left_out]
    if json:
        said = {
            "changes": [asdict(one) for one in changes],
            "people": {name: {"given_hours": gave, "taken_hours": took} for name, (gave, took) in people.items()},
            "left_out": left_out,
        }
        print(jsonlib.dumps(said, indent=1, ensure_ascii=False, default=_iso))
    else:
        _table(
            ("From", "To", "Length", "Layer", "Before", "After"),
            [
                (utc(m.start), utc(m.end), span(m.end - m.start), m.layer, *map(_people, (m.before, m.after)))
                for m in changes
            ],
        )
        _table(
            ("Person", "Gives, hours", "Takes, hours", "Net"),
            [(name, f"{gave:.1f}", f"{took:.1f}", f"{took - gave:+.1f}") for name, (gave, took) in people.items()],
        )
        _print_left_out(left_out)
        print(f"{len(changes)} changes, {len(people)} people" if changes else "the same people at the same times")
    return 1 if changes or left_out else 0


@oncall.command("shifts")
def shifts_command(
    file: Annotated[Path, typer.Argument(metavar="FILE.ics")],
    start: From = "",
    end: To = "",
    where: Zone = "",
    json: JSONOption = False,
) -> int:
    """Print the shifts of a calendar as CSV or JSON, in UTC, recurring events expanded.

    Exit 0, or 1 when an event cannot be used; standard error says which.
    """
    import csv
    import sys

    found = _read([file], start, end, where)[0]
    rows = [
        {"start": _iso(s.start), "end": _iso(s.end), "layer": s.layer, "person": s.person, "hours": s.length / HOUR}
        for s in found.shifts
    ]
    if json:
        print(jsonlib.dumps(rows, indent=1, ensure_ascii=False))
    else:
        table = csv.DictWriter(sys.stdout, ("start", "end", "layer", "person", "hours"), lineterminator="\n")
        table.writeheader()
        # a spreadsheet runs a cell that begins like a formula
        table.writerows({**row, **{name: _cell(str(row[name])) for name in ("layer", "person")}} for row in rows)
    for one in found.left_out:
        print(f"left out: {plain(one)}", file=sys.stderr)
    return 1 if found.left_out else 0


@oncall.command("digest")
def digest_command(
    params: Annotated[str, typer.Option("--params", help="Params file or folder.", metavar="PATH")],
    as_of: Annotated[str, typer.Option("--as-of", help="Report time; default: the last complete UTC hour.")] = "",
    since: Annotated[str, typer.Option("--since", help="Last handoff; default: when the turn began.")] = "",
    shift: Annotated[
        str, typer.Option("--shift", help="Also what a shift met, spent and changed: now, last, or an instant in it.")
    ] = "",
) -> int:
    """Print what whoever takes the pager has to know: open incidents, the last turn, what is owed, what comes.

    Markdown on standard output, for a chat or an e-mail.
    """
    from sre_kit.cli.digest import digest

    return digest(params, as_of, since, shift)


def _cell(text: str) -> str:
    shown = plain(text)
    return f"'{shown}" if shown.startswith(("=", "+", "-", "@")) else shown


def _read(files: Sequence[Path], start: str, end: str, where: str) -> list[ShiftCalendar]:
    """The calendars over one time; a series without an end is followed in all as far as any of them reaches."""
    from sre_kit.load.calendars import shift_calendar

    named = zone(where) if where else ""
    found = [shift_calendar(file, _at(start), _at(end), named) for file in files]
    if len(files) > 1:
        held = [s for one in found for s in one.shifts]
        first = _at(start) or min((s.start for s in held), default=None)
        last = _at(end) or max((s.end for s in held), default=None)
        found = [shift_calendar(file, first, last, named) for file in files]
    for file, one in zip(files, found, strict=True):
        if not one.shifts and not one.left_out:
            raise DataError(f"{file}: holds no on-call shift in that time; look at --from and --to, or at the export")
    return found


def _print_audit(result: Audit, found: ShiftCalendar) -> None:
    print(f"{utc(result.start)} to {utc(result.end)}, {len(found.shifts)} shifts; nights and weekends in {result.zone}")
    for layer, covered in result.coverage.items():
        print(f"{plain(layer)}: covered {percent(covered)}")
    _table(
        ("Person", "Shifts", "Primary hours", "Nights, hours", "Weekend days", "Share"),
        [
            (
                one.person,
                str(one.shifts),
                f"{one.hours:.1f}",
                f"{one.night_hours:.1f}",
                str(one.weekend_days),
                "" if one.share is None else percent(one.share, 1),
            )
            for one in result.people
        ],
    )
    _table(
        ("Rule", "From", "To", "Who", "What"),
        [(f.rule, utc(f.start), utc(f.end), f.person, f.text) for f in result.findings],
    )
    _print_left_out(found.left_out)
    print(f"{len(result.findings)} findings" if result.findings else "no findings")


def _print_left_out(left_out: Sequence[str]) -> None:
    for one in left_out:
        print(f"left out: {plain(one)}")


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from tabulate import tabulate

    if rows:
        shown = [[plain(cell) for cell in row] for row in rows]
        print(f"\n{tabulate(shown, headers=head, tablefmt='simple', disable_numparse=True)}\n")


def _people(names: Sequence[str]) -> str:
    return ", ".join(names) or "nobody"


def _at(written: str) -> datetime | None:
    return instant(written) if written else None


def _iso(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
