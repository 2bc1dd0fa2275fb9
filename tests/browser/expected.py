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


def overlay(widget: Any, height: int, width: int) -> str:
    """The smooth overlay as RGBA bytes (height, width, 4), base64."""
    cam = widget.cam
    signed = widget.sign == "signed"
    hi = float(np.abs(cam).max())
    lo = -hi if signed else 0.0
    large = F.interpolate(
        torch.from_numpy(cam)[None, None], (height, width), mode=widget.interpolation, align_corners=False
    )[0, 0].clamp(lo, hi)
    share = (large.numpy() - lo) / (hi - lo)
    rgba = mpl.colormaps["RdBu_r" if signed else widget.colormap](share, bytes=True)
    size = np.abs(large.numpy())
    painted = size >= max(widget.threshold * hi, 1e-12)
    rgba[..., 3] = np.round(255 * widget.opacity * np.minimum(1, size / (FULL_FROM * hi))) * painted
    return base64.b64encode(rgba.tobytes()).decode()
