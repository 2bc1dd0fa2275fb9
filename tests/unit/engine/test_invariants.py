"""What must hold for any network, input and class, for every variant of the registry."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from camwidget.engine import VARIANTS, CamEngine
from tests.registry import GRADIENT

CLASSES = 5
LAYERS = ("early", "late")
EVERY = pytest.mark.parametrize("variant", GRADIENT)

ON_SCALE = {
    "gradcam": 1,  # eq. 1: the weights are means of g
    "hirescam": 1,  # eq. 3: g * A
    "layercam": 1,  # eq. 6: ReLU(g) * A
    "xgradcam": 1,  # eq. 7: sum(g A) / sum(A)
    "elementwise": 1,  # ReLU(g * A)
    "guided_relu": 1,  # the rule is homogeneous: r * [x > 0] * [r > 0]
    "deconv_relu": 1,  # r * [r > 0]
    "gradcam++": None,  # eq. 19: alpha = 1 / (2 + sum(A) g) is not homogeneous in g
    "eigengradcam": 1,  # (g A) v, with v of unit length
    "finercam": 1,  # the gradient of s_c - gamma * mean of s_d, whose d stay the closest
    "shapleycam": 1,  # g - H A / 2
    "guided_gradcam": 2,  # the product of two gradients of the score
}
"""The power of c with which a map grows when all scores are multiplied by c > 0; None where there is none. A variant
that is not listed here fails the test until somebody has looked at its equations.
"""


class Small(nn.Module):
    """Two layers with 6 x 6 and 3 x 3 cells and a pooled head with a rectifier, so that the rules matter."""

    def __init__(self, seed: int, bias: bool = True) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.early = nn.Sequential(nn.Conv2d(2, 6, 3, padding=1), nn.ReLU())
            self.pool = nn.MaxPool2d(2)
            self.late = nn.Sequential(nn.Conv2d(6, 8, 3, padding=1), nn.ReLU())
            self.middle = nn.Linear(8, 10)
            self.fc = nn.Linear(10, CLASSES, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        pooled = self.late(self.pool(self.early(x))).mean((2, 3))
        return self.fc(self.middle(pooled).relu())


def pictures(seed: int, count: int = 3) -> Tensor:
    return torch.randn(count, 2, 6, 6, generator=torch.Generator().manual_seed(seed))


def close(made: Tensor, expected: Tensor) -> None:
    """Equal to the rounding of the largest value."""
    size = float(expected.abs().max())
    torch.testing.assert_close(made, expected, rtol=1e-4, atol=2e-5 * size + 1e-12)


def all_variants(made: CamEngine, x: Tensor, variant: str, targets: list[int]) -> list[Tensor]:
    recording = made.record(x)
    return [recording.cams(targets, layer, variant) for layer in LAYERS]


seeds = st.integers(0, 10_000)
few = settings(max_examples=5, deadline=None)


@EVERY
@given(seed=seeds, row=st.integers(0, 2), target=st.integers(0, CLASSES - 1))
@few
def test_a_batch_of_one_is_the_row_of_a_batch(variant: str, seed: int, row: int, target: int) -> None:
    engine, x = CamEngine(Small(seed).eval()), pictures(seed)
    whole = all_variants(engine, x, variant, [target])
    alone = all_variants(engine, x[row : row + 1], variant, [target])
    for one, batch in zip(alone, whole, strict=True):
        close(one[0], batch[row])


@EVERY
@given(seed=seeds, permutation=st.permutations(range(3)))
@few
def test_images_do_not_see_each_other(variant: str, seed: int, permutation: list[int]) -> None:
    engine, x = CamEngine(Small(seed).eval()), pictures(seed)
    for made, moved in zip(
        all_variants(engine, x, variant, [1]), all_variants(engine, x[permutation], variant, [1]), strict=True
    ):
        close(moved, made[permutation])


@EVERY
@given(seed=seeds)
@few
def test_one_target_an_image_is_what_each_gives_by_itself(variant: str, seed: int) -> None:
    recording = CamEngine(Small(seed).eval()).record(pictures(seed))
    for layer in LAYERS:
        mixed = recording.cam([0, 4, 2], layer, variant)
        for row, target in enumerate((0, 4, 2)):
            close(mixed[row], recording.cam(target, layer, variant)[row])


@EVERY
@given(seed=seeds, permutation=st.permutations(range(CLASSES)))
@few
def test_permuted_classes_permute_the_maps(variant: str, seed: int, permutation: list[int]) -> None:
    model, x = Small(seed).eval(), pictures(seed)
    before = all_variants(CamEngine(model), x, variant, permutation)
    with torch.no_grad():
        model.fc.weight.copy_(model.fc.weight[permutation].clone())
        model.fc.bias.copy_(model.fc.bias[permutation].clone())
    after = all_variants(CamEngine(model), x, variant, list(range(CLASSES)))
    for made, expected in zip(after, before, strict=True):
        close(made, expected)


@EVERY
@given(seed=seeds, permutation=st.permutations(range(6)))
@few
def test_permuted_channels_leave_the_map(variant: str, seed: int, permutation: list[int]) -> None:
    model, x = Small(seed).eval(), pictures(seed)
    before = all_variants(CamEngine(model), x, variant, [0, 3])
    with torch.no_grad():
        conv = model.early[0]
        conv.weight.copy_(conv.weight[permutation].clone())
        conv.bias.copy_(conv.bias[permutation].clone())
        model.late[0].weight.copy_(model.late[0].weight[:, permutation].clone())
    for made, expected in zip(all_variants(CamEngine(model), x, variant, [0, 3]), before, strict=True):
        close(made, expected)


def scaled(model: Small, factor: float) -> Small:
    with torch.no_grad():
        model.fc.weight.mul_(factor)
        model.fc.bias.mul_(factor)
    return model


@EVERY
@given(seed=seeds, factor=st.floats(0.25, 8))
@few
def test_scores_times_a_positive_number_scale_the_map_as_the_equations_say(
    variant: str, seed: int, factor: float
) -> None:
    power = ON_SCALE[variant]
    x = pictures(seed)
    before = all_variants(CamEngine(Small(seed).eval()), x, variant, [0, 3])
    after = all_variants(CamEngine(scaled(Small(seed), factor).eval()), x, variant, [0, 3])
    for made, expected in zip(after, before, strict=True):
        if power is None:
            assert torch.isfinite(made).all()
        else:
            close(made, expected * factor**power)


def test_gradcam_plus_plus_is_not_homogeneous() -> None:
    """Else the table above would leave out a check."""
    x = pictures(3)
    before = CamEngine(Small(3).eval()).record(x).cams([0], "early", "gradcam++")
    after = CamEngine(scaled(Small(3), 8).eval()).record(x).cams([0], "early", "gradcam++")
    assert not torch.allclose(after, before, rtol=1e-2)
    assert not torch.allclose(after, 8 * before, rtol=1e-2)


@EVERY
@given(seed=seeds, constant=st.floats(-5, 5))
@few
def test_a_number_added_to_all_scores_changes_nothing(variant: str, seed: int, constant: float) -> None:
    model, x = Small(seed).eval(), pictures(seed)
    before = all_variants(CamEngine(model), x, variant, [2])
    with torch.no_grad():
        model.fc.bias.add_(constant)
    for made, expected in zip(all_variants(CamEngine(model), x, variant, [2]), before, strict=True):
        close(made, expected)


class Mirror(Small):
    """Kernels that are their own mirror image: a flipped picture gives flipped layers."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        with torch.no_grad():
            for conv in (self.early[0], self.late[0]):
                conv.weight.copy_(conv.weight + conv.weight.flip(3))


