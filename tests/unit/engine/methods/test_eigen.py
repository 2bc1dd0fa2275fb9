"""EigenCAM and EigenGradCAM against torch's own singular value decomposition; and their sign."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from camwidget.engine import CamEngine
from camwidget.engine.methods.eigen import eigencam, eigengradcam


def by_svd(values: Tensor) -> Tensor:
    """``(C, *grid)`` -> its rows of cells on the first right singular vector, up to sign."""
    rows = values.double().flatten(1).T
    _, _, vh = torch.linalg.svd(rows, full_matrices=False)
    return (rows @ vh[0]).reshape(values.shape[1:])


def up_to_sign(made: Tensor, expected: Tensor, limit: float = 1e-4) -> bool:
    scale = float(expected.abs().max())
    return min(float((made.double() - sign * expected).abs().max()) for sign in (1, -1)) <= limit * scale


@pytest.mark.parametrize("shape", [(5, 6, 4), (40, 3, 3), (7, 9), (3, 2, 3, 4), (1, 4, 4), (6, 1, 1)])
@pytest.mark.parametrize("size", [1.0, 1e-6, 1e6])
def test_equals_the_singular_value_decomposition(shape: tuple[int, ...], size: float) -> None:
    a, g = torch.randn(2, *shape) + 0.5, torch.randn(2, *shape) * size
    made, weighed = eigencam(a), eigengradcam(a, g)
    assert made.shape == weighed.shape == (2, *shape[1:])
    for i in range(2):
        assert up_to_sign(made[i], by_svd(a[i]))
        assert up_to_sign(weighed[i], by_svd((g * a)[i]))


@given(st.integers(0, 2**31 - 1))
@settings(max_examples=30, deadline=None)
def test_goes_along_with_the_sum_of_the_channels(seed: int) -> None:
    a = torch.randn(1, 4, 5, 3, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    made = eigencam(a)
    assert (made * a.sum(1)).sum() > 0
    torch.testing.assert_close(eigencam(-a), -made)
    torch.testing.assert_close(eigencam(a.flip(1)), made)  # the order of the channels says nothing
    torch.testing.assert_close(eigencam(a.flip(3)), made.flip(2))


def test_is_not_negative_where_the_activations_are_not() -> None:
    for seed in range(20):
        a = torch.rand(1, 30, 4, 4, generator=torch.Generator().manual_seed(seed)).clamp(min=0.7) - 0.7
        assert eigencam(a).min() > -1e-6


def test_is_not_centred() -> None:
    """One channel that is large everywhere: the columns' means are the strongest pattern, which centring would lose."""
    a = torch.zeros(1, 3, 4, 4)
    a[0, 0] = 10
    a[0, 1, 1, 1] = 1
    torch.testing.assert_close(eigencam(a), a[:, 0], atol=0.05, rtol=0)


def test_without_a_way_the_largest_value_is_positive() -> None:
    a = torch.tensor([[[[-3.0, 1.0]], [[3.0, -1.0]]]])  # the sum over the channels is 0
    assert eigencam(a)[0, 0].tolist() == pytest.approx([18**0.5, -(2**0.5)])


def test_of_nothing_is_nothing() -> None:
    assert torch.equal(eigencam(torch.zeros(2, 3, 4, 4)), torch.zeros(2, 4, 4))
    assert torch.equal(eigengradcam(torch.rand(2, 3, 4, 4), torch.zeros(2, 3, 4, 4)), torch.zeros(2, 4, 4))


def test_is_the_same_for_every_class_and_takes_no_backward_pass(
    cnn: nn.Module, x: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording = CamEngine(cnn).record(x)
    monkeypatch.setattr(torch.autograd, "grad", lambda *a, **k: pytest.fail("a backward pass"))
    maps = recording.cams([0, 3], "block", "eigencam")
    assert torch.equal(maps[:, 0], maps[:, 1])
    torch.testing.assert_close(maps[:, 0], eigencam(recording.activations("block")))
    maps.zero_()  # what was handed out is the user's
    assert recording.cam(0, "block", "eigencam").max() > 0
