"""Components told by their image: a table that lists images, or the settings of one part under its heading."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from sre_kit.compute.vocabulary import Fact
from sre_kit.load.facts import scope
from sre_kit.load.facts.components import component_fact
from sre_kit.load.facts.reading import Fence, Row, Table

_IMAGE: Final = re.compile(
    r"(?:[a-z0-9][\w.-]*/){0,4}[a-z][\w.-]*:(?:v?\d{1,3}(?![\d:])(?:[.\w-]*[\w])?|latest|stable|lts|alpine|edge|main)"
)
"""`postgres:17-alpine`; a name with a port behind it (`api:8080`) is an address."""
_SETTINGS: Final = re.compile(
    r"(?i)(?:image|port|ports|volume|memory|cpu|replicas|version|hostname|container(?: name)?|имя|образ|порт|том|"
    r"이미지|포트|볼륨|镜像|端口|卷|イメージ|ポート|ボリューム|imagen|imagem|puerto|porta|volumen)\b"
)
_NO_PLACE: Final = re.compile(
    r"(?i)\b(?:examples?|options?|alternatives?|comparison|supported|compatib\w+|changelog)\b"
)


def imaged_components(table: Table, document: str) -> list[Fact]:
    """The parts that a table names beside their image, or the one part whose settings it holds."""
    around = tuple(text for text in (table.lead, *reversed(table.heading)) if text)
    if any(_NO_PLACE.search(text) for text in around[:2]):
        return []
    if len(table.header) == 2 and (row := _setting(table)) and table.heading:
        name = re.sub(r"^\W*(?:\d[\d.]*[.)]?\s+)?|\s*\([^()]*\)\W*$", "", table.heading[-1]).strip()
        return [_part(name, row.cells[1], row, table, around, document)] if 1 < len(name) <= 40 else []
    column = next((index for index in range(1, len(table.header)) if _of_images(table, index)), None)
    if column is None:
        return []
    return [
        _part(row.cells[0], row.cells[column], row, table, around, document)
        for row in table.rows
        if column < len(row.cells) and 1 < len(row.cells[0]) <= 50 and _IMAGE.fullmatch(row.cells[column])
    ]


_DRAWN: Final = re.compile(
    r"^[\s│|]*[├└]─{1,3}\s*(?P<name>[A-Za-z][\w./ -]{1,40}?)\s*\("
    r"(?P<told>(?P<count>\d{1,3})(?:\s?[-–]\s?\d{1,3})?\s(?:replicas?|primary|pods?|instances?|nodes?|tasks?)\b[^()]*)\)"
)


def drawn_parts(fence: Fence, document: str) -> Iterator[Fact]:
    """The parts of a drawn tree that says how many of each run: `├── api (2-10 replicas)`."""
    around = tuple(text for text in (fence.lead, *reversed(fence.heading)) if text)
    if any(_NO_PLACE.search(text) for text in around[:2]):
        return
    for offset, text in enumerate(fence.text.split("\n")):
        if found := _DRAWN.match(text):
            yield component_fact(
                found["name"].strip(), {"count": found["count"], "configuration": found["told"]},
                scope.environment(*around),
                fence.line + offset, text.strip(), fence.heading, around, found["name"], document,
            )  # fmt: skip


def _setting(table: Table) -> Row | None:
    """The row of the image in a table of one part's settings: its first column holds keys, one of them known."""
    pairs = [row for row in table.rows if len(row.cells) == 2]
    imaged = [row for row in pairs if _IMAGE.fullmatch(row.cells[1])]
    keyed = any(_SETTINGS.match(row.cells[0]) for row in pairs)
    return imaged[0] if len(imaged) == 1 and keyed and len(pairs) <= 15 else None


def _of_images(table: Table, index: int) -> bool:
    cells = [row.cells[index] for row in table.rows if index < len(row.cells) and row.cells[index].strip("-– ")]
    return len(cells) > 1 and 4 * sum(bool(_IMAGE.fullmatch(cell)) for cell in cells) >= 3 * len(cells)


def _part(name: str, image: str, row: Row, table: Table, around: tuple[str, ...], document: str) -> Fact:
    where = scope.environment(*around)
    fact = component_fact(name, {"image": image}, where, row.line, row.source, table.heading, around, image, document)
    return replace(fact, value=image)
