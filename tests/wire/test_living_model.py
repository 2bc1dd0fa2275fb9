"""What the widget does when its model changes under it, and what it refuses to swallow in silence."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.wire.front_end import expected_maps, settle, values


def outweigh(cnn, target):
    with torch.no_grad():
        cnn.fc.bias[target] += 50


def test_after_a_training_step_list_scores_and_maps_are_new(w, page, cnn):
    last = int(np.argmin(w.scores))
    image, cam = w.meta["image"], w.cam
    outweigh(cnn, last)
    assert int(np.argmax(w.scores)) == last  # asked for at once
    assert float(w.probabilities[last]) > 0.99
    settle()
    assert w.listed[0] == last
    assert w.meta["image"] == image + 1 == w.stack["image"]
    with torch.no_grad():
        cnn.fc.weight.mul_(2)
    assert np.allclose(w.cam, 2 * cam, rtol=1e-4)


def test_a_click_after_training_is_answered_from_the_model_as_it_is(w, page, cnn):
    outweigh(cnn, 2)
    reply = page.request(w.listed[1])
    settle()
    assert reply in page.replies()
    assert w.listed[0] == 2
    assert w.status["state"] == "ready"


@pytest.mark.parametrize("classes", [3, 10])
def test_another_number_of_classes_is_said_and_what_is_shown_stays(w, page, cnn, classes):
    head, cnn.fc = cnn.fc, torch.nn.Linear(16, classes)
    before = {name: getattr(w, name) for name in ("stack", "classes", "meta", "listed")}
    assert page.request(1, layer="stem") in page.replies()
    assert w.status["state"] == "error"
    assert f"has {classes} classes by now, and this was made for 6" in w.status["text"]
    assert {name: getattr(w, name) for name in before} == before
    for read in ("cam", "scores", "probabilities"):
        with pytest.raises(ValueError, match="classes by now"):
            getattr(w, read)
    cnn.fc = head
    page.request(1, layer="stem")
    assert (w.status["state"], w.stack["layer"], w.stack["image"]) == ("ready", "stem", w.meta["image"])


def test_a_model_that_fails_by_now_still_shows_the_live_view(w, cnn):
    cnn.forward = None
    with torch.no_grad():
        cnn.fc.weight.add_(0)
    data, _ = w._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in data
    assert "image/jpeg" not in data


@pytest.mark.parametrize("how", ["part", "hook", "forward"])
def test_what_holds_no_weights_is_noticed_too(w, page, cnn, photo, how):
    page.request(2, layer="stem")
    before, image, rectifier = w.cam, w.meta["image"], cnn.last[1]
    if how == "part":
        cnn.last[1] = torch.nn.GELU()
    elif how == "hook":
        handle = rectifier.register_forward_hook(lambda _module, _x, y: y * (y > 0.1))
    else:
        rectifier.forward = lambda x: x.clamp(min=0.1)
    reply = page.request(2, layer="block")
    assert reply in page.replies() and w.meta["image"] == image + 1 == w.stack["image"]
    due = expected_maps(w, cnn, photo, w.stack["targets"] or [*range(6)])
    np.testing.assert_allclose(values(w.stack), due, rtol=2e-3, atol=1e-3 * np.abs(due).max())
    w.layer = "stem"
    assert not np.allclose(w.cam, before, rtol=1e-3)
    if how == "part":
        cnn.last[1] = rectifier
    elif how == "hook":
        handle.remove()
    else:
        del rectifier.forward
    np.testing.assert_allclose(w.cam, before, rtol=1e-4, atol=1e-7)


def test_display_traits_may_be_given_at_once(make):
    w = make(opacity=0.4, sign="signed", shading="cells", threshold=np.float32(0.25))
    assert (w.opacity, w.sign, w.shading, w.threshold) == (0.4, "signed", "cells", 0.25)
    with pytest.raises(ValueError, match="'signed'"):
        make(sign="sgined")
    with pytest.raises(TypeError, match="did you mean 'opacity'"):
        make(opacty=0.4)


def test_a_mistyped_trait_is_an_error(w):
    with pytest.raises(AttributeError, match="did you mean 'target'"):
        w.targt = 3


@pytest.mark.parametrize("name", ["_view_name", "_model_module", "_esm", "picture", "stack", "comm", "nonsense"])
def test_the_browser_may_set_only_what_it_needs(w, name):
    before = getattr(w, name, None)
    w.set_state({name: "Evil"})
    assert getattr(w, name, None) == before
    assert name in w.status["text"]


def test_an_error_is_over_once_python_has_been_answered(w, page):
    page.request("no such class")
    assert w.status["state"] == "error"
    w.layer = "stem"
    settle()
    assert w.stack["layer"] == "stem"
    assert w.status["state"] == "ready"
