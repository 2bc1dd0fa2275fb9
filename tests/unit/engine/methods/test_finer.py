"""Finer-CAM is linear in the maps of the classes that it compares."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from camwidget.engine import CamEngine
from camwidget.engine.methods.finer import closest
from camwidget.engine.targets import Target
from tests.conftest import TinyCnn


@pytest.mark.parametrize("layer", ["stem.0", "block", "last"])
def test_is_the_map_less_the_mean_of_the_closest_three(layer: str, cnn: nn.Module, x: Tensor) -> None:
    recording = CamEngine(cnn).record(x)
    plain = recording.cams(range(6), layer)
    found = recording.cams(range(6), layer, "finercam")
    for image in range(2):
        scores = recording.scores[image]
        for score in range(6):
            others = sorted((i for i in range(6) if i != score), key=lambda i: abs(float(scores[i] - scores[score])))
            expected = plain[image, score] - plain[image, others[:3]].mean(0)
            torch.testing.assert_close(found[image, score], expected, rtol=1e-4, atol=1e-6 * float(plain.abs().max()))


def test_given_references_are_used_with_their_gamma(cnn: nn.Module, x: Tensor) -> None:
    recording = CamEngine(cnn).record(x)
    plain = recording.cams([0, 4, 5], "block")
    expected = plain[:, 0] - 0.6 * (plain[:, 1] + plain[:, 2]) / 2
    found = recording.cams([Target(0, against=(4, 5), gamma=0.6)], "block", "finercam")[:, 0]
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-6 * float(plain.abs().max()))


@pytest.mark.parametrize("classes", [1, 2, 3])
def test_few_classes_are_all_references(classes: int, x: Tensor) -> None:
    recording = CamEngine(TinyCnn(classes).eval()).record(x)
    plain = recording.cams(range(classes), "block")
    expected = plain[:, 0] - (plain[:, 1:].mean(1) if classes > 1 else 0)
    found = recording.cams([0], "block", "finercam")[:, 0]
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-6 * float(plain.abs().max()))


def test_closest_classes() -> None:
    scores = torch.tensor([[5.0, 1.0, 4.0, 6.5, 4.5], [0.0, 0.0, 0.0, 0.0, 9.0]])
    assert closest(scores, (0, 4)) == ((4, 2, 3), (0, 1, 2))
    assert closest(scores, (1, 1), 1) == ((2,), (0,))


def test_a_callable_has_no_closest_classes(cnn: nn.Module, x: Tensor) -> None:
    with pytest.raises(ValueError, match="names no class; accepted: a class, or variant 'gradcam'"):
        CamEngine(cnn).record(x).cam(lambda scores: scores[:, 0], "block", "finercam")
