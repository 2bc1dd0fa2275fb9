"""Two models on one picture: what is chosen in one is chosen in both."""

from __future__ import annotations

import gc
import logging
import threading
import weakref
from collections.abc import Iterator

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from camwidget import CamWidget
from camwidget.compare import Comparison, class_there, layer_there
from tests.conftest import TinyCnn
from tests.wire.front_end import NAMES, FrontEnd, settle


class Other(nn.Module):
    """Other layers than ``TinyCnn``, by other names, and two of its classes exchanged."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1), nn.ReLU())
        self.second = nn.Sequential(nn.Conv2d(8, 8, 3, 2, 1), nn.ReLU())
        self.head = nn.Linear(8, 6)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.second(self.first(x)).mean((2, 3)))


@pytest.fixture
def pair(cnn: nn.Module, photo: Tensor) -> Iterator[Comparison]:
    torch.manual_seed(1)
    pair = CamWidget.compare({"before": cnn, "after": TinyCnn().eval()}, photo, labels=NAMES)
    settle()
    yield pair
    pair.close()
    settle()


def test_what_is_chosen_in_one_is_chosen_in_both(pair: Comparison) -> None:
    before, after = pair["before"], pair["after"]
    assert list(pair) == ["before", "after"]
    assert before.target == after.target and before.meta["group"] == after.meta["group"]
    assert (before.meta["model"], after.meta["model"]) == ("before", "after")
    for name, value, second in [
        ("target", "owl", "cat"), ("layer", "block", "stem"), ("variant", "layercam", "hirescam"),
        ("sign", "signed", "absolute"), ("opacity", 0.3, 0.4), ("colormap", "bone", "magma"), ("against", "fox", None),
        ("score", "softmax", "logit"), ("threshold", 0.1, 0.2), ("shading", "cells", "contours"),
    ]:  # fmt: skip
        setattr(before, name, value)
        assert getattr(after, name) == getattr(before, name) != second, name
        setattr(after, name, second)
        assert getattr(after, name) == getattr(before, name), name
    settle()
    for widget in (before, after):
        assert (widget.stack["layer"], widget.stack["variant"]) == ("stem", "hirescam")
        assert widget.target in widget.stack["targets"]


def test_a_click_in_one_moves_both_and_each_has_its_own_map(pair: Comparison) -> None:
    before, after = pair["before"], pair["after"]
    page, other = FrontEnd(before), FrontEnd(after)
    reply = page.request(NAMES.index("newt"), "pool1")
    assert reply in page.replies()
    assert (after.target, after.layer) == (NAMES.index("newt"), "pool1")
    assert other.states("target") == [NAMES.index("newt")]
    assert not np.allclose(before.cam, after.cam)


def test_strokes_are_painted_in_both(pair: Comparison) -> None:
    before, after = pair["before"], pair["after"]
    plain = [w.probabilities for w in (before, after)]
    edits = [{"tool": "box", "mode": "cover", "fill": "mean", "points": [2.0, 2.0, 20.0, 20.0]}]
    before.edits = edits
    settle()
    assert after.edits == edits and after.edited["covered"] == before.edited["covered"]
    assert all((w.probabilities != was).any() for w, was in zip((before, after), plain, strict=True))
    after.edits = []
    settle()
    assert before.edits == []
    np.testing.assert_array_equal(before.probabilities, plain[0])


def test_other_layers_and_classes_are_found_by_depth_and_name(cnn: nn.Module, photo: Tensor) -> None:
    names = ("cat", "owl", "dog", "fox", "newt", "heron")
    first = CamWidget(cnn, photo, labels=NAMES)
    second = CamWidget(Other().eval(), photo, labels=names)
    assert class_there(1, first.labels, second.labels) == 2
    assert class_there(5, first.labels, second.labels) is None
    assert class_there(None, first.labels, second.labels) is None
    assert class_there(5, first.labels, first.labels) == 5
    ends = [[layer["name"] for layer in w.layers if layer["stage"]] for w in (first, second)]
    for at in (0, -1):
        assert layer_there(ends[0][at], first.layers, second.layers) == ends[1][at]
        assert layer_there(ends[1][at], second.layers, first.layers) == ends[0][at]
    first.close()
    second.close()
    with Comparison({"a": cnn, "b": Other().eval()}, photo, labels=NAMES, layer="stem") as pair:
        assert (pair["a"].layer, pair["b"].layer) == ("stem", "first")
        pair["b"].layer = "second"
        assert pair["a"].layer == "last"


def test_what_one_model_cannot_is_left_out(cnn: nn.Module, photo: Tensor, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)
    with Comparison({"logits": cnn, "chances": nn.Sequential(cnn, nn.Softmax(1))}, photo, labels=NAMES) as pair:
        pair["logits"].score = "softmax"
        assert pair["chances"].score == "logit"
        pair["chances"].close()
        pair["logits"].target = "owl"
        assert pair["logits"].target == 2


def test_two_threads_that_choose_at_once_do_not_wait_for_each_other(pair: Comparison) -> None:
    """As a cell that sets a trait of one while the other's page is clicked."""
    before, after = pair["before"], pair["after"]
    page = FrontEnd(before)

    def click() -> None:
        for seq in range(60):
            page.send({"nonce": "page", "seq": seq, "target": seq % 6, "layer": "last", "variant": "gradcam"})

    thread = threading.Thread(target=click, daemon=True)
    thread.start()
    for i in range(60):
        after.target = (i + 3) % 6
    thread.join(timeout=60)
    assert not thread.is_alive()
    settle()
    assert before.target == after.target


def test_wrong_arguments(cnn: nn.Module, photo: Tensor, pair: Comparison) -> None:
    for models in ({}, [cnn], cnn, None):
        with pytest.raises(TypeError, match=r"accepted: a dict such as \{\"before\": a"):
            CamWidget.compare(models, photo)
    with pytest.raises(TypeError, match="model"):
        CamWidget.compare({"a": cnn, "b": 3}, photo)
    with pytest.raises(KeyError, match="did you mean 'before'"):
        _ = pair["befor"]


def test_a_dropped_comparison_is_gone(cnn: nn.Module, photo: Tensor) -> None:
    pair = CamWidget.compare({"a": cnn, "b": TinyCnn().eval()}, photo)
    settle()
    known = [weakref.ref(w._atlas.recording) for w in pair.members.values()]
    pair.close()
    pair.close()
    settle()
    gc.collect()
    assert [ref() for ref in known] == [None, None]


# ---------------------------------------------------------------------- refresh


def test_refresh_after_a_step_is_one_forward_each(pair: Comparison, cnn: nn.Module) -> None:
    before, after = pair["before"], pair["after"]
    records = []
    for widget in (before, after):
        atlas, see = widget._atlas, widget._atlas._recorded
        atlas._recorded = lambda x, see=see: records.append(1) or see(x)
    cam, image = before.cam, before.meta["image"]
    cnn.fc.weight.data.mul_(2)  # a write that nobody can notice
    assert np.array_equal(before.cam, cam)
    before.refresh()
    settle()
    assert (len(records), before.meta["image"], before.stack["image"]) == (1, image + 1, image + 1)
    np.testing.assert_allclose(before.cam, 2 * cam, rtol=1e-4)
    with torch.no_grad():
        cnn.fc.weight.mul_(0.5)
    pair.refresh()
    settle()
    assert len(records) == 3
    np.testing.assert_allclose(before.cam, cam, rtol=1e-4)
