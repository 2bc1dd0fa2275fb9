"""The registry; what all variants have in common; and each that is arithmetic against a slow reference written from its
formula, in float64 and with plain loops.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import product

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from camwidget.engine import VARIANTS, CamEngine
from camwidget.engine.variants import NEEDS

Array = np.ndarray


def reference(make: Callable[[Array, Array], Array], activations: Tensor, gradients: Tensor) -> Array:
    """``make(A, g)`` for each image, A and g float64 ``(C, cells)``, back on the grid."""
    n, c, *grid = activations.shape
    a = activations.double().numpy().reshape(n, c, -1)
    g = gradients.double().numpy().reshape(n, c, -1)
    return np.stack([make(a[i], g[i]) for i in range(n)]).reshape(n, *grid)


def weighted(weight: Callable[[Array, Array], float], a: Array, g: Array) -> Array:
    out = np.zeros(a.shape[1])
    for k in range(a.shape[0]):
        w = weight(a[k], g[k])
        for cell in range(a.shape[1]):
            out[cell] += w * a[k, cell]
    return out


def cellwise(term: Callable[[float, float], float], a: Array, g: Array) -> Array:
    out = np.zeros(a.shape[1])
    for k, cell in product(range(a.shape[0]), range(a.shape[1])):
        out[cell] += term(float(a[k, cell]), float(g[k, cell]))
    return out


def plus_plus_weight(a: Array, g: Array) -> float:
    """Eq. 19, as printed: alpha = g^2 / (2 g^2 + sum(A) g^3), weight = sum alpha ReLU(g)."""
    total, weight = float(a.sum()), 0.0
    for v in g.tolist():
        below = 2 * v**2 + total * v**3
        alpha = v**2 / below if below != 0 else 0.0
        weight += alpha * max(v, 0.0)
    return weight


REFERENCES = {
    "gradcam": lambda a, g: weighted(lambda ak, gk: float(sum(gk)) / len(gk), a, g),
    "gradcam++": lambda a, g: weighted(plus_plus_weight, a, g),
    "xgradcam": lambda a, g: weighted(lambda ak, gk: float(sum(gk * ak)) / float(sum(ak)), a, g),
    "hirescam": lambda a, g: cellwise(lambda av, gv: av * gv, a, g),
    "layercam": lambda a, g: cellwise(lambda av, gv: av * max(gv, 0.0), a, g),
    "elementwise": lambda a, g: cellwise(lambda av, gv: max(av * gv, 0.0), a, g),
}
REFERENCES["guided_relu"] = REFERENCES["deconv_relu"] = REFERENCES["gradcam"]

# of the definitions, which end in a ReLU: those that the papers cut, and not these
UNCUT = {"hirescam", "elementwise", "guided_gradcam"}

# of activations that are not negative, these weigh only what speaks for the class
NEVER_NEGATIVE = {"elementwise", "layercam", "gradcam++", "smoothgradcam++", "scorecam", "eigencam"}


def close(made: Tensor, expected: Array, limit: float = 1e-5) -> bool:
    scale = np.abs(expected).max() or 1.0
    return bool(np.abs(made.double().numpy() - expected).max() / scale <= limit)


def test_every_variant_that_is_arithmetic_has_a_reference() -> None:
    arithmetic = {v.id for v in VARIANTS.values() if v.function is not None}
    assert arithmetic == {*REFERENCES, "eigengradcam"}  # which has one in test_eigen.py


def test_every_variant_says_what_it_is_and_needs() -> None:
    assert len(VARIANTS) == 16
    for id_, variant in VARIANTS.items():
        assert variant.id == id_
        assert (variant.function is None) != (variant.method is None)
        assert variant.needs in NEEDS and variant.unit in ("score", "relative")
        assert variant.name and variant.paper and variant.cost and 3 <= len(variant.summary.split()) <= 8
        assert (variant.cost == "instant") == (not variant.slow and variant.rule == "standard")


def test_counterfactual_is_what_the_negated_map_leaves(cnn: nn.Module, x: Tensor) -> None:
    """Selvaraju et al., 3.3: the mean of -g weighs each channel, then the ReLU."""
    recording = CamEngine(cnn).record(x)
    a, g = recording.activations("block"), recording.gradients(3, ["block"])["block"]
    expected = torch.einsum("nc,nchw->nhw", (-g).mean((2, 3)), a).clamp(min=0)
    assert expected.max() > 0
    torch.testing.assert_close((-recording.cams([3], "block")[:, 0]).clamp(min=0), expected)


@pytest.mark.parametrize("variant", REFERENCES)
@pytest.mark.parametrize("grid", [(5, 4), (9,), (2, 3, 4)], ids=["2d", "1d", "3d"])
def test_equals_its_formula(variant: str, grid: tuple[int, ...]) -> None:
    activations, gradients = torch.rand(2, 7, *grid), torch.randn(2, 7, *grid)
    made = VARIANTS[variant].function(activations, gradients)
    assert made.shape == (2, *grid)
    assert close(made, reference(REFERENCES[variant], activations, gradients))


@pytest.mark.parametrize("variant", REFERENCES)
def test_equals_its_formula_on_signed_activations(variant: str) -> None:
    activations, gradients = torch.randn(2, 7, 5, 4), torch.randn(2, 7, 5, 4) * 0.01
    # in double, as sums over signed values may cancel
    made = VARIANTS[variant].function(activations.double(), gradients.double())
    assert close(made, reference(REFERENCES[variant], activations, gradients), 1e-9)


@pytest.mark.parametrize("size", [1.0, 1e-4, 1e-8, 1e-12])
def test_plus_plus_has_no_epsilon_bias(size: float) -> None:
    activations, gradients = torch.rand(1, 16, 7, 7), torch.randn(1, 16, 7, 7) * size
    made = VARIANTS["gradcam++"].function(activations, gradients)
    assert close(made, reference(REFERENCES["gradcam++"], activations, gradients))


def test_plus_plus_at_the_vanishing_end_is_half_the_positive_gradient() -> None:
    # alpha -> 1/2 as g -> 0; with an epsilon of 1e-7 beside g^2 = 1e-16 it would be 1e-9
    activations, gradients = torch.rand(1, 4, 3, 3), torch.rand(1, 4, 3, 3) * 1e-8
    weights = gradients.sum((2, 3)) / 2
    expected = torch.einsum("nc,nchw->nhw", weights, activations)
    torch.testing.assert_close(VARIANTS["gradcam++"].function(activations, gradients), expected)


def test_plus_plus_without_a_finite_alpha_weighs_nothing() -> None:
    activations = torch.full((1, 1, 2, 2), -0.5)  # sum -2, so that the denominator is 0 where g = 1
    gradients = torch.tensor([[[[1.0, 0.0], [0.0, 0.0]]]])
    made = VARIANTS["gradcam++"].function(activations, gradients)
    assert torch.equal(made, torch.zeros(1, 2, 2))


def test_xgradcam_weighs_channels_that_sum_to_zero_with_zero() -> None:
    activations = torch.tensor([[[[1.0, -1.0]], [[2.0, 1.0]]]])
    gradients = torch.tensor([[[[5.0, -5.0]], [[1.0, 2.0]]]])
    expected = (2 + 2) / 3 * activations[:, 1]
    torch.testing.assert_close(VARIANTS["xgradcam"].function(activations, gradients), expected)


@pytest.mark.parametrize("variant", REFERENCES)
def test_zero_gradients_and_dead_channels_give_a_finite_zero(variant: str) -> None:
    function = VARIANTS[variant].function
    assert torch.equal(function(torch.rand(1, 3, 4, 4), torch.zeros(1, 3, 4, 4)), torch.zeros(1, 4, 4))
    assert torch.equal(function(torch.zeros(1, 3, 4, 4), torch.randn(1, 3, 4, 4)), torch.zeros(1, 4, 4))


@given(st.integers(0, 2**31 - 1), st.sampled_from(sorted(REFERENCES)), st.floats(-6, 2))
@settings(max_examples=30, deadline=None)
def test_equals_its_formula_at_any_scale(seed: int, variant: str, exponent: float) -> None:
    source = torch.Generator().manual_seed(seed)
    activations = torch.rand(1, 3, 3, 2, generator=source, dtype=torch.float64)
    gradients = torch.randn(1, 3, 3, 2, generator=source, dtype=torch.float64) * 10**exponent
    made = VARIANTS[variant].function(activations, gradients)
    expected = reference(REFERENCES[variant], activations, gradients)
    # near a pole of alpha eq. 19 itself loses digits
    assert close(made, expected, 1e-6)


@pytest.mark.parametrize("variant", VARIANTS)
def test_cam_cuts_where_the_definition_does(variant: str, cnn: nn.Module, x: Tensor) -> None:
    recording = CamEngine(cnn).record(x)
    signed = recording.cams([0, 3], "block", variant)
    cut = torch.stack([recording.cam(t, "block", variant) for t in (0, 3)], dim=1)
    assert VARIANTS[variant].relu == (variant not in UNCUT)
    assert torch.equal(cut, signed if variant in UNCUT else signed.clamp(min=0))
    assert torch.equal(recording.cams([0, 3], "block", variant, signed=False), cut)
    assert (signed.min() < 0) == (variant not in NEVER_NEGATIVE)


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("layer", ["stem.0", "block", "last"])
def test_a_row_of_a_batch_is_the_single_image(variant: str, layer: str, cnn: nn.Module, x: Tensor) -> None:
    engine = CamEngine(cnn)
    together = engine.record(x).cams([1, 4], layer, variant)
    for i in range(len(x)):
        alone = engine.record(x[i : i + 1]).cams([1, 4], layer, variant)
        torch.testing.assert_close(together[i : i + 1], alone, rtol=1e-4, atol=1e-6 * float(alone.abs().max()))


def test_four_methods_are_one_under_a_pooled_linear_head(cnn: nn.Module, x: Tensor) -> None:
    recording = CamEngine(cnn).record(x)
    cells = math.prod(recording.layers["last"].grid)
    cam = torch.einsum("c,nchw->nhw", cnn.fc.weight[2].detach(), recording.activations("last")) / cells
    assert cam.min() < 0 < cam.max()
    for variant in ("gradcam", "hirescam", "xgradcam", "guided_relu", "deconv_relu"):
        torch.testing.assert_close(recording.cams([2], "last", variant)[:, 0], cam, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("head", ["pooled", "flattened"])
def test_hirescam_adds_up_to_the_score_without_its_bias(head: str, x: Tensor) -> None:
    body = [nn.Conv2d(3, 5, 3, stride=2), nn.ReLU(), nn.Conv2d(5, 6, 3, stride=2), nn.ReLU()]
    ends = {
        "pooled": [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(6, 4)],
        "flattened": [nn.Flatten(), nn.Linear(6 * 7 * 7, 4)],
    }
    model = nn.Sequential(*body, *ends[head])
    recording = CamEngine(model).record(x)
    maps = recording.cams(range(4), "3", "hirescam")
    torch.testing.assert_close(maps.sum((2, 3)), recording.scores - model[-1].bias.detach())
