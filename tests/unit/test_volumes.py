"""Every form of a volume in; all its slices on one sheet of bounded size."""

from __future__ import annotations

import io

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from camwidget import colormaps, preprocessing, volumes
from camwidget.preprocessing import Preprocessing
from camwidget.still import Look

PLAIN = Preprocessing(id, "none")


def tile(read: volumes.Volume, index: int) -> np.ndarray:
    """A slice, cut from the sheet as the browser does."""
    sheet = np.asarray(Image.open(io.BytesIO(read.sheet)), float)
    y, x = index // read.columns * read.tile[0], index % read.columns * read.tile[1]
    return sheet[y : y + read.size[0], x : x + read.size[1]]


@pytest.mark.parametrize("depth", [1, 2, 7, 16, 33])
def test_each_slice_is_found_on_the_sheet(depth):
    levels = torch.linspace(0, 1, depth)[:, None, None].expand(depth, 20, 37)
    read = volumes.read(levels[None], PLAIN)
    assert (read.input.shape, read.axis) == ((1, 1, depth, 20, 37), "slice")
    assert read.size == (20, 37) and read.tile == (32, 48)
    for index in range(depth):
        expected = 255 * float(levels[index, 0, 0])
        assert np.abs(tile(read, index) - expected).max() <= 6, index


def test_a_clip_is_shown_in_colour_un_normalised():
    mean, std = (0.4, 0.5, 0.6), (0.2, 0.3, 0.25)
    known = Preprocessing(id, "given", mean=mean, std=std)
    clip = torch.zeros(3, 4, 16, 16)
    clip[0, 2] = 1.0
    read = volumes.read(
        (clip - torch.tensor(mean)[:, None, None, None]) / torch.tensor(std)[:, None, None, None], known
    )
    assert read.axis == "frame"
    assert np.abs(tile(read, 2).mean((0, 1)) - (255, 0, 0)).max() <= 3
    assert tile(read, 1).max() <= 3


def test_statistics_of_torchvisions_video_networks_are_found():
    model = __import__("torchvision").models.video.mc3_18(weights=None, num_classes=400).eval()
    known = preprocessing.find(model)
    assert known.mean == pytest.approx((0.43216, 0.394666, 0.37645))


@pytest.mark.parametrize("shape", [(1, 400, 100, 100), (3, 64, 300, 200), (1, 3, 2000, 10)])
def test_the_sheet_is_bounded_whatever_the_volume(shape):
    read = volumes.read(torch.rand(shape), PLAIN)
    assert len(read.sheet) <= volumes.BYTES
    width, height = Image.open(io.BytesIO(read.sheet)).size
    assert max(read.size) <= volumes.SIDE
    assert read.columns * read.tile[1] == width
    assert -(-shape[1] // read.columns) * read.tile[0] == height
    assert width * height <= 2 * volumes.SHEET  # with the margins of the tiles
    assert read.size[0] / read.size[1] == pytest.approx(shape[2] / shape[3], rel=0.2)


def test_no_slice_bleeds_into_the_next():
    stripes = (torch.arange(16) % 2).float()[:, None, None].expand(16, 40, 40)
    read = volumes.read(stripes[None], PLAIN)
    assert all(np.abs(tile(read, i) - 255 * (i % 2)).max() <= 6 for i in range(16))


@pytest.mark.parametrize(
    ("wrong", "error", "says"),
    [
        ("clip.mp4", TypeError, "a str is no volume"),
        (torch.zeros(8, 9, 10), ValueError, r"shape \(8, 9, 10\).*give volume\[None\]"),
        (torch.zeros(2, 1, 8, 9, 10), ValueError, "2 volumes, but a widget shows one"),
        (torch.zeros(3, 8, 9, 10, dtype=torch.uint8), TypeError, "uint8 was given"),
        (torch.zeros(1, 0, 9, 10), ValueError, "holds no voxels"),
        (torch.full((1, 2, 3, 4), float("inf")), ValueError, "NaN or infinite"),
    ],
)
def test_what_is_no_volume_is_said(wrong, error, says):
    with pytest.raises(error, match=says):
        volumes.read(wrong, PLAIN)


def test_arrays_are_read_as_tensors_are():
    values = np.random.default_rng(0).random((1, 4, 8, 8))
    assert np.allclose(volumes.read(values, PLAIN).input.numpy()[0], values.astype(np.float32))


def test_channels_that_are_no_colours_show_the_first():
    volume = torch.zeros(4, 2, 20, 20)
    volume[0] = 1
    assert tile(volumes.read(volume, PLAIN), 1).min() >= 250


def test_the_still_shows_the_slice_with_the_strongest_evidence_and_its_heat():
    volume = torch.linspace(0, 1, 8)[:, None, None].expand(8, 32, 32)[None]
    cam = np.zeros((4, 4, 4), np.float32)
    cam[3, 0, 3] = 2
    look = Look(signed=False, opacity=0.62, threshold=0.0, mode="bilinear")
    data = volumes.read(volume, preprocessing.find(nn.Conv3d(1, 1, 1))).still(cam, colormaps.lut("viridis"), look)
    pixels = np.asarray(Image.open(io.BytesIO(data)), float)
    side = len(pixels)
    assert np.ptp(pixels[: side // 6, -side // 6 :], axis=2).max() > 60
    assert np.ptp(pixels[side // 2 :, : side // 2], axis=2).max() < 20
    assert pixels[-10:, :10].mean() > 200, "the seventh slice is nearly white"
