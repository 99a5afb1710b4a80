"""
Kernels by whatever name: our notebooks need this Python, in which the package is, and no other.

A notebook that was saved elsewhere names a kernel of that machine ("shop-venv"). Here a name that is not installed
means the Python that runs us, and so does ``python3``, whatever it means to others on this machine.
"""

from __future__ import annotations

import json
from pathlib import Path

from ipykernel.kernelspec import RESOURCES, get_kernel_dict
from jupyter_client.kernelspec import NATIVE_KERNEL_NAME, KernelSpec, KernelSpecManager, NoSuchKernel


class Kernels(KernelSpecManager):  # type: ignore[misc]
    """Refuses no name; a server's also lists the names in its notebooks, lest JupyterLab asks which kernel to take."""

    def find_kernel_specs(self) -> dict[str, str]:
        """Name -> folder with its files."""
        root = getattr(self.parent, "root_dir", "")
        wanted = dict.fromkeys(kernel_names(Path(root)) if root else (), RESOURCES)
        return {**wanted, **super().find_kernel_specs(), NATIVE_KERNEL_NAME: RESOURCES}

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """What is installed under this name, else this Python."""
        if kernel_name != NATIVE_KERNEL_NAME:
            try:
                return super().get_kernel_spec(kernel_name)
            except NoSuchKernel:
                pass
        return self.kernel_spec_class(resource_dir=RESOURCES, **get_kernel_dict())


def kernel_names(folder: Path) -> set[str]:
    """Names that the notebooks in `folder` give to their kernels; what is no notebook names none."""
    found = set()
    for path in folder.glob("*.ipynb"):
        try:
            name = json.loads(path.read_text(encoding="utf-8"))["metadata"]["kernelspec"]["name"]
        except (OSError, ValueError, KeyError, TypeError):
            continue
        if isinstance(name, str) and name:
            found.add(name)
    return found
