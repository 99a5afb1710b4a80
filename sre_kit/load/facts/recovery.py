"""Backups: how often, and how long they are kept, out of tables, key-value lines and sentences."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from sre_kit.compute.vocabulary import Fact, Kind, Role, Scope
from sre_kit.load.facts import roles, scope
from sre_kit.load.facts.claims import Claim, header_index
from sre_kit.load.facts.component_kinds import STATEFUL
from sre_kit.load.facts.frequencies import FREQUENCY, normal
from sre_kit.load.facts.quantities import Quantity, quantities
from sre_kit.load.facts.reading import Row, Table

BACKUP: Final = re.compile(
    r"\b(?:\w{0,12}back-?ups?|backed up|snapshots?|pg_?dump\w*|mysqldump|dumps?|pitr|"
    r"point-in-time|wal archiv|archivage wal|wal archiv\w*|restic|velero|barman|sicherung(?:en)?|"
    r"datensicherung\w*|copias? de (?:seguridad|segurança)|respaldos?|sauvegardes?|rds automated)\b|备份|備份|"
    r"バックアップ|백업|\bрезервн\w+|\bбэкап\w*|\byedek\w*|\bkopi[ea] zapasow\w+",
    re.IGNORECASE,
)
_KEPT: Final = re.compile(
    r"\b(?:retention|retain(?:ed|s|ing)?|kept|keep(?:s|ing)?|stored for|preserved|"
    r"expir\w+ after|(?:delete[ds]?|cleaned up|pruned|purged|removed|rotated) after|"
    r"rolling|history|window|aufbewahr\w*|retenci[oó]n|"
    r"conservad[oa]s?|rétention|conserv\w+|lifecycle|rotação|rotación|rotated)\b|保留|保存|保管|\bхран\w+",
    re.IGNORECASE,
)
_NOT_BACKUP: Final = re.compile(
    r"\b(?:logs?|log files|freshness|metrics|traces|prometheus|loki|audit|test(?:s|ed|ing)?|"
    r"drills?|restore[sd]?|restoring|verif\w+|valida\w+|confirmar?|probar|comprobar|vérifier|prüf\w+|testar|"
    r"review(?:s|ed)?|monitor\w*|"
    r"alert\w*|check(?:s|ed)?|rehears\w+|"
    r"rto|rpo|recovery (?:time|point) objective|failed|failure|older than|last|age|"
    r"missing|not run|exercise|report|cost|storage growth|session|cache|copy|copied|"
    r"replicat\w+ lag)\b",
    re.IGNORECASE,
)
_SCHEDULE_KEY: Final = re.compile(
    r"^when$|\b(?:frequency|schedule|scheduled?|backup (?:frequency|schedule|interval|window|"
    r"cadence)|cadence|how often|häufigkeit|frecuencia|frequ[eê]ncia|fréquence|périodicité|"
    r"periodicidad\w*|planification|zeitplan|intervall?)\b|频率|頻度",
    re.IGNORECASE,
)
_RETENTION_KEY: Final = re.compile(
    r"\b(?:retention|retained|kept|keep|aufbewahrung\w*|retenci[oó]n|reten[cç][aã]o|"
    r"rétention|(?:durée de )?conservation|vorhaltezeit|vorhaltung)\b|保留|保存期间",
    re.IGNORECASE,
)
_CLAUSE: Final = re.compile(r"[;]|,\s(?!\d)|\.\s|\s(?:and|plus|und)\s")


def backup_table(table: Table, document: str, style: str) -> list[Fact] | None:
    """The schedules and retentions of a table of backups, or None where it is none."""
    schedule, retention = header_index(table.header, _SCHEDULE_KEY), header_index(table.header, _RETENTION_KEY)
    others = [
        index
        for index, name in enumerate(table.header)
        if index and BACKUP.search(name) and index not in (schedule, retention)
    ]
    place = " ".join((table.lead, *table.heading[-2:], *table.header))
    if (schedule is None and retention is None) or not BACKUP.search(place):
        return None
    if re.search(r"\b(?:task|activity|test|drill|responsible|log type|metric)\b", table.header[0], re.IGNORECASE):
        return None
    found: list[Fact] = []
    for row in table.rows:
        if _NOT_BACKUP.search(row.cells[0]) and not BACKUP.search(row.cells[0]):
            continue
        around = ((table.lead,) if table.lead else ()) + tuple(reversed(table.heading))
        for index, reader in (
            (schedule, _schedules),
            (retention, _retentions),
            *((other, _schedules) for other in others),
        ):
            if index is not None and index < len(row.cells) and row.cells[index].strip("-– "):
                claim = Claim(
                    row.cells[index],
                    row.cells[0],
                    table.header[index],
                    around,
                    table.heading,
                    row.line,
                    row.source,
                    "cell",
                )
                found += reader(claim, _row_name(table, row), document, style)
    return found


@lru_cache(maxsize=2048)
def _of_backups(text: str) -> bool:
    """Whether a heading, a lead-in or a label speaks of backups; the same ones stand over many lines."""
    return bool(BACKUP.search(text))


def backup_facts(claim: Claim, document: str, style: str) -> Iterator[Fact]:
    """The schedules and retentions that a key-value line or a sentence states."""
    if claim.form == "cell":
        yield from _cell(claim, document, style)
        return
    near = any(_of_backups(text) for text in (claim.label, *claim.around[:2]))
    if _RETENTION_KEY.fullmatch(claim.label) and not any(_OTHER_DATA.search(text) for text in claim.around[:2]):
        near = near or any(_of_backups(text) for text in (*claim.around, document))
    own = bool(BACKUP.search(f"{claim.label} {claim.text}")) or (near and bool(_SORT.match(claim.label or claim.text)))
    if not near and not own:
        return
    name = _name(claim)
    if claim.form == "pair":
        kept = any(_RETENTION_KEY.search(text) for text in claim.around[:1])
        if kept and _LENGTH_ONLY.match(claim.text) and not _NOT_BACKUP.search(claim.label):
            yield from _retentions(claim, claim.label, document, style)  # "Daily snapshots: 30 days" says how long
            return
        if _RETENTION_KEY.search(claim.label) and not _NOT_BACKUP.search(claim.label):
            yield from _retentions(claim, name, document, style)
            return
        if _SCHEDULE_KEY.search(claim.label) and not _NOT_BACKUP.search(f"{claim.label} {' '.join(claim.around[:1])}"):
            yield from _schedules(claim, name, document, style)
            yield from _kept(claim, name, document, style)
            return
        if not own and _KEPT.search(claim.text) and not _NOT_BACKUP.search(claim.words):
            yield from _kept(claim, claim.label, document, style)
            return
    hypothetical = claim.form == "sentence" and re.search(r"\?$|\bif\b|\bshould\b|\bconsider\b", claim.text)
    if near and not own and _KEPT_ALONE.match(claim.text):
        yield from _retentions(claim, name, document, style)
    if not own or _NOT_BACKUP.search(claim.label) or _STORY.match(claim.label) or hypothetical:
        return
    said = 0
    for part in _CLAUSE.split(claim.text):
        if BACKUP.search(part) or BACKUP.search(claim.label) or _SORT.match(claim.label or part.strip()):
            for fact in _schedules(_with(claim, part), name, document, style):
                said += 1
                yield fact
    tried = (
        _RESTORED.search(claim.text)
        or any(_TRIED.search(text) for text in claim.around[:1])
        or (_EXERCISE.search(claim.text) and not re.search(r"(?i)\bbackups?\b|\bsnapshots?\b", claim.text))
    )
    if claim.form == "pair" and not said and not tried and (named := FREQUENCY.match(claim.label)):
        yield _fact(Kind.BACKUP_SCHEDULE, normal(named[0]), "text", claim, name, document, claim.text, 0)
    yield from _kept(claim, name, document, style)


_RESTORED: Final = re.compile(
    r"(?i)^\W*(?:restore|verify|test|rehearse|check)\b|\brestore (?:it|them|one|the latest)\b"
)
_TRIED: Final = re.compile(r"(?i)\b(?:verif\w+|validat\w+|test(?:s|ing)?|drills?|audits?|integrity|reviews?)\b")
_STORY: Final = re.compile(
    r"(?i)\W*(?:symptoms?|causes?|problem|impact|detect\w*|scenario|trigger|prevention|risk|when)\b"
)
"""Keys under which a scenario is told: what is said of backups there sets up none."""
_SORT: Final = re.compile(
    r"(?i)^\W*(?:full|incremental|differential|inkrementell\w*|voll\w*|completos?|"
    r"incrementa(?:l|les|is)|diferencial(?:es)?|transaction logs?|wal|complète|daily|"
    r"weekly|hourly|monthly)\b"
)
_LENGTH_ONLY: Final = re.compile(
    r"(?i)^[~≈]?\d+(?: ?[-–] ?\d+)? ?(?:d|days?|weeks?|months?|years?|tage?|wochen|monate?|jahre?|"
    r"d[ií]as?|semanas?|meses|mes|jours?|semaines?|mois|ans?|años?)\b.{0,30}$"
)
_KEPT_ALONE: Final = re.compile(
    r"(?i)^\W*\d+[- ]?(?:days?|weeks?|months?|years?) (?:backup )?retention\W*(?:\([^()]*\))?$"
)
_SAID: Final = re.compile(
    r"(?i)(?:^|;)\s*(?:automated |automatic |encrypted )?(?:daily|hourly|nightly|weekly) (?:\w+ ){0,2}"
    r"(?:backups?|snapshots?)\s*(?=;|,|$)"
)
_OTHER_DATA: Final = re.compile(
    r"(?i)\b(?:logs?|logging|metrics|monitoring|audit|traces|events|messages|kafka|data retention|personal data|gdpr)\b"
)


def _cell(claim: Claim, document: str, style: str) -> Iterator[Fact]:
    """A row or a column that is called "backup": `| Backups | daily, kept 30 days |`; or a clause that says it."""
    for said in _SAID.finditer(claim.text):
        if not BACKUP.search(f"{claim.label} {claim.column}") and not roles.placeholder(claim.text):
            yield from _schedules(_with(claim, said[0].strip(" ;")), "", document, style)
    described = " ".join(cell for name, cell in claim.row if cell != claim.text)
    if re.search(r"(?i)retention", claim.label) and BACKUP.search(described) and claim.text == claim.row[1][1]:
        yield from _retentions(claim, "", document, style)
        return
    if BACKUP.search(claim.label) or BACKUP.search(claim.column):
        spot = f"{claim.label} {claim.column}"
        if _NOT_BACKUP.search(spot) or re.search(
            r"\b(?:rto|rpo|cost|price|storage|size|location|method)\b", spot, re.IGNORECASE
        ):
            return
        name = claim.label if BACKUP.search(claim.column) else ""
        if _RETENTION_KEY.search(spot):
            yield from _retentions(claim, name, document, style)
        elif not _RETENTION_KEY.search(claim.column):
            yield from _schedules(claim, name, document, style)
            yield from _kept(claim, name, document, style)


def _with(claim: Claim, text: str) -> Claim:
    return Claim(
        text, claim.label, claim.column, claim.around, claim.heading, claim.line, claim.quote, claim.form, claim.row
    )


def _schedules(claim: Claim, name: str, document: str, style: str) -> list[Fact]:
    found = []
    if _OF_METRICS.search(claim.text):
        return []
    for match in FREQUENCY.finditer(claim.text):
        around = claim.text[max(0, match.start() - 30) : match.end() + 12]
        if (
            match[0].lower().startswith("continuous")
            and claim.form == "sentence"
            and not re.search(r"(?i)continuous(?:ly)? (?:wal )?(?:log )?(?:back|archiv)", around)
        ):
            continue
        later = claim.text[match.end() : match.end() + 60]
        later = re.sub(r"(?i)for (?:point-in-time )?restor\w+", "", later)
        exercise, backup = _EXERCISE.search(later), BACKUP.search(later)
        if exercise and not (backup and backup.start() < exercise.start()):
            continue  # "weekly restore tests": that it can be read back
        if _NOT_BACKUP.search(around) or re.search(
            r"\b(?:cop(?:y|ies)|upload|sync\w*|export to)\b", around, re.IGNORECASE
        ):
            continue
        found.append(
            _fact(Kind.BACKUP_SCHEDULE, normal(match[0]), "text", claim, name, document, claim.text, match.start())
        )
    if (
        not found
        and (cron := re.search(r"(?<!\S)(?:[\d*/,-]+\s){4}[\d*/,A-Z-]+(?!\S)", claim.text))
        and claim.form != "sentence"
    ):
        found.append(_fact(Kind.BACKUP_SCHEDULE, cron[0], "text", claim, name, document, claim.text, cron.start()))
    asked = _SCHEDULE_KEY.search(claim.column or claim.label)
    if not found and asked and claim.form != "sentence" and (own := _OWN_WORDS.match(claim.text)):
        found.append(_fact(Kind.BACKUP_SCHEDULE, claim.text.strip(), "text", claim, name, document, own[0], 0))
    return found


_OF_METRICS: Final = re.compile(
    r"(?i)\b(?:cpu|memory|heap|metrics?|utili[sz]ation|uptime|dashboard|screen|handle|state|performance)\b[^.;]{0,40}\bsnapshots?\b|"
    r"\bsnapshots? (?:in|to|of|for) (?:the |our )?[`#]?(?:engineering|slack|team|status|slos?|budgets?|kpis?|"
    r"dashboard|metrics|progress)\b"
)
"""Snapshots of what is measured are no copies of data."""
_EXERCISE: Final = re.compile(
    r"(?i)^[^,;.(]*\b(?:drills?|test(?:s|ed|ing)?|simulations?|rehears\w+|exercises?|validation|verification|"
    r"restor(?:es?|ation|ing)|failover|reviews?|audits?)\b"
)
_OWN_WORDS: Final = re.compile(
    r"(?i)^(?:(?:on )?every (?:[\w/-]+ )?(?:commit|deploy\w*|release|change|push|migration|build)|on (?:every |"
    r"each )?(?:change|commit|deploy\w*|demand)|(?:à|a) chaque "
    r"\w+|before \w[\w ]{2,30}|after each \w+|temps réel|tiempo real|echtzeit|continue?\b.{0,20}|"
    r"automatic\b.{0,50}|bei (?:jeder|änderung)\b.{0,20}|each (?:commit|deployment|"
    r"release)|per (?:commit|deployment|release))"
)


def _retentions(claim: Claim, name: str, document: str, style: str) -> list[Fact]:
    return [
        _fact(Kind.BACKUP_RETENTION, quantity, "s", claim, name, document, claim.text, quantity.start)
        for quantity in quantities(claim.text, style)
        if quantity.unit == "s" and quantity.value >= 3600
    ]


def _kept(claim: Claim, name: str, document: str, style: str) -> Iterator[Fact]:
    """Lengths of time that stand beside a word of keeping: `kept 30 days (prod), 7 days (dev)`."""
    kept = _KEPT.search(claim.text)
    if _OF_LOGS.search(_OWN_LOGS.sub("", claim.text)):
        return
    for quantity in quantities(claim.text, style):
        if quantity.unit != "s" or quantity.value < 86_400:
            continue
        before, after = (
            claim.text[max(0, quantity.start - 40) : quantity.start],
            claim.text[quantity.end : quantity.end + 26],
        )
        follows = (
            kept is not None
            and kept.end() <= quantity.start
            and not re.search(r"\b(?:every|após|dopo|within)\s*$", before, re.IGNORECASE)
        )
        if _MOVED.match(after) or _MOVED_AFTER.search(before):
            continue
        counted = _KEPT_FOR.search(before)
        if counted or (kept and ((follows and kept.end() <= quantity.start) or _KEPT.search(after))):
            yield _fact(Kind.BACKUP_RETENTION, quantity, "s", claim, name, document, claim.text, quantity.start)


_OF_LOGS: Final = re.compile(r"(?i)\b(?:logs?|metrics|traces|window for)\b")
_OWN_LOGS: Final = re.compile(r"(?i)\b(?:wal|transaction|redo|archive|bin(?:ary)?) ?logs?\b")
"""Logs that a database is restored from."""
_MOVED_AFTER: Final = re.compile(
    r"(?i)\b(?:archive|glacier|cold|cool|ia|"
    r"transition\w*)\b\W{0,3}(?:storage )?(?:after|nach) ?$"
)
_KEPT_FOR: Final = re.compile(r"(?i)\b(?:automated|automatic|daily) (?:backups?|snapshots?)\s?[(:,]?\s?$")
_MOVED: Final = re.compile(r"(?i)\s?\w*\s?(?:lifecycle )?(?:to|in|nach) (?:the )?(?:archive|glacier|cold|cool|ia\b)")


def _fact(
    kind: Kind, value: Quantity | str, unit: str, claim: Claim, name: str, document: str, text: str, at: int
) -> Fact:
    quantity = value if isinstance(value, Quantity) else None
    after = text[quantity.end : quantity.end + 40] if quantity else ""
    bracket = re.match(r"\s?\(([^()]{2,24})\)|\s(?:for|in)\s(\w+)", after)
    own = (bracket[1] or bracket[2],) if bracket else ()
    environment = scope.environment(*own, claim.label, claim.column, *(() if quantity else (text,)), *claim.around)
    details: dict[str, str] = {}
    if quantity is not None and quantity.comparison:
        details["comparison"] = quantity.comparison
    if quantity is not None and quantity.low is not None:
        details["low"] = f"{quantity.low:f}"
    role, refused = roles.refusal(claim)
    return Fact(
        kind,
        quantity.value if quantity else str(value),
        unit,
        document,
        claim.line,
        claim.quote,
        name=name,
        heading=claim.heading,
        scope=Scope(environment, "", name),
        role=role or Role.STATED,
        details=details,
        refused=roles.AMBIGUOUS if quantity and quantity.ambiguous else refused,
    )


def _row_name(table: Table, row: Row) -> str:
    return (
        row.cells[0] if not _SCHEDULE_KEY.search(table.header[0]) and not _RETENTION_KEY.search(table.header[0]) else ""
    )


def _name(claim: Claim) -> str:
    """What is backed up: what is left of the key, or of the bullet above, without the words for backups."""
    field = _SCHEDULE_KEY.fullmatch(claim.label) or _RETENTION_KEY.fullmatch(claim.label)
    if field and claim.around and not BACKUP.search(claim.around[0]) and len(claim.around[0].split()) <= 4:
        return "" if scope.is_environment(claim.around[0]) else claim.around[0].strip(" :0123456789.")
    for text in (claim.label, *claim.around[:2]):
        left = BACKUP.sub("", re.sub(r"\([^()]*\)", "", text))
        left = re.sub(
            r"\b(?:strategy|strategies|automated|automatic|manual|full|policy|policies|plan|"
            r"and|recovery|disaster|retention|frequency|schedule|regular|daily|weekly|hourly|"
            r"monthly|"
            r"procedures?|type|configuration|storage|restore|the|of|arten|types?|tipos|überblick|"
            r"overview|requirements|targets?|metrics|incremental|automátic\w+|estrat[eé]gias?|de|do|da|"
            r"automatisch\w*|automatique\w*|rdb|"
            r"aof|logical|"
            r"physical|\d+[.)]?)\b|&",
            "",
            left,
            flags=re.IGNORECASE,
        )
        left = left.strip(" -–—:.,()0123456789")
        if BACKUP.search(text) or text == claim.label:
            if 2 < len(left) <= 40 and not scope.is_environment(left) and len(left.split()) <= 4:
                return left
            if BACKUP.search(text):
                break
    near = claim.around[0].strip(" :0123456789.") if claim.around else ""
    return near if STATEFUL.search(near) and len(near.split()) <= 3 and not BACKUP.search(near) else ""
