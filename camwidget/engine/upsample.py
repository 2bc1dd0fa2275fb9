"""From the grid of a layer to the pixels of the picture. One rule everywhere: screen, ``w.heatmap``, figures,
exports.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor

MODES = ("bicubic", "bilinear")
_BY_DIMENSION = {1: "linear", 3: "trilinear"}


def upsample(maps: Tensor, size: Sequence[int], mode: str = "bicubic") -> Tensor:
    """Interpolate maps ``(N, *grid)`` to ``(N, *size)`` with ``align_corners=False``, clamped to each map's own range.

    The clamp matters for bicubic only, which overshoots: without it a map could leave the limits of its colour bar.
    Grids of one or three dimensions are interpolated linearly.

    Raises:
        ValueError: ``mode`` is neither "bicubic" nor "bilinear", or ``size`` has not one entry per grid dimension.
    """
    if mode not in MODES:
        raise ValueError(f"unknown interpolation {mode!r}; accepted: {', '.join(MODES)}")
    dimensions = maps.ndim - 1
    if len(size) != dimensions:
        raise ValueError(f"maps of shape {tuple(maps.shape)} need a size of {dimensions} numbers, not {tuple(size)}")
    chosen = _BY_DIMENSION.get(dimensions, mode)
    large = F.interpolate(maps.unsqueeze(1), size=tuple(size), mode=chosen, align_corners=False).squeeze(1)
    flat = maps.flatten(1)
    shape = (-1,) + (1,) * dimensions
    return large.clamp(flat.amin(1).reshape(shape), flat.amax(1).reshape(shape))
