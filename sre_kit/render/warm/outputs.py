"""
What a cell gives back, put together from its shell's messages as nbclient does it for a kernel.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

WIDGET_STATE: Final = "application/vnd.jupyter.widget-state+json"


@dataclass
class Captured:
    """The front end's side of an ``ipywidgets.Output``: it takes what is printed while it is entered."""

    outputs: list[dict[str, Any]]
    told: Callable[[list[dict[str, Any]]], None]
    clearing: bool = False
    changed: bool = False


@dataclass
class Outputs:
    """Outputs of the cell that runs, ids of displays that may still change, and the state of widgets."""

    current: list[dict[str, Any]] = field(default_factory=list)
    clearing: bool = False
    _displays: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    _widgets: dict[str, dict[str, Any]] = field(default_factory=dict)
    _buffers: dict[str, dict[tuple[str, ...], dict[str, Any]]] = field(default_factory=dict)
    _captured: dict[str, Captured] = field(default_factory=dict)
    _entered: list[Captured] = field(default_factory=list)

    def begin(self) -> list[dict[str, Any]]:
        """A new cell; the list that its outputs will be in."""
        self.current, self.clearing, self._entered = [], False, []
        return self.current

    def message(self, kind: str, content: Mapping[str, Any]) -> None:
        """One message of the shell; what is no output is passed over."""
        display = (content.get("transient") or {}).get("display_id")
        if display and kind in {"execute_result", "display_data", "update_display_data"}:
            for known in self._displays.get(display, ()):
                known["data"], known["metadata"] = content["data"], content["metadata"]
        if kind == "clear_output":
            self._clear(bool(content.get("wait")))
        elif (output := _output(kind, content)) is not None:
            self._add(output)
            if display:
                self._displays.setdefault(display, []).append(output)

    def stream(self, name: str, text: str) -> None:
        """Text printed to ``stdout`` or ``stderr``; what follows on the same stream belongs to it."""
        if text:
            self._add({"output_type": "stream", "name": name, "text": text})

    def widget(
        self,
        kind: str,
        comm: str,
        data: Mapping[str, Any],
        buffers: Sequence[bytes],
        told: Callable[[list[dict[str, Any]]], None],
    ) -> None:
        """A widget's message; `told` takes the outputs that an ``Output`` widget has got."""
        state = data.get("state")
        if state is None:
            return
        self._widgets.setdefault(comm, {}).update(state)
        for path, raw in zip(data.get("buffer_paths") or (), buffers, strict=False):
            encoded = {"data": base64.b64encode(raw).decode("ascii"), "encoding": "base64", "path": path}
            self._buffers.setdefault(comm, {})[tuple(str(part) for part in path)] = encoded
        if kind == "comm_open" and state.get("_model_name") == "OutputModel":
            self._captured[comm] = Captured(list(state.get("outputs") or ()), told)
        elif kind == "comm_msg" and comm in self._captured and "msg_id" in state:
            one = self._captured[comm]
            if state["msg_id"]:
                self._entered.append(one)
            elif one in self._entered:
                self._entered.remove(one)

    def finish(self) -> None:
        """The cell has ended: ``Output`` widgets learn what they got."""
        for comm, one in self._captured.items():
            if one.changed:
                one.changed = False
                self._widgets[comm]["outputs"] = one.outputs
                one.told(one.outputs)

    def widgets(self) -> dict[str, Any]:
        """The notebook's ``widgets`` metadata; empty where there are none."""
        state = {}
        for comm, known in self._widgets.items():
            if "_model_name" in known:
                names = {f"model_{part}": known.get(f"_model_{part}") for part in ("name", "module", "module_version")}
                state[comm] = {**names, "state": known}
                if comm in self._buffers:
                    state[comm]["buffers"] = list(self._buffers[comm].values())
        return {WIDGET_STATE: {"state": state, "version_major": 2, "version_minor": 0}} if self._widgets else {}

    def _add(self, output: dict[str, Any]) -> None:
        if self._entered:
            one = self._entered[-1]
            if one.clearing:
                one.outputs, one.clearing = [], False
            _append(one.outputs, output)
            one.changed = True
            return
        if self.clearing:
            self.current.clear()
            self.clearing = False
        _append(self.current, output)

    def _clear(self, wait: bool) -> None:
        if self._entered:
            one = self._entered[-1]
            one.clearing, one.changed = wait, True
            if not wait:
                one.outputs = []
        elif wait:
            self.clearing = True
        else:
            self.current.clear()


def _append(outputs: list[dict[str, Any]], output: dict[str, Any]) -> None:
    last = outputs[-1] if outputs else {}
    if output["output_type"] == last.get("output_type") == "stream" and output["name"] == last["name"]:
        last["text"] += output["text"]
    else:
        outputs.append(output)


def _output(kind: str, content: Mapping[str, Any]) -> dict[str, Any] | None:
    if kind == "execute_result":
        count = content.get("execution_count")
        shown = {"data": content["data"], "metadata": content["metadata"], "execution_count": count}
        return {"output_type": kind, **shown}
    if kind == "display_data":
        return {"output_type": kind, "data": content["data"], "metadata": content["metadata"]}
    if kind == "error":
        return {"output_type": kind, **{key: content[key] for key in ("ename", "evalue", "traceback")}}
    return None
