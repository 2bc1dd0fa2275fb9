"""Wheel and sdist, built once as for a release, and what they are installed into."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.release.tools import ROOT, Built, Environment, commit_of, run


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--write-table", action="store_true", help="write docs/versions.json and docs/versions.md")


@pytest.fixture(scope="session")
def uv() -> str:
    """What builds and installs, and finds other Pythons."""
    from uv import find_uv_bin

    return find_uv_bin()


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory, uv: str) -> Built:
    """Built in the checkout as it is, as its maintainer would: the wheel is made from the sdist."""
    out = tmp_path_factory.mktemp("dist")
    run([uv, "build", "--quiet", "--out-dir", out, ROOT])
    (wheel,), (sdist,) = out.glob("*.whl"), out.glob("*.tar.gz")
    return Built(wheel, sdist)


@pytest.fixture(scope="session")
def commit() -> str:
    """What is built. Asked once: the checkout may change while the tests run."""
    return commit_of(ROOT)


@pytest.fixture
def environment(tmp_path: Path, uv: str) -> Iterator[Callable[..., Environment]]:
    """Makes an empty environment of a version of Python; skips where the machine has none and none is to be had."""
    home = tmp_path / "venv"

    def make(python: str = sys.executable) -> Environment:
        # pyenv's are not on PATH but for the chosen one
        of_pyenv = sorted(Path.home().glob(f".pyenv/versions/{python}.*/bin/python"))
        command = [uv, "venv", "--python", str(of_pyenv[-1]) if of_pyenv else python, str(home)]
        made = subprocess.run(command, capture_output=True, text=True, check=False)
        if made.returncode:
            why = next((line for line in made.stderr.splitlines() if line.startswith("error")), "")
            pytest.skip(f"Python {python} is not on this machine, and could not be fetched: {why}")
        return Environment(home, uv)

    yield make
    shutil.rmtree(home, ignore_errors=True)  # gigabytes, and pytest keeps the folders of three runs
