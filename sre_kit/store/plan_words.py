"""
The words of a build plan: which text names which SRE task, and how a task's state is written.

A task counts as known only when nothing is left of its text but the task and words that say "do it": "Define SLOs" is
known, "Discuss the SLOs with the mobile team" is not, because no evidence of ours could prove it.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from typing import Final

TASKS: Final = {
    "define-slos": "Define SLOs",
    "set-up-monitoring": "Set up monitoring",
    "create-incident-response": "Create incident response",
    "optimize-performance": "Optimize performance",
    "plan-capacity": "Plan capacity",
    "create-runbooks": "Create runbooks",
    "implement-auto-scaling": "Implement auto-scaling",
    "hand-over": "Hand over",
}
"""Slug -> its words in the pipeline's template; the last is not in the template, plans add it."""

_KEYS: Final = {
    "define-slos": r"slo[- ]?definitions?|slos?|slis?|service[- ]levels?(?: (?:objectives?|indicators?))?|"
    r"error[- ]budgets?",
    "set-up-monitoring": r"monitoring|monitoreo|supervisi[oó]n|surveillance|überwachung|bewaking|observability",
    "create-incident-response": r"incident[- ]?(?:response|management)|gestion des incidents|"
    r"(?:gestión de|respuesta a) incidentes|störungsmanagement|incidentbeheer|on-?call",
    "optimize-performance": r"performance(?:optimi[sz]ation)?|leistung|performances|rendimiento|prestaties",
    "plan-capacity": r"capacity(?:planning)?|kapazität(?:en)?|capacité|capacidad|capaciteit",
    "create-runbooks": r"runbooks?|operational ?playbooks?|playbooks?|betriebshandbuch|draaiboeken",
    "implement-auto-scaling": r"auto-?\s?scal(?:ing|er)|automatische skalierung|autoescalado",
    "hand-over": r"(?:sre ?)?hand[- ]?(?:off|over)",
}
_FILLERS: Final = (
    # English, German, French, Spanish, Dutch
    r"define|defined|definitions?|establish|set ?up|set|up|create|implement|write|document|documents?|draft|configure|"
    r"optimi[sz]e|optimi[sz]ation|improve|tune|tuning|plan|planning|prepare|complete|finali[sz]e|build|do|"
    r"alerts?|alerting|dashboards?|procedures?|process|rotations?|schedules?|targets?|policy|policies|baseline|forecast|"
    r"comprehensive|production|operational|initial|full|and|for|the|a|an|of|in|to|all|our|sre|task|service|system|md|"
    r"definieren|festlegen|einrichten|erstellen|schreiben|optimieren|planen|umsetzen|einführen|und|"
    r"définir|configurer|mettre|en|place|créer|rédiger|optimiser|planifier|le|la|les|des|du|de|l|et|"
    r"definir|configurar|crear|escribir|optimizar|planificar|implementar|el|los|las|y|"
    r"definiëren|instellen|inrichten|opstellen|maken|schrijven|optimaliseren|plannen|invoeren"
)
_SRE: Final = re.compile(
    r"\bSRE\b|site[- ]reliability|production operations?|produktionsbetrieb|opérations de production|"
    r"operaciones de producción|productiebeheer",
    re.IGNORECASE,
)
_HANDED_TO_SRE: Final = re.compile(r"\b(?:to|for) (?:the )?(?:SRE|site)", re.IGNORECASE)
_OTHER_ROLES: Final = re.compile(
    r"architect|designer|frontend|front-end|backend|back-end|developer|devops|\bqa\b|quality|project manager|analyst",
    re.IGNORECASE,
)
_KEY_PATTERNS: Final = {slug: re.compile(rf"\b(?:{keys})\b") for slug, keys in _KEYS.items()}
_FILLER: Final = re.compile(rf"\b(?:{_FILLERS})\b")

