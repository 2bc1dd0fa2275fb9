"""Which variants are linear in what is explained: the map of a - gamma b is that of a less gamma times that of b."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from camwidget.engine import VARIANTS, CamEngine, Target

GAMMA = 0.7
A, B = 3, 1


class Bent(nn.Module):
    """Smooth behind its layer, so that curvature counts; and the layer's values have both signs."""

    def __init__(self) -> None:
        super().__init__()
        self.layer, self.next = nn.Conv2d(3, 6, 3, padding=1), nn.Conv2d(6, 8, 3, padding=1)
        self.head = nn.Linear(8, 5)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(torch.nn.functional.gelu(self.next(self.layer(x))).mean((2, 3)))


class Straight(nn.Module):
    """Rectifiers behind its layer, so that the rules of guided and deconv differ from the plain one."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Sequential(nn.Conv2d(3, 6, 3, padding=1), nn.ReLU())
        self.next, self.head = nn.Sequential(nn.Conv2d(6, 8, 3, padding=1), nn.ReLU()), nn.Linear(8, 5)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.next(self.layer(x)).mean((2, 3)))


def apart(model: nn.Module, variant: str, **what: str) -> float:
    """How far the map of the difference is from the difference of maps, as a share of its largest value."""
    recording = CamEngine(model.eval()).record(torch.randn(1, 3, 9, 8))
    a, b = recording.cams([Target(A, **what), Target(B, **what)], "layer", variant)[0]
    made = recording.cams([Target(A, against=B, gamma=GAMMA, **what)], "layer", variant)[0, 0]
    return float((made - (a - GAMMA * b)).abs().max() / made.abs().max().clamp(min=1e-12))


LINEAR = [v.id for v in VARIANTS.values() if v.linear]


@pytest.mark.parametrize("variant", LINEAR)
@pytest.mark.parametrize("model", [Bent, Straight])
@pytest.mark.parametrize("score", ["logit", "softmax", "log_softmax"])
def test_a_linear_variant_may_be_subtracted(variant: str, model: type[nn.Module], score: str) -> None:
    # curvature is that of the value that is explained, so a softmax bends every network
    assert apart(model(), variant, score=score) < 1e-4


@pytest.mark.parametrize("variant", [v.id for v in VARIANTS.values() if v.per_class and not v.linear])
def test_no_other_variant_may(variant: str) -> None:
    assert apart(Straight(), variant) > 1e-2


def test_a_map_that_asks_no_class_has_no_contrast() -> None:
    assert not any(v.linear for v in VARIANTS.values() if not v.per_class)
    assert "gradcam" in LINEAR
