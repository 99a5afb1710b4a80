"""How often something is done, in the words of six languages, and the one word that stands for them."""

from __future__ import annotations

import re
from typing import Final

FREQUENCY: Final = re.compile(
    r"\b(?P<text>hourly|daily|nightly|weekly|monthly|quarterly|continuous(?:ly)?|real-?time|"
    r"twice (?:a |per )?(?:day|daily)|twice daily|(?:first|1st|last) (?:day|sunday|saturday|monday) of (?:each|"
    r"every|the) "
    r"month|(?:each|every) month|"
    r"every (?:\d+|six|four|two|twelve|three|eight|few)[\s-]?(?:minutes?|mins?|min|"
    r"m|hours?|hrs?|h|days?|d)\b|every (?:hour|day|night|week|sunday|saturday|monday)|"
    r"\d+x (?:daily|per day|a day)|\d+ times (?:daily|per day|a day)|each night|every "
    r"night|once (?:a|per) (?:day|week)|"
    r"täglich\w*|stündlich\w*|wöchentlich\w*|monatlich\w*|diari[oa]s?|diariamente|"
    r"semanal\w*|quotidien(?:ne)?s?|journali(?:er|ère)s?|chaque (?:nuit|jour|heure|"
    r"semaine)|toutes les heures|horaires|mensuel(?:le)?s?|hebdomadaires?|semanais|"
    r"di[aá]ri[oa]s?|cada (?:hora|d[ií]a|noche|semana)|mensual(?:es)?|jede (?:nacht|"
    r"stunde)|(?:a )?cada \d+ (?:horas?|minutos?|d[ií]as?)|toutes les \d+ (?:minutes?|heures?)|"
    r"alle \d+ (?:stunden|minuten|tage|h|min)|(?:cada|toutes les|a cada) \d+ ?(?:h|min|hs)\b|\d{1,2}-hourly|"
    r"(?:every )?(?:weekday|weekend)s?|(?<!\w)(?:ежедневн\w+|еженедельн\w+|ежечасн\w+|ежемесячн\w+))"
    r"|(?P<east>[每毎](?:天|日|晚|周|週|月|小时|小時|時間))",
    re.IGNORECASE,
)
_NORMAL: Final = {
    "nightly": "daily", "each night": "daily", "every night": "daily", "every day": "daily",
    "every hour": "hourly", "every week": "weekly", "once a day": "daily", "once per day": "daily",
    "once a week": "weekly", "continuously": "continuous", "diario": "daily", "diaria": "daily",
    "diarios": "daily", "diarias": "daily", "diariamente": "daily", "quotidienne": "daily",
    "quotidiennes": "daily", "quotidien": "daily", "every sunday": "weekly", "every saturday": "weekly",
    "every monday": "weekly", "realtime": "continuous", "real-time": "continuous",
}  # fmt: skip
_GERMAN: Final = (
    ("täglich", "daily"),
    ("stündlich", "hourly"),
    ("wöchentlich", "weekly"),
    ("monatlich", "monthly"),
    ("semanal", "weekly"),
    ("hebdomadaire", "weekly"),
    ("journali", "daily"),
    ("mensu", "monthly"),
    ("horaire", "hourly"),
    ("chaque nuit", "daily"),
    ("chaque jour", "daily"),
    ("toutes les heures", "hourly"),
    ("chaque heure", "hourly"),
    ("chaque semaine", "weekly"),
    ("diári", "daily"),
    ("diari", "daily"),
    ("semana", "weekly"),
    ("cada hora", "hourly"),
    ("cada dí", "daily"),
    ("cada noche", "daily"),
    ("cada semana", "weekly"),
    ("ежедневн", "daily"),
    ("еженедельн", "weekly"),
    ("ежечасн", "hourly"),
    ("ежемесячн", "monthly"),
)
_EASTERN: Final = {
    "天": "daily", "日": "daily", "晚": "daily", "周": "weekly", "週": "weekly", "月": "monthly", "小时": "hourly",
    "小時": "hourly", "時間": "hourly",
}  # fmt: skip


def normal(text: str) -> str:
    """
    The plain word for a written frequency.

    >>> normal("Nightly"), normal("wöchentlich"), normal("every 6 hours")
    ('daily', 'weekly', 'every 6 hours')
    """
    if text[0] in "每毎":
        return _EASTERN[text[1:]]
    lowered = re.sub(r"\s+", " ", text.lower())
    if lowered.endswith(" month"):
        return "monthly"
    for stem, name in _GERMAN:
        if lowered.startswith(stem):
            return name
    return _NORMAL.get(lowered, lowered)
