"""What covered pixels become: the picture's mean colour, the picture blurred, or noise made of its own pixels.

All of it is done on the network's input as it is, normalised or not: mean, blur and the choice of pixels are the same
before and after a normalisation channel by channel, and leave no value outside of the picture's own range. So no
statistics need to be known, and a tensor that was given ready is poked as a picture is.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from .edits import Labels
from .protocol import FILLS

BLUR = 1 / 10
"""Standard deviation of the blur, as a share of the picture's shorter side: no shape of an object survives it."""

REACH = 2.5
"""The blur ends after so many standard deviations."""

SEED = 0
"""Of the noise: the same picture has the same noise, so that a stroke changes nothing but what it covers."""


class Fills:
    """The fills of one picture, each made when it is first needed.

    Args:
        picture: ``(C, H, W)``, any floating point, on any device. It is not written to.
    """

    def __init__(self, picture: Tensor) -> None:
        self._picture = picture
        self._made: dict[str, Tensor] = {}

    def over(self, labels: Labels) -> Tensor:
        """The picture ``(C, H, W)`` with what ``labels`` says covered; where nothing is, bit for bit as it was."""
        found = self._picture.clone()
        where = torch.from_numpy(labels).to(found.device)
        for label, name in enumerate(FILLS, start=1):
            mask = where == label
            if bool(mask.any()):
                found[:, mask] = self._fill(name)[:, mask]
        return found

    def _fill(self, name: str) -> Tensor:
        if name not in self._made:
            make = {"mean": mean, "blur": blurred, "noise": noise}[name]
            self._made[name] = make(self._picture)
        return self._made[name]


def mean(picture: Tensor) -> Tensor:
    """The mean of each channel over the whole picture, ``(C, H, W)``."""
    return picture.mean((1, 2), keepdim=True).expand_as(picture)


def blurred(picture: Tensor) -> Tensor:
    """The picture behind a Gaussian, see BLUR, ``(C, H, W)``; beyond its edges it goes on as it ends."""
    sigma = BLUR * min(picture.shape[1:])
    reach = max(1, round(REACH * sigma))
    steps = torch.arange(-reach, reach + 1, dtype=torch.float32, device=picture.device)
    weights = torch.exp(-0.5 * (steps / max(sigma, 1e-3)) ** 2)
    weights = (weights / weights.sum()).to(picture.dtype)
    padded = F.pad(picture[:, None], (reach,) * 4, mode="replicate")
    across = F.conv2d(padded, weights[None, None, None, :])
    return F.conv2d(across, weights[None, None, :, None])[:, 0]


def noise(picture: Tensor) -> Tensor:
    """Each pixel another one of the picture, drawn at random from a seed of its own: ``(C, H, W)``."""
    flat = picture.flatten(1)
    generator = torch.Generator(device="cpu").manual_seed(SEED)
    drawn = torch.randint(flat.shape[1], (flat.shape[1],), generator=generator, device="cpu")
    return flat[:, drawn.to(picture.device)].reshape(picture.shape)
