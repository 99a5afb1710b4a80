"""
Fixed words for declaring an incident and taking a role, so that a tool can read the chat afterwards.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

ROLES: Final = ("incident commander", "deputy", "scribe", "communications", "subject expert")

_DECLARATION: Final = re.compile(
    r"I am declaring an incident because (?P<because>.+?)\. The impact is that (?P<impact>.+?)\. "
    r"Severity (?P<severity>\S+?)\.",
    re.DOTALL,
)
_CLAIM: Final = re.compile(rf"I am taking the role of (?P<role>{'|'.join(ROLES)})\.", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Declaration:
    """Why, what users notice, how bad."""

    because: str
    impact: str
    severity: str

    def __str__(self) -> str:
        return (
            f"I am declaring an incident because {self.because}. The impact is that {self.impact}. "
            f"Severity {self.severity}."
        )


def declaration(text: str) -> Declaration | None:
    """
    The declaration in a chat message; missing where there is none in the fixed words.

    >>> str(declaration(str(Declaration("checkout fails", "no order is taken", "SEV1"))))
    'I am declaring an incident because checkout fails. The impact is that no order is taken. Severity SEV1.'
    """
    found = _DECLARATION.search(text)
    return Declaration(found["because"], found["impact"], found["severity"]) if found else None


def role_claim(text: str) -> str:
    """
    The role that a message takes; empty where it takes none.

    >>> role_claim("I am taking the role of scribe."), role_claim("I can write")
    ('scribe', '')
    """
    found = _CLAIM.search(text)
    return found["role"].lower() if found else ""
