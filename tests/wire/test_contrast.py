"""One class against another, a locked scale, chosen levels: over the wire and from Python."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from camwidget import CamWidget, Target, protocol
from camwidget.engine import CamEngine
from tests.wire.front_end import NAMES, FrontEnd, settle, values


def sent(page: FrontEnd, kind: str) -> list[tuple[dict[str, Any], list[bytes]]]:
    found = [(data["content"], buffers) for data, buffers in page.messages if data.get("method") == "custom"]
    return [(content, [bytes(b) for b in buffers]) for content, buffers in found if content["type"] == kind]


def maps_of(page: FrontEnd) -> dict[int, np.ndarray]:
    ((content, buffers),) = sent(page, "maps")
    both = zip(content["maps"], buffers, strict=True)
    return {item["target"]: values({**item, "data": data})[0] for item, data in both}


def expected(cnn: nn.Module, photo: Tensor, targets: list[Any], variant: str, layer: str = "last") -> np.ndarray:
    return CamEngine(cnn).record(photo[None]).cams(targets, layer, variant)[0].numpy()


def close(made: np.ndarray, wanted: np.ndarray) -> None:
    np.testing.assert_allclose(made, wanted, rtol=0, atol=1e-3 * np.abs(wanted).max())


# ---------------------------------------------------------------------- what the browser asks for


def test_of_a_linear_variant_the_map_of_the_other_class_is_sent(make: Callable[..., CamWidget], cnn, photo) -> None:
    w = make(topk=1)
    page = FrontEnd(w)
    other = int(np.argmin(w.scores))
    reply = page.request(w.target, contrast={"rival": other, "gamma": 0.3})
    assert reply in page.replies()
    found = maps_of(page)
    assert set(found) == {w.target, other}
    close(found[other], expected(cnn, photo, [other], "gradcam")[0])
    assert w.target != other, "the other class is asked about, not chosen"


@pytest.mark.parametrize("variant", ["layercam", "gradcam++", "guided_relu", "finercam"])
def test_of_the_others_both_sides_are_sent(w: CamWidget, page: FrontEnd, cnn, photo, variant: str) -> None:
    page.request(2, "block", variant)
    page.messages.clear()
    reply = page.request(2, "block", variant, contrast={"rival": 4, "gamma": 0.6})
    ((content, (data,)),) = sent(page, "contrast")
    made = values({**content, "data": data})
    wanted = expected(cnn, photo, [Target(2, 4, 0.6), Target(4, 2, 0.6)], variant, "block")
    for one, side in zip(made, wanted, strict=True):
        close(one, side)
    asked = {"target": 2, "rival": 4, "gamma": 0.6, "layer": "block", "variant": variant, "image": w.meta["image"]}
    assert {name: content[name] for name in asked} == asked
    replies = [
        i for i, (d, _) in enumerate(page.messages) if d.get("state", {}).get("status", {}).get("reply") == reply
    ]
    contrasts = [i for i, (d, _) in enumerate(page.messages) if d.get("content", {}).get("type") == "contrast"]
    assert contrasts[0] < replies[0], "the reply comes last: a slider waits for what it asked"


def test_a_slow_variant_says_that_it_works(make: Callable[..., CamWidget], cnn, photo) -> None:
    w = make(variant="scorecam")
    page = FrontEnd(w)
    reply = page.request(w.target, variant="scorecam", contrast={"rival": (w.target + 1) % 6, "gamma": 1.0})
    assert page.replies().count(reply) == 1
    assert any(state["state"] == "busy" and state["reply"] == reply for state in page.states("status"))
    assert len(sent(page, "contrast")) == 1
    assert w.status["state"] != "busy"


def test_the_newest_contrast_wins(w: CamWidget, page: FrontEnd) -> None:
    page.request(2, variant="layercam")
    page.messages.clear()
    for i in range(20):
        page.seq += 1
        asked = {"nonce": "page", "seq": page.seq, "target": 2, "layer": w.layer, "variant": "layercam"}
        page.send(asked | {"contrast": {"rival": 4, "gamma": 0.1 * i}})
    settle()
    found = sent(page, "contrast")
    assert found[-1][0]["gamma"] == pytest.approx(1.9)
    assert {tuple(reply) for reply in page.replies()} == {("page", i) for i in range(2, 22)}
    gammas = [content["gamma"] for content, _ in found]
    assert gammas == sorted(gammas)


@pytest.mark.parametrize(
    ("contrast", "says"),
    [
        ({"rival": 9, "gamma": 1}, "class 9 is out of range"),
        ({"rival": "foxx", "gamma": 1}, "did you mean 'fox'"),
        ({"rival": 1.5, "gamma": 1}, "a class is given by its index"),
        ({"rival": 1, "gamma": 3}, "gamma is 3; accepted: a number from 0 to 2"),
        ({"rival": 1, "gamma": float("nan")}, "accepted: a number from 0 to 2"),
        ({"rival": 1, "gamma": "x"}, "gamma is 'x'"),
        ({"rival": 1}, "a contrast is a dict of rival and gamma"),
        ({"rival": 1, "gamma": 1, "more": 1}, "a contrast is a dict"),
        ([1, 2], "a contrast is a dict"),
        (7, "a contrast is a dict"),
    ],
)
def test_a_wrong_contrast_is_refused_with_a_sentence(w: CamWidget, page: FrontEnd, contrast: Any, says: str) -> None:
    before = w.target
    reply = page.request(before, contrast=contrast)
    assert w.status["state"] == "error" and says in w.status["text"]
    assert w.status["reply"] == reply and w.target == before
    assert not sent(page, "contrast") and not sent(page, "maps")


def test_a_contrast_that_cannot_be_made_is_said(w: CamWidget, page: FrontEnd) -> None:
    w.against = 5
    reply = page.request(2, variant="layercam", contrast={"rival": 4, "gamma": 1})
    assert reply in page.replies()
    assert any("accepted: against None" in state["text"] for state in page.states("status"))


# ---------------------------------------------------------------------- from Python


def test_the_rival_may_be_named_and_comes_in_every_stack(make: Callable[..., CamWidget]) -> None:
    w = make(topk=2)
    page = FrontEnd(w)
    far = int(np.argmin(w.scores))
    w.rival = NAMES[far]
    assert w.rival == far and far not in w.listed
    w.contrast = "swipe"
    assert w.listed[-1] == far
    page.request(w.target, "block")
    assert far in w.stack["targets"]


def test_contrast_map_is_the_difference(w: CamWidget, cnn: nn.Module, photo: Tensor) -> None:
    w.target, w.rival, w.gamma = 2, 4, 0.6
    a, b = expected(cnn, photo, [2, 4], "gradcam")
    close(w.contrast_map(), a - 0.6 * b)
    close(w.contrast_map("fox", 2), a - 2 * expected(cnn, photo, [3], "gradcam")[0])
    large = w.contrast_map(large=True)
    assert large.shape == (28, 28)
    small = torch.from_numpy(a - 0.6 * b)
    wanted = torch.nn.functional.interpolate(small[None, None], (28, 28), mode="bicubic")[0, 0]
    close(large, wanted.clamp(small.min(), small.max()).numpy())
    w.variant = "layercam"
    close(w.contrast_map(), expected(cnn, photo, [Target(2, 4, 0.6)], "layercam")[0])


def test_without_a_rival_it_is_the_first_other_that_is_listed(w: CamWidget, cnn: nn.Module, photo: Tensor) -> None:
    w.target = w.listed[0]
    for rival in (None, w.target):
        w.rival = rival
        close(w.contrast_map(gamma=1), np.subtract(*expected(cnn, photo, w.listed[:2], "gradcam")))


def test_a_model_of_one_class_has_no_contrast(photo: Tensor) -> None:
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 1))
    only = CamWidget(model, photo, labels=["only"], contrast="swipe")
    with only as w, pytest.raises(ValueError, match="this model has one class, 'only'"):
        w.contrast_map()


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("contrast", "swpe", "did you mean 'swipe'"),
        ("rival", "foxx", "did you mean 'fox'"),
        ("gamma", -0.1, "accepted: a number from 0 to 2"),
        ("gamma", "much", "accepted: a number from 0 to 2"),
        ("limit", 0, "accepted: a number above 0, or None"),
        ("limit", float("inf"), "accepted: a number above 0, or None"),
        ("limit", "big", "accepted: a number above 0, or None"),
        ("levels", [], "levels has no shares; accepted: 1 to 9 shares"),
        ("levels", [0.1] * 10, "levels has more than 9 shares"),
        ("levels", [0, 0.5], "accepted: 1 to 9 shares"),
        ("levels", 0.5, "accepted: 1 to 9 shares"),
        ("levels", "abc", "accepted: 1 to 9 shares"),
    ],
)
def test_wrong_values_say_what_is_accepted(w: CamWidget, name: str, value: Any, says: str) -> None:
    before = getattr(w, name)
    with pytest.raises((TypeError, ValueError), match=says):
        setattr(w, name, value)
    assert getattr(w, name) == before


def test_settings_are_two_way_and_may_be_given_at_the_start(make: Callable[..., CamWidget]) -> None:
    w = make(contrast="difference", rival="owl", gamma=0.5, limit=2.5, levels=[0.5, 0.25])
    assert (w.contrast, w.rival, w.gamma, w.limit, w.levels) == ("difference", 2, 0.5, 2.5, (0.25, 0.5))
    w.set_state({"gamma": 1.5, "limit": None, "levels": [0.9], "contrast": "swipe", "rival": 3})
    assert (w.contrast, w.rival, w.gamma, w.limit, w.levels) == ("swipe", 3, 1.5, None, (0.9,))
    w.set_state({"levels": ["x"]})
    assert w.levels == (0.9,) and w.status["state"] == "error"


# ---------------------------------------------------------------------- sign and scale


def test_what_speaks_against_the_class_alone(w: CamWidget, cnn: nn.Module, photo: Tensor) -> None:
    signed = expected(cnn, photo, [w.target], "gradcam")[0]
    assert signed.min() < 0
    w.sign = "negative"
    close(w.cam, (-signed).clip(min=0))
    assert w.heatmap.min() >= 0
    assert protocol.NEGATIVE_COLORMAP in w.luts


def test_a_locked_limit_holds_for_the_still_picture(w: CamWidget) -> None:
    free = w._still()
    top = float(w.cam.max())
    w.limit = top
    assert w._still() == free, "its own limit, written out"
    w.limit = 20 * top
    assert len(w._still()) != len(free), "a twentieth of the limit is faint"


def test_every_variant_says_whether_it_is_linear(w: CamWidget) -> None:
    linear = {v["id"] for v in w.variants if v["linear"]}
    assert linear == {"gradcam", "hirescam", "xgradcam", "shapleycam"}
