"""People and what they do: stakeholders, team members, critical user journeys."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from sre_kit.compute.vocabulary import Fact, Kind
from sre_kit.load.facts import roles
from sre_kit.load.facts.claims import Claim, header_index, split_key
from sre_kit.load.facts.reading import Block, Line, Table

_STAKEHOLDERS: Final = re.compile(
    r"\bstakeholders?\b|\binteressengruppen\b|\bpartes interesadas\b|\bparties prenantes\b", re.IGNORECASE
)
_NOT_PEOPLE: Final = re.compile(
    r"\b(?:communication|update|management|matrix legend|notification|approval process|"
    r"feedback|requirements|meeting|raci|benefits?|needs|expectations|engagement)\b",
    re.IGNORECASE,
)
_TEAM: Final = re.compile(
    r"\b(?:team(?: members| roles| structure| composition)?|on-?call (?:rotation|roster|"
    r"contacts|engineers)|(?:emergency |escalation |key |incident )?contacts?(?: information|"
    r" list)?|(?:disaster |incident )?response team|roles (?:and|&) responsibilities|"
    r"personnel|ansprechpartner|equipo|équipe|contactos?|"
    r"responsables?|dr team|core team|who we are|recovery "
    r"team)\b",
    re.IGNORECASE,
)
_NAME_COLUMN: Final = re.compile(
    r"^(?:name|persona?|member|team member|contact(?: name| person)?|primary(?: contact)?|"
    r"owner|engineer|assigned(?: to)?|nombre|nom|who|responsable|responsible(?: person)?|verantwortliche?r?)$",
    re.IGNORECASE,
)
_PERSON_COLUMN: Final = re.compile(r"(?i)(?:name|person|(?:team )?member|engineer|assigned|nombre|nom|who)\b")
_ROLE_COLUMN: Final = re.compile(
    r"^(?:role|title|position|function|responsibility|rolle|rol|rôle|team role|responsibilities|job title)$",
    re.IGNORECASE,
)
_STAKEHOLDER_COLUMN: Final = re.compile(
    r"^(?:stakeholders?(?: group)?|interessengruppe|parte interesada|partie prenante)$", re.IGNORECASE
)
_JOURNEYS: Final = re.compile(
    r"\b(?:critical|key|core|main|primary|kritische|críticos?|critiques?)\s(?:user "
    r"|customer |business |nutzer)?(?:journeys?|paths?|user flows?|flows|workflows|"
    r"transactions)\b|\bcujs?\b|\buser journeys?\b|\bkritische nutzerpfade\b",
    re.IGNORECASE,
)
_JOURNEY_COLUMN: Final = re.compile(
    r"^(?:(?:critical )?(?:user )?journey|user flow|flow|cuj|critical path|workflow)s?(?: name)?$", re.IGNORECASE
)
_PERSON: Final = re.compile(
    r"^(?:(?:Dr|Mr|Ms|Mrs|Prof)\.? )?[A-ZÀ-Þ][\w'’.-]+(?: (?:[A-ZÀ-Þ][\w'’.-]*|van|"
    r"de|von|der|den|da|di|la|le|el|al|bin))+$"
)
_EMPTY: Final = re.compile(
    r"^\W*$|^(?:tbd|n/?a|none|name|vacant|your name|role|to be hired|hiring|open|various|"
    r"all|—|john doe|jane doe|unassigned)\b",
    re.IGNORECASE,
)


def people_table(table: Table, document: str) -> list[Fact] | None:
    """The stakeholders or team members of a table, or None where it lists neither."""
    place = " ".join((table.lead, *table.heading[-1:]))
    header = table.header
    name, role = header_index(header, _NAME_COLUMN), header_index(header, _ROLE_COLUMN)
    stakeholder = header_index(header, _STAKEHOLDER_COLUMN)
    if stakeholder in (0, 1) and any(_INTEREST.search(name) for name in header):
        return _rows(table, Kind.STAKEHOLDER, stakeholder or 0, role, document)
    if stakeholder == 0 and not _NOT_PEOPLE.search(place):
        return _rows(table, Kind.STAKEHOLDER, 0, role, document)
    if _STAKEHOLDERS.search(place) and not _NOT_PEOPLE.search(place) and (name is not None or role == 0):
        return _rows(table, Kind.STAKEHOLDER, name if name is not None else 0, role, document)
    if role == 0 and _RESPONSE_TEAM.search(place) and any(_TURN_COLUMN.fullmatch(text.strip()) for text in header):
        return _rows(table, Kind.TEAM_MEMBER, 0, 0, document, duties=True)
    if name is not None and role is not None and (_TEAM.search(place) or _TEAM.search(document)):
        return _rows(table, Kind.TEAM_MEMBER, name, role, document)
    if (
        name is not None
        and role is None
        and _TEAM.search(place)
        and re.match(r"(?i)(?:team|role|area|function|level|service|purpose|contact type|type)", header[0])
    ):
        return _rows(
            table, Kind.TEAM_MEMBER, name, 0 if name and _PERSON_COLUMN.match(header[name]) else None, document
        )
    if _ON_CALL.search(place) or _ON_CALL.search(document):
        turns = [index for index, heading in enumerate(header) if _TURN_COLUMN.fullmatch(heading.strip())]
        if turns and re.match(r"(?i)(?:week|dates?|shift|period|rotation|woche|semana|sprint)\b", header[0]):
            return _turns(table, turns, document)
    journey = header_index(header, _JOURNEY_COLUMN)
    if journey is not None and (_JOURNEYS.search(place) or re.search(r"(?i)journey|cuj|critical", header[journey])):
        return _rows(table, Kind.CRITICAL_USER_JOURNEY, journey, None, document)
    return None


_RESPONSE_TEAM: Final = re.compile(r"(?i)\b(?:dr|disaster|recovery|response|continuity)\b.*\b(?:team|roles)\b")
_NO_NAME: Final = re.compile(
    r"(?i)\b(?:team|channel|portal|dashboard|console|page|slack|discord|e-?mail|tickets?|phone|chat|hotline|"
    r"center|desk|"
    r"on-?call|pagerduty|opsgenie|status|group|department|vendor|provider|primary|secondary|backup|internal|external)\b"
)
_INTEREST: Final = re.compile(
    r"(?i)\b(?:role|interest|influence|power|responsibilit\w+|concerns?|impact|involvement|rolle|interesse|rol|"
    r"interés)\b"
)
_ON_CALL: Final = re.compile(r"(?i)\bon-?call\b|\brota(?:tion)?\b|\brufbereitschaft\b|\bguardia\b|\bastreinte\b")
_TURN_COLUMN: Final = re.compile(
    r"(?i)(?:primary|secondary|backup|tertiary|on-?call|engineer)(?: (?:on-?call|engineer|contact|person))?"
)
_HANDLE: Final = re.compile(r"@[\w.-]{2,40}")


def _turns(table: Table, turns: list[int], document: str) -> list[Fact]:
    """The people of a rota, each once, however many weeks they take."""
    found: dict[str, Fact] = {}
    for row in table.rows:
        for index in turns:
            name = row.cells[index].strip() if index < len(row.cells) else ""
            if name not in found and (_HANDLE.fullmatch(name) or _is_member(name, False)):
                details = {"role": f"on call ({table.header[index].lower()})"}
                around = tuple(part for part in (table.lead, *reversed(table.heading)) if part)
                found[name] = _fact(
                    Kind.TEAM_MEMBER, name, details, row.line, row.source, table.heading, around, document
                )
    return list(found.values())


def _is_member(text: str, with_role: bool) -> bool:
    """A person's name; beside a role also a single name, but no channel, number or duty."""
    if re.search(r"[#@/:\d]", text) or _NO_NAME.search(text):
        return False
    name = re.sub(r"\([^()]*\)", "", text).strip()
    return (bool(_PERSON.match(name)) and not _ROLE_WORD.search(name)) or (
        with_role and bool(re.fullmatch(r"[A-ZÀ-Þ][\w'’.-]+", name)) and not _ROLE_WORD.search(name)
    )


