"""CamWidget as Python sees it: traits, arrays, and the end."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
import traitlets
from torch import Tensor, nn

from camwidget import CamWidget
from camwidget.engine import CamEngine, upsample
from tests.wire.front_end import NAMES, FrontEnd, expected_maps, settle, values

# ---------------------------------------------------------------------- from Python


def test_setting_traits_answers_the_browser(page: FrontEnd, w: CamWidget, cnn: nn.Module, photo: Tensor) -> None:
    w.target = "newt"
    assert w.target == 4
    w.layer, w.variant = "block.2", "gradcam++"
    assert w.layer == "block"  # the name under which it is listed
    settle()
    assert (w.stack["layer"], w.stack["variant"], w.stack["reply"]) == ("block", "gradcam++", None)
    assert w.strip["target"] == 4
    assert page.states("target") == [4]
    np.testing.assert_allclose(w.cam, expected_maps(w, cnn, photo, [4])[0].clip(0), rtol=1e-4, atol=1e-7)
    w.layer = None
    assert w.layer == "last"


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("target", "nwt", ValueError),
        ("target", 6, ValueError),
        ("target", -1, ValueError),
        ("target", 1.0, TypeError),
        ("target", None, TypeError),
        ("layer", "lst", ValueError),
        ("layer", 3, TypeError),
        ("variant", "gradcm", ValueError),
        ("variant", None, ValueError),
        ("colormap", "virids", ValueError),
        ("colormap", 3, TypeError),
        ("opacity", 1.5, ValueError),
        ("opacity", float("nan"), ValueError),
        ("opacity", True, TypeError),
        ("threshold", "half", TypeError),
        ("sign", "both", ValueError),
        ("shading", "blurred", ValueError),
        ("scale", "all", ValueError),
        ("interpolation", "nearest", ValueError),
    ],
)
def test_wrong_values_are_refused_and_the_old_ones_stay(w: CamWidget, name: str, value: Any, error: Any) -> None:
    before = getattr(w, name)
    with pytest.raises(error):
        setattr(w, name, value)
    assert getattr(w, name) == before


def test_of_several_values_at_once_a_wrong_one_takes_back_all(w: CamWidget) -> None:
    before = (w.target, w.layer, w.opacity, w.cam.tolist())
    with pytest.raises(traitlets.TraitError, match="did you mean 'block'"), w.hold_trait_notifications():
        w.target, w.opacity, w.layer = 3, 0.25, "blok"
    settle()
    assert (w.target, w.layer, w.opacity, w.cam.tolist()) == before and w.status["state"] == "ready"
    with w.hold_trait_notifications():
        w.target, w.layer = "owl", "block"
    assert (w.target, w.layer, w.cam.shape) == (2, "block", (14, 14))


def test_cam_and_heatmap(w: CamWidget, cnn: nn.Module, photo: Tensor) -> None:
    w.layer = "block"
    raw = torch.from_numpy(expected_maps(w, cnn, photo, [w.target])[0])
    assert raw.min() < 0 < raw.max()
    expected = {"positive": raw.clamp(min=0), "signed": raw, "absolute": raw.abs()}
    for sign, map_ in expected.items():
        w.sign = sign
        torch.testing.assert_close(torch.from_numpy(w.cam), map_)
        for mode in ("bicubic", "bilinear"):
            w.interpolation = mode
            made = w.heatmap
            assert (made.shape, made.dtype) == ((28, 28), np.float32)
            torch.testing.assert_close(torch.from_numpy(made), upsample(map_[None], (28, 28), mode)[0])
    w.cam[:] = 0  # the user's own copy
    assert w.cam.any()


def test_scores_and_probabilities(make: Callable[..., CamWidget], cnn: nn.Module, photo: Tensor) -> None:
    raw = CamEngine(cnn).record(photo[None]).scores[0]
    for kind, expected in (("softmax", raw.softmax(0)), ("sigmoid", raw.sigmoid()), ("none", raw)):
        w = make(probability=kind)
        np.testing.assert_allclose(w.scores, raw.numpy(), rtol=1e-6)
        np.testing.assert_allclose(w.probabilities, expected.numpy(), rtol=1e-6)
        assert np.frombuffer(w.classes["probabilities"], "<f4").tolist() == w.probabilities.tolist()
        assert w.classes["probability"] == kind
    cnn.multi_label = True
    assert make().classes["probability"] == "sigmoid"
    assert w.labels == NAMES


def test_a_trained_model_gets_new_maps_scores_and_image_id(page: FrontEnd, w: CamWidget, cnn: nn.Module) -> None:
    before, image = w.scores, w.meta["image"]
    with torch.no_grad():
        cnn.fc.weight.mul_(-2)
    page.request(w.target)
    assert w.meta["image"] > image
    assert not np.allclose(w.scores, before)
    assert np.frombuffer(w.classes["scores"], "<f4").tolist() == w.scores.tolist()
    assert w.stack["image"] == w.strip["image"] == w.meta["image"]
    np.testing.assert_allclose(values(w.stack)[w.stack["targets"].index(w.target)].clip(0), w.cam, rtol=1e-5)
    assert w.status["state"] == "ready"


def test_the_users_model_is_untouched(cnn: nn.Module, photo: Tensor) -> None:
    cnn.train()
    before = {k: v.clone() for k, v in cnn.state_dict().items()}
    kept = photo.clone()
    with CamWidget(cnn, photo) as w:
        FrontEnd(w).request(1, "stem", "guided_relu", want="variants")
    assert all(module.training for module in cnn.modules())
    assert all(torch.equal(v, before[k]) for k, v in cnn.state_dict().items())
    assert all(p.grad is None and p.requires_grad for p in cnn.parameters())
    assert torch.equal(photo, kept) and not photo.requires_grad


# ---------------------------------------------------------------------- the end


def test_close_lets_go_of_the_model(photo: Tensor, cnn: nn.Module) -> None:
    model = type(cnn)()
    w = CamWidget(model, photo)
    FrontEnd(w).request(1, "stem", want="variants")
    gone = weakref.ref(model)
    del model
    gc.collect()
    assert gone() is not None
    w.close()
    gc.collect()
    assert gone() is None
    assert repr(w) == "CamWidget(closed)"


def test_a_closed_widget_itself_goes_away(photo: Tensor, cnn: nn.Module) -> None:
    w = CamWidget(cnn, photo)
    settle()
    gone = weakref.ref(w)
    w.close()
    del w
    gc.collect()
    assert gone() is None


def test_close_twice_and_while_working(make: Callable[..., CamWidget]) -> None:
    w = make()
    w.layer = "stem"
    w.close()
    w.close()
    settle()
    assert repr(w) == "CamWidget(closed)"
    assert w.comm is None


def test_after_close_it_says_so(w: CamWidget) -> None:
    w.close()
    uses: list[Callable[[], Any]] = [
        lambda: w.cam,
        lambda: w.heatmap,
        lambda: w.scores,
        lambda: w.probabilities,
        lambda: setattr(w, "layer", "block"),
    ]
    for use in uses:
        with pytest.raises(RuntimeError, match="this widget is closed; make a new one"):
            use()


def test_a_context_manager_closes_also_after_an_error(cnn: nn.Module, photo: Tensor) -> None:
    with pytest.raises(KeyError), CamWidget(cnn, photo) as w:
        raise KeyError
    assert repr(w) == "CamWidget(closed)"


def test_it_says_briefly_what_it_is(w: CamWidget) -> None:
    assert repr(w) == f"CamWidget(TinyCnn, target={NAMES[w.target]!r}, layer='last', variant='gradcam')"
    assert len(str(w)) < 200
