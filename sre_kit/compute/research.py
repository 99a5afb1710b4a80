"""
What is asked of the outside: the mission's topics for each tool, in fixed words, and products that params allow.

Nothing else may leave, so a product is a plain name with a version at most, and none that names the project itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from sre_kit.errors import ParameterError

TOPICS: Final = {
    "web_search": (
        "site reliability engineering practices",
        "monitoring tools",
        "performance optimization techniques",
        "industry standards for incident management",
        "capacity planning tools",
    ),
    "tavily": (
        "reliability research",
        "troubleshooting guides",
        "performance analysis tools",
        "disaster recovery planning",
    ),
    "context7": (
        "monitoring documentation",
        "reliability guide of the provider",
        "reliability features",
        "best practices for production",
    ),
}
"""Tool -> its topics, as the mission lists them; Context7 knows products only."""
_PRODUCT: Final = re.compile(r"[A-Za-z][A-Za-z0-9.+#/_-]*(?: [A-Za-z0-9][A-Za-z0-9.+#_-]*){0,4}")
_LONGEST: Final = 40


@dataclass(frozen=True, slots=True)
class ResearchPlan:
    """Who may be asked, and about which products; empty is nobody. A provider is ``mcp:NAME`` of `mcp_servers`."""

    products: list[str] = field(default_factory=list)
    """Names and versions that may leave the house: PostgreSQL 16, Kubernetes 1.31."""
    tavily: str = ""
    context7: str = ""
    web_search: str = ""
    web_search_tool: str = "search"
    web_search_argument: str = "query"


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic of one tool, about one product or about none."""

    words: str
    product: str = ""

    @property
    def question(self) -> str:
        """All that leaves."""
        return f"{self.product} {self.words}".strip()


def topics(tool: str, products: Sequence[str], private: Iterable[str] = ()) -> list[Topic]:
    """
    The topics for `tool`: of each product, or without one where none is allowed.

    >>> [one.question for one in topics("tavily", ["PostgreSQL 16"])][:2]
    ['PostgreSQL 16 reliability research', 'PostgreSQL 16 troubleshooting guides']

    Raises
    ------
    ParameterError
        A product is more than a name with a version, or names something of `private`: the project, its services.
    """
    for product in products:
        _check(product, private)
    if not products:
        return [] if tool == "context7" else [Topic(words) for words in TOPICS[tool]]
    return [Topic(words, product) for product in products for words in TOPICS[tool]]


def _check(product: str, private: Iterable[str]) -> None:
    if len(product) > _LONGEST or not _PRODUCT.fullmatch(product):
        raise ParameterError(
            f"research.products: {product!r} is no product's name; allowed are a name and a version, such as "
            f'"PostgreSQL 16", at most {_LONGEST} characters'
        )
    words = product.casefold()
    for name in private:
        if name and re.search(rf"(?<![a-z0-9]){re.escape(name.casefold())}(?![a-z0-9])", words):
            raise ParameterError(
                f"research.products: {product!r} names {name!r}, which belongs to the project; nothing of it leaves"
            )
