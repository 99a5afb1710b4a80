"""Scaling rules in code blocks: bounds in YAML, Terraform and command lines, triggers beside them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from sre_kit.compute.vocabulary import Fact, Kind, Role, Scope
from sre_kit.load.facts import roles
from sre_kit.load.facts.reading import Fence

_UNIT: Final = r"(?:instances?|replicas?|replica_?count|capacity|nodes?|node_?count|tasks?|pods?|workers?|size|count)"
_KEYED: Final = re.compile(
    rf"^(?P<indent>\s*)[\"']?(?P<end>min|max)(?:imum)?[_-]?(?P<of>{_UNIT})[\"']?\s*[:=]\s*[\"']?(?P<number>\d{{1,4}})\b(?!\.)",
    re.IGNORECASE,
)
_FLAG: Final = re.compile(rf"--(?P<end>min|max)(?:-{_UNIT})?[= ](?P<number>\d{{1,4}})\b", re.IGNORECASE)
_SCALES: Final = re.compile(
    r"(?i)auto-?scal|kubectl autoscale|cluster-autoscaler|gcloud run|scaling|node_?pool|node_?group|"
    r"\bhpa\b|eksctl|containerapp|container_app"
)
_TARGET: Final = re.compile(
    r"^(?P<indent>\s*)[\"']?(?P<key>(?:target_?(?:cpu|memory|value|requests?)\w*|(?:cpu|memory)_?(?:target|threshold|utili[sz]ation)"
    r"|(?:cpu|memory)_(?:utili[sz]ation_)?(?:target|threshold)|scale_?(?:up|out|down|in)_?threshold))[\"']?\s*[:=]\s*"
    r"[\"']?(?P<number>\d+(?:\.\d+)?%?)",
    re.IGNORECASE,
)
_WHEN: Final = re.compile(
    r"^\s*-?\s*[\"']?(?:scaling_|scale_(?:up|out|down|in)_)?(?:trigger|when|condition)[\"']?\s*[:=]\s*[\"']?"
    r"(?P<rule>[^\"']*[<>]=?\s?\d[^\"']*?)[\"',]*\s*$",
    re.IGNORECASE,
)
_LANGUAGES: Final = ("yaml", "yml", "json", "hcl", "terraform", "tf", "toml", "ini")
_SHELLS: Final = ("bash", "sh", "shell", "console", "zsh", "powershell", "")
_CPU_FLAG: Final = re.compile(r"--cpu-percent[= ](\d{1,3})\b")


def scaling_block(fence: Fence, document: str) -> Iterator[Fact]:
    """The rules of a block that is no manifest: `min_size = 2` beside `max_size = 6`, `--min=2 --max=10`."""
    if len(fence.text) > 50_000:
        return
    lines = fence.text.split("\n")
    if fence.language in _SHELLS:
        yield from _commands(lines, fence, document)
    if fence.language not in _LANGUAGES or "apiVersion:" in fence.text or not _placed(fence):
        return
    yield from _bounds(lines, fence, document)
    for offset, line in enumerate(lines):
        if (target := _TARGET.match(line)) and (direction := _owner(lines, offset, len(target["indent"]))) is not None:
            details = {"metric": target["key"], "threshold": target["number"]}
            yield _rule(f"{target['key']}: {target['number']}", direction, details, offset, fence, document)
        elif (found := _WHEN.match(line)) and not re.search(r"(?i)alert|severity", fence.text):
            yield _rule(found["rule"].strip(), "", {"condition": found["rule"].strip()}, offset, fence, document)


def _placed(fence: Fence) -> bool:
    return bool(_SCALES.search(" ".join((fence.text, fence.lead, *fence.heading[-2:]))))


def _bounds(lines: list[str], fence: Fence, document: str) -> Iterator[Fact]:
    """A minimum and a maximum of the same unit, of the same depth, within a few lines."""
    waiting: dict[tuple[int, str], tuple[str, str, int]] = {}
    for offset, line in enumerate(lines):
        found = _KEYED.match(line)
        if not found:
            continue
        key = (len(found["indent"]), found["of"].lower())
        end, number = found["end"].lower(), found["number"]
        earlier = waiting.pop(key, None)
        if earlier and earlier[0] != end and offset - earlier[2] <= 4:
            least, most = (number, earlier[1]) if end == "min" else (earlier[1], number)
            name = _owner(lines, earlier[2], key[0]) or ""
            yield _rule(f"{least}-{most}", name, {"min": least, "max": most}, earlier[2], fence, document)
        else:
            waiting[key] = (end, number, offset)


def _owner(lines: list[str], offset: int, depth: int) -> str | None:
    """The key or the Terraform resource that a line at this depth belongs to; None for a line that has none."""
    for line in reversed(lines[:offset]):
        if not line.strip() or len(line) - len(line.lstrip()) >= depth:
            continue
        if resource := re.match(r"\s*resource\s+\"[^\"]+\"\s+\"([^\"]+)\"", line):
            return resource[1]
        key = re.match(r"\s*[\"']?([\w -]+?)[\"']?\s*[:={]", line)
        return key[1] if key else ""
    return None


def _commands(lines: list[str], fence: Fence, document: str) -> Iterator[Fact]:
    joined: list[tuple[int, str]] = []
    for offset, line in enumerate(lines):
        if joined and joined[-1][1].endswith("\\"):
            joined[-1] = (joined[-1][0], f"{joined[-1][1][:-1]} {line.strip()}")
        else:
            joined.append((offset, line.rstrip()))
    for offset, command in joined:
        ends = {found["end"].lower(): found["number"] for found in _FLAG.finditer(command)}
        if set(ends) != {"min", "max"} or not _SCALES.search(command):
            continue
        place = next((index for index in range(offset, len(lines)) if _FLAG.search(lines[index])), offset)
        cpu = _CPU_FLAG.search(command)
        details = {**ends, **({"metric": "cpu", "threshold": f"{cpu[1]}%"} if cpu else {})}
        yield _rule(f"{ends['min']}-{ends['max']}", "", details, place, fence, document)


def _rule(text: str, name: str, details: dict[str, str], offset: int, fence: Fence, document: str) -> Fact:
    return Fact(
        Kind.SCALING_RULE,
        text,
        "text",
        document,
        fence.line + offset,
        fence.text.split("\n")[offset].strip(),
        name=name,
        heading=fence.heading,
        role=Role.STATED,
        scope=Scope(roles.fence_environment(fence), "", name),
        details=details,
        refused=roles.fence_refusal(fence),
    )
