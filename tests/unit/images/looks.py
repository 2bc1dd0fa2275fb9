"""Pictures to read, and how like what the network saw they are shown."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import nn
from torchvision import transforms

from camwidget import images, preprocessing
from camwidget.preprocessing import MEAN, STD

PHOTOS = Path(__file__).parents[4] / "shared" / "data" / "images"
IMAGENET = preprocessing.find(nn.Sequential(nn.Conv2d(3, 4, 3)))
GREY = preprocessing.find(nn.Sequential(nn.Conv2d(1, 4, 3)))
PLAIN = preprocessing.find(nn.Conv2d(3, 4, 3), transforms.ToTensor())


def scene(height: int, width: int) -> np.ndarray:
    """Colour gradients under a coarse checker: every place looks different from every other."""
    y, x = np.mgrid[0:height, 0:width] / max(height, width)
    checker = (np.floor(x * 12) + np.floor(y * 12)) % 2
    pixels = np.stack([0.2 + 0.6 * x, 0.2 + 0.6 * y, 0.5 + 0.4 * np.cos(7 * x - 4 * y)], -1) * (
        0.6 + 0.4 * checker[..., None]
    )
    return np.rint(pixels.clip(0, 1) * 255).astype(np.uint8)


def opened(picture: images.Picture) -> Image.Image:
    shown = Image.open(io.BytesIO(picture.encoded))
    assert shown.get_format_mimetype() == picture.mime
    assert (shown.height, shown.width) == picture.size
    return shown


def unnormalised(picture: images.Picture, mean=MEAN, std=STD) -> np.ndarray:
    values = picture.input[0] * torch.tensor(std).view(-1, 1, 1) + torch.tensor(mean).view(-1, 1, 1)
    return values.clamp(0, 1).permute(1, 2, 0).numpy()


def likeness(picture: images.Picture, expected: np.ndarray) -> float:
    """Correlation of the shown picture, brought to the input's size, with what the network saw."""
    height, width = expected.shape[:2]
    shown = opened(picture).convert("RGB").resize((width, height), Image.Resampling.BOX)
    return float(np.corrcoef(np.asarray(shown, float).ravel(), expected.ravel())[0, 1])
