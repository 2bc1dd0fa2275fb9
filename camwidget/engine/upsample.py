"""From the grid of a layer to the pixels of the picture. One rule everywhere: screen, ``w.heatmap``, figures,
exports.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from .fields import Place

MODES = ("bicubic", "bilinear")
_BY_DIMENSION = {1: "linear", 3: "trilinear"}

CUBIC = -0.75
"""The constant of torch's cubic kernel."""


def upsample(
    maps: Tensor, size: Sequence[int], mode: str = "bicubic", place: Place | None = None, outside: float = 0.0
) -> Tensor:
    """Interpolate maps ``(N, *grid)`` to ``(N, *size)``, clamped to each map's own range.

    The clamp matters for bicubic only, which overshoots: without it a map could leave the limits of its colour bar.
    Grids of one or three dimensions are interpolated linearly.

    Args:
        place: where the cells are centred, see ``Field.place``. None: evenly over the whole, which is torch's
            ``align_corners=False``.
        outside: the value further than half a step beyond the first and the last cell, where no cell is centred:
            the ends are never stretched to fit. 0 is what is painted there, namely nothing, and lets sums and peaks
            of a map be taken.

    Raises:
        ValueError: ``mode`` is neither "bicubic" nor "bilinear", or ``size`` or ``place`` has not one entry per grid
            dimension.
    """
    if mode not in MODES:
        raise ValueError(f"unknown interpolation {mode!r}; accepted: {', '.join(MODES)}")
    dimensions = maps.ndim - 1
    if len(size) != dimensions:
        raise ValueError(f"maps of shape {tuple(maps.shape)} need a size of {dimensions} numbers, not {tuple(size)}")
    chosen = _BY_DIMENSION.get(dimensions, mode)
    if place is None:
        large = F.interpolate(maps.unsqueeze(1), size=tuple(size), mode=chosen, align_corners=False).squeeze(1)
        return _clamped(large, maps)
    if len(place) != dimensions:
        raise ValueError(f"maps of shape {tuple(maps.shape)} need a place of {dimensions} pairs, not {len(place)}")
    large, inside = maps, torch.ones((), dtype=torch.bool, device=maps.device)
    for axis, (n, (centre, step)) in enumerate(zip(size, place, strict=True), start=1):
        at = ((torch.arange(n, dtype=torch.float64) + 0.5) / n - centre) / step
        weights = _weights(at, maps.shape[axis], chosen == "bicubic").to(maps.device, maps.dtype)
        large = torch.tensordot(large, weights, ([axis], [1])).movedim(-1, axis)
        within = (at >= -0.5) & (at < maps.shape[axis] - 0.5)
        inside = inside.unsqueeze(-1) & within.to(maps.device)
    return torch.where(inside, _clamped(large, maps), outside)


def _clamped(large: Tensor, maps: Tensor) -> Tensor:
    flat, shape = maps.flatten(1), (-1,) + (1,) * (maps.ndim - 1)
    return large.clamp(flat.amin(1).reshape(shape), flat.amax(1).reshape(shape))


def _weights(at: Tensor, cells: int, cubic: bool) -> Tensor:
    """``(samples, cells)``: what each cell adds to samples at these places, counted in cells. Beyond the ends the last
    cell repeats, as in torch.
    """
    base = at.floor()
    t = at - base
    linear = {0: 1 - t, 1: t}
    taps = {-1: _far(t + 1), 0: _near(t), 1: _near(1 - t), 2: _far(2 - t)} if cubic else linear
    weights = at.new_zeros(len(at), cells)
    for offset, weight in taps.items():
        index = (base + offset).clamp(0, cells - 1).long()
        weights.scatter_add_(1, index[:, None], weight[:, None])
    return weights


def _near(t: Tensor) -> Tensor:
    return ((CUBIC + 2) * t - (CUBIC + 3)) * t * t + 1


def _far(t: Tensor) -> Tensor:
    return ((CUBIC * t - 5 * CUBIC) * t + 8 * CUBIC) * t - 4 * CUBIC
