"""Work out of documents: tasks with their state, security findings, how releases are rolled out."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Final

from sre_kit.compute.vocabulary import Fact, Kind, Scope
from sre_kit.load.facts import roles, scope
from sre_kit.load.facts.claims import Claim, split_key
from sre_kit.load.facts.progress import PHASE, heading_done, in_plan, is_done, is_open, is_plan, task_fact, task_table
from sre_kit.load.facts.reading import Block, Fence, Line, Table

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


_STRATEGY_LABEL: Final = re.compile(
    r"(?i)(?:blue[-/ ]green|canary|rolling)[- ](?:deployments?|deploys?|updates?|releases?)"
)
_STRATEGY_PLACE: Final = re.compile(
    r"(?i)\b(?:production|deployment|release|rollout)s?\b(?!.*\b(?:strategies|options|best practices)\b)"
)
_ROLLED: Final = re.compile(r"(?i)\b(?:canary|blue[-/ ]green|rolling) (?:deploys?|deployments?|releases?|rollouts?)\b")
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
            yield from task_table(block, document)
        elif is_plan(block.heading, document):
            yield from _drawn(block, document)
    for (heading, lead), lines in groups.items():
        place = " ".join((*heading[-1:], lead))
        if re.search(r"(?i)template|vorlage", place):
            continue
        for line in lines:
            text = line.text.strip("✓✗ ")
            yield task_fact(
                text, bool(line.done) or line.mark == "done", line.line, line.raw, heading, document, line.context
            )


_DRAWN: Final = re.compile(
    r"^[\s\W]*?(?:\d+[.)]\s*)?(?P<mark>\[[ xX~]\]|[✅⏳🔄❌⬜🔲🚧☐☑])\ufe0f?\s+(?P<text>[^\W\d_].{2,150})$"
)


def _drawn(fence: Fence, document: str) -> Iterator[Fact]:
    """The ticked lines of a plan that is drawn in a code block: `├── ✅ Schema`, `[x] Schema`."""
    if fence.language not in ("", "text", "txt", "md", "markdown", "plaintext"):
        return
    for offset, line in enumerate(fence.text.split("\n")):
        if found := _DRAWN.match(line):
            done = found["mark"] in ("✅", "☑", "[x]", "[X]")
            context = (fence.lead, *reversed(fence.heading))
            yield task_fact(
                found["text"].strip(), done, fence.line + offset, line.strip(), fence.heading, document, context
            )


_STATE_HEAD = re.compile(
    r"(?i)^\W*(?:[\d.]+\s*)?(?:(?P<done>(?:already |recently )?(?:completed?|done|"
    r"finished|implemented|accomplish(?:ed|ments)|shipped|erledigt|abgeschlossen|completad[oa]s?|terminés?|"
    r"conclu[ií]d[oa]s?|what(?:'s| (?:is|has|was)|’s)(?: been)? (?:built|done|working|implemented|completed))(?: "
    r"(?:tasks?|items?|features?|work|phases?|milestones?|so far))?)"
    r"|(?P<open>(?:in[- ]progress|pending|to-?dos?|remaining|not (?:yet )?started|"
    r"outstanding|upcoming|planned|backlog|open (?:tasks?|items?|points?)|(?:immediate )?next (?:steps|actions|up)|"
    r"(?:what(?:'s| is)|’s) (?:left|next|missing|remaining)|incomplete|blocked|nächste schritte|próximos pasos|"
    r"próximos passos|prochaines étapes|offen|ausstehend|pendientes?|en (?:progreso|curso|cours)|à faire)(?: (?:tasks?|"
    r"items?|features?|work|phases?))?))\W*(?:\([^()]*\))?\W*$"
)


_WHOLE: Final = re.compile(
    r"(?i)\W*(?:(?:project|overall|current|implementation|build|document)\s)*(?:status|state|progress)\W*"
)


def _titled(line: Line, document: str) -> Iterator[Fact]:
    """A heading that carries its state: `### Phase 1: Setup [COMPLETE]`, `## 2. API ✓`."""
    text = line.text.rstrip(" *")
    tagged = _TAGGED.match(text)
    if tagged:
        name, state = (tagged["name"] or tagged["name2"]), (tagged["before"] or tagged["after"])
    elif told := _TRAILING.match(text) or _SHOUTED.match(text):
        name, state = told["name"], told["state"]
    elif line.mark and (PHASE.match(text) or re.match(r"(?i)\W*(?:(?:step|week)\s*\d|\d+[.)])", text)):
        name, state = text, line.mark
    else:
        return
    name = re.sub(r"^\W*\d+[.)]\s*", "", name).strip(" -–—:✓☐")
    if re.fullmatch(
        r"(?i)\W*(?:(?:project|overall|current|implementation|build|document)\s)*(?:status|state|progress)\W*", name
    ):
        return
    yield task_fact(name, bool(is_done(state)), line.line, line.raw, line.heading, document, line.context)


_STATE_WORDS: Final = (
    r"(?:done|completed?|finished|todo|to-do|pending|in[- ]progress|wip|not started|"
    r"blocked|planned|open|partial(?:ly done)?|already (?:done|completed?))"
)


_TRAILING: Final = re.compile(
    rf"^(?P<name>.{{3,120}}?)\s*(?:[-–—:|]\s*)(?P<state>{_STATE_WORDS})\W*(?:\([^()]*\))?\W*$", re.IGNORECASE
)
_SHOUTED: Final = re.compile(
    r"^(?P<name>.{3,120}?)\s(?P<state>DONE|COMPLETED?|FINISHED|TODO|PENDING|IN PROGRESS|NOT STARTED|PLANNED)\W*"
    r"(?:\([^()]*\))?\W*$"
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


_STATE_FIRST: Final = re.compile(rf"^\W*{_STATE_WORDS}\W*(?:$|[-–—(:].*)", re.IGNORECASE)
_GROUP: Final = re.compile(
    r"(?i)^\W*(?:[\d.]+\s*)?(?:(?:high|medium|low|critical|top|normal)(?:[- ]priority)?|p[0-4]|priority \d|"
    r"(?:short|medium|mid|long)[- ]term|immediate(?:ly)?|this (?:week|month|sprint)|next (?:week|month|sprint)|"
    r"must have|should have|nice to have|backend|frontend|infrastructure|features?|technical|testing|"
    r"documentation)\b[^.:]{0,24}:?\W*$"
)
_PHASE_FIELDS: Final = re.compile(
    r"(?i)^\W*(?:duration|goals?|objectives?|timeline|dates?|start|end|owner|status|priority|effort|estimate[ds]?|"
    r"time|budget|cost|team|dependenc\w+|risks?|note|notes|success|metrics?|kpis?|target|outcome|deadline|"
    r"focus|weeks?|why|intent|expected|relevant|context|files?|acceptance|verification|milestone|exit|deliverables?)\b"
)


def _state_place(line: Line) -> str:
    """The lead-in or heading that tells the state of a bullet: over `High priority` the heading above that."""
    near = line.lead or (line.heading[-1] if line.heading else "")
    if _GROUP.match(near) and not _STATE_HEAD.match(near):
        above = line.heading[-1:] if line.lead else line.heading[-2:-1]
        return next((text for text in above if _STATE_HEAD.match(text)), near)
    return near


def _phase_item(line: Line) -> bool:
    """Whether a bullet is a piece of work of a numbered phase: right under its heading, or under `Tasks:` there."""
    place = line.heading[-1] if line.heading else ""
    if not PHASE.match(place) or (
        line.lead and not re.match(r"(?i)\W*(?:tasks?|deliverables?|features?|scope)\W*$", line.lead)
    ):
        return False
    key, _ = split_key(line.text)
    measured = re.match(r"\W*[\d$€<>]", line.text)
    return not (_PHASE_FIELDS.match(line.text) or line.text.endswith(":") or measured or len(key.split()) > 6)


def _beneath(line: Line, document: str) -> Iterator[Fact]:
    """A bullet under the bullet of a phase in a plan: its own mark, else the state of the phase."""
    above = line.parents[-1]
    if len(line.parents) > 1 or not line.item or not is_plan(line.heading, document) or len(line.text) > 200:
        return
    if not PHASE.match(above) or _PHASE_FIELDS.match(line.text) or re.match(r"\W*[\d$€<>]", line.text):
        return
    told = _TRAILING.match(above)
    done = line.mark == "done" if line.mark else bool(told and is_done(told["state"]))
    yield task_fact(line.text.strip("✓✗ "), done, line.line, line.raw, line.heading, document, line.context)


def _planned(line: Line, document: str) -> Iterator[Fact]:
    """A bullet of a plan with a mark (`✅ Schema`), or under a heading that is a state (`In progress`)."""
    key, rest = split_key(line.text)
    longest = 600 if key and line.item else 200
    if not in_plan(line.heading, document) or not 2 < len(line.text) <= longest or CVSS.search(line.text):
        return
    if line.parents:
        yield from _beneath(line, document)
        return
    if (
        key.lower() in ("status", "state", "estado", "statut")
        and len(line.heading) > 1
        and (line.mark or is_done(rest) or is_open(rest))
    ):
        name = re.sub(r"^[\W\d]+", "", line.heading[-1]).strip(" ✓✗☐")
        if not re.search(r"(?i)\b(?:project|overview|summary|document|information|executive)\b", name):
            yield task_fact(name, bool(is_done(rest)), line.line, line.raw, line.heading, document, line.context)
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
        yield task_fact(key, bool(is_done(rest)), line.line, line.raw, line.heading, document, line.context)
        return
    if line.item and (tagged := _TAGGED.match(line.text)):
        done = bool(is_done(tagged["before"] or tagged["after"]))
        yield task_fact(
            (tagged["name"] or tagged["name2"]).strip(" -–—:"),
            done,
            line.line,
            line.raw,
            line.heading,
            document,
            line.context,
        )
        return
    if told := _TRAILING.match(line.text) if line.item else PHASE.match(line.text) and line.mark:
        name, state = (told["name"], told["state"]) if isinstance(told, re.Match) else (line.text, line.mark)
        yield task_fact(name, is_done(state), line.line, line.raw, line.heading, document, line.context)
        return
    near = _state_place(line)
    if not line.item and _STATE_FIRST.match(line.text):
        return  # the state of what stands above it, no task of its own
    if (
        line.item
        and not _STATE_HEAD.match(near)
        and not line.mark
        and is_plan(line.heading, document)
        and _phase_item(line)
    ):
        text = key if len(line.text) > 200 else line.text
        yield task_fact(
            text.strip("✓✗ "), heading_done(line.heading), line.line, line.raw, line.heading, document, line.context
        )
        return
    headed = line.item and not line.title and (_STATE_HEAD.match(near) or _STATE_END.search(near))
    if not (headed or (line.mark and (line.item or line.raw.lstrip("*_ ")[:1] in "✅❌⏳🚧🔄"))) or line.title:
        return
    done = (
        line.mark == "done"
        if line.mark
        else bool(headed and (headed.groupdict().get("done") or headed.groupdict().get("tick")))
    )
    text = key if len(line.text) > 200 else line.text
    yield task_fact(text.strip("✓✗ "), done, line.line, line.raw, line.heading, document, line.context)


CVSS: Final = re.compile(r"\(?\bCVSS(?:\s?(?:score|v3(?:\.\d)?))?:?\s?(?P<score>\d{1,2}(?:\.\d)?)\b\)?", re.IGNORECASE)


def strategy(claim: Claim, document: str) -> Iterator[Fact]:
    """The deployment strategy that a claim names."""
    labelled = (
        claim.form == "pair"
        and _STRATEGY_LABEL.fullmatch(claim.label)
        and any(_STRATEGY_PLACE.search(text) for text in claim.around[:2])
    )
    found = _STRATEGY.search(claim.label if labelled else claim.text)
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
    rolled = claim.form == "pair" and _ROLLED.search(claim.text)
    begun = re.match(r"(?i)(?:rolling|blue[-/ ]green|canary) (?:updates?|deploy\w*)\b[^.;]*\bdown-?time\b", claim.text)
    if not labelled and not keyed and not spoken and not named and not rolled and not begun:
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
