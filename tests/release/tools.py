"""The two files of a release, and empty environments to install them into."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Built:
    """What is uploaded."""

    wheel: Path
    sdist: Path


def run(command: Sequence[str | Path], env: dict[str, str] | None = None, cwd: Path | None = None) -> str:
    """What it prints. Where it fails, the test fails with that."""
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, env=env, cwd=cwd, check=False)
    if done.returncode:
        said = f"{done.stdout[-6000:]}{done.stderr[-6000:]}"
        pytest.fail(f"{' '.join(map(str, command))}\nended with {done.returncode}\n{said}", pytrace=False)
    return done.stdout


@dataclass(frozen=True)
class Environment:
    """A virtual environment as on a machine without Node: no command but its own is on PATH."""

    home: Path
    uv: str

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.home / "bin" / "python"

    @property
    def variables(self) -> dict[str, str]:
        """Those of the machine, but for what would let other packages or commands in."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
        return {**kept, "PATH": str(self.home / "bin")}

    def install(self, *what: str | Path) -> None:
        """Install files, or packages of the index."""
        assert shutil.which("node", path=self.variables["PATH"]) is None
        run([self.uv, "pip", "install", "--quiet", "--python", self.python, *what], self.variables)

    def versions(self, *names: str) -> str:
        """Of its Python and of some packages in it, for the report."""
        code = (
            "import sys; from importlib.metadata import version; "
            "print('Python', sys.version.split()[0], *(f'{name} {version(name)}' for name in sys.argv[1:]))"
        )
        return run([self.python, "-I", "-c", code, *names]).strip()
