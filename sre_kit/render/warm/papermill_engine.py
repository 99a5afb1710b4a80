"""
The warm engine for papermill itself: ``papermill --engine sre-warm NOTEBOOK OUTPUT -p name value``.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nbformat import from_dict
from papermill.engines import Engine, NBClientEngine
from papermill.exceptions import PapermillException
from papermill.log import logger

from sre_kit.render.warm import notebooks, standing
from sre_kit.render.warm.client import ChildDied, TooLong


class WarmEngine(Engine):
    """
    Runs Python notebooks in children of the warm parent; others, and all where that cannot work, in a kernel.
    """

    @classmethod
    def execute_managed_notebook(
        cls,
        nb_man: Any,
        kernel_name: str,
        log_output: bool = False,
        stdout_file: Any = None,
        stderr_file: Any = None,
        start_timeout: float = 60,
        execution_timeout: float | None = None,
        **kwargs: Any,
    ) -> None:
        """
        Run the cells of `nb_man` and note their outputs, times and failure in it.

        Raises
        ------
        PapermillException
            The process died, or a cell took longer than `execution_timeout` seconds.
        """
        problem = standing.missing() or standing.standing().problem
        language = nb_man.nb.metadata.get("kernelspec", {}).get("language", "python")
        if problem or language != "python":
            logger.warning(f"sre-warm: {problem or f'{language} is not Python'}; a kernel runs the notebook")
            settings = {"start_timeout": start_timeout, "execution_timeout": execution_timeout, **kwargs}
            files = {"log_output": log_output, "stdout_file": stdout_file, "stderr_file": stderr_file}
            NBClientEngine.execute_managed_notebook(nb_man, kernel_name, **files, **settings)
            return
        watch = notebooks.Watch(execution_timeout)
        follower = _Follower(nb_man, {"stdout": stdout_file, "stderr": stderr_file}, log_output)

        def event(told: Mapping[str, Any]) -> float | None:
            follower.told(told)
            return watch(told)

        names = [cell.get("id", f"number {number}") for number, cell in enumerate(nb_man.nb.cells)]
        wanted = {"notebook": nb_man.nb}
        try:
            answer = standing.standing().warm.call(
                notebooks.EXECUTE, wanted, folder=Path.cwd(), limit=notebooks.START_SECONDS, event=event
            )
        except ChildDied as died:
            raise PapermillException(f"{watch.where(names)}{notebooks.cause(died)}") from None
        except TooLong as late:
            raise PapermillException(f"{watch.where(names)}no answer within {late.limit:g} s") from None
        if "raised" in answer:
            raise PapermillException(": ".join(answer["raised"][1:]))
        for cell, done in zip(nb_man.nb.cells, answer["cells"], strict=True):
            _take(cell, done)  # displays of earlier cells may have been updated by later ones
        if answer["widgets"]:
            nb_man.nb.metadata["widgets"] = from_dict(answer["widgets"])


class _Follower:
    """Notes in papermill's manager what a child tells."""

    def __init__(self, manager: Any, files: Mapping[str, Any], log_output: bool) -> None:
        self._manager, self._files, self._log = manager, files, log_output

    def told(self, told: Mapping[str, Any]) -> None:
        """A cell begins or has ended."""
        number = told.get("begins", told.get("ended_cell"))
        if number is None:
            return
        cell = self._manager.nb.cells[number]
        if "begins" in told:
            self._manager.cell_start(cell, number)
            return
        _take(cell, told["cell"])
        if any(output["output_type"] == "error" for output in cell.outputs):
            self._manager.cell_exception(cell, cell_index=number)
        for output in cell.outputs:
            if output["output_type"] == "stream":
                self._printed(output["name"], output["text"])
        self._manager.cell_complete(cell, cell_index=number)

    def _printed(self, name: str, text: str) -> None:
        if self._log:
            (logger.info if name == "stdout" else logger.warning)(text)
        if self._files[name]:
            self._files[name].write(text)
            self._files[name].flush()


def _take(cell: Any, done: Mapping[str, Any]) -> None:
    if done:
        cell.execution_count = done["execution_count"]
        cell.outputs = from_dict(done["outputs"])
