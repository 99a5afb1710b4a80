"""
``make bench-explorers``: how long an explorer takes from a change to its new view, widgets and figure included.

30 days at one minute for budgets and alerts, a hundred incidents, a rota of six, load tests, resources and stores. Each
control is moved through its values; median and worst CPU milliseconds per change. They depend on the machine, so no
test asserts them; what tests assert is that a burst of changes is computed once.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from typing import Any

from sre_kit.show.panel import Panel
from sre_kit.show.widgets import Choice, Control, Explorer
from tests.show.explorers import made

MOST = 8
"""Values tried of each control."""


def values(control: Control) -> Iterator[Any]:
    """Some values of a control, its default last."""
    if isinstance(control, Choice):
        every = list(control.options.values())
        yield from every[:: max(1, len(every) // MOST)]
    else:
        for part in range(MOST):
            steps = round((control.most - control.least) / control.step * part / (MOST - 1))
            yield min(control.most, type(control.value)(control.least + steps * control.step))
    yield control.value


def changes(explorer: Explorer) -> list[float]:
    """CPU milliseconds of each change."""
    panel, found = Panel(explorer), []
    for name, control in explorer.controls.items():
        for value in values(control):
            if panel.setting()[name] == value:
                continue
            began = time.process_time()
            panel.put(**{name: value})
            found.append((time.process_time() - began) * 1000)
    return found


def main() -> None:
    """Print the table."""
    print(f"{'explorer':34} {'changes':>7} {'median':>8} {'worst':>8}  CPU ms per change")
    for explorer in made():
        found = changes(explorer)
        print(f"{explorer.name:34} {len(found):7} {statistics.median(found):8.1f} {max(found):8.1f}")


if __name__ == "__main__":
    main()
