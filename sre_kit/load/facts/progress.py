"""The state of work: what counts as done or open, and tables that say it of tasks, phases or parts of a plan."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from sre_kit.compute.vocabulary import Fact, Kind
from sre_kit.load.facts import roles
from sre_kit.load.facts.claims import header_index
from sre_kit.load.facts.reading import Row, Table, state_of

STATUS_COLUMN: Final = re.compile(
    r"^(?:(?:current|implementation|overall|project|dev(?:elopment)?|build|mvp|task|delivery) )?"
    r"(?:status|state|done\??|progress|estado|statut|completed?\??|completion|implemented\??|fortschritt|stand|"
    r"situa[cç][aã]o)$",
    re.IGNORECASE,
)
_TASK_COLUMN: Final = re.compile(
    r"^(?:task|tasks|action|action item|deliverable|work item|item|aufgabe|tarea|to-?do|"
    r"activity|milestone|feature|story|ticket|tâche|phase|step|epic|requirement|area|"
    r"module|issue|etapa|fase|schritt|sub-?task|work ?package|workstream|sprint|user story|enhancement|improvement|"
    r"tarefa|meilenstein|arbeitspaket)s?(?: name| title)?$",
    re.IGNORECASE,
)
_PART_COLUMN: Final = re.compile(
    r"^(?:component|service|name|description|title|page|screen|layer|objective|goal|subsystem|capability|"
    r"integration|package|focus|scope|work|what|change|functionality|section|part|beschreibung|descripci[oó]n|"
    r"descri[cç][aã]o|nombre|nome|funci[oó]n|funktion|komponente|componente|fonctionnalité|funcionalidade?)s?$",
    re.IGNORECASE,
)
_GROUP_COLUMN: Final = re.compile(r"(?i)phase|area|module|fase|epic|sprint|milestone|etapa")
_DONE: Final = re.compile(
    r"^\W*(?:\[x\]\s*)?(?:done|(?:already )?complete[d]?|finished|closed|✓|100 ?%|yes|erledigt|fertig|hecho|"
    r"abgeschlossen|completado|terminé|conclu[ií]d[oa]|shipped|live|deployed|resolved|implemented|delivered|working|"
    r"ready|built|merged)\b|^\W*✓|^\W*\[x\]",
    re.IGNORECASE,
)
_OPEN: Final = re.compile(
    r"^\W*(?:\[ ?\]\s*)?(?:open|to-?do|pending|in[- ]progress|not started|planned|blocked|wip|started|"
    r"offen|in arbeit|geplant|pendiente|pendente|en progreso|em (?:andamento|progresso)|en cours|no|partial\w*|"
    r"upcoming|scheduled|deferred|backlog|next|\d{1,2} ?%|ongoing|missing|todo|tbd|to be|under|blocked|"
    r"needs?|waiting|paused|✗|☐)",
    re.IGNORECASE,
)
_STRICT: Final = re.compile(
    r"^\W*(?:\[x\]\s*)?(?:done|complete[d]?|finished|closed|implemented|delivered|shipped|erledigt|fertig|"
    r"abgeschlossen|"
    r"completado|terminé|conclu[ií]d[oa]|to-?do|pending|in[- ]progress|not started|planned|wip|backlog|deferred|"
    r"partial\w*|scaffolded|in arbeit|offen|geplant|pendiente|pendente|en cours|em andamento|upcoming|blocked|"
    r"\d{1,3} ?%)(?!\w)|^\W*[✓☐✗]\W*$",
    re.IGNORECASE,
)
_PLAN_DOCUMENT: Final = re.compile(
    r"(?i)\b(?:build ?plan|project plan|implementation (?:plan|status|progress|summary)|development plan|roadmap|"
    r"tracker|to-?do|status|progress|milestones?|tasks?|backlog|action plan|sprint|"
    r"hand-?off|handover|projektplan|umsetzungsplan|plan de (?:trabajo|implementaci[oó]n|projet|développement)|"
    r"plano de (?:projeto|implementa[cç][aã]o))\b"
)
_PLAN_PLACE: Final = re.compile(
    r"(?i)\b(?:(?:implementation|project|development|feature|phase|build|migration|completion|delivery) "
    r"(?:status|progress|overview|summary|plan)|roadmap|milestones?|phases?|backlog|sprints?|build ?plan|"
    r"work packages?|features?|tasks?|deliverables?|what(?:'s| is) (?:built|done|next|left|missing))\b"
)
_NO_TASKS: Final = re.compile(
    r"(?i)\b(?:risks?|test (?:results|cases|scenarios|coverage)|health|alerts?|findings?|incidents?|"
    r"vulnerabilit\w+|environments?|endpoints?|compliance|checks|services status|slos?|slis?|metrics|kpis?|"
    r"dependenc\w+|legend|stakeholders?|team)\b"
)
PHASE: Final = re.compile(
    r"(?i)^\W*(?:[\d.]+\s+)?(?:phase|sprint|milestone|stage|iteration|sub-?task|task|work ?package|epic|etapa|fase|"
    r"meilenstein|jalon|étape)\s*#?(?:\d+(?:\.\d+)*|[IVX]+)\b"
)
_NUMBERED: Final = re.compile(
    r"(?i)^\W*(?:phase|sprint|milestone|stage|iteration|fase|etapa|week|m|p)?\s*#?\d+(?:\.\d+)?\W*$"
)


def is_done(text: str) -> bool:
    """Whether a text begins by saying that something is finished."""
    return bool(_DONE.match(text))


def is_open(text: str) -> bool:
    """Whether a text begins by saying that something is not finished."""
    return bool(_OPEN.match(text))


def in_plan(heading: tuple[str, ...], document: str) -> bool:
    """Whether the document, its title or the phase that a line stands under makes it part of a plan."""
    return is_plan(heading, document) or any(PHASE.match(text) for text in heading[-2:])


@lru_cache(maxsize=2048)
def is_plan(heading: tuple[str, ...], document: str) -> bool:
    """Whether the document calls itself a plan or a status, in its name or its title."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])|[-_./]", " ", document)
    return bool(_PLAN_DOCUMENT.search(spaced)) or any(_PLAN_DOCUMENT.search(text) for text in heading[:1])


