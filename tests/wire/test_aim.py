"""What of a class is explained: against another one, after a softmax, in a part of a segmentation; set from Python."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from camwidget import CamWidget, Target
from camwidget.engine import CamEngine
from tests.unit.engine.test_callables import Tabular
from tests.unit.engine.test_targets import Segmenter
from tests.wire.front_end import NAMES, FrontEnd, settle, values

THINGS = ("background", "cat", "dog", "owl", "fox")


def expected(cnn: nn.Module, photo: Tensor, targets: list[Any], **keywords: Any) -> np.ndarray:
    return CamEngine(cnn).record(photo[None]).cams(targets, **keywords)[0].numpy()


@pytest.fixture
def segmented() -> CamWidget:
    """Of a model in whose picture the background has the largest share."""
    model = Segmenter().eval()
    with torch.no_grad():
        model.head.bias[0] += 2
    w = CamWidget(model, torch.randn(3, 16, 16), labels=THINGS)
    settle()
    return w


# ---------------------------------------------------------------------- against and score


def test_against_makes_all_maps_anew_at_once(w: CamWidget, page: FrontEnd, cnn: nn.Module, photo: Tensor) -> None:
    w.target = "cat"
    settle()
    image = w.meta["image"]
    w.against = "fox"
    assert (w.against, w.meta["image"]) == (3, image + 1)
    made = expected(cnn, photo, [w.target], against=3)[0]
    np.testing.assert_allclose(w.cam, made.clip(min=0), rtol=1e-4, atol=1e-6)
    settle()
    stack = w.stack
    assert (stack["image"], stack["targets"], stack["done"]) == (image + 1, w.listed, True)
    listed = expected(cnn, photo, w.listed, against=3)
    np.testing.assert_allclose(values(stack), listed, rtol=1e-4, atol=1e-6)
    assert w.status["text"] == "against fox"
    assert w.strip["image"] == image + 1


def test_no_map_of_another_aim_comes_under_the_new_image(w: CamWidget, page: FrontEnd, cnn, photo) -> None:
    """Changed while the worker is busy with what may be asked next; each stack fits the aim of its image id."""
    plain = w.meta["image"]
    for against in (3, None, 3, None, 4):
        w.against = against
    settle()
    aims = {plain + i: against for i, against in enumerate([None, 3, None, 3, None, 4])}
    seen = page.states("stack")
    assert seen
    for stack in seen:
        targets = range(6) if stack["targets"] is None else stack["targets"]
        made = expected(cnn, photo, list(targets), against=aims[stack["image"]])
        np.testing.assert_allclose(values(stack), made, rtol=1e-3, atol=1e-5)
    assert w.stack["image"] == plain + 5


def test_the_score_may_be_a_probability(w: CamWidget, page: FrontEnd, cnn: nn.Module, photo: Tensor) -> None:
    assert w.classes["unit"] == "logits"
    w.score = "softmax"
    made = expected(cnn, photo, [w.target], score="softmax")[0]
    np.testing.assert_allclose(w.cam, made.clip(min=0), rtol=1e-4, atol=1e-9)
    settle()
    assert (w.classes["unit"], w.status["text"]) == ("probability", "softmax")
    w.against = 2
    w.score = "log_softmax"
    settle()
    assert (w.classes["unit"], w.status["text"]) == ("log-probability", "log-softmax, against owl")
    w.score, w.against = "logit", None
    settle()
    assert (w.classes["unit"], w.status["text"]) == ("logits", "")
    made = expected(cnn, photo, w.listed)
    wanted = (w.meta["image"], w.listed)
    stack = next(s for s in page.states("stack") if (s["image"], s["targets"]) == wanted)
    np.testing.assert_allclose(values(stack), made, rtol=1e-4, atol=1e-6)


def test_given_at_the_start(make: Callable[..., CamWidget], cnn: nn.Module, photo: Tensor) -> None:
    w = make(against="owl", score="log_softmax", target="cat", sign="signed")
    assert (w.against, w.score, w.pixels) == (2, "log_softmax", None)
    assert "log-softmax, against owl" in w.status["text"]  # by itself, or in the sentence about a blank map
    made = expected(cnn, photo, [0], against=2, score="log_softmax")[0]
    np.testing.assert_allclose(w.cam, made, rtol=1e-4, atol=1e-7)


def test_clicks_layers_variants_and_the_menu_follow_the_aim(
    make: Callable[..., CamWidget], cnn: nn.Module, photo: Tensor
) -> None:
    w = make(against=2, topk=2)
    page = FrontEnd(w)
    far = int(np.argmin(w.scores))
    reply = page.request(far, "block", "layercam", want="variants")
    assert reply in page.replies()
    made = expected(cnn, photo, [far], layer="block", variant="layercam", against=2)[0]
    np.testing.assert_allclose(w.cam, made.clip(min=0), rtol=1e-4, atol=1e-6)
    (menu,) = [(data["content"], b) for data, b in page.messages if data.get("content", {}).get("type") == "maps"]
    for item, buffer in zip(menu[0]["maps"], menu[1], strict=True):
        made = expected(cnn, photo, [far], layer="block", variant=item["variant"], against=2)
        got = values({**item, "data": bytes(buffer)})
        np.testing.assert_allclose(got, made, rtol=1e-2, atol=2e-3 * np.abs(made).max() + 1e-9)


def test_a_class_against_itself_is_blank_and_says_so(w: CamWidget, page: FrontEnd) -> None:
    w.against = w.target
    assert not w.cam.any()
    settle()
    name = NAMES[w.target]
    assert (w.status["state"], w.status["text"]) == ("warning", f"Blank map: {name} against itself leaves nothing.")
    w.against = None
    settle()
    assert w.status["state"] == "ready"


def test_a_map_of_a_class_against_itself_is_not_called_blank_where_it_is_not(w: CamWidget, page: FrontEnd) -> None:
    w.against = w.target
    page.request(w.target, variant="scorecam")
    assert w.cam.any(), "equal shares of nothing"
    text = f"{NAMES[w.target]} against itself leaves nothing: this map is no evidence for it."
    assert (w.status["state"], w.status["text"]) == ("warning", text)
    page.request(w.target, variant="eigencam")
    assert w.cam.any()
    assert "against itself" not in w.status["text"], "it asks no score"


def test_wrong_values_change_nothing(w: CamWidget) -> None:
    image = w.meta["image"]
    for name, value, says in [
        ("against", "foxx", "did you mean 'fox'"),
        ("against", 6, "class 6 is out of range"),
        ("against", 1.5, "a class is given by its index"),
        ("score", "sofmax", "did you mean 'softmax'"),
        ("score", None, "unknown score None"),
        ("pixels", (1, 2), "the scores have no grid"),
    ]:
        with pytest.raises((TypeError, ValueError), match=says):
            setattr(w, name, value)
    assert (w.against, w.score, w.pixels, w.meta["image"]) == (None, "logit", None, image)
    with pytest.raises(AttributeError, match="did you mean 'against'"):
        w.aganst = 3


def test_the_same_again_is_no_change(w: CamWidget, page: FrontEnd) -> None:
    image = w.meta["image"]
    w.against, w.score = None, "logit"
    assert w.meta["image"] == image


def test_a_model_that_ends_in_a_softmax_has_no_other(photo: Tensor, cnn: nn.Module) -> None:
    model = nn.Sequential(cnn, nn.Softmax(1))
    with pytest.raises(ValueError, match="the model's scores are probabilities already; accepted: 'logit'"):
        CamWidget(model, photo, score="softmax")
    with CamWidget(model, photo) as w, pytest.raises(ValueError, match="probabilities already"):
        w.score = "log_softmax"


def test_the_browser_may_set_them_and_is_put_right(w: CamWidget, page: FrontEnd) -> None:
    w.set_state({"against": 2})
    settle()
    assert (w.against, w.stack["image"]) == (2, w.meta["image"])
    w.set_state({"against": "evil"})
    assert w.against == 2 and w.status["state"] == "error"
    w.set_state({"score": 7})
    assert w.score == "logit" and "unknown score 7" in w.status["text"]


def test_after_training_the_aim_stays(w: CamWidget, page: FrontEnd, cnn: nn.Module, photo: Tensor) -> None:
    w.against = 2
    settle()
    with torch.no_grad():
        cnn.fc.weight.mul_(2)
    made = expected(cnn, photo, [w.target], against=2)[0]
    np.testing.assert_allclose(w.cam, made.clip(min=0), rtol=1e-4, atol=1e-6)


def test_an_aim_that_changes_from_another_thread_while_maps_are_read(w: CamWidget, cnn, photo) -> None:
    made = [expected(cnn, photo, [w.target], against=against)[0].clip(min=0) for against in (None, 2, 3)]

    def change() -> None:
        for i in range(30):
            w.against = (None, 2, 3)[i % 3]

    thread = threading.Thread(target=change)
    thread.start()
    while thread.is_alive():
        cam = w.cam
        assert any(np.allclose(cam, one, rtol=1e-3, atol=1e-5) for one in made)
    thread.join()
    settle()
    np.testing.assert_allclose(w.cam, made[2], rtol=1e-4, atol=1e-6)


# ---------------------------------------------------------------------- dense scores, other inputs


def test_a_segmentation_lists_shares_of_the_picture(segmented: CamWidget) -> None:
    w = segmented
    assert w.probabilities.sum() == pytest.approx(1, abs=1e-5)
    assert (w.classes["probability"], w.classes["unit"]) == ("share", "logits")
    np.testing.assert_allclose(np.frombuffer(w.classes["probabilities"], "<f4"), w.probabilities)
    assert w.listed == np.argsort(-w.probabilities, kind="stable").tolist()
    assert w.listed[0] == 0 and w.target == w.listed[1]  # the background is not chosen unasked
    assert w.scores.shape == (5,)
    explained = w._recording.means()[0].numpy()
    np.testing.assert_allclose(np.frombuffer(w.classes["scores"], "<f4"), explained)
    w.pixels = (3, 4)
    raw = w._recording._scores[0, :, 3, 4].detach().numpy()
    np.testing.assert_allclose(np.frombuffer(w.classes["scores"], "<f4"), raw, rtol=1e-6)
    w.pixels = None
    settle()
    assert w.stack["targets"] == w.listed  # one backward pass each, and never all at once


def test_a_segmentations_note_says_what_its_score_is(segmented: CamWidget) -> None:
    w, page, won = segmented, FrontEnd(segmented), segmented._recording.cells_won()[0]
    assert won[0] and not won.all()
    page.request(0)
    assert w.status["text"] == "mean logit over the pixels of background"
    nowhere = int(won.argmin())  # and not the background, which has cells
    page.request(nowhere)
    name = THINGS[nowhere]
    assert w.status["text"] == f"mean logit over all pixels, since {name} has the highest score in none"
    w.score, w.against = "softmax", 0
    settle()
    assert w.status["text"].startswith("mean softmax over")
    assert w.status["text"].endswith(", against background")


def test_a_region_may_be_set(segmented: CamWidget) -> None:
    w = segmented
    engine = CamEngine(w._atlas._engine.model)
    recording = engine.record(w._recording.x)
    whole = w.cam
    np.testing.assert_allclose(whole, recording.cam(w.target)[0], rtol=1e-5, atol=1e-7)
    w.pixels = (3, 4)
    np.testing.assert_allclose(w.cam, recording.cam(w.target, region=(3, 4))[0], rtol=1e-4, atol=1e-7)
    settle()
    assert w.status["text"] == "mean logit over the region [3, 4]"
    assert w.pixels == (3, 4)
    w.pixels = np.s_[2:9, 3:]
    np.testing.assert_allclose(w.cam, recording.cam(w.target, region=np.s_[2:9, 3:])[0], rtol=1e-4, atol=1e-7)
    assert w.pixels == (slice(2, 9), slice(3, None))
    mask = np.zeros((16, 16), bool)
    mask[3, 4] = True
    w.pixels = mask
    np.testing.assert_array_equal(w.pixels, mask)
    np.testing.assert_allclose(w.cam, recording.cam(w.target, region=(3, 4))[0], rtol=1e-4, atol=1e-7)
    w.pixels = None
    np.testing.assert_allclose(w.cam, whole, rtol=1e-4, atol=1e-7)
    with pytest.raises(ValueError, match="lies outside of the scores' grid 16 x 16"):
        w.pixels = (3, 99)
    assert w.pixels is None


def test_a_region_given_at_the_start() -> None:
    model, photo = Segmenter(), torch.randn(3, 16, 16)
    with CamWidget(model, photo, pixels=(3, 4), against=1, target=2) as w:
        made = CamEngine(model).record(photo[None]).cam(Target(2, against=1, region=(3, 4)))[0]
        np.testing.assert_allclose(w.cam, made, rtol=1e-4, atol=1e-7)


def test_other_inputs_come_with_forward(photo: Tensor) -> None:
    model, numbers = Tabular().eval(), torch.randn(1, 2)

    def forward(twin: nn.Module, pixels: Tensor) -> Tensor:
        return twin(pixels, numbers)

    with CamWidget(model, photo, forward=forward) as w:
        made = CamEngine(model, forward=forward).record(photo[None])
        np.testing.assert_allclose(w.scores, made.scores[0])
        np.testing.assert_allclose(w.cam, made.cam(w.target)[0], rtol=1e-5)
        with torch.no_grad():
            model.fc.weight.mul_(2)
        np.testing.assert_allclose(w.cam, 2 * made.cam(w.target)[0], rtol=1e-4)
    with pytest.raises(TypeError, match="forward is 'logits'"):
        CamWidget(model, photo, forward="logits")


def test_names_of_classes_are_those_of_the_widget(w: CamWidget) -> None:
    w.target = NAMES[4]
    w.against = NAMES[0]
    assert (w.target, w.against) == (4, 0)
