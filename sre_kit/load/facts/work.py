"""Work out of documents: tasks with their state, security findings, how releases are rolled out."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Final

from sre_kit.compute.vocabulary import Fact, Kind, Scope
from sre_kit.load.facts import roles, scope
from sre_kit.load.facts.claims import Claim, header_index, split_key
from sre_kit.load.facts.reading import Block, Line, Table

_TASK_COLUMN = re.compile(
    r"^(?:task|tasks|action|action item|deliverable|work item|item|aufgabe|tarea|to-?do|"
    r"activity|milestone|feature|story|ticket|tâche|phase|step|epic|requirement|area|"
    r"module|issue|etapa|fase|schritt)s?$",
    re.IGNORECASE,
)


STATUS_COLUMN = re.compile(
    r"^(?:current )?(?:status|state|done\??|progress|estado|statut|completed?\??|completion|implemented\??)$",
    re.IGNORECASE,
)


_DONE = re.compile(
    r"^\W*(?:done|complete[d]?|finished|closed|✓|100 ?%|yes|erledigt|fertig|hecho|"
    r"completado|terminé|shipped|live|deployed|resolved|implemented|delivered|working|"
    r"ready|built|merged|built)\b|^\W*✓",
    re.IGNORECASE,
)


_OPEN = re.compile(
    r"^\W*(?:open|to-?do|pending|in[- ]progress|not started|planned|blocked|wip|started|"
    r"offen|in arbeit|pendiente|en progreso|en cours|no|partial\w*|upcoming|scheduled|"
    r"deferred|backlog|next|\d{1,2} ?%|ongoing|missing|todo|tbd|to be|under|blocked|"
    r"needs?|waiting|paused|✗|☐)",
    re.IGNORECASE,
)


_STRATEGY = re.compile(
    r"\b(?P<name>blue[-/ ]green|canary|rolling(?:[- ]updates?| deployments?| deploys?)|"
    r"recreate|a/b (?:test(?:ing)? )?deployments?|shadow|feature[- ]flags?|immutable|"
    r"big[- ]bang|progressive delivery|zero[- ]downtime)\b",
    re.IGNORECASE,
)


_STRATEGY_KEY = re.compile(
    r"\b(?:deployment|release|rollout|update|deploy)[- ](?:strategy|method|type|approach|"
    r"pattern|model)\b|^strategy$|^deployments?$|^rollout$|\bbereitstellungsstrategie\b|"
    r"\bestrategia de despliegue\b|\bstratégie de déploiement\b",
    re.IGNORECASE,
)


_STRATEGY_SENTENCE = re.compile(
    r"\b(?:we|is|are|uses?|using|via|with|through|deployed|deploys?|release[sd]?|rolled "
    r"out|roll out|perform(?:s|ed)?)\b",
    re.IGNORECASE,
)


_NEGATED = re.compile(
    r"\b(?:not|no|never|instead of|rather than|consider(?:ed|ing)?|future|planned|"
    r"could|may|might|option|alternative|kein\w*|later|if needed|vs\.?)\b",
    re.IGNORECASE,
)


def tasks(blocks: Sequence[Block], document: str) -> Iterator[Fact]:
    """
    The checkboxes of a document, its tables of tasks, and the marked or grouped bullets of a plan.
    """
    groups: defaultdict[tuple[tuple[str, ...], str], list[Line]] = defaultdict(list)
    for block in blocks:
        if isinstance(block, Line) and block.done is not None:
            groups[block.heading, block.lead].append(block)
        elif isinstance(block, Line):
            yield from _planned(block, document)
        elif isinstance(block, Table):
            yield from _task_table(block, document)
    for (heading, lead), lines in groups.items():
        place = " ".join((*heading[-1:], lead))
        if re.search(r"(?i)template|vorlage", place):
            continue
        for line in lines:
            text = line.text.strip("✓✗ ")
            yield _task(
                text, bool(line.done) or line.mark == "done", line.line, line.raw, heading, document, line.context
            )


def _spaced(document: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])|[-_./]", " ", document)


_STATE_HEAD = re.compile(
    r"(?i)^\W*(?:[\d.]+\s*)?(?:(?P<done>(?:already |recently )?(?:completed?|done|"
    r"finished|implemented|erledigt|abgeschlossen|completad[oa]s?|terminés?|conclu[ií]d[oa]s?)(?: "
    r"(?:tasks?|items?|features?|work|phases?|milestones?))?)"
    r"|(?P<open>(?:in[- ]progress|pending|to-?dos?|remaining|not (?:yet )?started|"
    r"outstanding|upcoming|planned|backlog|open (?:tasks?|items?|points?)|next steps|"
    r"offen|ausstehend|pendientes?|en (?:progreso|curso|cours)|à faire)(?: (?:tasks?|"
    r"items?|features?|work|phases?))?))\W*(?:\([^()]*\))?\W*$"
)


def _titled(line: Line, document: str) -> Iterator[Fact]:
    """A heading that carries its state: `### Phase 1: Setup [COMPLETE]`, `## 2. API ✓`."""
    text = line.text.rstrip(" *")
    tagged = _TAGGED.match(text)
    if tagged:
        name, state = (tagged["name"] or tagged["name2"]), (tagged["before"] or tagged["after"])
    elif line.mark and re.match(r"(?i)\W*(?:(?:phase|step|stage|milestone|sprint|week|task)\s*\d|\d+[.)])", text):
        name, state = text, line.mark
    else:
        return
    name = re.sub(r"^\W*\d+[.)]\s*", "", name).strip(" -–—:✓☐")
    yield _task(name, bool(_DONE.match(state)), line.line, line.raw, line.heading, document, line.context)


_STATE_WORDS: Final = (
    r"(?:done|completed?|finished|todo|to-do|pending|in[- ]progress|wip|not started|"
    r"blocked|planned|open|partial(?:ly done)?)"
)


_STATE_ONLY: Final = re.compile(rf"^\W*{_STATE_WORDS}\W*(?:\([^()]*\))?\W*$", re.IGNORECASE)


_TAGGED: Final = re.compile(
    rf"^(?:[\[(](?P<before>{_STATE_WORDS})[\])]\s*(?P<name>.+)|(?P<name2>.+?)\s*[\[(](?P<after>{_STATE_WORDS})[\])])$",
    re.IGNORECASE,
)


_STATE_END = re.compile(
    r"(?i)(?:[(\[—–:-]\s*(?P<done>done|completed?|finished|shipped)|[(\[—–:-]\s*(?P<open>in[- ]progress|"
    r"pending|to-?do|planned|not started|next|current|upcoming))\W*$|(?P<tick>✓)\W*$|"
    r"(?P<box>☐)\W*$"
)


def _planned(line: Line, document: str) -> Iterator[Fact]:
    """A bullet of a plan with a mark (`✅ Schema`), or under a heading that is a state (`In progress`)."""
    plan = bool(
        _PLAN_DOCUMENT.search(_spaced(document)) or any(_PLAN_DOCUMENT.search(text) for text in line.heading[:1])
    )
    if not plan or not 2 < len(line.text) <= 200 or line.parents or CVSS.search(line.text):
        return
    key, rest = split_key(line.text)
    if (
        key.lower() in ("status", "state", "estado", "statut")
        and len(line.heading) > 1
        and (_DONE.match(rest) or _OPEN.match(rest))
    ):
        name = re.sub(r"^[\W\d]+", "", line.heading[-1]).strip(" ✓✗")
        if not re.search(r"(?i)\b(?:project|overview|summary|document|information|executive)\b", name):
            yield _task(name, bool(_DONE.match(rest)), line.line, line.raw, line.heading, document, line.context)
        return
    if any(
        re.search(r"(?i)\bvulnerabilit\w+|\bfindings?\b|\brisks?\b|\bissues?\b|\bsecurity\b", text)
        for text in line.heading[-1:]
    ):
        return
    if line.title:
        yield from _titled(line, document)
        return
    if key and line.item and _STATE_ONLY.match(rest):
        yield _task(key, bool(_DONE.match(rest)), line.line, line.raw, line.heading, document, line.context)
        return
    if line.item and (tagged := _TAGGED.match(line.text)):
        done = bool(_DONE.match(tagged["before"] or tagged["after"]))
        yield _task(
            (tagged["name"] or tagged["name2"]).strip(" -–—:"),
            done,
            line.line,
            line.raw,
            line.heading,
            document,
            line.context,
        )
        return
    near = line.lead or (line.heading[-1] if line.heading else "")
    headed = line.item and not line.title and (_STATE_HEAD.match(near) or _STATE_END.search(near))
    if not (headed or (line.mark and (line.item or line.raw.lstrip("*_ ")[:1] in "✅❌⏳🚧🔄"))) or line.title:
        return
    done = (
        line.mark == "done"
        if line.mark
        else bool(headed and (headed.groupdict().get("done") or headed.groupdict().get("tick")))
    )
    yield _task(line.text.strip("✓✗ "), done, line.line, line.raw, line.heading, document, line.context)


_PLAN_DOCUMENT = re.compile(
    r"(?i)\b(?:build plan|project plan|implementation plan|development plan|roadmap|"
    r"tracker|to-?do|status|progress|milestones?|tasks?|backlog|action plan|sprint|"
    r"hand-?off|handover)\b"
)


def _task(
    text: str, done: bool, line: int, quote: str, heading: tuple[str, ...], document: str, around: tuple[str, ...]
) -> Fact:
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


def _task_table(table: Table, document: str) -> Iterator[Fact]:
    status = header_index(table.header, STATUS_COLUMN)
    named = [index for index, name in enumerate(table.header) if _TASK_COLUMN.match(name)]
    task = next(
        (index for index in named if not re.match(r"(?i)phase|area|module|fase|epic", table.header[index])),
        next(iter(named), None),
    )
    place = " ".join((table.lead, *table.heading[-1:]))
    if (
        task is None
        or status is None
        or re.search(
            r"(?i)\b(?:risks?|test (?:results|cases|scenarios)|health|alerts?|findings?|incidents?|vulnerabilit\w+)\b",
            place,
        )
    ):
        return
    for row in table.rows:
        if max(task, status) >= len(row.cells) or not row.cells[task]:
            continue
        state = row.cells[status]
        if _DONE.match(state) or _OPEN.match(state):
            around = (table.lead, *reversed(table.heading))
            yield _task(
                row.cells[task], bool(_DONE.match(state)), row.line, row.source, table.heading, document, around
            )


CVSS: Final = re.compile(r"\(?\bCVSS(?:\s?(?:score|v3(?:\.\d)?))?:?\s?(?P<score>\d{1,2}(?:\.\d)?)\b\)?", re.IGNORECASE)


def strategy(claim: Claim, document: str) -> Iterator[Fact]:
    """The deployment strategy that a claim names."""
    found = _STRATEGY.search(claim.text)
    if not found or _NEGATED.search(claim.text[: found.start()]):
        return
    keyed = _STRATEGY_KEY.search(claim.label) or _STRATEGY_KEY.search(claim.column)
    about = any(
        re.search(r"\b(?:deployments?|release|rollout|ci/?cd|delivery)\b", text, re.IGNORECASE)
        for text in (claim.label, *claim.around[:2], claim.text)
    )
    spoken = about and _STRATEGY_SENTENCE.search(claim.text) and claim.form == "sentence"
    named = re.fullmatch(
        r"(?i)[\w/-]+(?:[ -]green)?(?: deployments?| updates?| releases?)?\.?", claim.text.strip()
    ) and any(_STRATEGY_KEY.search(text) for text in claim.around[:2])
    if not keyed and not spoken and not named:
        return
    name = re.sub(r"\s(?:updates?|deployments?|deploys?)$", "", found["name"].lower())
    _, refused = roles.refusal(claim)
    yield Fact(
        Kind.DEPLOYMENT_STRATEGY,
        name,
        "text",
        document,
        claim.line,
        claim.quote,
        name=name,
        heading=claim.heading,
        scope=Scope(scope.environment(claim.text, claim.label, claim.column, *claim.around[:1])),
        refused=refused,
    )
