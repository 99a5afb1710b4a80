"""
What is asked of a project's documents: sequences that note how they were read.

A notebook that asked for costs need not run again when a document says something new about alerts. So facts are asked
for by kind (`of_kind`), and the kinds are noted; whoever goes through them in any other way has asked for all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar, overload

from sre_kit.compute.vocabulary import Fact, Kind

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Read:
    """
    What was asked of a project's documents until now.

    `state` is the hash of all documents as they were read, `answers` the hash of each answer by its question, and
    `documents` holds the paths of the documents that an answer came from, in reading order.
    """

    state: str
    answers: Mapping[str, str]
    documents: tuple[str, ...]


class Watched(Sequence[T]):
    """A sequence that calls `note` whenever it is read."""

    def __init__(self, items: Sequence[T], note: Callable[[], None]) -> None:
        self._items, self._note = items, note

    @property
    def unnoted(self) -> Sequence[T]:
        """The items for what counts nothing as read: headers, which are held against it otherwise."""
        return self._items

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[T]: ...
    def __getitem__(self, index: int | slice) -> T | Sequence[T]:
        self._note()
        return self._items[index]

    def __len__(self) -> int:
        self._note()
        return len(self._items)

    def __iter__(self) -> Iterator[T]:
        self._note()
        return iter(self._items)


class Facts(Watched[Fact]):
    """Facts that note the kinds that were asked for, and all kinds when they are read in another way."""

    def __init__(self, facts: Sequence[Fact], note: Callable[[tuple[Kind, ...]], None]) -> None:
        super().__init__(facts, lambda: note(()))
        self._kinds = note

    def of(self, kinds: tuple[Kind, ...]) -> list[Fact]:
        """Those of some kinds, in reading order."""
        self._kinds(kinds)
        return [fact for fact in self._items if fact.kind in kinds]


def of_kind(facts: Iterable[Fact], *kinds: Kind) -> list[Fact]:
    """The facts of some kinds, in reading order."""
    return facts.of(kinds) if isinstance(facts, Facts) else [fact for fact in facts if fact.kind in kinds]


def unnoted(items: Sequence[T]) -> Sequence[T]:
    """`items`, without counting as read."""
    return items.unnoted if isinstance(items, Watched) else items
