"""Names that are wrong: the nearest right one, and the standard sentence."""

from __future__ import annotations

import doctest
import subprocess
import sys

from hypothesis import given
from hypothesis import strategies as st

from camwidget.engine import suggest

LAYERS = ["conv1", "layer1", "layer2", "layer3", "layer4", "layer4.0.conv1", "fc"]


def test_nearest_mends_a_slip_of_the_finger():
    assert suggest.nearest("layr4", LAYERS) == ["layer4"]


def test_nearest_ignores_case_and_blanks():
    assert suggest.nearest(" LAYER4 ", LAYERS) == ["layer4"]


def test_nearest_takes_a_part_for_the_whole():
    assert suggest.nearest("mastiff", ["tabby", "bull mastiff", "tench"]) == ["bull mastiff"]


def test_nearest_prefers_the_shortest_of_equals():
    assert suggest.nearest("tabby", ["a tabby cat", "tabby cat"]) == ["tabby cat"]


def test_nearest_gives_as_many_as_asked_best_first():
    assert suggest.nearest("layer4", LAYERS, n=2) == ["layer4", "layer4.0.conv1"]


def test_nearest_suggests_nothing_far_away():
    assert suggest.nearest("zzz", LAYERS) == []


def test_nearest_takes_other_things_than_text():
    assert suggest.nearest(3, [1, 2, 3]) == ["3"]


@given(st.lists(st.text(min_size=1).filter(lambda name: name.strip()), min_size=1, unique=True), st.data())
def test_nearest_finds_a_name_that_is_there(names, data):
    name = data.draw(st.sampled_from(names))
    assert suggest.nearest(name, names)[0].casefold().strip() == name.casefold().strip()


def test_unknown_is_the_standard_sentence():
    assert suggest.unknown("layer", "layr4", ["layer3", "layer4"]) == (
        "unknown layer 'layr4'; did you mean 'layer4'? Accepted: 'layer3', 'layer4'"
    )


def test_unknown_without_a_near_name_only_lists():
    assert suggest.unknown("variant", "xyz", ["gradcam"]) == "unknown variant 'xyz'. Accepted: 'gradcam'"


def test_unknown_shortens_a_long_list():
    message = suggest.unknown("class", "mastif", [f"class {index}" for index in range(1000)])
    assert message.endswith("'class 11' and 988 more")


def test_unknown_shortens_a_hostile_name():
    assert len(suggest.unknown("layer", "x" * 100_000, LAYERS)) < 300


def test_unknown_with_nothing_accepted_says_so():
    assert suggest.unknown("layer", "a", []) == "unknown layer 'a'. Accepted: nothing"


def test_the_examples_in_the_docstrings_hold():
    assert doctest.testmod(suggest).failed == 0


def test_needs_only_the_standard_library():
    code = (
        "import importlib.util, sys\n"
        f"spec = importlib.util.spec_from_file_location('suggest', {suggest.__file__!r})\n"
        "spec.loader.exec_module(importlib.util.module_from_spec(spec))\n"
        "assert not {'torch', 'numpy', 'PIL', 'camwidget'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