def _rows(table: Table, kind: Kind, name: int, role: int | None, document: str, duties: bool = False) -> list[Fact]:
    found = []
    for row in table.rows:
        if name >= len(row.cells):
            continue
        text = row.cells[name]
        if _EMPTY.match(text) or (kind is Kind.TEAM_MEMBER and not duties and not _is_member(text, role is not None)):
            continue
        details = (
            {"role": row.cells[role]}
            if role is not None and role < len(row.cells) and role != name and row.cells[role]
            else {}
        )
        around = tuple(part for part in (table.lead, *reversed(table.heading)) if part)
        found.append(_fact(kind, text, details, row.line, row.source, table.heading, around, document))
    return found


_TEAM_PARENT: Final = re.compile(
    r"(?i)\b(?:activat\w+|activaci[oó]n|assemble|notify|contact|alert|convene)\b.*\b(?:team|equipo|équipe)\b"
)
_PHONE: Final = re.compile(r"\+?\d{1,3}[-. ][\dX][\dX. -]{5,}")


def people_line(line: Line, document: str) -> Iterator[Fact]:
    """Bullets under a heading of stakeholders, of a team, or of critical user journeys."""
    if line.done is not None or (line.parents and not _TEAM_PARENT.search(line.parents[-1])):
        return
    near = (*line.parents[-1:], line.lead, *line.heading[-1:], "")[0] or (*line.heading[-1:], "")[0]
    places = (line.lead, *line.heading[-1:])
    if _GROUPS.fullmatch(near) and len(line.heading) > 1:
        places += line.heading[-2:-1]
    key, rest = split_key(line.text)
    if not key and (dashed := re.match(r"([^-–—:]{2,50}?)\s+[-–—]\s+(.{3,})", line.text)):
        key, rest = dashed[1].strip(), dashed[2]
    name = key or line.text
    if re.fullmatch(r"(?i)(?:key |primary )?stakeholders?", key) and rest and not roles.placeholder(rest):
        for part in re.split(r",\s*(?![^()]*\))|;\s*", rest):
            if 1 < len(part.strip(" .")) <= 60 and not part.strip().endswith("."):
                yield _fact(
                    Kind.STAKEHOLDER, part.strip(" ."), {}, line.line, line.raw, line.heading, line.context, document
                )
        return
    if not line.item:
        return
    if any(_STAKEHOLDERS.search(text) and not _NOT_PEOPLE.search(text) for text in places):
        if len(name) <= 60 and not _EMPTY.match(name) and not name.endswith(".") and not _FIELD.fullmatch(name):
            details = {"role": rest} if rest else {}
            yield _fact(Kind.STAKEHOLDER, name, details, line.line, line.raw, line.heading, line.context, document)
    elif (person := _BRACKETED.match(name)) and any(_TEAM.search(text) for text in places):
        if _ROLE_WORD.search(person[2]):
            yield _fact(
                Kind.TEAM_MEMBER,
                person[1],
                {"role": person[2]},
                line.line,
                line.raw,
                line.heading,
                line.context,
                document,
            )
    elif _TEAM.search(near) and not _NOT_PEOPLE.search(near) and key and rest and not rest[0].isdigit():
        yield from _member(line, key, rest, document)
    elif _ONE_JOURNEY.search(near) and re.match(r"\s*\d+[.)]", line.raw):
        return  # the steps of one journey, not several journeys
    elif any(_JOURNEYS.search(text) for text in places) and not _NOT_JOURNEYS.search(near) and _is_journey(name):
        yield _fact(Kind.CRITICAL_USER_JOURNEY, name, {}, line.line, line.raw, line.heading, line.context, document)


