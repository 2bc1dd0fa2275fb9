"""What is painted over the picture: asked by the browser and by Python, answered by one forward pass each."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from camwidget import CamWidget, demo
from camwidget.engine import CamEngine
from camwidget.protocol import EDITED_KEYS, MOST_EDITS, MOST_POINTS
from tests.unit.engine.test_targets import Segmenter
from tests.wire.front_end import PATIENCE, FrontEnd, settle, values

BOX = {"tool": "box", "mode": "cover", "fill": "mean", "points": [4.0, 4.0, 20.0, 16.0]}
DOT = {"tool": "stroke", "mode": "cover", "fill": "noise", "points": [[14.0, 14.0]], "radius": 5.0}


def covered(photo: Tensor) -> Tensor:
    """The picture with BOX over it, worked out by hand."""
    x = photo.clone()
    x[:, 4:16, 4:20] = photo.mean((1, 2))[:, None, None]
    return x[None]


def forwards(w: CamWidget) -> list[Any]:
    """Grows by one with each forward pass that is recorded."""
    seen: list[Any] = []
    record = w._atlas._engine.record

    def counted(x: Tensor) -> Any:
        seen.append(x)
        return record(x)

    w._atlas._engine.record = counted  # type: ignore[method-assign]
    return seen


@pytest.fixture(scope="module")
def net() -> nn.Module:
    return demo.model()


# ---------------------------------------------------------------------- what the network says


@pytest.mark.parametrize("fill", ["mean", "blur", "noise"])
@pytest.mark.parametrize("which", ["table", "garden", "sail"])
def test_covering_one_object_takes_its_class_away_and_no_other(net: nn.Module, which: str, fill: str) -> None:
    scene = demo.example(which)
    side = 192 / scene.image.width
    with CamWidget(net, scene.image, sign="signed") as w:
        before = w.probabilities
        (star,) = (thing for thing in scene.objects if thing.name == "star")
        w.edits = [{"tool": "box", "fill": fill, "points": [side * at for at in star.box]}]
        now = w.probabilities
        names = list(w.labels)
        assert now[names.index("star")] < before[names.index("star")] / 2
        for name in set(scene.names) - {"star"}:
            assert now[names.index(name)] > 0.8 * before[names.index(name)], name


def test_keeping_one_object_only_takes_the_others_away(net: nn.Module) -> None:
    scene = demo.example("table")
    (star,) = (thing for thing in scene.objects if thing.name == "star")
    points = [192 / scene.image.width * at for at in star.box]
    with CamWidget(net, scene.image) as w:
        before = dict(zip(w.labels, w.probabilities, strict=True))
        w.edits = [{"tool": "box", "mode": "keep", "points": points}]
        now = dict(zip(w.labels, w.probabilities, strict=True))
        assert now["star"] > 0.8 * before["star"]
        gone = [name for name in scene.names if name != "star" and now[name] < before[name] / 2]
        assert len(gone) >= len(scene.names) - 2


# ---------------------------------------------------------------------- from Python


def test_python_paints(w: CamWidget, page: FrontEnd, cnn: nn.Module, photo: Tensor) -> None:
    plain, image, first = w.probabilities, w.meta["image"], w.cam
    w.target, x = w.listed[0], covered(photo)
    w.edits = [BOX]
    fresh = CamEngine(cnn).record(x)
    np.testing.assert_allclose(w.scores, fresh.scores[0], rtol=1e-5)
    np.testing.assert_allclose(w.cam, fresh.cam(w.target)[0], rtol=1e-4, atol=1e-6)
    settle()
    assert w.edits == [BOX] and w.meta["image"] == image + 1 == w.stack["image"] == w.strip["image"]
    made = CamEngine(cnn).record(x).cams(w.listed)[0].numpy()
    stack = next(s for s in page.states("stack") if (s["image"], s["targets"]) == (image + 1, w.listed))
    np.testing.assert_allclose(values(stack), made, rtol=1e-4, atol=1e-6)
    np.testing.assert_array_equal(np.frombuffer(w.classes["before"], "<f4"), plain)
    np.testing.assert_allclose(np.frombuffer(w.classes["probabilities"], "<f4"), fresh.scores[0].softmax(0), rtol=1e-5)
    assert w.status["state"] == "ready" or "Blank" in w.status["text"]
    w.edits = []
    np.testing.assert_array_equal(w.probabilities, plain)  # bit for bit
    np.testing.assert_array_equal(w.cam, first)
    settle()
    assert w.classes["before"] is None and w.edited == {}


def test_the_edited_picture_is_what_the_network_saw(net: nn.Module) -> None:
    with CamWidget(net, demo.image()) as w:
        untouched = w.picture_edited
        assert (untouched.shape, untouched.dtype) == ((192, 192, 3), np.uint8)
        for edits in ([DOT], [{**DOT, "fill": "blur"}], [BOX], [{**BOX, "mode": "keep", "fill": "noise"}]):
            w.edits = edits
            settle()
            mean, std = torch.tensor(demo.preprocess().mean), torch.tensor(demo.preprocess().std)
            seen = (w._recording.x[0].permute(1, 2, 0) * std + mean).numpy() * 255
            assert np.abs(seen - w.picture_edited).max() < 1.01
            assert set(w.edited) == set(EDITED_KEYS) and w.edited["edits"] == edits
            layer = np.array(Image.open(io.BytesIO(w.edited["data"])))
            assert layer.shape == (192, 192, 4) and set(np.unique(layer[..., 3])) == {0, 255}
            inside = layer[..., 3] > 0
            assert inside.mean() == pytest.approx(w.edited["covered"], abs=1e-5)
            np.testing.assert_array_equal(layer[inside][:, :3], w.picture_edited[inside])
            np.testing.assert_array_equal(untouched[~inside], w.picture_edited[~inside])


def test_wrong_edits_change_nothing(w: CamWidget) -> None:
    w.edits = [BOX]
    settle()
    for value, says in [
        (None, "edits are a list"),
        ("box", "edits are a list"),
        ([1], "an edit is a dict"),
        ([{**BOX, "tool": "boks"}], "did you mean 'box'"),
        ([{**BOX, "mode": "covr"}], "did you mean 'cover'"),
        ([{**BOX, "fill": "grey"}], "'mean'"),
        ([{**BOX, "colour": 1}], "unknown key of an edit 'colour'"),
        ([{**BOX, "points": [1, 2, 3]}], "accepted: \\[x0, y0, x1, y1\\]"),
        ([{**BOX, "points": [5, 5, 5, 9]}], "a box of 0 x 4 px"),
        ([{**BOX, "points": [-9, 0, -2, 9]}], "a box of 0 x 9 px"),
        ([{**DOT, "points": [[float("nan"), 1]]}], "x of an edit is nan"),
        ([{**DOT, "points": [[1, float("inf")]]}], "y of an edit is inf"),
        ([{**DOT, "points": []}], "a stroke of 0 points"),
        ([{**DOT, "points": [[1, 2, 3]]}], "a stroke goes through"),
        ([{**DOT, "points": [[1, "2"]]}], "a finite number of pixels"),
        ([{**DOT, "radius": 0}], "the radius of a stroke is 0 px"),
        ([{**DOT, "radius": 10**400}], "radius of an edit is 10000"),
        ([DOT] * 10_000, f"10000 edits; accepted: at most {MOST_EDITS}"),
        ([{**DOT, "points": [[1, 1]] * 3000}] * 2, f"6000 points; accepted: at most {MOST_POINTS}"),
    ]:
        with pytest.raises((TypeError, ValueError), match=says):
            w.edits = value
    assert w.edits == [BOX]
    with pytest.raises(AttributeError, match="did you mean 'edits'"):
        w.edit = []


def test_what_lies_outside_is_moved_to_the_edge(w: CamWidget) -> None:
    w.edits = [{**DOT, "points": [[-50, 3], [400, 3]], "radius": 1000}]
    assert w.edits[0]["points"] == [[0.0, 3.0], [28.0, 3.0]] and w.edits[0]["radius"] == 28.0


def test_other_inputs_have_no_edits() -> None:
    model = nn.Sequential(nn.Conv1d(1, 4, 5), nn.ReLU(), nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(4, 3))
    with CamWidget(model, torch.randn(64)) as w:
        assert w.edits == []
        with pytest.raises(ValueError, match="edits are painted over a picture, and this is a signal"):
            w.edits = [DOT]
        with pytest.raises(ValueError, match="this is a signal"):
            _ = w.picture_edited
        page = FrontEnd(w)
        reply = page.request(1, edits=[DOT])
        assert w.status["reply"] == reply and "this is a signal" in w.status["text"]


# ---------------------------------------------------------------------- from the browser


def test_a_stroke_is_one_forward_and_one_answer(w: CamWidget, page: FrontEnd, cnn: nn.Module, photo: Tensor) -> None:
    seen = forwards(w)
    for n in range(1, 5):
        reply = page.request(w.target, edits=[BOX, DOT][: 1 + n % 2])
        assert page.replies().count(reply) == 1
        assert len(seen) == n
    assert page.request(w.target) in page.replies()  # no word of edits: they stay
    assert page.request(w.target, edits=w.edits) in page.replies()  # the same again
    assert len(seen) == 4 and w.edits == [BOX]
    np.testing.assert_allclose(w.scores, CamEngine(cnn).record(covered(photo)).scores[0], rtol=1e-5)
    before = {name: value.clone() for name, value in cnn.state_dict().items()}
    page.request(w.target, edits=[])
    assert w.edits == [] and len(seen) == 4, "that of the bare picture is kept"
    assert all(torch.equal(value, before[name]) for name, value in cnn.state_dict().items())


def test_only_the_newest_stroke_is_answered(w: CamWidget, page: FrontEnd) -> None:
    gate, seen = threading.Event(), forwards(w)
    see = w._atlas._recorded
    w._atlas._recorded = lambda x: gate.wait(PATIENCE) and see(x)  # type: ignore[method-assign]
    strokes = [{**DOT, "points": [[float(i), 5.0]]} for i in range(6)]
    for i in range(6):
        asked = {"nonce": "page", "seq": 50 + i, "target": w.target, "layer": w.layer, "variant": "gradcam"}
        page.send({**asked, "edits": strokes[: i + 1]})
    gate.set()
    settle()
    assert len(seen) <= 2
    assert w.edits == strokes
    assert sorted(seq for _, seq in page.replies()) == [50, 51, 52, 53, 54, 55], "every request is answered once"


def test_a_click_that_replaces_a_stroke_does_not_lose_it(w: CamWidget) -> None:
    page, gate, other = FrontEnd(w), threading.Event(), w.listed[-1]
    see = w._atlas._recorded
    w._atlas._recorded = lambda x: gate.wait(PATIENCE) and see(x)  # type: ignore[method-assign]
    w.edits = [DOT]
    w.edits = [DOT, BOX]
    w.target = other
    gate.set()
    settle()
    assert (w.edits, w.target) == ([DOT, BOX], other)
    assert page.states("edited")[-1]["edits"] == [DOT, BOX]


@pytest.mark.parametrize(
    "edits",
    [
        5, "all", {"tool": "box"}, [None], [[]], [{}], [{**BOX, "eval": 1}], [DOT] * 10_000, [{**DOT, "radius": -1}],
        [{**DOT, "points": "x"}], [{**BOX, "points": [9, 9, 9, 9]}], [{**DOT, "fill": "\ud800"}],
        [{**DOT, "points": [[1, 2]] * 10_000}], [{**DOT, "points": [[{}, []]]}], [{**DOT, "radius": True}],
    ],
    ids=str,
)  # fmt: skip
def test_wrong_edits_of_a_browser_are_answered(w: CamWidget, page: FrontEnd, edits: Any) -> None:
    page.request(w.target, edits=[BOX])
    shown, target = (w.edits, w.edited, w.stack["image"]), w.target
    reply = page.request(w.listed[-1], edits=edits)
    assert w.status["reply"] == reply and w.status["state"] == "error"
    assert len(w.status["text"]) < 300
    assert (w.edits, w.edited, w.stack["image"]) == shown
    assert w.target == target, "nothing of a wrong request is taken"


@pytest.mark.parametrize("asks", ["python", "browser"])
def test_after_a_failure_the_last_good_picture_stays(w: CamWidget, page: FrontEnd, asks: str) -> None:
    w.edits = [BOX]
    settle()
    said, shown = w.probabilities, w.edited
    record = w._atlas._engine.record

    def broken(_x: Tensor) -> Any:
        raise MemoryError("no room")

    w._atlas._engine.record = broken  # type: ignore[method-assign]
    if asks == "python":
        w.edits = [BOX, DOT]
        settle()
    else:
        reply = page.request(w.target, edits=[BOX, DOT])
        assert w.status["reply"] == reply
    assert w.status["state"] == "error" and "no room" in w.status["text"]
    assert (w.edits, w.edited) == ([BOX], shown)
    w._atlas._engine.record = record  # type: ignore[method-assign]
    np.testing.assert_array_equal(w.probabilities, said)
    page.request(w.target, edits=[DOT])
    assert w.edits == [DOT] and w.status["state"] != "error"


# ---------------------------------------------------------------------- beside other things


def test_the_class_that_fell_keeps_the_last_row(net: nn.Module) -> None:
    scene = demo.example("table")
    (star,) = (thing for thing in scene.objects if thing.name == "star")
    with CamWidget(net, scene.image, topk=4, target="ring") as w:
        assert demo.labels().index("star") in w.listed
        w.edits = [{"tool": "box", "points": [192 / scene.image.width * at for at in star.box]}]
        settle()
        assert w.listed[3] == demo.labels().index("star")
        assert w.listed[:3] == np.argsort(-w.scores)[:3].tolist()


def test_against_a_class_and_a_segmentation_follow(
    make: Callable[..., CamWidget], cnn: nn.Module, photo: Tensor
) -> None:
    w = make(against="owl", score="log_softmax", sign="signed")
    w.edits = [BOX]
    made = CamEngine(cnn).record(covered(photo)).cams([w.target], against=2, score="log_softmax")[0, 0]
    np.testing.assert_allclose(w.cam, made.numpy(), rtol=1e-4, atol=1e-6)
    model, picture = Segmenter().eval(), torch.randn(3, 28, 28)
    with CamWidget(model, picture, sign="signed") as dense:
        before = dense.probabilities
        dense.edits = [BOX]
        fresh = CamEngine(model).record(covered(picture))
        np.testing.assert_allclose(dense.cam, fresh.cams([dense.target])[0, 0].numpy(), rtol=1e-4, atol=1e-6)
        settle()
        np.testing.assert_array_equal(np.frombuffer(dense.classes["before"], "<f4"), before)
        np.testing.assert_allclose(dense.probabilities, fresh.shares()[0], rtol=1e-5)


def test_a_model_in_training_is_poked_as_it_is(w: CamWidget, page: FrontEnd, cnn: nn.Module, photo: Tensor) -> None:
    w.edits = [BOX]
    settle()
    with torch.no_grad():
        cnn.fc.weight.mul_(2)
    np.testing.assert_allclose(w.scores, CamEngine(cnn).record(covered(photo)).scores[0], rtol=1e-5)
    settle()
    before = CamEngine(cnn).record(photo[None]).scores[0].softmax(0)
    np.testing.assert_allclose(np.frombuffer(w.classes["before"], "<f4"), before, rtol=1e-5)
    assert w.edits == [BOX]


def test_the_still_picture_shows_what_is_painted(net: nn.Module) -> None:
    def still(w: CamWidget) -> np.ndarray:
        return np.asarray(Image.open(io.BytesIO(w._still())).convert("RGB")).astype(int)

    with CamWidget(net, demo.image(), opacity=0.0) as w:
        plain = still(w)
        w.edits = [{"tool": "box", "points": [0, 0, 96, 96]}]
        settle()
        moved = np.abs(still(w) - plain).max(2) > 24
        half = moved.shape[0] // 2
        assert moved[:half, :half].mean() > 0.15
        assert moved[half + 8 :].mean() < 0.01
