"""What is in the files of a release: all that is needed, and nothing else."""

from __future__ import annotations

import subprocess
import tarfile
import zipfile
from email import message_from_string

import pytest

import camwidget
from tests.release.tools import ROOT

NAME = f"camwidget-{camwidget.__version__}"
BUNDLES = {f"camwidget/static/{path.name}" for path in (ROOT / "camwidget" / "static").glob("*.js")}
NEEDED = {
    "camwidget/demo/weights.safetensors",
    "camwidget/page.js",
    "camwidget/py.typed",
    "camwidget/static/gallery.js",
    "camwidget/static/widget.js",
}
OF_THE_FRONT_END = {"js/build.mjs", "js/package.json", "js/package-lock.json", "js/tsconfig.json"}
BESIDE = {"CHANGELOG.md", "LICENSE", "README.md", "hatch_build.py", "pyproject.toml", ".gitignore", "PKG-INFO"}


def in_checkout() -> set[str]:
    """The files of the package that git knows, or would."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "camwidget", "js/src"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    return {name for name in listed if (ROOT / name).is_file()}


@pytest.fixture(scope="module")
def wheel(built):
    with zipfile.ZipFile(built.wheel) as archive:
        yield archive


@pytest.fixture(scope="module")
def sdist(built):
    with tarfile.open(built.sdist) as archive:
        yield archive


def test_wheel_holds_the_package_its_front_end_and_nothing_else(wheel):
    about = {
        f"{NAME}.dist-info/{name}" for name in ("METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE")
    }
    package = {name for name in in_checkout() if name.startswith("camwidget/")}
    assert package | BUNDLES >= NEEDED
    assert set(wheel.namelist()) == package | BUNDLES | about


def test_sdist_holds_what_builds_it_and_nothing_else(sdist):
    names = {member.name.removeprefix(f"{NAME}/") for member in sdist.getmembers() if member.isfile()}
    assert names == in_checkout() | BUNDLES | OF_THE_FRONT_END | BESIDE


def test_both_hold_the_bundles_of_the_checkout(wheel, sdist):
    for name in BUNDLES:
        made = (ROOT / name).read_bytes()
        assert wheel.read(name) == made
        assert sdist.extractfile(f"{NAME}/{name}").read() == made


def test_wheel_is_small(built):
    assert built.wheel.stat().st_size < 2_500_000
    assert built.sdist.stat().st_size < 3_000_000


def test_metadata_says_what_it_is(wheel):
    about = message_from_string(wheel.read(f"{NAME}.dist-info/METADATA").decode())
    assert about["License-Expression"] == "MIT"
    assert about["License-File"] == "LICENSE"
    assert about["Requires-Python"] == ">=3.10"
    assert about["Description-Content-Type"] == "text/markdown"
    assert wheel.read(f"{NAME}.dist-info/licenses/LICENSE").decode().startswith("MIT License")
    assert "Tag: py3-none-any" in wheel.read(f"{NAME}.dist-info/WHEEL").decode()
