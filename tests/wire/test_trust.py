"""The panel of tests: curves and layers as the browser is sent them, and the same numbers from Python."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest
import torch
from scipy.integrate import trapezoid
from torch import Tensor, nn

from camwidget import VARIANTS, CamWidget, answering, trials, trust
from camwidget.engine import CamEngine
from camwidget.metrics import Judge, deletion, insertion, random_maps, randomisation, uniform_maps
from camwidget.protocol import TRUST_KEYS
from tests.wire.front_end import FrontEnd, settle


def floats(data: bytes, *shape: int) -> np.ndarray:
    return np.frombuffer(data, "<f4").reshape(shape)


def views(page: FrontEnd) -> list[dict[str, Any]]:
    """Every state of the tests that was sent."""
    found = []
    for sent in page.states("trust"):
        (view,) = sent["views"]
        assert set(view) == set(TRUST_KEYS)
        found.append(view)
    return found


def area(view: dict[str, Any], test: int, order: int) -> float:
    return float(trapezoid(floats(view["curves"], 2, 3, -1)[test, order], floats(view["fractions"], -1)))


@pytest.fixture(autouse=True)
def _each_step_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answering, "BETWEEN", 0)


@pytest.mark.parametrize("variant", ["gradcam", "hirescam", "guided_gradcam"])
def test_the_numbers_are_those_of_the_metrics(
    page: FrontEnd, w: CamWidget, cnn: nn.Module, photo: Tensor, variant: str
) -> None:
    reply = page.request(2, "last", variant, tests=True)
    assert page.replies().count(reply) == 1
    sent, x, engine = views(page), photo[None], CamEngine(cnn)
    last = sent[-1]
    assert last["done"] and last["faults"] == {} and not any(view["done"] for view in sent[:-1])
    assert (last["target"], last["layer"], last["variant"]) == (2, "last", variant)
    judge, recording = Judge(engine), engine.record(x)
    made = recording.cam(2, "last", variant)
    orders = [made.abs() if VARIANTS[variant].at_input else made, random_maps(1, (7, 7)), uniform_maps(1, (7, 7))]
    for test, measure in enumerate((deletion, insertion)):
        for order, map_ in enumerate(orders):
            assert area(last, test, order) == pytest.approx(float(measure(judge, x, map_, 2).area), rel=1e-5)
    layers = randomisation(engine, x, 2, "last", variant, steps=trials.LAYERS)
    assert last["modules"] == list(layers.modules)
    np.testing.assert_allclose(floats(last["similarity"], -1), layers.similarity[:, 0], atol=1e-6)
    np.testing.assert_allclose(floats(last["guided"], -1), layers.guided[:, 0], atol=1e-6)
    assert len(last["maps"]) == len(layers.modules) + 1
    others = dict(zip(last["variants"], floats(last["areas"], -1, 2), strict=True))
    assert set(others) == {v.id for v in VARIANTS.values() if not v.slow} - {variant}
    maps = recording.cam(2, "last", "layercam")
    assert others["layercam"] == pytest.approx(
        [float(measure(judge, x, maps, 2).area) for measure in (deletion, insertion)], rel=1e-5
    )


def test_points_come_as_they_are_made(page: FrontEnd) -> None:
    page.request(2, "last", tests=True)
    points = [len(floats(view["curves"], 2, 3, -1)[0, 0]) for view in views(page)]
    layers = [len(view["similarity"]) // 4 for view in views(page)]
    assert points[0] == 1 and points == sorted(points) and len(set(points)) > 10
    assert layers == sorted(layers) and max(layers) == 5


def test_nothing_runs_unasked(page: FrontEnd, w: CamWidget) -> None:
    w._session._answering.in_sight = True
    page.request(2, "last", want="variants")
    assert page.states("trust") == []


class Slow:
    """Counts what the network is run on, and takes its time."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
        self.rows: list[int] = []
        run = CamEngine.run

        def slowly(engine: CamEngine, model: nn.Module, x: Tensor, rows: int) -> object:
            self.rows.append(len(x))
            time.sleep(seconds)
            return run(engine, model, x, rows)

        monkeypatch.setattr(CamEngine, "run", slowly)


def until(page: FrontEnd, points: int) -> None:
    end = time.monotonic() + 10
    while not views(page) or len(views(page)[-1]["curves"]) < 24 * points:
        assert time.monotonic() < end
        time.sleep(0.002)


def ask(page: FrontEnd, **more: Any) -> None:
    page.seq += 1
    asked = {"nonce": "page", "seq": page.seq, "target": 2, "layer": "last", "variant": "gradcam", "tests": True}
    page.send(asked | more)


