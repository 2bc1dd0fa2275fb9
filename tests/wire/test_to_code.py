"""What the code that a widget gives makes is the same view, pixel for pixel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from camwidget import CamWidget
from camwidget.protocol import TRAITS_OF_AIM, TRAITS_TWO_WAY
from tests.wire.front_end import NAMES, settle

VIEW = (*TRAITS_TWO_WAY, *TRAITS_OF_AIM)


def made_by(code: str, **names: Any) -> CamWidget:
    space = dict(names)
    exec(code, space)
    made = space["w"]
    assert isinstance(made, CamWidget)
    return made


def same(w: CamWidget, again: CamWidget) -> None:
    assert {name: getattr(w, name) for name in VIEW} == {name: getattr(again, name) for name in VIEW}
    np.testing.assert_array_equal(w.cam, again.cam)
    np.testing.assert_array_equal(w.heatmap, again.heatmap)
    assert w._still() == again._still()
    assert again.to_code() == w.to_code()


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"target": "fox", "layer": "block", "variant": "layercam", "sign": "signed", "threshold": 0.2},
        {"truth": "owl", "topk": 3, "probability": "sigmoid", "opacity": 1, "colormap": "bone", "shading": "cells"},
        {"against": "dog", "score": "softmax", "scale": "listed", "interpolation": "bilinear", "sign": "absolute"},
        {"labels": list("abcdef"), "kind": "picture", "autocast": torch.bfloat16, "memory": 2**30},
    ],
)
def test_the_code_makes_the_same_view(make: Callable[..., CamWidget], cnn: nn.Module, photo: Tensor, how: Any) -> None:
    w = make(**how)
    with made_by(w.to_code(), model=cnn, image=photo, labels=how.get("labels", NAMES)) as again:
        same(w, again)
        assert again._truth == w._truth and again.listed == w.listed
        settle()


def test_what_was_changed_since_is_in_the_code(make: Callable[..., CamWidget], cnn: nn.Module, photo: Tensor) -> None:
    w = make()
    w.target, w.layer, w.variant, w.opacity, w.sign, w.against = "newt", "stem", "hirescam", 0.3, "signed", 0
    code = w.to_code()
    assert "target=4,  # newt" in code and "against=0,  # cat" in code and "opacity=0.3," in code
    with made_by(code, model=cnn, image=photo, labels=NAMES) as again:
        same(w, again)
        settle()


class Dense(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1, stride=2), nn.ReLU())
        self.head = nn.Conv2d(8, 4, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.features(x))


def test_the_pixels_of_a_segmentation_come_along(photo: Tensor) -> None:
    model = Dense().eval()
    with CamWidget(model, photo, pixels=(3, 4)) as w:
        assert "pixels=(3, 4)," in w.to_code()
        w.pixels = (1, 2, 6, 9)
        with made_by(w.to_code(), model=model, image=photo) as again:
            assert again.pixels == w.pixels
            same(w, again)
        w.pixels = None
        assert "pixels" not in w.to_code()
        settle()


def test_the_code_says_whose_names_it_takes(make: Callable[..., CamWidget]) -> None:
    assert "# model, image and labels are yours" in make().to_code()


def test_the_code_names_no_file(cnn: nn.Module, tmp_path: Any) -> None:
    from PIL import Image

    path = tmp_path / "mine.png"
    Image.new("RGB", (40, 40), "teal").save(path)
    with CamWidget(cnn, path) as w:
        assert "mine" not in w.to_code() and str(tmp_path) not in w.to_code()
