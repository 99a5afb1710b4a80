"""Work out of documents: tasks with their state, security findings, how releases are rolled out."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Final

from sre_kit.compute.vocabulary import Fact, Kind, Scope
from sre_kit.load.facts import roles, scope
from sre_kit.load.facts.claims import Claim, header_index, split_key
from sre_kit.load.facts.reading import Block, Line, Row, Table

_TASK_COLUMN = re.compile(
    r"^(?:task|tasks|action|action item|deliverable|work item|item|aufgabe|tarea|to-?do|"
    r"activity|milestone|feature|story|ticket|tâche|phase|step|epic|requirement|area|"
    r"module|issue|etapa|fase|schritt)s?$",
    re.IGNORECASE,
)
_STATUS_COLUMN = re.compile(
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
_SEVERITY: Final = re.compile(
    r"^\W*(critical|high|medium|moderate|low|info(?:rmational)?|kritisch|hoch|mittel|"
    r"niedrig|crítica?|alta?|media|baja)\b",
    re.IGNORECASE,
)
_SEVERITY_COLUMN = re.compile(
    r"^(?:severity|risk(?: level| rating)?|cvss.*|schweregrad|severidad|gravité|sev|rating|criticality)$", re.IGNORECASE
)
_FINDING_COLUMN = re.compile(
    r"\b(?:finding|vulnerabilit(?:y|ies)|issue|title|weakness|cve|advisory|schwachstelle|"
    r"hallazgo|summary|description|package|name)\b",
    re.IGNORECASE,
)
_SECURITY_PLACE = re.compile(
    r"\b(?:security|vulnerabilit\w+|penetration|pentest|pen test|owasp|findings|cve|"
    r"audit|sast|dast|threats?|sicherheit\w*|seguridad|sécurité)\b",
    re.IGNORECASE,
)
_FOUND_COLUMN = re.compile(
    r"^(?:found|found on|detected|discovered|reported|date(?: found)?|gefunden|fecha)$", re.IGNORECASE
)
_WHERE_COLUMN = re.compile(
    r"^(?:component|service|system|where|affected(?: component)?|komponente|componente)$", re.IGNORECASE
)
_FINDING_HEAD = re.compile(
    r"^(?:(?P<id>(?:SEC|VULN|SA|CVE|FIND(?:ING)?|F|H|M|L|C|ISSUE|V|S)[-_ ]?\d[\w-]*)|"
    r"finding\s\d+)\s?[:.\-–—)\]]\s*(?P<title>.+)$",
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
    if not plan or not 2 < len(line.text) <= 200 or line.parents or _CVSS.search(line.text):
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
    if key and line.item and _STATE_ONLY.match(rest):
        yield _task(key, bool(_DONE.match(rest)), line.line, line.raw, line.heading, document, line.context)
        return
    if line.item and not line.title and (tagged := _TAGGED.match(line.text)):
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
    status = header_index(table.header, _STATUS_COLUMN)
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


def finding_table(table: Table, document: str) -> list[Fact] | None:
    """The security findings of a table with a severity column, or None where it is none."""
    severity = header_index(table.header, _SEVERITY_COLUMN)
    place = " ".join((table.lead, *table.heading, document))
    if severity is None or not _SECURITY_PLACE.search(place):
        return None
    title = next(
        (index for index, name in enumerate(table.header) if index != severity and _FINDING_COLUMN.search(name)), None
    )
    if title is None:
        return None
    status = header_index(table.header, _STATUS_COLUMN)
    identity = header_index(table.header, re.compile(r"^(?:id|#|ref|finding id|cve)$", re.IGNORECASE))
    found = []
    for row in table.rows:
        if max(title, severity) >= len(row.cells):
            continue
        level = _SEVERITY.match(row.cells[severity])
        if not level or not row.cells[title] or row.cells[title].isdigit():
            continue
        details = {"severity": level[1].lower()}
        if status is not None and status < len(row.cells) and row.cells[status]:
            details["status"] = row.cells[status].lower()
        if identity is not None and identity < len(row.cells):
            details["id"] = row.cells[identity]
        for key, column in (("found", _FOUND_COLUMN), ("component", _WHERE_COLUMN)):
            at = header_index(table.header, column)
            if at is not None and at < len(row.cells) and row.cells[at].strip("-– "):
                details[key] = row.cells[at]
        found.append(
            _finding(row.cells[title], details, row, table.heading, (table.lead, *reversed(table.heading)), document)
        )
    return found


def _finding(
    title: str, details: dict[str, str], row: Row, heading: tuple[str, ...], around: tuple[str, ...], document: str
) -> Fact:
    refused = roles.PLACEHOLDER if roles.placeholder(title) or title.startswith("[") else ""
    claim = Claim(title, "", "", around, heading, row.line, row.source, "cell")
    if not refused and roles.example(claim):
        refused = roles.EXAMPLE
    return Fact(
        Kind.SECURITY_FINDING,
        title,
        "text",
        document,
        row.line,
        row.source,
        name=details.get("id", title),
        heading=heading,
        details=details,
        refused=refused,
    )


_CVSS: Final = re.compile(r"\(?\bCVSS(?:\s?(?:score|v3(?:\.\d)?))?:?\s?(?P<score>\d{1,2}(?:\.\d)?)\b\)?", re.IGNORECASE)


def scored_finding(line: Line, document: str) -> Iterator[Fact]:
    """A bullet or heading with a CVSS score: `No rate limit on login (CVSS 7.5)`."""
    scored = _CVSS.search(line.text)
    if (
        not scored
        or scored.start() < 8
        or not (line.item or line.title)
        or not _SECURITY_PLACE.search(" ".join((*line.heading, document, line.text)))
    ):
        return
    title = re.sub(r"^\W*\d+[.)]\s*", "", line.text[: scored.start()]).strip(" -–—:(")
    if not 3 < len(title) <= 150 or re.match(r"(?i)cvss|severity|score|high|critical|medium|low", title):
        return
    level = re.search(r"(?i)\b(critical|high|medium|low)\b", line.heading[-1] if line.heading else "")
    details = {"cvss": scored["score"]} | ({"severity": level[1].lower()} if level else {})
    yield _finding(title, details, Row((title,), line.line, line.raw), line.heading, line.context, document)


def finding_sections(blocks: Sequence[Block], document: str) -> Iterator[Fact]:
    """Findings written as a heading (`#### SEC-001: Title`) with `Severity:` and `Status:` beneath."""
    done: set[tuple[str, ...]] = set()
    open_finding: tuple[tuple[str, ...], str, dict[str, str], Line] | None = None
    for block in blocks:
        if not isinstance(block, Line) or not block.heading or block.title:
            continue
        if open_finding and block.heading != open_finding[0]:
            yield from _section(open_finding, document)
            open_finding = None
        title = _FINDING_HEAD.match(block.heading[-1])
        if not title or not _SECURITY_PLACE.search(" ".join((*block.heading[:-1], document))):
            continue
        if open_finding is None and block.heading not in done:
            done.add(block.heading)
            open_finding = (block.heading, title["title"], {"id": title["id"] or ""}, block)
        key, rest = split_key(block.text)
        if open_finding and key.lower() in ("severity", "status", "risk"):
            open_finding[2].setdefault("status" if key.lower() == "status" else "severity", rest.lower())
    if open_finding:
        yield from _section(open_finding, document)


def _section(finding: tuple[tuple[str, ...], str, dict[str, str], Line], document: str) -> Iterator[Fact]:
    heading, title, details, line = finding
    if not details.get("severity"):
        place = " ".join(heading[-2:])
        if not (level := re.search(r"\b(critical|high|medium|low)\b", place, re.IGNORECASE)):
            return
        details["severity"] = level[1].lower()
    row = Row((title,), line.line, heading[-1])
    yield _finding(
        title, {key: value for key, value in details.items() if value}, row, heading, tuple(reversed(heading)), document
    )


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
