"""Positions, boxes and masks over a dense output."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from camwidget.engine.regions import Mask, Window, pack, read_region

OUT = (6, 8)


def cells(region: Any, out: tuple[int, ...] = OUT) -> torch.Tensor:
    read = read_region(region)
    assert read is not None
    return read.cells(out)


def expected(index: Any, out: tuple[int, ...] = OUT) -> torch.Tensor:
    chosen = torch.zeros(1, *out, dtype=torch.bool)
    chosen[0][index] = True
    return chosen


SOME = np.zeros(OUT, bool)
SOME[2:4, 1:7] = True


@pytest.mark.parametrize(
    ("region", "index"),
    [
        ((2, 3), (2, 3)),
        ([2, 3], (2, 3)),
        (np.array([2, 3]), (2, 3)),
        (torch.tensor([2, 3]), (2, 3)),
        ((np.int64(2), np.int64(3)), (2, 3)),
        ((1, 2, 4, 7), np.s_[1:4, 2:7]),
        (np.s_[1:4, 2:7], np.s_[1:4, 2:7]),
        (np.s_[1:4, 3], np.s_[1:4, 3]),
        (np.s_[:, -2:], np.s_[:, -2:]),
        (np.s_[::2, 1::3], np.s_[::2, 1::3]),
        (SOME, np.s_[2:4, 1:7]),
        (torch.from_numpy(SOME), np.s_[2:4, 1:7]),
        (SOME.tolist(), np.s_[2:4, 1:7]),
    ],
)
def test_every_form_of_a_region(region: Any, index: Any) -> None:
    assert torch.equal(cells(region), expected(index))
    assert hash(read_region(region)) == hash(read_region(region))
    assert read_region(region) == read_region(region)


@pytest.mark.parametrize(
    ("region", "index"),
    [(3, 3), ((3,), 3), (slice(2, 5), np.s_[2:5]), ((2, 5), np.s_[2:5]), ([True] + 8 * [False], 0)],
)
def test_steps_of_one_axis(region: Any, index: Any) -> None:
    assert torch.equal(cells(region, (9,)), expected(index, (9,)))


def test_voxels() -> None:
    assert torch.equal(cells((1, 2, 3), (4, 5, 6)), expected((1, 2, 3), (4, 5, 6)))
    assert torch.equal(cells((0, 1, 2, 3, 4, 5), (4, 5, 6)), expected(np.s_[0:3, 1:4, 2:5], (4, 5, 6)))


def test_a_mask_for_each_image() -> None:
    masks = np.stack([SOME, ~SOME])
    read = read_region(masks)
    assert torch.equal(read.cells(OUT), torch.from_numpy(masks))
    assert torch.equal(read.row(1).cells(OUT), torch.from_numpy(masks[1:]))
    assert torch.equal(pack(cells(SOME)).row(1).cells(OUT), cells(SOME))


def test_masks_are_small_and_told_apart() -> None:
    big = np.zeros((513, 513), bool)
    big[0, 0] = True
    assert len(pack(big).bits) < 33_000
    other = big.copy()
    other[512, 512] = True
    assert pack(big) != pack(other)
    assert isinstance(read_region(big), Mask)
    assert isinstance(read_region((0, 0)), Window)
    assert read_region(None) is None


@pytest.mark.parametrize(
    "region", [(6, 0), (0, 8), (-1, 0), (0, 0, 0), (4, 4, 2, 2), np.s_[6:, :], np.zeros(OUT, bool)]
)
def test_a_region_that_does_not_fit(region: Any) -> None:
    with pytest.raises(ValueError, match=r"region .*(6 x 8|chooses nothing).* accepted: a position"):
        cells(region)


def test_a_mask_of_another_size_names_both() -> None:
    with pytest.raises(ValueError, match="a mask of 3 x 3, and the scores have a grid 6 x 8"):
        cells(np.ones((3, 3), bool))


@pytest.mark.parametrize(
    "region", ["dog", True, 1.5, (1.5, 2), {"row": 1}, np.ones((6, 8)), slice("a"), np.s_[::-1, :], object()]
)
def test_what_is_no_region(region: Any) -> None:
    with pytest.raises(TypeError, match=r"region is .*accepted: a position"):
        read_region(region)
