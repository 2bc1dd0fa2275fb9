"""Variants that take their time: answered at once, with a word on how far they are, and given up for a newer click."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from camwidget import CamWidget, answering
from camwidget.engine import VARIANTS, CamEngine
from camwidget.engine.methods import passes as passes_module
from tests.wire.front_end import FrontEnd, expected_maps, settle, until, values

SLOW = [v.id for v in VARIANTS.values() if v.slow]


class Pace:
    """How long each run of the network takes."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seconds, self.runs = 0.0, 0
        run = CamEngine.run

        def slowly(engine: CamEngine, model: nn.Module, x: Tensor, rows: int) -> object:
            self.runs += 1
            time.sleep(self.seconds)
            return run(engine, model, x, rows)

        monkeypatch.setattr(CamEngine, "run", slowly)


@pytest.fixture
def pace(monkeypatch: pytest.MonkeyPatch) -> Pace:
    monkeypatch.setattr(passes_module, "MOST_ROWS", 2)
    monkeypatch.setattr(answering, "BETWEEN", 0.02)
    return Pace(monkeypatch)


@pytest.mark.parametrize("variant", SLOW)
def test_the_map_comes_after_a_word_that_it_will(
    variant: str, page: FrontEnd, w: CamWidget, cnn: nn.Module, photo: Tensor
) -> None:
    reply = page.request(2, variant=variant)
    statuses = page.states("status")
    assert (statuses[0]["state"], statuses[0]["text"], statuses[0]["reply"]) == ("busy", VARIANTS[variant].name, reply)
    assert page.replies() == [reply]
    assert w.status["state"] == "ready"
    last = page.states("stack")[-1]
    alone = VARIANTS[variant].alone
    assert last["done"] and sorted(last["targets"]) == ([2] if alone else sorted(w.listed))
    assert last["grid"] == ([28, 28] if variant == "guided_gradcam" else [7, 7])
    expected = expected_maps(w, cnn, photo, last["targets"])
    np.testing.assert_allclose(values(last), expected, rtol=2e-3, atol=1e-3 * np.abs(expected).max())
    assert all(strip["variant"] != variant for strip in page.states("strip")), "a row of thumbnails is not worth it"


def test_how_far_it_is_is_said_now_and_then(pace: Pace, page: FrontEnd) -> None:
    pace.seconds = 0.03
    page.request(1, variant="scorecam")
    said = [status["text"] for status in page.states("status") if status["state"] == "busy"]
    shares = [int(text.split()[1]) for text in said[1:]]
    assert said[0] == "Score-CAM" and len(shares) >= 4
    assert shares == sorted(shares) and 0 < shares[0] < shares[-1] <= 100


def test_a_newer_click_ends_it_and_the_rest_is_done_when_it_is_asked_again(
    pace: Pace, page: FrontEnd, w: CamWidget
) -> None:
    pace.seconds = 0.05
    asked = {"nonce": "page", "seq": 1, "target": 1, "layer": w.layer, "variant": "scorecam", "want": None}
    page.send(asked)
    until(lambda: any(status["text"].endswith("%") for status in page.states("status")))
    runs = pace.runs
    page.send({**asked, "seq": 2, "variant": "gradcam"})
    until(lambda: ["page", 2] in page.replies())
    assert pace.runs - runs <= 1, "that which was under way"
    settle()
    assert all(stack["variant"] == "gradcam" for stack in page.states("stack"))
    assert w.status["state"] == "ready"
    before, pace.seconds = pace.runs, 0.0
    page.request(1, variant="scorecam")
    fresh = CamEngine(w._atlas._engine.model).record(w._atlas.recording.x)
    first = pace.runs - before
    fresh.cam(1, w.layer, "scorecam")
    assert 0 < first < pace.runs - before - first