def test_cancel_stops_within_one_batch_and_asked_again_it_goes_on(
    page: FrontEnd, w: CamWidget, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = Slow(monkeypatch, 0.02)
    ask(page)
    until(page, 4)
    ask(page, tests=False, keep=True)
    runs = len(slow.rows)
    settle()
    assert len(slow.rows) <= runs + 1, "the batch at hand, and no other"
    assert page.replies() == [["page", 1], ["page", 2]] and w.status["state"] == "ready"
    points = len(views(page)[-1]["curves"]) // 24
    assert 4 <= points < 20
    page.messages.clear()
    ask(page)
    settle()
    assert len(views(page)[0]["curves"]) // 24 > points and views(page)[-1]["done"]
    page.messages.clear()
    slow.rows.clear()
    ask(page)
    settle()
    # by one run it is told whether evidence adds up
    assert len(slow.rows) <= 1 and not views(page), "the page has it, and nothing is tested again"


def test_a_click_comes_first_and_the_curves_go_on(
    page: FrontEnd, w: CamWidget, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = Slow(monkeypatch, 0.02)
    ask(page)
    until(page, 2)
    start = time.monotonic()
    ask(page, target=3)
    while ["page", 2] not in page.replies():
        assert time.monotonic() - start < 5
        time.sleep(0.001)
    assert len(views(page)[-1]["curves"]) < 24 * 21
    w.close()
    settle()
    assert max(slow.rows) == 2 * trials.TOGETHER


def test_poked_it_is_tested_anew(page: FrontEnd, w: CamWidget) -> None:
    page.request(2, "last", tests=True)
    before = w.trust
    dot = {"tool": "stroke", "mode": "cover", "fill": "mean", "points": [[14, 14]], "radius": 5}
    page.request(2, "last", tests=True, edits=[dot])
    assert before["image"] != w.trust["image"] == w.meta["image"]
    (view,), (old,) = w.trust["views"], before["views"]
    assert view["done"] and view["curves"] != old["curves"]
    falls = w.faithfulness(["gradcam"]).deletion[0]
    np.testing.assert_allclose(floats(view["curves"], 2, 3, -1)[0, 0], falls, atol=1e-6)


def test_a_model_that_is_trained_meanwhile_ends_it(
    page: FrontEnd, w: CamWidget, cnn: nn.Module, monkeypatch: pytest.MonkeyPatch
) -> None:
    Slow(monkeypatch, 0.02)
    ask(page)
    until(page, 2)
    with torch.no_grad():
        cnn.fc.weight.mul_(2)
    settle()
    last = views(page)[-1]
    assert last["done"] and "changed" in last["faults"]["curves"] and len(last["curves"]) < 24 * 21
    assert w.status["state"] == "ready"


def test_what_fails_is_said_in_its_place(page: FrontEnd, w: CamWidget, monkeypatch: pytest.MonkeyPatch) -> None:
    before = w.stack
    monkeypatch.setattr(CamEngine, "run", lambda *_: (_ for _ in ()).throw(RuntimeError("no memory left")))
    reply = page.request(2, "last", tests=True)
    last = views(page)[-1]
    assert "no memory left" in last["faults"]["curves"] and last["done"]
    assert page.replies() == [reply] and w.status["state"] == "ready" and before


def test_a_map_that_is_the_same_everywhere_is_not_tested(page: FrontEnd, w: CamWidget, cnn: nn.Module) -> None:
    with torch.no_grad():
        cnn.fc.weight.mul_(0)
    page.request(2, "last", tests=True)
    last = views(page)[-1]
    assert "the same everywhere" in last["faults"]["curves"] and last["curves"] == b"" and last["maps"] == []


@pytest.mark.parametrize("wrong", ["yes", 1, None])
def test_tests_are_asked_for_by_true_or_false(page: FrontEnd, w: CamWidget, wrong: Any) -> None:
    page.request(2, "last", tests=wrong)
    assert w.status["state"] == "error" and "tests is true or false" in w.status["text"]


def test_python_has_the_same_numbers(page: FrontEnd, w: CamWidget, cnn: nn.Module, photo: Tensor) -> None:
    page.request(2, "last", tests=True)
    sent = views(page)[-1]
    found = w.faithfulness()
    assert found.orders[0] == "gradcam" and found.orders[-2:] == ("random", "uniform")
    curves = floats(sent["curves"], 2, 3, -1)
    for test, mine in enumerate((found.deletion, found.insertion)):
        np.testing.assert_allclose(mine[[0, -2, -1]], curves[test], atol=1e-6)
    areas = dict(zip(sent["variants"], floats(sent["areas"], -1, 2), strict=True))
    for variant, both in areas.items():
        assert found.areas[variant] == pytest.approx(both, rel=1e-5)
    layers = w.sanity()
    assert list(layers.modules) == sent["modules"]
    np.testing.assert_allclose(layers.similarity, floats(sent["similarity"], -1), atol=1e-6)
    assert layers.maps.shape == (5, 7, 7) and (layers.trained == w.cam).all()
    assert "deletion" in str(found) and "fc" in str(layers)
    assert w.faithfulness("layercam", steps=4).orders == ("layercam", "random", "uniform")
    with pytest.raises(ValueError, match="layercam"):
        w.faithfulness(["layercamm"])


def test_a_page_holds_what_was_tested(page: FrontEnd, w: CamWidget) -> None:
    for variant in ("layercam", "gradcam"):
        page.request(2, "last", variant, tests=True)
    assert len(w.trust["views"]) == 1
    choice = w._choice([2], ["last"], ["gradcam", "layercam"])
    made = trust.page(w._session, choice)
    assert made["image"] == w.meta["image"]
    assert [view["variant"] for view in made["views"]] == ["layercam", "gradcam"]
    assert trust.page(w._session, w._choice([2], ["last"], ["gradcam"]))["views"][0]["variant"] == "gradcam"


def test_what_is_done_keeps_no_inputs_and_is_whole_when_asked_again(page: FrontEnd, w: CamWidget) -> None:
    page.request(2, "last", tests=True)
    settle()
    (trial,) = w._session._answering.trials._kept.values()
    assert trial.done and trial._own is not None and not trial._own._courses
    first = views(page)[-1]
    page.request(1, "last", tests=True)
    settle()
    page.messages.clear()
    page.request(2, "last", tests=True)
    settle()
    again = views(page)[-1]
    assert again["done"] and len(again["maps"]) == len(first["maps"]) == len(first["modules"]) + 1
    assert again["curves"] == first["curves"]
