"""Thumbnails and maps: those of the engine, made a few at a time, the last ones kept."""

from __future__ import annotations

import io

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from camwidget import CamEngine, preprocessing
from camwidget.gallery.items import Items
from camwidget.gallery.protocol import UNKNOWN
from camwidget.gallery.thumbs import Look, Shelf, Thumb, Thumbs

LOOK = Look("last", "gradcam")


@pytest.fixture
def x() -> torch.Tensor:
    return torch.randn(12, 3, 32, 32)


def thumbs_of(model: nn.Module, dataset, most: int = 2**20) -> Thumbs:
    return Thumbs(CamEngine(model), Items(dataset, preprocessing.find(model)), lambda _index, _label: UNKNOWN, most)


def make_all(thumbs: Thumbs, look: Look, classes: list[tuple[int, int]]):
    left, made = list(range(len(classes))), {}
    while left:
        made |= {one.index: one for one in thumbs.make(left, look, [classes[i] for i in left])}
        left = [i for i in left if i not in made]
    return [made[i] for i in sorted(made)]


@pytest.mark.parametrize(("layer", "variant"), [("last", "gradcam"), ("last", "layercam"), ("block", "guided_relu")])
def test_maps_are_those_of_each_item_alone(cnn: nn.Module, x: torch.Tensor, layer: str, variant: str) -> None:
    classes = [(i % 6, (i * 5 + 1) % 6) for i in range(12)]
    look = Look(layer, variant)
    for one, (predicted, truth) in zip(make_all(thumbs_of(cnn, x), look, classes), classes, strict=True):
        due = CamEngine(cnn).record(x[one.index][None]).cams([predicted, truth], layer, variant)[0].numpy()
        np.testing.assert_allclose(one.maps.predicted, due[0], rtol=1e-3, atol=1e-6 * np.abs(due).max())
        if predicted == truth:
            assert one.maps.truth is None
        else:
            np.testing.assert_allclose(one.maps.truth, due[1], rtol=1e-3, atol=1e-6 * np.abs(due).max())


def test_without_scores_the_class_is_the_recordings_own(cnn: nn.Module, x: torch.Tensor) -> None:
    made = make_all(thumbs_of(cnn, x), LOOK, [(UNKNOWN, UNKNOWN)] * 12)
    with torch.no_grad():
        assert [one.maps.classes[0] for one in made] == cnn(x).argmax(1).tolist()
    assert all(one.maps.truth is None for one in made)


def test_fine_maps_are_pooled_and_the_picture_is_small(cnn: nn.Module) -> None:
    picture = Image.fromarray(np.random.default_rng(0).integers(0, 255, (400, 400, 3), dtype=np.uint8))
    [made] = thumbs_of(cnn, [picture]).make([0], Look("stem", "gradcam"), [(0, 1)])
    assert made.maps.predicted.shape == (28, 28)
    shown = Image.open(io.BytesIO(made.thumb.data))
    assert shown.size == made.thumb.size == (96, 96) and len(made.thumb.data) < 20_000


def test_what_was_made_is_found_until_its_classes_change(cnn: nn.Module, x: torch.Tensor) -> None:
    thumbs = thumbs_of(cnn, x)
    make_all(thumbs, LOOK, [(0, UNKNOWN)] * 12)
    assert thumbs.find(3, LOOK, 0, UNKNOWN) is not None
    assert thumbs.find(3, LOOK, UNKNOWN, UNKNOWN) is not None
    assert thumbs.find(3, LOOK, 1, UNKNOWN) is None and thumbs.find(3, LOOK, 0, 2) is None
    assert thumbs.find(3, Look("block", "gradcam"), 0, UNKNOWN) is None
    thumbs.forget()
    assert thumbs.find(3, LOOK, 0, UNKNOWN) is None


def test_memory_is_bounded(cnn: nn.Module, x: torch.Tensor) -> None:
    thumbs = thumbs_of(cnn, x, most=12_000)
    make_all(thumbs, LOOK, [(0, 1)] * 12)
    assert 0 < thumbs.nbytes <= 24_000
    assert thumbs.find(11, LOOK, 0, 1) is not None and thumbs.find(0, LOOK, 0, 1) is None


def test_a_shelf_drops_what_was_not_asked_for_longest() -> None:
    shelf: Shelf[int, Thumb] = Shelf(3 * 300)
    for key in range(3):
        shelf.put(key, Thumb(b"x" * 100, (1, 1)))
    shelf.get(0)
    shelf.put(3, Thumb(b"x" * 100, (1, 1)))
    assert [shelf.get(key) is not None for key in range(4)] == [True, False, True, True]
    shelf.put(3, Thumb(b"x" * 50, (1, 1)))
    assert shelf.nbytes == 850