_GROUPS: Final = re.compile(
    r"(?i)\W*(?:[\d.]+\s*)?(?:primary|secondary|internal|external|key|informed|consulted|other|business|technical|"
    r"key contributors|direct|indirect|core|intern|extern)(?: stakeholders?)?\W*"
)
_FIELD: Final = re.compile(
    r"(?i)(?:roles?|interests?|influence|power|responsibilit\w+|needs|expectations?|concerns?|engagement|impact|goals?|"
    r"description|contact|communication|frequency|name|pain points?|level of \w+|email|github\b.*|aws account)"
)


def stakeholder_sections(blocks: Sequence[Block], document: str) -> Iterator[Fact]:
    """Stakeholders that have a heading each, with fields beneath: `### Product owner`, `- Interest: ...`."""
    seen: dict[tuple[str, ...], Line] = {}
    fields: dict[tuple[str, ...], int] = {}
    for block in blocks:
        if isinstance(block, Line) and len(block.heading) > 1 and not block.title:
            over = block.heading[-2]
            if not _STAKEHOLDERS.search(over) and not (
                len(block.heading) > 2 and _GROUPS.fullmatch(over) and _STAKEHOLDERS.search(block.heading[-3])
            ):
                continue
            seen.setdefault(block.heading, block)
            key, rest = split_key(block.text)
            fields[block.heading] = fields.get(block.heading, 0) + bool(rest and _FIELD.fullmatch(key))
    for heading, line in seen.items():
        name = re.sub(r"^\W*(?:\d+(?:\.\d+)*[.)]?\s+)?", "", heading[-1]).strip(" ✓☐")
        if fields[heading] and len(name) <= 60 and not _GROUPS.fullmatch(heading[-1]) and not _NOT_PEOPLE.search(name):
            yield _fact(
                Kind.STAKEHOLDER, name, {}, max(1, line.line - 1), heading[-1], heading, heading[::-1], document
            )


