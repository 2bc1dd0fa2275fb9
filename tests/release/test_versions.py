"""The wheel on each Python that the machine has, on the oldest versions that pyproject.toml admits and on the newest.

A part of the tests that touches every dependency runs there, beside no checkout: what is imported is what was
installed. Versions come from the package index, and so does the build of torch, unless uv is told otherwise
(``UV_TORCH_BACKEND=cpu``). Each result is written down as soon as it is known.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.release import table
from tests.release.tools import ROOT, Environment, run

TOOLS = ("pytest>=8.2", "hypothesis>=6.100", "scipy>=1.10")

TELLING = (
    "tests/unit/engine/test_engine.py",
    "tests/unit/engine/test_recording.py",
    "tests/unit/engine/test_relu.py",
    "tests/unit/engine/test_untouched.py",
    "tests/unit/engine/test_upsample.py",
    "tests/unit/engine/methods/test_higher.py",
    "tests/unit/dataset/test_explain.py",
    "tests/unit/dataset/test_resume.py::test_killed_and_resumed_it_is_an_uninterrupted_run",
    "tests/unit/gallery",
    "tests/unit/test_colormaps.py",
    "tests/unit/test_figures.py",
    "tests/unit/images",
    "tests/unit/test_labels.py",
    "tests/unit/test_preprocessing.py",
    "tests/unit/test_signals.py",
    "tests/unit/test_still.py",
    "tests/unit/test_volumes.py",
    "tests/wire/test_gallery.py",
    "tests/wire/test_hostile.py",
    "tests/wire/test_pages.py",
    "tests/wire/test_widget.py",
)


@pytest.fixture
def beside_no_checkout(tmp_path):
    """A folder with the tests and their settings, and without the package."""
    folder = tmp_path / "tests only"
    shutil.copytree(ROOT / "tests", folder / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def oldest(uv: str, python: str, to: Path) -> Path:
    """A file that pins what is asked for directly to the oldest that is admitted and has a build for this Python."""
    how = ["--quiet", "--resolution", "lowest-direct", "--only-binary", ":all:", "--extra", "data"]
    run([uv, "pip", "compile", *how, "--python-version", python, "--output-file", to, ROOT / "pyproject.toml"])
    return to


def results(there: Environment, folder: Path) -> tuple[str, str]:
    """Run the tests: what came of them in few words, and all that was said."""
    home = run([there.python, "-c", "import camwidget; print(camwidget.__file__)"], there.variables, folder)
    assert home.startswith(str(there.home))
    command = [str(there.python), "-m", "pytest", "-q", "-p", "no:cacheprovider", *TELLING]
    done = subprocess.run(command, capture_output=True, text=True, env=there.variables, cwd=folder, check=False)
    counts = re.findall(r"\d+ (?:passed|failed|skipped|errors?)", done.stdout[-200:])
    ended = [] if done.returncode == 0 else [f"ended with {done.returncode}"]
    return ", ".join([*counts, *ended]), done.stdout[-8000:] + done.stderr[-2000:]


@pytest.mark.parametrize("versions", table.SETS)
@pytest.mark.parametrize("python", table.PYTHONS)
def test_the_wheel_passes(commit, built, environment, uv, tmp_path, beside_no_checkout, python, versions, request):
    there = environment(python)
    wheel = f"camwidget[data] @ {built.wheel.as_uri()}"
    pins = ["--requirement", oldest(uv, python, tmp_path / "oldest.txt")] if versions == "oldest" else []
    there.install(wheel, *TOOLS, *pins)
    what = there.has(*table.SHOWN)
    found, said = results(there, beside_no_checkout)
    print(f"Python {what}: {found}\n" + "\n".join(re.findall(r"^SKIPPED.*", said, re.MULTILINE)))
    if request.config.getoption("--write-table"):
        table.record(ROOT, python, versions, found, what, commit)
    assert "passed" in found and "ended" not in found, said
