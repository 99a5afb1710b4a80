"""Files for other tools, carried out of the notebook in an output."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import Any

from sre_kit.errors import ParameterError
from sre_kit.show.shown import Shown
from sre_kit.show.text import Link, inline
from sre_kit.store.manifest import claim_mark

_CODE = (
    "max-height:30em;overflow:auto;white-space:pre;padding:.5em;background:var(--jp-layout-color2,#8882);color:inherit"
)


@dataclass(frozen=True)
class Artifact(Shown):
    """
    A generated file, published as ``artifacts/<name>``.

    How far it was checked is said by the code that checks it, after the notebooks ran.
    """

    name: str
    content: str
    media_type: str
    about: str

    def __post_init__(self) -> None:
        if not self.name or set(self.name) - set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."):
            raise ParameterError(f"artifact name {self.name!r}: letters, digits, '-', '_' and '.' only")
        if self.name.startswith("."):
            raise ParameterError(f"artifact name {self.name!r} would be hidden; start it with a letter")

    def markdown(self) -> str:
        """A line with the link and the claim, which the export fills in."""
        return f"- {inline(Link(self.name, f'artifacts/{self.name}'))}: {inline(self.about)} {claim_mark(self.name)}"

    def machine(self) -> dict[str, Any]:
        """The file itself, and what it is."""
        part = super().machine()
        part["artifacts"] = [
            {"name": self.name, "content": self.content, "media_type": self.media_type, "about": self.about}
        ]
        return part

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> tuple[dict[str, Any], dict[str, Any]]:
        from sre_kit.show.widgets import watched

        bundle, metadata = super()._repr_mimebundle_()
        if watched():
            # beside the notebook there is no file to follow a link to before a render wrote it
            summary = f"<code>{html.escape(self.name)}</code>: {html.escape(self.about)}, written by a render"
            code = f"<pre style='{_CODE}'>{html.escape(self.content)}</pre>"
            bundle["text/html"] = f"<details><summary style='cursor:pointer'>{summary}</summary>{code}</details>"
        return bundle, metadata
