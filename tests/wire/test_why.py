"""``w.status`` says what is wrong with the map on screen, and takes it back."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from camwidget import CamWidget
from tests.conftest import TinyCnn
from tests.wire.front_end import NAMES, FrontEnd, settle

READY = {"state": "ready", "text": "", "hint": "", "about": None}


@pytest.fixture
def cnn() -> TinyCnn:
    """Class 1 has evidence against it only, class 2 a score that nothing changes; the others have some for them."""
    model = TinyCnn().eval()
    with torch.no_grad():
        model.fc.weight.abs_()
        model.fc.weight[1] *= -1
        model.fc.weight[2] = 0
        model.fc.bias.copy_(torch.arange(6))
    return model


def now(widget: CamWidget) -> dict[str, object]:
    return {key: value for key, value in widget.status.items() if key != "reply"}


def about(widget: CamWidget) -> dict[str, object]:
    return {"target": widget.target, "layer": widget.layer, "variant": widget.variant}


def test_a_blank_map_is_explained_and_the_next_good_one_takes_it_back(page: FrontEnd) -> None:
    w = page.widget
    assert now(w) == READY
    reply = page.request(1)
    assert w.status["state"] == "warning" and w.status["about"] == about(w)
    assert w.status["text"].startswith("Blank map: every weighted value for dog is ")
    assert w.status["text"].endswith("to 0.00).") or "negative (−" in w.status["text"]
    assert w.status["hint"] == "Show signed."
    assert reply in page.replies()
    reply = page.request(3)
    assert now(w) == READY and reply in page.replies()


def test_python_is_told_too(w: CamWidget) -> None:
    settle()
    w.target = "owl"
    settle()
    assert w.status["text"] == "Blank map: the score of owl does not change with anything last sees."
    assert w.status["hint"] == "Choose another class or layer."
    w.target = "fox"
    settle()
    assert now(w) == READY


def test_the_first_map_may_be_blank(make) -> None:
    w = make(target="owl")
    assert w.status["state"] == "warning" and "the score of owl" in w.status["text"]
    settle()
    assert w.status["state"] == "warning"


def test_what_is_all_negative_is_blank_only_while_negative_values_are_cut(w: CamWidget) -> None:
    settle()
    w.target = "dog"
    settle()
    assert w.status["state"] == "warning"
    w.sign = "signed"
    assert now(w) == READY
    w.sign = "positive"
    assert w.status["state"] == "warning" and w.status["hint"] == "Show signed."
    w.sign = "absolute"
    assert now(w) == READY
    w.target = "owl"
    settle()
    assert w.status["state"] == "warning"  # zero in any sign
    w.sign = "signed"
    assert w.status["state"] == "warning"


def test_training_mode_is_good_to_know_and_no_warning(cnn: nn.Module, photo: Tensor) -> None:
    cnn.train()
    with CamWidget(cnn, photo, NAMES, target="cat") as w:
        settle()
        assert w.status["state"] == "ready" and "maps are made in evaluation mode" in w.status["text"]
        assert cnn.training


def test_numbers_that_are_none_are_named(page: FrontEnd, cnn: TinyCnn) -> None:
    page.request(3)
    with torch.no_grad():
        cnn.block[0].weight[0, 0, 0, 0] = torch.nan
    page.request(4)
    assert page.widget.status["state"] == "warning"
    assert "the model's block.0.weight holds NaN or infinity" in page.widget.status["text"]


def test_a_layer_of_one_cell_is_refused_with_the_way_out(photo: Tensor) -> None:
    class Pooled(TinyCnn):
        def __init__(self) -> None:
            super().__init__()
            self.pool = nn.AdaptiveAvgPool2d(1)

        def forward(self, x: Tensor) -> Tensor:
            return self.fc(self.pool(self.last(self.pool2(self.block(self.pool1(self.stem(x)))))).flatten(1))

    says = r"gives a 1×1 map, which has no where. Choose 'last'"
    with CamWidget(Pooled().eval(), photo, NAMES) as w, pytest.raises(ValueError, match=says):
        w.layer = "pool"


def test_the_map_lies_where_the_cells_look(cnn: TinyCnn, photo: Tensor) -> None:
    for module in cnn.modules():
        if isinstance(module, nn.Conv2d):
            module.padding = (0, 0)
    with CamWidget(cnn, photo, NAMES, target="cat") as w:
        layer = next(layer for layer in w.layers if layer["name"] == w.layer)
        assert layer["place"] == [[9.0, 4.0, 18.0]] * 2 and w.cam.shape == (3, 3)
        # three cells of four samples, the first centred on 9: from 7 to 19 of 28
        seen = w.heatmap != 0
        assert w.heatmap.shape == (28, 28) and np.isfinite(w.heatmap).all()
        assert not seen[:7].any() and not seen[19:].any() and not seen[:, :7].any() and not seen[:, 19:].any()
        w.interpolation = "bilinear"
        assert w.heatmap[8:10, 8:10].mean() == pytest.approx(float(w.cam[0, 0]), rel=0.35)
        assert w.heatmap.max() <= w.cam.max()
        assert w._repr_mimebundle_()[0]["image/jpeg"]
