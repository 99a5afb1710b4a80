"""
Written quantities to exact ones: shares, lengths of time, money, counts and rates, out of running text.

Lenient in how people write ("99,9 %", "three nines", "$5k", "15-30 min", "1 h or better"), strict where the
words could mean two numbers ("1.500 ms" in an English text): those come out as `ambiguous` and are refused.
Every expression is linear: no quantifier stands inside another.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Final

DAY: Final = 86_400
MONTH: Final = 30 * DAY
YEAR: Final = 365 * DAY

# English, German, Spanish, French, Portuguese; a month has 30 days and a year 365, as in downtime tables.
_UNIT_SECONDS: Final[dict[str, str]] = {
    "0.000000001": "ns nanosecond nanoseconds",
    "0.000001": "µs μs us usec microsecond microseconds",
    "0.001": "ms msec msecs millis milli millisecond milliseconds millisekunden milisegundos millisecondes мс 毫秒 "
    "milidetik 밀리초 ミリ秒",
    "1": "s sec secs second seconds sekunde sekunden segundo segundos seconde secondes segundos detik сек секунд "
    "секунды 秒 giây saniye sekund sekundy 초",
    "60": "m min mins minute minutes minuten minuto minutos menit мин минут минуты 分钟 分 phút dakika minut minuty 분",
    "3600": "h hr hrs hour hours std stunde stunden hora horas heure heures ore timer timmar uur час часов 小时 時間 "
    "giờ saat godzin godziny 시간",
    "86400": "d day days tag tage tagen día días dia dias jour jours j giorni giorno hari dage dagen dagar день дня "
    "дней 天 ngày gün dni",
    "604800": "w wk wks week weeks woche wochen semana semanas semaine semaines неделя недели недель 周 週間 週",
    "2592000": "month months monat monate monaten mes meses mois mês mo mos месяц месяца месяцев 个月 ヶ月 か月",
    "31536000": "y yr yrs year years jahr jahre jahren año años ano anos an ans année années лет",
}  # fmt: skip
SECONDS: Final = {name: Decimal(size) for size, names in _UNIT_SECONDS.items() for name in names.split()}
_CURRENCY: Final = {
    "$": "USD", "US$": "USD", "USD": "USD", "usd": "USD", "dollars": "USD", "dollar": "USD", "€": "EUR",
    "EUR": "EUR", "eur": "EUR", "euro": "EUR", "euros": "EUR", "Euro": "EUR", "Euros": "EUR", "£": "GBP",
    "GBP": "GBP", "₹": "INR", "INR": "INR", "Rs.": "INR", "Rs": "INR", "₦": "NGN", "NGN": "NGN", "¥": "JPY",
    "JPY": "JPY", "CHF": "CHF", "A$": "AUD", "AUD": "AUD", "C$": "CAD", "CAD": "CAD", "R$": "BRL", "BRL": "BRL",
    "₩": "KRW", "KRW": "KRW", "SGD": "SGD", "S$": "SGD", "PLN": "PLN", "zł": "PLN", "SEK": "SEK", "₽": "RUB",
}  # fmt: skip
_MULTIPLIER: Final = {
    "k": 10**3, "K": 10**3, "thousand": 10**3, "tsd": 10**3, "M": 10**6, "mn": 10**6, "mio": 10**6,
    "million": 10**6, "millions": 10**6, "m": 10**6, "B": 10**9, "bn": 10**9, "billion": 10**9, "lakh": 10**5,
    "crore": 10**7,
}  # fmt: skip
_WORDS: Final = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
    "nine": 9, "ten": 10, "twelve": 12, "fifteen": 15, "twenty": 20, "thirty": 30, "forty-eight": 48,
    "sixty": 60, "ninety": 90, "ein": 1, "eine": 1, "einer": 1, "zwei": 2, "drei": 3, "vier": 4, "fünf": 5,
    "dreißig": 30, "un": 1, "une": 1, "una": 1, "deux": 2, "dos": 2, "trois": 3, "tres": 3, "quatre": 4,
    "cuatro": 4, "an": 1, "a": 1,
}  # fmt: skip
_NINES: Final = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "2": 2, "3": 3, "4": 4, "5": 5, "6": 6}

_N = r"(?:\d[\d.,'’\u2009\u202f]{0,18}\d|\d)"
_LETTER = r"A-Za-z0-9_À-ɏЀ-ӿ"
"""What continues a word; Chinese and Japanese write no space before a number or after its unit."""
_UNIT = "|".join(sorted((re.escape(name) for name in SECONDS), key=len, reverse=True))
_SYMBOL = (
    r"US\$|A\$|C\$|R\$|S\$|\$|€|£|₹|₦|¥|₩|₽|(?<![A-Za-z])(?:USD|EUR|GBP|CHF|INR|NGN|"
    r"JPY|AUD|CAD|BRL|KRW|SGD|PLN|SEK|Rs\.?)\s?"
)
_CODE_AFTER = r"€|£|₹|₽|zł|(?:USD|EUR|GBP|CHF|INR|NGN|JPY|AUD|CAD|BRL|KRW|SGD|PLN|SEK|[Ee]uros?|dollars?)\b"
_TIMES = (
    r"(?:k|K|M|B|mn|bn|m)(?![A-Za-z])|\s(?:k|K|M|thousand|tsd|mn|mio|Mio|million|millions|"
    r"Millionen|bn|billion|lakh|crore)(?![A-Za-z])\.?"
)
_DASH = r"\s?(?:[-–—~]|\bto\b|\bbis\b|\bà\b|\ba\b|→)\s?"

_PERCENT = re.compile(
    rf"(?<![\d.,])(?P<low>{_N})\s?(?:%\s?)?{_DASH}(?P<high>{_N})\s?(?:%|percent\b|Prozent\b)|(?P<one>{_N})\s?(?:%|"
    rf"percent\b|per cent\b|Prozent\b|por ciento\b|pour cent\b)"
)
_NINES_WORD = re.compile(
    r"\b(two|three|four|five|six|[2-6])(?:[\s-]and[\s-]a[\s-](half))?[\s-](?:nines|9s|9's)\b", re.IGNORECASE
)
_DURATION = re.compile(
    rf"(?:(?<![{_LETTER}.,])(?P<low>{_N})\s?(?:(?P<lowunit>{_UNIT})(?![{_LETTER}])\s?)?{_DASH}[<~≤]?\s?)?"
    rf"(?<![{_LETTER}.])(?P<number>{_N})(?P<plus>\+?)[\s-]?(?P<unit>{_UNIT})(?![{_LETTER}°²])(?P<more>(?:\s?,?\s?(?:and\s)?\d+(?:\.\d+)?\s?(?:h|"
    rf"hrs?|hours?|m|mins?|minutes?|s|secs?|seconds?)(?!\w)){{0,2}})",
    re.IGNORECASE,
)
_LONG_UNIT = "|".join(sorted((unit for unit in SECONDS if len(unit) > 2), key=len, reverse=True))
_DURATION_WORD = re.compile(
    rf"\b(?P<number>{'|'.join(_WORDS)})[\s-](?P<unit>{_LONG_UNIT})\b",
    re.IGNORECASE,
)
_PART = re.compile(r"(\d+(?:\.\d+)?)\s?([a-zA-Z]+)")
_MONEY = re.compile(
    rf"(?P<symbol>{_SYMBOL})\s?(?P<low>{_N})(?P<lowtimes>{_TIMES})?(?:{_DASH}(?:{_SYMBOL})?\s?(?P<high>{_N})(?P<hightimes>{_TIMES})?)?\+?"
    rf"|(?P<low2>{_N})(?P<lowtimes2>{_TIMES})?(?:{_DASH}(?P<high2>{_N})(?P<hightimes2>{_TIMES})?)?\+?\s?(?P<code>{_CODE_AFTER})"
)
_COUNT = re.compile(
    rf"(?<![\w.,$€£#/-])(?P<low>{_N})(?P<lowtimes>{_TIMES})?(?:{_DASH}(?P<high>{_N})(?P<hightimes>{_TIMES})?)?(?P<plus>\+?)(?![\w-]*\w*[.:/]\d|"
    rf"-\d)"
)
_PERIOD = re.compile(
    r"^\s?(?:/|per\b|a\b|each\b|pro\b|por\b|par\b|im\b|monthly|yearly|annually|p\.\s?[am]\.?)?\s?"
    r"(?P<unit>month|mo\b|mth|monat|mes\b|mois|monthly|year|yr\b|annum|jahr|annually|"
    r"yearly|annual|day|daily|tag\b|hour|hr\b|h\b|week|a\.|m\.)",
    re.IGNORECASE,
)
_PERIOD_NAME: Final = {
    "mo": "month", "mth": "month", "monat": "month", "mes": "month", "mois": "month", "month": "month",
    "monthly": "month", "m.": "month", "year": "year", "yr": "year", "annum": "year", "jahr": "year",
    "annually": "year", "yearly": "year", "annual": "year", "a.": "year", "day": "day", "daily": "day",
    "tag": "day", "hour": "hour", "hr": "hour", "h": "hour", "week": "week",
}  # fmt: skip
_BEFORE: Final = (
    (
        "<=",
        r"(?:<=|≤|=<|\bat most|\bno more than|\bnot? (?:to )?exceed(?:ing)?|\bup to|\bmax(?:imum)?\.?:?|"
        r"\bwithin|\bhöchstens|\bmaximal|\bat[eé]|\bhasta|\bjusqu'à|\bcomo máximo|\bau plus|\bcapped at|\bor less "
        r"than)",
    ),
    (">=", r"(?:>=|≥|=>|\bat least|\bno less than|\bmin(?:imum)?\.?:?|\bmindestens|\bal menos|\bau moins)"),
    (
        "<",
        r"(?:<|&lt;|\bless than|\bunder|\bbelow|\bfewer than|\bunter|\bweniger als|\bmenos "
        r"de|\bmoins de|\bshorter than|\blower than|\bmenor(?:es)? (?:a|de|que)|\binferior(?:es)? a|\binférieure?s? à|"
        r"\bменее|小于|少于|低于|\bmenor(?:es)? (?:a|de|que)|\binferior(?:es)? a|\binférieure?s? à|"
        r"\bниже|\bменее|小于|少于|低于|\bdưới|\bkurang dari|\bdi bawah|\bponiżej|\bminder dan|\bmeno di|\bsub-?)",
    ),
    (
        ">",
        r"(?:>|&gt;|\bmore than|\bover|\babove|\bexceed(?:s|ed|ing)?|\bgreater than|\bhigher "
        r"than|\bbeyond|\bbetter than|\bmehr als|\büber|\bmás de|\bplus de|\blonger than)",
    ),
    ("~", r"(?:~|≈|\babout|\bapprox\.?(?:imately)?|\baround|\broughly|\bca\.|\betwa|\bcirca)"),
)
_COMPARISONS: Final = tuple(
    (sign, re.compile(pattern + r"\s?(?:a\s)?[~$€£]?\s?$", re.IGNORECASE)) for sign, pattern in _BEFORE
)
_FIGURE: Final = re.compile(r"\d")
_CURRENCY_SIGN: Final = re.compile("|".join(sorted(map(re.escape, _CURRENCY), key=len, reverse=True)) + "|dollar")
_DATE = re.compile(r"(?<!\d)(?:19|20)\d\d-[01]?\d(?:-[0-3]?\d)?(?!\d)|(?<!\d)[0-3]?\d\.[01]?\d\.(?:19|20)\d\d")
_OR_BETTER = re.compile(
    r"^\s?(?:or (?:better|less|faster|fewer|under)|oder (?:weniger|besser)|max(?:imum)?\b|"
    r"이하|미만|이내|以内|以下|未満|以內)",
    re.IGNORECASE,
)
_OR_MORE = re.compile(r"^\s?(?:or (?:more|higher|above|greater)|oder mehr|\+|이상|以上)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Quantity:
    """
    One written quantity; `unit` is ``ratio``, ``s``, a currency code, or empty for a bare count.

    Of a range `value` is the upper bound, for that is what one must plan for; both ends are kept.
    """

    value: Decimal
    unit: str
    start: int
    end: int
    written: str
    low: Decimal | None = None
    high: Decimal | None = None
    comparison: str = ""
    period: str = ""
    ambiguous: bool = False


def number(written: str, style: str = "", whole: bool = False) -> Decimal | None:
    """
    A written number; None where it can mean two (``1.000``), unless `whole` says that it counts things.

    `style` is the decimal mark of the document, where `decimal_mark` could tell it.

    >>> number("1,000"), number("1.5"), number("99,9"), number("1.234,5"), number("1.000"), number("1.000", whole=True)
    (Decimal('1000'), Decimal('1.5'), Decimal('99.9'), Decimal('1234.5'), None, Decimal('1000'))
    """
    text = re.sub(r"['’\s\u2009\u202f]", "", written)
    if not text.isascii():
        return None
    dots, commas = text.count("."), text.count(",")
    if dots and commas:
        point = max(text.rfind("."), text.rfind(","))
        head, tail = re.sub(r"[.,]", "", text[:point]), text[point + 1 :]
        return _decimal(f"{head}.{tail}") if text.count(text[point]) == 1 else None
    mark = "." if dots else ","
    if dots + commas > 1:
        groups = text.split(mark)
        thousands = len(groups[0]) <= 3 and all(len(group) == 3 for group in groups[1:])
        indian = mark == "," and len(groups[-1]) == 3 and all(len(group) in (2, 3) for group in groups[1:-1])
        return _decimal("".join(groups)) if thousands or indian else None
    if dots + commas == 0:
        return _decimal(text)
    head, _, tail = text.partition(mark)
    if len(tail) != 3 or len(head) > 3 or head == "0":
        return _decimal(f"{head}.{tail}") if mark == "." or len(tail) != 3 or head == "0" else None
    if whole:
        return _decimal(head + tail)
    if mark == ",":
        return None if style == "," else _decimal(head + tail)
    return _decimal(f"{head}.{tail}") if style == "." else None


@lru_cache(maxsize=1024)
def quantities(text: str, style: str = "") -> tuple[Quantity, ...]:
    """
    All quantities of a text in order, each stretch of text read once: shares, durations, money, then counts.

    >>> [(str(q.value), q.unit) for q in quantities("Avg < 500ms, errors < 1 %, $5k/month, 850 VUs")]
    [('0.500', 's'), ('0.01', 'ratio'), ('5000', 'USD'), ('850', '')]
    """
    text = _GROUPED.sub(_joined, text)
    taken: list[tuple[int, int]] = [match.span() for match in _DATE.finditer(text)]
    found: list[Quantity] = []
    figures = _FIGURE.search(text) is not None  # most lines have none, and words name only nines and durations
    for reader in (_money, _percents, _nines, _durations, _spelled, _counts) if figures else (_nines, _spelled):
        for quantity in reader(text, style):
            if all(quantity.end <= start or quantity.start >= end for start, end in taken):
                taken.append((quantity.start, quantity.end))
                found.append(_compared(text, replace(quantity, written=quantity.written.replace("\u202f", " "))))
    return tuple(sorted(found, key=lambda quantity: quantity.start))


_GROUPED: Final = re.compile(r"(?<![\w.,:/#-])[1-9]\d{0,2}(?: \d{3})+(?![\d.,:/-]?\d)")
"""`1 000 ms`: thousands set apart by spaces."""
_NUMBERED: Final = re.compile(
    r"(?i)\b(?:https?|ports?|codes?|status|phases?|steps?|sections?|chapters?|versions?|levels?|top|year|rfc|iso|day|q)\s?$"
)


def _joined(found: re.Match[str]) -> str:
    """A grouped number in the form of the same length that is read as one; after "port" or "step" two numbers stand."""
    return found[0] if _NUMBERED.search(found.string[: found.start()]) else found[0].replace(" ", "\u202f")


def decimal_mark(text: str) -> str:
    """
    The mark before decimals in a document, where its numbers leave no doubt; else nothing.

    >>> decimal_mark("99,9 % uptime"), decimal_mark("up 99.9 % for 1.5 s"), decimal_mark("1,000 users")
    (',', '.', '')
    """
    comma, point = _COMMA_DECIMAL.search(text), _POINT_DECIMAL.search(text)
    if bool(comma) == bool(point):
        return ""
    return "," if comma else "."


_COMMA_DECIMAL: Final = re.compile(r"(?<![\d.,])\d{1,3},\d{1,2}\s?(?:%|€|EUR|s\b|ms\b|h\b|GB|Mio|Stunden|horas|heures)")
_POINT_DECIMAL: Final = re.compile(r"(?<![\d.,])\d{1,3}\.\d{1,2}\s?(?:%|€|EUR|s\b|ms\b|h\b|GB|req|rps|MB)")


def _decimal(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def _times(value: Decimal | None, suffix: str | None) -> Decimal | None:
    if value is None or not suffix:
        return value
    name = suffix.strip().rstrip(".")
    return value * _MULTIPLIER.get(name, _MULTIPLIER.get(name.lower().removesuffix("en"), 1))


def _build(match: re.Match[str], unit: str, low: Decimal | None, high: Decimal | None, period: str = "") -> Quantity:
    ambiguous = high is None or (low is None and bool(match.groupdict().get("low") and match.groupdict().get("high")))
    value = Decimal(0) if high is None else high
    ranged = low is not None and low != high
    return Quantity(
        value, unit, match.start(), match.end(), match[0],
        low=low if ranged else None, high=high if ranged else None, period=period, ambiguous=ambiguous,
    )  # fmt: skip


def _percents(text: str, style: str) -> Iterator[Quantity]:
    for match in _PERCENT.finditer(text):
        high = number(match["one"] or match["high"], style)
        if high is None or high > 100_000:  # 99,999 % is no hundred thousand percent
            high = number((match["one"] or match["high"]).replace(",", "."), whole=False) or _decimal(
                (match["one"] or match["high"]).replace(",", ".")
            )
        low = number(match["low"], style) if match["low"] else None
        if low is not None and high is not None and low > high:
            low = None
        yield _build(match, "ratio", None if low is None else low / 100, None if high is None else high / 100)


def _nines(text: str, style: str) -> Iterator[Quantity]:
    for match in _NINES_WORD.finditer(text):
        count = _NINES[match[1].lower()]
        value = 1 - Decimal(10) ** -count
        if match[2]:
            value += Decimal(5) * Decimal(10) ** -(count + 1)
        yield _build(match, "ratio", None, value)


def _durations(text: str, style: str) -> Iterator[Quantity]:
    for match in _DURATION.finditer(text):
        unit = match["unit"]
        if unit in ("M", "S", "D", "Y", "W", "H") and not (unit == "H" and match["number"].isdigit()):
            continue  # 5M is five million, 20S a model
        if unit.lower() in ("m", "d", "y", "w", "a", "an", "mo", "mos", "j") and re.search(
            r"\d\s", match[0][match.start("number") - match.start() :][: len(match["number"]) + 1]
        ):
            continue  # "2 m" is a length
        size = SECONDS[unit.lower()]
        read = number(match["number"], style)
        ambiguous = read is None
        read = number(match["number"], ".") if read is None else read  # the smaller reading stands in, refused
        if read is None:
            continue
        high = read * size
        for amount, name in _PART.findall(match["more"] or ""):
            if name.lower() in SECONDS:
                high += Decimal(amount) * SECONDS[name.lower()]
        low = number(match["low"], style) if match["low"] else None
        if low is not None:
            low *= SECONDS[match["lowunit"].lower()] if match["lowunit"] else size
        if low is not None and low >= high:
            low = None
        yield replace(_build(match, "s", low, high), ambiguous=ambiguous)


def _spelled(text: str, style: str) -> Iterator[Quantity]:
    for match in _DURATION_WORD.finditer(text):
        yield _build(match, "s", None, _WORDS[match["number"].lower()] * SECONDS[match["unit"].lower()])


def _money(text: str, style: str) -> Iterator[Quantity]:
    if not _CURRENCY_SIGN.search(text):
        return
    for match in _MONEY.finditer(text):
        first, last = match["low"] or match["low2"], match["high"] or match["high2"]
        first_times, last_times = match["lowtimes"] or match["lowtimes2"], match["hightimes"] or match["hightimes2"]
        currency = _CURRENCY.get((match["symbol"] or match["code"]).strip(), "")
        whole = currency in ("EUR", "CHF", "BRL")  # 1.200 € are twelve hundred: money has two decimals
        low = _times(number(first, style, whole), first_times or (last_times if last else None))
        high = _times(number(last, style, whole), last_times or first_times) if last else low
        period = _PERIOD.match(text[match.end() : match.end() + 24])
        name = _PERIOD_NAME.get(period["unit"].lower(), "") if period else ""
        if low is not None and high is not None and low > high:
            low = high
        yield _build(match, currency, low, high, period=name)


def _counts(text: str, style: str) -> Iterator[Quantity]:
    for match in _COUNT.finditer(text):
        low = _times(number(match["low"], style, whole=True), match["lowtimes"] or match["hightimes"])
        high = (
            _times(number(match["high"], style, whole=True), match["hightimes"] or match["lowtimes"])
            if match["high"]
            else low
        )
        if low is not None and high is not None and low > high:
            low = high
        yield _build(match, "", low, high)


def _compared(text: str, quantity: Quantity) -> Quantity:
    before, after = text[max(0, quantity.start - 24) : quantity.start], text[quantity.end : quantity.end + 20]
    sign = next((sign for sign, pattern in _COMPARISONS if pattern.search(before)), "")
    if not sign and _OR_BETTER.match(after):
        sign = "<="
    if not sign and (_OR_MORE.match(after) or "+" in quantity.written):
        sign = ">="
    return replace(quantity, comparison=sign) if sign else quantity
