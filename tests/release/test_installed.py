"""Wheel and sdist, each in an empty environment without Node: installed, and used as a newcomer would."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import camwidget
from camwidget import demo
from tests.release.tools import run

FIRST_STEPS = Path(__file__).with_name("first_steps.py")
LACKING = """
import camwidget
try:
    camwidget.CamWidget
except ImportError as error:
    print(error)
"""
PNG = "89504e470d0a1a0a"


@pytest.mark.parametrize("kind", ["wheel", "sdist"])
def test_without_node_it_shows_a_picture_and_saves_it(built, environment, kind):
    empty = environment()
    empty.install(getattr(built, kind))
    print(empty.has("torch", "numpy", "anywidget"))
    found = json.loads(run([empty.python, "-I", FIRST_STEPS], empty.variables).splitlines()[-1])
    assert Path(found["home"]).is_relative_to(empty.home)
    assert found["node"] is None
    assert (found["version"], found["licence"]) == (camwidget.__version__, "MIT")
    assert found["exporters"] == ["camwidget"]
    assert found["first"] in demo.labels()
    assert found["peak"] > 0
    assert {"application/vnd.jupyter.widget-view+json", "image/jpeg", "text/plain"} <= set(found["mime types"])
    assert found["front end"].startswith("// camwidget js sha256:")
    assert found["front end in page"]
    assert 100_000 < found["page"] < 500_000
    assert found["figure"] == PNG


def test_sdist_is_built_without_node_and_network_and_says_what_it_lacks(built, environment):
    alone = environment()
    alone.install("hatchling>=1.26")
    alone.install("--offline", "--no-deps", "--no-build-isolation", built.sdist)
    said = run([alone.python, "-I", "-c", LACKING], alone.variables)
    assert said.strip() == "camwidget.CamWidget needs torch, which is not installed here: pip install torch"