@EVERY
@given(seed=seeds)
@few
def test_a_flipped_picture_flips_the_map_of_a_network_that_does_not_tell_left_from_right(
    variant: str, seed: int
) -> None:
    engine, x = CamEngine(Mirror(seed).eval()), pictures(seed)
    for made, expected in zip(
        all_variants(engine, x.flip(3), variant, [0, 4]), all_variants(engine, x, variant, [0, 4]), strict=True
    ):
        close(made, expected.flip(-1))


@EVERY
@given(seed=seeds, layer=st.sampled_from(LAYERS))
@few
def test_all_classes_at_once_are_the_classes_one_by_one(variant: str, seed: int, layer: str) -> None:
    recording = CamEngine(Small(seed).eval()).record(pictures(seed))
    if recording.all_at_once(layer, variant):
        for signed in (True, False):
            close(
                recording.all_cams(layer, variant, signed),
                recording.cams(list(range(CLASSES)), layer, variant, signed),
            )


@EVERY
@given(seed=seeds, target=st.integers(0, CLASSES - 1))
@few
def test_cam_is_the_row_of_cams_after_the_final_rectifier(variant: str, seed: int, target: int) -> None:
    recording = CamEngine(Small(seed).eval()).record(pictures(seed))
    for layer in LAYERS:
        stack = recording.cams([target, 0], layer, variant, signed=False)
        close(recording.cam(target, layer, variant), stack[:, 0])
        signed = recording.cams([target], layer, variant)[:, 0]
        close(stack[:, 0], signed.clamp(min=0) if VARIANTS[variant].relu else signed)


class Linear(nn.Module):
    """One linear layer after the map, over all of it or over its mean."""

    def __init__(self, seed: int, pooled: bool) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.conv = nn.Sequential(nn.Conv2d(2, 7, 3, padding=1), nn.ReLU())
            self.pooled = pooled
            self.fc = nn.Linear(7 if pooled else 7 * 36, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        a = self.conv(x)
        return self.fc(a.mean((2, 3)) if self.pooled else a.flatten(1))


@pytest.mark.parametrize("pooled", [True, False])
@given(seed=seeds)
@few
def test_the_cells_of_hirescam_add_up_to_the_score_without_the_bias(pooled: bool, seed: int) -> None:
    """Draelos and Carin, section 3: exact with one linear layer after the map, whatever its form."""
    model = Linear(seed, pooled).eval()
    recording = CamEngine(model).record(pictures(seed))
    cells = recording.cams(list(range(CLASSES)), variant="hirescam").sum((2, 3))
    close(cells, recording.scores - model.fc.bias.detach())


@given(seed=seeds)
@few
def test_with_a_pooled_linear_head_the_maps_are_the_classic_cam(seed: int) -> None:
    """Zhou et al. 2016: M = sum over channels of W A; divided by the number of cells it is Grad-CAM and its kin, and
    its cells add up to the score without the bias. XGrad-CAM is equal where a channel is not silent, and there A is 0.
    """
    model = Linear(seed, True).eval()
    x = pictures(seed)
    recording = CamEngine(model).record(x)
    with torch.no_grad():
        classic = torch.einsum("kc,nchw->nkhw", model.fc.weight, model.conv(x)) / 36
    for variant in ("gradcam", "hirescam", "xgradcam", "guided_relu", "deconv_relu"):
        close(recording.cams(list(range(CLASSES)), variant=variant), classic)
    close(classic.sum((2, 3)), recording.scores - model.fc.bias.detach())