def _is_journey(name: str) -> bool:
    """Whether a bullet names a journey, and is no step, field or figure of one."""
    return (
        len(name) <= 120
        and not _EMPTY.match(name)
        and not re.search(r"[<>]\s?\d|\d\s?%", name)
        and not _JOURNEY_FIELD.match(name)
    )


_ONE_JOURNEY: Final = re.compile(r"(?i)\b(?:journey|flow|workflow)\W*$")
_NOT_JOURNEYS: Final = re.compile(r"(?i)\b(?:tests?|testing|monitor\w*|metrics|tools?|coverage|alerts?)\b")
_JOURNEY_FIELD: Final = re.compile(
    r"(?i)^(?:goals?|steps?|entry(?: point)?|actors?|persona|trigger|outcome|success(?: "
    r"criteria)?|pain points?|priority|preconditions?|frequency|duration)$"
)
_BRACKETED: Final = re.compile(r"^([A-ZÀ-Þ][\w'’.-]*(?: [A-ZÀ-Þ][\w'’.-]*){0,3})\s?\(([^()]{3,60})\)\W*$")
_ROLE_WORD: Final = re.compile(
    r"(?i)\b(?:lead|engineer|manager|owner|commander|administrator|officer|developer|"
    r"architect|director|designer|dba|cto|ceo|coo|sre|devops|analyst|head|coordinator|"
    r"vp|engineering|operations|platform|tester|qa|quality|backend|frontend|scientist|consultant|scrum|product|ux|ui|security|support)\b"
)


def journey_title(line: Line, document: str) -> Iterator[Fact]:
    """A heading under "Critical user journeys": `#### 2. Checkout`."""
    if (
        line.heading
        and _JOURNEYS.search(line.heading[-1])
        and (numbered := re.match(r"(?:(?:journey|flow|cuj)\s*)?#?\d+[.:)]\s*(.+)$", line.text, re.IGNORECASE))
    ):
        yield _fact(
            Kind.CRITICAL_USER_JOURNEY,
            re.sub(r"\s*\([^()]*\)$", "", numbered[1]).strip(" ✓☐"),
            {},
            line.line,
            line.raw,
            line.heading,
            line.context,
            document,
        )


