"""
Questions to the outside, asked only when somebody asks for it: Tavily, Context7, a web search, behind one port.

All three are MCP servers of the configuration that params name; without one nothing is asked. What leaves is a fixed
topic and the names of products that params allow, never a word of the project. What comes back is somebody else's
text: it is tagged with where it is from and when, and a failure is told as one, also where a server puts it in prose.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol

from sre_kit.compute.research import Topic
from sre_kit.errors import SourceError, SREKitError
from sre_kit.escape import plain
from sre_kit.load.mcp_servers import Conversation, Server, conversation

_LONGEST: Final = 4_000
"""Characters of one answer that are kept."""
_CONTEXT7_FAILURES: Final = re.compile(
    r"(?i)^(?:error (?:searching|fetching)|rate limited|invalid api key|request failed with status|"
    r"the library you are trying to access does not exist|no (?:documentation )?libraries found|"
    r"documentation not found|unauthorized|quota exceeded|failed to )"
)
_LIBRARY: Final = re.compile(r"Context7-compatible library ID:\s*(?P<id>/\S+)")
_RESULT: Final = re.compile(
    r"^Title: (?P<title>.*)\n(?:ID: .*\n)?URL: (?P<url>\S+)\nContent: (?P<text>(?:.|\n)*?)(?=\n\nTitle: |\Z)",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What one provider said to one question; `failure` says why it said nothing, `asked` is all that left."""

    provider: str
    topic: str
    asked: str
    at: datetime
    origin: str = ""
    """Address or library that the text is from."""
    text: str = ""
    failure: str = ""


class Provider(Protocol):
    """Somebody who can be asked."""

    @property
    def name(self) -> str:
        """As in the mission: ``tavily``, ``context7``, ``web_search``."""

    def ask(self, talk: Conversation, topic: Topic, question: str) -> Iterable[tuple[str, str]]:
        """Origin and text of what it knows; raises where it failed, empty where it knows nothing."""


@dataclass(frozen=True)
class Tavily:
    """Searches the web; its answers name their pages."""

    name: str = "tavily"
    results: int = 3

    def ask(self, talk: Conversation, topic: Topic, question: str) -> Iterable[tuple[str, str]]:
        """The pages that it found, with their summary."""
        text = talk.call("tavily_search", query=question, max_results=self.results, search_depth="basic").text
        found = [(one["url"], f"{one['title']}: {one['text'].strip()}") for one in _RESULT.finditer(text)]
        if not found and "Detailed Results:" not in text:
            raise SourceError(f"the answer is no list of results: {_short(text, 200)}")  # it asks for a key in prose
        return found


@dataclass(frozen=True)
class Context7:
    """Reads the documentation of a product; it reports its errors as ordinary text."""

    name: str = "context7"

    def ask(self, talk: Conversation, topic: Topic, question: str) -> Iterable[tuple[str, str]]:
        """What the best matching library's documentation says."""
        product = topic.product
        listed = self._said(talk.call("resolve-library-id", query=question, libraryName=product).text)
        match = _LIBRARY.search(listed)
        if not match:
            raise SourceError(f"no library in the answer: {_short(listed, 200)}")
        said = self._said(talk.call("query-docs", libraryId=match["id"], query=question).text)
        return [(match["id"], said)]

    def _said(self, text: str) -> str:
        if _CONTEXT7_FAILURES.match(text.strip()) or not text.strip():
            raise SourceError(_short(text, 200) or "an empty answer")
        return text


@dataclass(frozen=True)
class WebSearch:
    """Any search tool of an MCP server: `tool` takes the question as `argument`."""

    tool: str = "search"
    argument: str = "query"
    name: str = "web_search"

    def ask(self, talk: Conversation, topic: Topic, question: str) -> Iterable[tuple[str, str]]:
        """Its answer as it is."""
        text = talk.call(self.tool, **{self.argument: question}).text
        return [(f"{talk.server.name}: {self.tool}", text)] if text.strip() else []


@dataclass(frozen=True)
class Asked:
    """A provider with the server that speaks for it, and the topics that it is asked."""

    provider: Provider
    server: Server
    topics: Sequence[Topic] = field(default=())


def research(asked: Asked, now: Callable[[], datetime], seconds: float = 60.0) -> list[Answer]:
    """Every topic put to one provider, in one conversation; what fails is an answer too."""
    name = asked.provider.name
    found: list[Answer] = []
    try:
        with conversation(asked.server, seconds) as talk:
            for topic in asked.topics:
                found += _answers(asked.provider, talk, topic, now())
    except SREKitError as error:
        left = [topic for topic in asked.topics if topic.words not in {one.topic for one in found}]
        found += [Answer(name, one.words, "", now(), failure=str(error)) for one in left]
    return found


def _answers(provider: Provider, talk: Conversation, topic: Topic, at: datetime) -> list[Answer]:
    question = topic.question
    try:
        said = list(provider.ask(talk, topic, question))
    except SREKitError as error:
        return [Answer(provider.name, topic.words, question, at, failure=str(error))]
    if not said:
        return [Answer(provider.name, topic.words, question, at, failure="it found nothing")]
    return [Answer(provider.name, topic.words, question, at, plain(origin), _short(text)) for origin, text in said]


def _short(text: str, longest: int = _LONGEST) -> str:
    kept = plain(text).strip()
    return kept if len(kept) <= longest else f"{kept[:longest]} …"
