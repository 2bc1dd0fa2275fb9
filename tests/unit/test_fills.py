"""What covered pixels become."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from camwidget.fills import Fills, blurred, mean, noise
from camwidget.protocol import FILLS

SHAPE = (3, 24, 36)


@pytest.fixture
def picture() -> torch.Tensor:
    return torch.rand(SHAPE)


def painted(fill: str) -> np.ndarray:
    """The left half."""
    labels = np.zeros(SHAPE[1:], np.uint8)
    labels[:, :18] = 1 + FILLS.index(fill)
    return labels


@pytest.mark.parametrize("fill", FILLS)
def test_what_is_not_covered_is_bit_for_bit_as_it_was(picture: torch.Tensor, fill: str) -> None:
    before = picture.clone()
    found = Fills(picture).over(painted(fill))
    assert torch.equal(found[:, :, 18:], picture[:, :, 18:])
    assert not torch.equal(found[:, :, :18], picture[:, :, :18])
    assert torch.equal(picture, before) and found.dtype == picture.dtype


@pytest.mark.parametrize("fill", FILLS)
def test_to_fill_and_to_normalise_may_be_exchanged(picture: torch.Tensor, fill: str) -> None:
    low, step = torch.tensor([0.4, 0.5, 0.6])[:, None, None], torch.tensor([0.1, 0.2, 0.3])[:, None, None]
    after = Fills((picture - low) / step).over(painted(fill))
    torch.testing.assert_close(after, (Fills(picture).over(painted(fill)) - low) / step, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("fill", FILLS)
def test_no_value_leaves_the_pictures_range(picture: torch.Tensor, fill: str) -> None:
    found = Fills(picture).over(painted(fill))
    for channel, original in zip(found, picture, strict=True):
        assert original.min() - 1e-6 <= channel.min() and channel.max() <= original.max() + 1e-6


def test_mean(picture: torch.Tensor) -> None:
    assert torch.equal(mean(picture)[:, 3, 5], picture.mean((1, 2)))


def test_a_blur_leaves_no_detail_and_keeps_the_light(picture: torch.Tensor) -> None:
    soft = blurred(picture)
    assert soft.shape == picture.shape
    assert soft.std() < 0.15 * picture.std()
    torch.testing.assert_close(blurred(torch.full(SHAPE, 0.3)), torch.full(SHAPE, 0.3))
    ramp = torch.linspace(0, 1, 36).expand(SHAPE)
    assert (blurred(ramp)[0, 12].diff() > 0).all()
    assert blurred(torch.rand(1, 1, 1)).shape == (1, 1, 1)


def test_noise_is_made_of_the_pictures_own_pixels_and_stays(picture: torch.Tensor) -> None:
    state = torch.random.get_rng_state()
    found = noise(picture)
    assert torch.equal(torch.random.get_rng_state(), state)
    assert torch.equal(found, noise(picture))
    own = {tuple(pixel) for pixel in picture.flatten(1).T.tolist()}
    assert {tuple(pixel) for pixel in found.flatten(1).T.tolist()} <= own
    assert abs(float(found.mean() - picture.mean())) < 0.05
