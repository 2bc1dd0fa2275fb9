"""From the grid to pixels: torch's own interpolation, kept within the map's own range."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from camwidget.engine import upsample


def plain(maps: Tensor, size: tuple[int, ...], mode: str) -> Tensor:
    return F.interpolate(maps[:, None], size=size, mode=mode, align_corners=False)[:, 0]


def test_bilinear_is_torchs() -> None:
    maps = torch.randn(3, 7, 5)
    torch.testing.assert_close(upsample(maps, (112, 96), "bilinear"), plain(maps, (112, 96), "bilinear"))


def test_bicubic_is_torchs_within_the_range_of_each_map() -> None:
    maps = torch.randn(3, 7, 5) * torch.tensor([1.0, 10.0, 100.0])[:, None, None]
    made, free = upsample(maps, (112, 96)), plain(maps, (112, 96), "bicubic")
    for one, map_, unbound in zip(made, maps, free, strict=True):
        assert unbound.max() > map_.max() and unbound.min() < map_.min()  # so that the clamp has something to do
        assert torch.equal(one, unbound.clamp(map_.min(), map_.max()))


def test_corners_are_not_aligned() -> None:
    maps = torch.tensor([[[0.0, 1.0], [0.0, 1.0]]])
    row = upsample(maps, (4, 4), "bilinear")[0, 0]
    torch.testing.assert_close(row, torch.tensor([0.0, 0.25, 0.75, 1.0]))


@given(st.integers(1, 9), st.integers(1, 9), st.integers(1, 40), st.integers(1, 40), st.integers(0, 2**31 - 1))
def test_never_leaves_the_range(h: int, w: int, height: int, width: int, seed: int) -> None:
    maps = torch.randn(2, h, w, generator=torch.Generator().manual_seed(seed))
    made = upsample(maps, (height, width))
    assert made.shape == (2, height, width)
    low, high = maps.amin((1, 2))[:, None, None], maps.amax((1, 2))[:, None, None]
    assert ((made >= low) & (made <= high)).all()


def test_a_blank_map_stays_blank() -> None:
    assert torch.equal(upsample(torch.zeros(1, 7, 7), (224, 224)), torch.zeros(1, 224, 224))


@pytest.mark.parametrize("mode", ["bicubic", "bilinear"])
@pytest.mark.parametrize(("grid", "size", "torchs"), [((9,), (50,), "linear"), ((2, 3, 4), (4, 9, 8), "trilinear")])
def test_one_and_three_dimensions_are_linear(grid: tuple, size: tuple, torchs: str, mode: str) -> None:
    maps = torch.randn(2, *grid)
    torch.testing.assert_close(upsample(maps, size, mode), plain(maps, size, torchs))


@pytest.mark.parametrize("mode", ["nearest", "cubic", "Bicubic", "", None])
def test_unknown_mode(mode: object) -> None:
    with pytest.raises(ValueError, match=r"unknown interpolation .* accepted: bicubic, bilinear"):
        upsample(torch.zeros(1, 2, 2), (4, 4), mode)


@pytest.mark.parametrize("size", [(4,), (4, 4, 4), ()])
def test_size_of_the_wrong_length(size: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"need a size of 2 numbers"):
        upsample(torch.zeros(1, 2, 2), size)
