"""The two files of a release, and empty environments to install them into."""

from __future__ import annotations

import json
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


def commit_of(checkout: Path) -> str:
    """Its commit, and "-dirty" where it has changes: others than in what ``make versions`` has just written."""
    changes = run(["git", "status", "--porcelain", "--", ".", ":!docs/versions.*"], cwd=checkout)
    return run(["git", "rev-parse", "--short", "HEAD"], cwd=checkout).strip() + "-dirty" * bool(changes)


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

    def has(self, *names: str) -> dict[str, str]:
        """The versions of its Python and of those of these packages that are in it."""
        code = (
            "import json, sys; from importlib.metadata import distributions; "
            "found = {one.name.lower(): one.version for one in distributions()}; "
            "names = [name for name in sys.argv[1:] if name in found]; "
            "print(json.dumps({'python': sys.version.split()[0], **{name: found[name] for name in names}}))"
        )
        return dict(json.loads(run([self.python, "-I", "-c", code, *names])))
