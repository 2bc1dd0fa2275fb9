"""The rows of the matrix: which, in what order, and what is left out."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
import pytest
from torch import Tensor, nn

from camwidget import matrix
from camwidget.answers import View
from camwidget.atlas import Atlas
from camwidget.engine import VARIANTS, CamEngine
from camwidget.engine.preempt import Stopped

VIEW = View(3, "last", "layercam")
QUICK = [v.id for v in VARIANTS.values() if not v.slow]


def never() -> bool:
    return False


@pytest.fixture
def atlas(cnn: nn.Module, x: Tensor) -> Atlas:
    engine = CamEngine(cnn)
    return Atlas(engine, engine.record(x[:1]))


def test_the_selected_row_comes_first() -> None:
    assert [v.target for v in matrix.order(VIEW, "classes", [1, 3, 0])] == [3, 1, 0]
    assert {(v.variant, v.layer) for v in matrix.order(VIEW, "classes", [1])} == {("layercam", "last")}
    assert [v.variant for v in matrix.order(VIEW, "variants", [1])] == [
        "layercam",
        *(q for q in QUICK if q != "layercam"),
    ]
    assert matrix.order(View(3, "last", "scorecam"), "variants", [1])[0].variant == "scorecam"


def test_a_row_is_the_map_of_each_stage(atlas: Atlas) -> None:
    for variant in QUICK:
        made = matrix.row(atlas, View(2, "last", variant), never)
        assert [view.layer for view, _ in made] == list(atlas.recording.stages)
        for view, map_ in made:
            due = atlas.recording.cams([2], view.layer, variant)[0, 0].numpy()
            np.testing.assert_allclose(map_, due, atol=1e-7)


def test_what_is_there_is_not_made_again(atlas: Atlas, monkeypatch: pytest.MonkeyPatch) -> None:
    matrix.row(atlas, VIEW, never)
    monkeypatch.setattr(type(atlas.recording), "cams", lambda *_, **__: pytest.fail("made again"))
    monkeypatch.setattr(atlas, "prepare", lambda *_: pytest.fail("a backward pass"))
    assert len(matrix.row(atlas, VIEW, never)) == len(atlas.recording.stages)


def test_of_slow_variants_only_what_is_there(atlas: Atlas) -> None:
    slow = View(2, "last", "ablationcam")
    assert matrix.row(atlas, slow, never) == ()
    atlas.map("last", "ablationcam", 2)
    assert [view.layer for view, _ in matrix.row(atlas, slow, never)] == ["last"]


def test_a_map_that_fails_leaves_the_others(atlas: Atlas, monkeypatch: pytest.MonkeyPatch, caplog: Any) -> None:
    good = atlas.maps

    def maps(layer: str, *rest: Any) -> Any:
        if layer == "block":
            raise RuntimeError("out of memory")
        return good(layer, *rest)

    monkeypatch.setattr(atlas, "maps", maps)
    with caplog.at_level(logging.ERROR, "camwidget"):
        made = matrix.row(atlas, VIEW, never)
    assert [view.layer for view, _ in made] == [s for s in atlas.recording.stages if s != "block"]
    assert "out of memory" in caplog.text


def test_it_can_be_stopped(atlas: Atlas) -> None:
    with pytest.raises(Stopped):
        matrix.row(atlas, VIEW, lambda: True)
