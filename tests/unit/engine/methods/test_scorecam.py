"""Score-CAM against a plain loop, one mask at a time."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from camwidget.engine import CamEngine
from camwidget.engine.methods.scorecam import masks
from tests.unit.engine.networks import CASES, made, relative_error

MODES = {3: "linear", 4: "bilinear", 5: "trilinear"}


def by_loop(model: nn.Module, x: Tensor, a: Tensor, score: int) -> Tensor:
    maps = []
    for image, channels in zip(x, a, strict=True):
        scores, kept = [], []
        for channel in channels:
            mask = F.interpolate(channel[None, None], image.shape[1:], mode=MODES[x.ndim], align_corners=False)[0, 0]
            if channel.max() == channel.min():
                continue
            mask = (mask - mask.min()) / (mask.max() - mask.min())
            with torch.no_grad():
                scores.append(model((image * mask)[None])[0, score])
            kept.append(channel)
        weights = torch.stack(scores).softmax(0)
        maps.append(torch.tensordot(weights, torch.stack(kept), 1))
    return torch.stack(maps)


@pytest.mark.parametrize("case", CASES)
def test_equals_a_plain_loop(case: str) -> None:
    model, x, layer = made(case)
    recording = CamEngine(model).record(x)
    maps = recording.cams(range(5), layer, "scorecam")
    for score in range(5):
        assert relative_error(maps[:, score], by_loop(model, x, recording.activations(layer), score)) <= 1e-4


def test_constant_channels_weigh_nothing_and_cost_no_run() -> None:
    model, x, layer = made("dense")
    with torch.no_grad():
        model.conv2.weight[:4] = 0
        model.conv2.bias[:4] = torch.tensor([1.0, 2.0, 3.0, 0.0])
    recording, told = CamEngine(model).record(x), []
    found = recording.cams([1], layer, "scorecam", progress=lambda *done: told.append(done))[:, 0]
    assert told[-1] == (2 * 3, 2 * 3)
    assert relative_error(found, by_loop(model, x, recording.activations(layer), 1)) <= 1e-4


def test_of_constant_channels_only_is_nothing() -> None:
    model, x, layer = made("dense")
    with torch.no_grad():
        model.conv2.weight.zero_()
    found = CamEngine(model).record(x).cam(1, layer, "scorecam")
    assert torch.equal(found, torch.zeros(2, 8, 8))


def test_is_unmoved_by_what_is_added_to_the_score() -> None:
    model, x, layer = made("residual, behind the block")
    before = CamEngine(model).record(x).cam(2, layer, "scorecam")
    with torch.no_grad():
        model.fc.bias[2] += 30
    assert relative_error(CamEngine(model).record(x).cam(2, layer, "scorecam"), before) <= 1e-4


def test_masks_span_0_to_1() -> None:
    made_masks = masks(torch.randn(3, 4, 5), (16, 20))
    assert made_masks.shape == (3, 16, 20)
    assert made_masks.flatten(1).amin(1).tolist() == [0, 0, 0]
    torch.testing.assert_close(made_masks.flatten(1).amax(1), torch.ones(3))
    assert torch.equal(masks(torch.full((1, 2, 2), 7.0), (4, 4)), torch.zeros(1, 4, 4))