def test_a_second_class_needs_no_run(pace: Pace, page: FrontEnd, w: CamWidget) -> None:
    page.request(1, variant="ablationcam")
    runs = pace.runs
    page.request(3, variant="ablationcam")
    assert pace.runs == runs and w.stack["variant"] == "ablationcam" and 3 in w.stack["targets"]


def test_nothing_slow_is_made_unasked(pace: Pace, page: FrontEnd, w: CamWidget) -> None:
    w._session._answering.in_sight = True
    page.request(2, want="variants")
    page.request(3, layer="block")
    assert pace.runs == 1  # by which it is told whether evidence adds up
    assert {v for _, v, _ in w._atlas._maps} & set(SLOW) == set()


def test_python_reads_what_is_under_way(pace: Pace, make: Callable[..., CamWidget]) -> None:
    pace.seconds = 0.02
    w = make(variant="ablationcam", target=1)
    assert w.status == {"state": "busy", "text": "Ablation-CAM", "hint": "", "about": None, "reply": None}
    assert "image/jpeg" not in w._repr_mimebundle_()[0], "the cell must not wait for it"
    assert w.cam.shape == (7, 7)
    settle()
    assert w.status["state"] == "ready" and w.stack["variant"] == "ablationcam"
    assert "image/jpeg" in w._repr_mimebundle_()[0]


def test_a_slow_map_that_fails_is_said(page: FrontEnd, w: CamWidget, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CamEngine, "run", lambda *_: (_ for _ in ()).throw(RuntimeError("no memory left")))
    reply = page.request(1, variant="scorecam")
    assert page.replies() == [reply]
    assert w.status["state"] == "error" and "no memory left" in w.status["text"] and w.status["reply"] is None


@pytest.mark.parametrize("fails", [False, True])
def test_python_that_turns_back_takes_the_word_about_it_with_it(
    fails: bool, pace: Pace, page: FrontEnd, w: CamWidget, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, pace.seconds = w.status, 0.02
    if fails:
        monkeypatch.setattr(CamEngine, "run", lambda *_: (_ for _ in ()).throw(RuntimeError("no memory left")))
    w.variant = "scorecam"
    until(lambda: w.status["state"] == ("error" if fails else "busy"))
    w.variant = "gradcam"
    settle()
    assert w.status == before


def test_a_closed_widget_leaves_no_work_behind(pace: Pace, make: Callable[..., CamWidget]) -> None:
    pace.seconds = 0.05
    w = make(variant="scorecam")
    runs = pace.runs
    w.close()
    settle()
    assert pace.runs - runs <= 1, "that which was under way"


def test_notes(page: FrontEnd, w: CamWidget) -> None:
    page.request(1, variant="eigencam")
    assert w.stack["note"] == "EigenCAM asks no score: its map is the same for every class."
    page.request(1, variant="shapleycam")
    assert w.stack["note"] == "No curvature between last and the scores: ShapleyCAM is plain Grad-CAM here."
    page.request(1, variant="finercam")
    assert w.stack["note"] is None


def test_one_map_stands_for_every_class(page: FrontEnd, w: CamWidget) -> None:
    page.request(1, variant="eigencam", layer="block")
    maps = values(w.stack)
    assert len(maps) == len(w.listed) > 1 and (maps == maps[0]).all()
    assert len([key for key in w._atlas._maps if key[:2] == ("block", "eigencam")]) == 1


def test_a_map_at_the_input_travels_as_half_floats_and_alone(make: Callable[..., CamWidget]) -> None:
    w = make()
    page = FrontEnd(w)
    page.request(2, variant="guided_gradcam")
    assert (w.stack["targets"], w.stack["grid"]) == ([2], [28, 28])
    assert w.cam.shape == w.heatmap.shape == (28, 28)
    large = torch.randn(3, 224, 224)
    big = CamWidget(w._atlas._engine.model, large, variant="guided_gradcam")
    settle()
    assert (big.stack["dtype"], len(big.stack["data"])) == ("float16", 2 * 224 * 224)
    big.close()
