"""Kernels on other versions of ipykernel, beside the installed one and on the same torch."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

NEEDED = {"nest_asyncio": "nest_asyncio", "psutil": "psutil"}
"""What older versions need and newer ones do not: module, distribution."""


def install(version: str, folder: Path) -> Path:
    """Put that version of ipykernel, and nothing that is installed already, into a folder; returns the folder."""
    target = folder / f"ipykernel-{version}"
    done = target / "installed"
    if not done.exists():
        missing = [name for module, name in NEEDED.items() if importlib.util.find_spec(module) is None]
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
        subprocess.run([*pip, "--target", str(target), f"ipykernel=={version}", *missing], check=True)
        done.touch()
    return target


def describe(name: str, data: Path, target: Path | None, pythonpath: str) -> None:
    """Write a kernelspec into Jupyter's data folder; ``target`` is a folder that ``install`` filled."""
    spec = data / "kernels" / name
    spec.mkdir(parents=True)
    first = [] if target is None else [str(target)]
    kernel = {
        "argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": name,
        "language": "python",
        "env": {"PYTHONPATH": os.pathsep.join([*first, pythonpath])},
    }
    (spec / "kernel.json").write_text(json.dumps(kernel))
