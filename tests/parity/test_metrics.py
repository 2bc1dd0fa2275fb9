"""Measures against pytorch-grad-cam's and torchcam's, where these are right: on the same maps."""

from __future__ import annotations

from contextlib import nullcontext
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from camwidget.metrics import Judge, average_drop, deletion, increase_in_confidence, insertion
from camwidget.metrics.confidence import masks
from tests.conftest import TinyCnn

N = 6
CLASSES = [0, 3, 2, 5, 1, 4]


class Given:
    """Stands in for an extractor of torchcam's: gives maps that are made already."""

    def __init__(self, model: torch.nn.Module, maps: Tensor) -> None:
        self.model, self._maps = model, maps

    def __call__(self, *_args: Any, **_keywords: Any) -> list[Tensor]:
        return [self._maps]

    def fuse_cams(self, cams: list[Tensor]) -> Tensor:
        return cams[0]

    def _hooks_off(self) -> Any:
        return nullcontext()


@pytest.fixture
def model() -> TinyCnn:
    made = TinyCnn().eval()
    with torch.no_grad():  # scores that differ by more than rounding
        made.fc.weight *= 40
    return made


@pytest.fixture
def x() -> Tensor:
    return torch.randn(N, 3, 32, 32)


@pytest.fixture
def maps() -> Tensor:
    """At the size of the input, where nobody enlarges; without equal values; from 0 to 1, as torchcam's are."""
    return masks(torch.rand(N, 32, 32))


def test_torchcam_deletion_and_insertion(model: TinyCnn, x: Tensor, maps: Tensor) -> None:
    theirs = pytest.importorskip("torchcam.metrics", reason="torchcam is not installed (extra: bench)")
    judge = Judge(model, "softmax")
    metric = theirs.DeletionInsertionMetric(Given(model, maps), partial(torch.softmax, dim=-1), steps=16)
    metric.update(x, CLASSES)
    found = metric.summary()
    ours = [
        measure(judge, x, maps, CLASSES, steps=16, baseline="mean").area.mean() for measure in (deletion, insertion)
    ]
    names = [next(name for name in found if word in name) for word in ("deletion", "insertion")]
    assert ours == pytest.approx([found[name] for name in names], rel=1e-4)


def test_torchcam_average_drop_and_increase(model: TinyCnn, x: Tensor, maps: Tensor) -> None:
    theirs = pytest.importorskip("torchcam.metrics", reason="torchcam is not installed (extra: bench)")
    judge = Judge(model, "softmax")
    metric = theirs.ClassificationMetric(Given(model, maps), partial(torch.softmax, dim=-1))
    metric.update(x, CLASSES)
    found = metric.summary()
    increase = increase_in_confidence(judge, x, maps, CLASSES)
    assert 0 < increase.mean() < 1
    assert float(average_drop(judge, x, maps, CLASSES).mean()) == pytest.approx(found["avg_drop"], rel=1e-4)
    assert float(increase.mean()) == pytest.approx(found["conf_increase"])


def test_pytorch_grad_cam_drop_and_increase(model: TinyCnn, x: Tensor, maps: Tensor) -> None:
    """Of its targets the plain score is asked, and the loss is not divided by it, as the paper does."""
    peer = pytest.importorskip("pytorch_grad_cam.metrics.cam_mult_image", reason="not installed (extra: bench)")
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    targets = [ClassifierOutputTarget(k) for k in CLASSES]
    judge = Judge(model, "logit")
    lost = peer.DropInConfidence()(x, maps[:, None].numpy(), targets, model)
    more = peer.IncreaseInConfidence()(x, maps[:, None].numpy(), targets, model)
    before = judge(x, CLASSES)
    assert 0 < np.count_nonzero(more) < N
    assert increase_in_confidence(judge, x, maps, CLASSES).tolist() == more.tolist()
    ours = average_drop(judge, x, maps, CLASSES) * before
    up = before > 0  # of other scores there is no share
    torch.testing.assert_close(ours[up], torch.as_tensor(lost)[up], rtol=1e-4, atol=1e-5)
    assert bool(up.any())