_TO_DONE: Final = {
    "☐": "☑",
    "□": "☑",
    "⬜": "✅",
    "🔲": "✅",
    "◻": "✅",
    "⏳": "✅",
    "🚧": "✅",
    "🔄": "✅",
    "⚪": "✅",
    " ": "x",
}
_TO_OPEN: Final = {"☑": "☐", "✅": "⬜", "✔": "⬜", "✓": "⬜", "x": " ", "X": " "}
_EMOJI: Final = "☐□⬜🔲◻⏳🚧🔄⚪☑✅✔✓❌🔴🟡🟠🟢❓"
_TODO_WORDS: Final = r"not[ -]?started|pending|todo|to[ -]do|open|planned"
_STARTED_WORDS: Final = r"in[ -]progress|started|ongoing|wip"
_DONE_WORDS: Final = r"completed?|done|finished"
_LEAD: Final = r"[ \t]*(?:(?:[-*+]|\d{1,9}(?:\.\d{1,9})*[.)]?|#{1,6})[ \t]+)*(?:\*\*|__)?"
_BOX: Final = re.compile(rf"{_LEAD}(?P<all>\[(?P<mark>[^\[\]]?)\])(?![\[(:])")
_SIGN: Final = re.compile(rf"{_LEAD}(?P<all>(?P<mark>[{_EMOJI}]))\ufe0f?")
_SIGN_AT_END: Final = re.compile(rf".*[\s:–—-](?P<all>(?P<mark>[{_EMOJI}]))\ufe0f?[ \t*_]*", re.DOTALL)
_ALONE: Final = re.compile(
    rf"[\s*_`]*(?P<all>\[(?P<box>[^\[\]]?)\]|(?P<sign>[{_EMOJI}])?\ufe0f?[ \t]*"
    rf"(?P<word>{_TODO_WORDS}|{_STARTED_WORDS}|{_DONE_WORDS})?(?:[ \t]*(?P<after>[{_EMOJI}])\ufe0f?)?)[\s*_`]*",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Mark:
    """
    The state of a task and where it is written: `start` to `end` in its line.

    `state` is ``open``, ``done`` or ``unknown``; `done`, `untouched` and `started` are the texts that would say
    so in the same dialect, `started` as it is where the dialect has no word for it.
    """

    start: int
    end: int
    state: str
    done: str
    untouched: str
    started: str

    def replaced(self, line: str, text: str) -> str:
        """`line` with `text` in the place of the state."""
        return line[: self.start] + text + line[self.end :]

    def moved(self, by: int) -> Mark:
        """The same state in a longer line."""
        return replace(self, start=self.start + by, end=self.end + by)


def is_sre(text: str) -> bool:
    """
    Whether a heading or a role means us.

    >>> is_sre("7. Production Operations Phase"), is_sre("QA Engineer"), is_sre("Handoff to SRE")
    (True, False, False)
    """
    return bool(_SRE.search(text)) and not _HANDED_TO_SRE.search(text)


def is_another_role(text: str) -> bool:
    """
    Whether a responsible is one of the other phases' roles; a person's name is not.

    >>> is_another_role("DevOps Engineer"), is_another_role("Ravi Menon"), is_another_role("SRE (was: DevOps)")
    (True, False, False)
    """
    return bool(_OTHER_ROLES.search(text)) and not is_sre(text)


def tasks(text: str) -> frozenset[str]:
    """
    Slugs of the SRE tasks that `text` names, none where it says anything else besides.

    >>> sorted(tasks("- [ ] Define SLOs & set up **monitoring**")), sorted(tasks("Discuss SLOs with sales"))
    (['define-slos', 'set-up-monitoring'], [])
    """
    rest = unicodedata.normalize("NFC", unmarked(text)).lower()
    rest = re.sub(r"\]\([^)]*\)", " ", rest)  # the target of a link
    found = set()
    for slug, pattern in _KEY_PATTERNS.items():
        rest, count = pattern.subn(" ", rest)
        if count:
            found.add(slug)
    return frozenset(found) if not re.search(r"\w", _FILLER.sub(" ", rest).replace("_", " ")) else frozenset()


def unmarked(text: str) -> str:
    """
    The words of a line without list marker and state.

    >>> unmarked("  1. ⬜ **Plan capacity** ✅")
    'Plan capacity'
    """
    found = _BOX.match(text) or _SIGN.match(text)
    rest = text[found.end() :] if found else re.sub(rf"^{_LEAD}", "", text)
    rest = re.sub(rf"[{_EMOJI}\ufe0f]", " ", rest)
    return re.sub(r"^[\s\d.)]*(?=\D)", "", rest.replace("*", "").replace("`", "").replace("__", "")).strip(" \t:–—-")


def mark(text: str, *, alone: bool = False) -> Mark | None:
    """
    The state that a line carries, None where it carries none; with `alone` all of `text` must be a state.

    >>> mark("- [ ] Define SLOs").start, mark("Define SLOs: ⬜").done, mark("⏳ IN PROGRESS", alone=True).done
    (3, '✅', '✅ COMPLETE')
    """
    if alone:
        return _alone(text)
    if found := _BOX.match(text):
        return _box(found.start("mark"), found["mark"])
    found = _SIGN.match(text) or _SIGN_AT_END.fullmatch(text)
    return _sign(found.start("mark"), found["mark"]) if found else None


def _box(start: int, written: str) -> Mark:
    state = "open" if written == " " else "done" if written in {"x", "X"} else "unknown"
    return Mark(start, start + len(written), state, "x", " ", written)


def _sign(start: int, written: str) -> Mark:
    done = _TO_DONE.get(written, written)
    state = "open" if written in _TO_DONE else "done" if written in _TO_OPEN else "unknown"
    return Mark(start, start + 1, state, done, _TO_OPEN.get(done, written), written)


def _alone(text: str) -> Mark | None:
    found = _ALONE.fullmatch(text)
    if not found or not found["all"].strip():
        return None
    if found["box"] is not None:
        return _box(found.start("box"), found["box"])
    word, signs = found["word"], {name: found[name] for name in ("sign", "after") if found[name]}
    if not word:
        name, sign = next(iter(signs.items()))
        return _sign(found.start(name), sign)
    finished = bool(re.fullmatch(_DONE_WORDS, word, re.IGNORECASE))
    agreed = all(sign in (_TO_OPEN if finished else _TO_DONE) for sign in signs.values())
    state = ("done" if finished else "open") if agreed else "unknown"
    style = str.upper if word.isupper() else str.lower if word.islower() else str

    def said(words: str, sign: str) -> str:
        before, after = (sign if name in signs else "" for name in ("sign", "after"))
        gaps = text[found.end("sign") : found.start("word")] if before else "", " " if after else ""
        return before + gaps[0] + style(words) + gaps[1] + after

    under_way = finished or re.fullmatch(_STARTED_WORDS, word, re.IGNORECASE)
    started = found["all"] if under_way else said("In Progress", "⏳")
    return Mark(*found.span("all"), state, said("Complete", "✅"), said("Not Started", "⬜"), started)
