"""``sre-kit params`` and ``sre-kit list``: what can be decided, what can be rendered."""

from __future__ import annotations

import json as jsonlib

from sre_kit.errors import ParameterError
from sre_kit.load import params as params_file
from sre_kit.load.metrics import open_source
from sre_kit.render import batch
from sre_kit.render.rendered import parameters
from sre_kit.store import places


def run(path: str, schema: bool) -> int:
    """Check a params file, or print the schema."""
    if schema:
        print(jsonlib.dumps(params_file.schema(), indent=1, ensure_ascii=False))
        return 0
    if not path:
        raise ParameterError("params needs a file or --schema, for example: sre-kit params params/shop.yaml")
    found = places.find_params(path)
    checked = params_file.read(found)
    base = found if found.is_dir() else found.parent
    if checked.source.url:
        open_source(checked.source.url, base=base)  # the address alone: secrets are for the machine that renders
    for what, written in (("incidents", checked.history.incidents), ("deploys", checked.history.deploys)):
        if written and not written.startswith("git:") and not places.resolve(written, base).exists():
            raise ParameterError(f"{found.name}: history.{what}: there is nothing at {places.resolve(written, base)}")
    objectives, people = len(checked.slos), len(checked.oncall.people)
    print(
        f"{found}: usable; {objectives} {'objective' if objectives == 1 else 'objectives'}, "
        f"{people} {'person' if people == 1 else 'people'} on the roster"
    )
    return 0


def documents(params: str, json: bool) -> int:
    """List notebooks with their parameters; with params, also the project's own."""
    own = None
    if params:
        found = places.find_params(params)
        own = (found if found.is_dir() else found.parent) / "notebooks"
    listed = {name: parameters(path) for name, path in batch.notebooks(own).items()}
    if json:
        print(jsonlib.dumps(listed, indent=1))
        return 0
    for name, known in listed.items():
        print(name + "  " + "  ".join(f"{parameter}={default!r}" for parameter, default in known.items()))
    return 0