def _member(line: Line, key: str, rest: str, document: str) -> Iterator[Fact]:
    """`Incident Commander: Platform Lead`, or `Ana Souza: backend`: the person is the half that is a name."""
    in_team = bool(line.heading) and bool(_OWN_TEAM.search(line.heading[-1]))
    if in_team and any(_ON_CALL.search(text) for text in (*line.heading, document)):
        in_team = False  # on call, a role is a duty that whoever is there takes
    first = re.split(r"[,(;/]|\s[–—-]\s", rest)[0].strip()
    if _EMPTY.match(first) or roles.placeholder(_PHONE.sub("", rest)) or _TO_FILL.fullmatch(rest.strip()):
        return
    named = _PERSON.match(key) and not _NO_NAME.search(key) and not _ROLE_WORD.search(key) and not _PERSON.match(first)
    if named and (_ROLE_WORD.search(rest) or len(rest.split()) <= 4) and not _FIELD_WORD.match(key):
        yield _fact(Kind.TEAM_MEMBER, key, {"role": rest}, line.line, line.raw, line.heading, line.context, document)
    elif (
        (_ROLE_WORD.search(key) or (_DUTY.fullmatch(key) and not _ROLE_WORD.search(first)))
        and _TITLED.match(first)
        and len(first.split()) <= 4
        and (_is_member(first, False) or in_team)
    ):
        yield _fact(Kind.TEAM_MEMBER, first, {"role": key}, line.line, line.raw, line.heading, line.context, document)
    elif _ROLE_WORD.search(key) and len(key.split()) <= 4 and in_team:
        yield _fact(Kind.TEAM_MEMBER, key, {"role": rest}, line.line, line.raw, line.heading, line.context, document)


_TO_FILL: Final = re.compile(r"(?:\[[^\[\]]+\][\s,;/|–-]*)+")
_FIELD_WORD: Final = re.compile(
    r"(?i)(?:primary|secondary|key|main|core|needs?|goals?|pain|daily|team|average|response|total|other|additional|"
    r"preferred|typical|working|office|business|contact|emergency|escalation|support)\b"
)
_DUTY: Final = re.compile(r"(?i)(?:primary|secondary|backup|tertiary|escalation)(?: on-?call| contact)?")
_STAND_IN: Final = re.compile(
    r"(?i)(?:alice|bob|carol|charlie|dave|eve|mallory|john smith|jane smith|(?:john|jane) doe|(?:engineer|person|"
    r"user|dev|sre) [a-f1-9])"
)
_OWN_TEAM: Final = re.compile(
    r"\b(?:response|recovery|dr|core|project|disaster|delivery|development|engineering) "
    r"team\b|^\W*team\b",
    re.IGNORECASE,
)
_TITLED: Final = re.compile(r"^@?[A-ZÀ-Þ][\w'’.-]*(?: (?:[A-ZÀ-Þ][\w'’.-]*|van|de|von|der|of|and|&|on|the))*$")


def _fact(
    kind: Kind,
    name: str,
    details: dict[str, str],
    line: int,
    quote: str,
    heading: tuple[str, ...],
    around: tuple[str, ...],
    document: str,
) -> Fact:
    claim = Claim(name, "", "", around, heading, line, quote, "cell")
    stand_in = kind is Kind.TEAM_MEMBER and _STAND_IN.fullmatch(name)
    refused = (
        roles.PLACEHOLDER if stand_in or roles.placeholder(name) else roles.EXAMPLE if roles.example(claim) else ""
    )
    name = name.strip("[] ") or name
    return Fact(kind, name, "text", document, line, quote, name=name, heading=heading, details=details, refused=refused)