def task_table(table: Table, document: str) -> list[Fact]:
    """
    The tasks of a table with a column of states.

    The column of tasks is named as one, or, in a plan, it is the column of parts (`Component`, `Description`) and
    nearly every row has a plain state; states may be words, a pictograph or a share of 100 %.
    """
    place = " ".join((table.lead, *table.heading[-1:]))
    planned = in_plan(table.heading, document) or bool(_PLAN_PLACE.search(place))
    status = header_index(table.header, STATUS_COLUMN)
    if status is None and is_plan(table.heading, document):
        status = _state_column(table)
    if _NO_TASKS.search(place):
        return []
    if status is None:
        return _of_a_phase(table, document)
    named = [index for index, name in enumerate(table.header) if index != status and _TASK_COLUMN.match(name)]
    parts = [index for index, name in enumerate(table.header) if index != status and _PART_COLUMN.match(name)]
    states = [(row, _row_state(row, status)) for row in table.rows]
    if not named:
        strict = sum(bool(_STRICT.match(state)) for _, state in states)
        parts = parts or ([_first_words(table, status)] if is_plan(table.heading, document) else [])
        if not planned or not parts or strict < 2 or strict * 3 < len(states) * 2:
            return []
    column = next((index for index in named if not _GROUP_COLUMN.match(table.header[index])), None)
    if column is None:
        column = (named or parts)[0]
    second = next((index for index in parts if index != column), None)
    if second is None and column == 0 and len(table.header) > 2 and status != 1:
        second = 1
    found = []
    for row, state in states:
        if column >= len(row.cells) or not (is_done(state) or is_open(state)):
            continue
        name = row.cells[column]
        if _NUMBERED.match(name) and second is not None and second < len(row.cells):
            name = f"{name}: {row.cells[second]}" if re.search(r"[A-Za-z]", name) else row.cells[second]
        if name and not _TOTAL.match(name):
            around = (table.lead, *reversed(table.heading))
            found.append(task_fact(name, is_done(state), row.line, row.source, table.heading, document, around))
    return found


def heading_done(heading: tuple[str, ...]) -> bool:
    """Whether the heading over a piece of work ends by saying that it is done."""
    return bool(heading) and bool(
        re.search(r"(?i)✓\W*$|\b(?:done|completed?|finished|shipped)\W*(?:\([^()]*\))?\W*$", heading[-1])
    )


def _of_a_phase(table: Table, document: str) -> list[Fact]:
    """The tasks of a table without states under a phase of a plan: they have the state of the phase."""
    column = header_index(table.header, _WORK_COLUMN)
    if (
        column is None
        or not is_plan(table.heading, document)
        or not any(PHASE.match(text) for text in table.heading[-1:])
    ):
        return []
    around = (table.lead, *reversed(table.heading))
    return [
        task_fact(row.cells[column], heading_done(table.heading), row.line, row.source, table.heading, document, around)
        for row in table.rows
        if column < len(row.cells) and re.search(r"[^\W\d_]{3}", row.cells[column])
    ]


_WORK_COLUMN: Final = re.compile(
    r"(?i)^(?:tasks?|action items?|actions?|deliverables?|work items?|to-?dos?|aufgaben?|tareas?|tarefas?|tâches?|"
    r"features?|steps?|story|stories|tickets?)$"
)


def _state_column(table: Table) -> int | None:
    """The only column that holds nothing but states, whatever it is called."""
    columns = [
        index
        for index in range(len(table.header))
        if len(table.rows) > 2
        and all(
            _STRICT.match(state) and len(state.split()) <= 3 for state in (_row_state(row, index) for row in table.rows)
        )
    ]
    return columns[0] if len(columns) == 1 else None


def _first_words(table: Table, status: int) -> int:
    """The first column that holds words, not numbers or dates."""
    for index in range(len(table.header)):
        cells = [row.cells[index] for row in table.rows if index < len(row.cells)]
        if index != status and sum(bool(re.search(r"[^\W\d_]{3}", cell)) for cell in cells) * 2 > len(cells):
            return index
    return 0


_TOTAL: Final = re.compile(r"(?i)^\W*(?:total|overall|gesamt|sum(?:me)?)\b")


def _row_state(row: Row, status: int) -> str:
    """The words of a state cell; of a cell with nothing but a pictograph what that says."""
    text = row.cells[status] if status < len(row.cells) else ""
    if text:
        return text
    raw = re.split(r"(?<!\\)\|", row.source.strip().strip("|"))
    mark = state_of(raw[status]) if status < len(raw) else ""
    return {"done": "✓", "open": "☐"}.get(mark, "")


def task_fact(
    text: str, done: bool, line: int, quote: str, heading: tuple[str, ...], document: str, around: tuple[str, ...]
) -> Fact:
    """A piece of work with its state."""
    refused = roles.PLACEHOLDER if roles.placeholder(text) else ""
    if not refused and any(re.search(r"\b(?:example|template|sample)\b", text, re.IGNORECASE) for text in around[:2]):
        refused = roles.EXAMPLE
    return Fact(
        Kind.TASK,
        text,
        "text",
        document,
        line,
        quote,
        name=text,
        heading=heading,
        details={"state": "done" if done else "open"},
        refused=refused,
    )
