"""The wheel on the oldest versions that pyproject.toml admits, and on the newest of each Python.

A part of the tests that touches every dependency runs there, beside no checkout: what is imported is what was
installed. Versions come from the package index, and so does the build of torch, unless uv is told otherwise
(``UV_TORCH_BACKEND=cpu``).
"""

from __future__ import annotations

import re
import shutil

import pytest

from tests.release.tools import ROOT, Environment, run

PYTHONS = ("3.10", "3.11", "3.12", "3.13")
SHOWN = ("torch", "torchvision", "numpy", "matplotlib", "ipywidgets", "anywidget", "pillow", "safetensors", "tqdm")
TOOLS = ("pytest>=8.2", "hypothesis>=6.100", "scipy>=1.10")

TELLING = (
    "tests/unit/engine/test_engine.py",
    "tests/unit/engine/test_recording.py",
    "tests/unit/engine/test_relu.py",
    "tests/unit/engine/test_untouched.py",
    "tests/unit/engine/test_upsample.py",
    "tests/unit/engine/methods/test_higher.py",
    "tests/unit/dataset/test_explain.py",
    "tests/unit/test_colormaps.py",
    "tests/unit/test_figures.py",
    "tests/unit/images",
    "tests/unit/test_labels.py",
    "tests/unit/test_preprocessing.py",
    "tests/unit/test_signals.py",
    "tests/unit/test_still.py",
    "tests/unit/test_volumes.py",
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


def passes(there: Environment, folder) -> None:
    """Run the tests, and say what ran on what."""
    home = run([there.python, "-c", "import camwidget; print(camwidget.__file__)"], there.variables, folder)
    assert home.startswith(str(there.home))
    said = run([there.python, "-m", "pytest", "-q", "-p", "no:cacheprovider", *TELLING], there.variables, folder)
    passed = re.search(r"(\d+) passed.*", said)
    assert passed is not None, said
    print(f"{there.versions(*SHOWN)}: {passed[0]}")


def test_oldest(built, environment, uv, tmp_path, beside_no_checkout):
    pins = tmp_path / "oldest.txt"
    how = ["--quiet", "--resolution", "lowest-direct", "--python-version", PYTHONS[0], "--output-file", pins]
    run([uv, "pip", "compile", *how, ROOT / "pyproject.toml"])
    there = environment(PYTHONS[0])
    there.install("--requirement", pins, built.wheel, *TOOLS)
    passes(there, beside_no_checkout)


@pytest.mark.parametrize("python", PYTHONS)
def test_newest(built, environment, beside_no_checkout, python):
    there = environment(python)
    there.install(built.wheel, *TOOLS)
    passes(there, beside_no_checkout)
