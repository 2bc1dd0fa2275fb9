"""What the overlay must look like, worked out in the kernel from the widget's public values. The kernel imports it."""

from __future__ import annotations

import base64
from typing import Any

import matplotlib as mpl
import numpy as np
import torch
import torch.nn.functional as F

FULL_FROM = 0.45
"""Share of the colour limit from which on the full opacity holds."""


def overlay(widget: Any, height: int, width: int, cam: Any = None, signed: bool = False, hi: float = 0) -> str:
    """The smooth overlay as RGBA bytes (height, width, 4), base64; of the widget's own map, or of another one, positive
    or ``signed``, with the strongest colour at ``hi``.
    """
    if cam is None:
        cam, signed = widget.cam, widget.sign == "signed"
    elif not signed:
        cam = cam.clip(min=0)
    hi = hi or float(np.abs(cam).max())
    lo = -hi if signed else 0.0
    large = placed(widget, torch.from_numpy(cam), height, width).clamp(lo, hi)
    share = (large.numpy() - lo) / (hi - lo)
    rgba = mpl.colormaps["RdBu_r" if signed else widget.colormap](share, bytes=True)
    size = np.abs(large.numpy())
    painted = size >= max(widget.threshold * hi, 1e-12)
    rgba[..., 3] = np.round(255 * widget.opacity * np.minimum(1, size / (FULL_FROM * hi))) * painted
    return base64.b64encode(rgba.tobytes()).decode()


def placed(widget: Any, cam: torch.Tensor, height: int, width: int) -> torch.Tensor:
    """The map at this size, evenly spread or at its layer's place, by torch alone; 0 where no cell is centred."""
    place = next(layer["place"] for layer in widget.layers if layer["name"] == widget.layer)
    if place is None:
        return F.interpolate(cam[None, None], (height, width), mode=widget.interpolation, align_corners=False)[0, 0]
    at = []
    for (centre, step, _), n, cells, samples in zip(
        place, (height, width), cam.shape, widget.meta["input"], strict=True
    ):
        samples_at = (torch.arange(n, dtype=torch.float64) + 0.5) * samples / n
        at.append(2 * ((samples_at - centre) / step + 0.5) / cells - 1)
    rows, columns = torch.meshgrid(*at, indexing="ij")
    grid = torch.stack([columns, rows], -1)[None]
    large = F.grid_sample(cam[None, None].double(), grid, widget.interpolation, "border", align_corners=False)[0, 0]
    return torch.where((rows.abs() <= 1) & (columns.abs() <= 1), large, 0).float()
