"""Pointing game and energy in the box: whether a map lies where the thing is known to be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from camwidget.engine.upsample import upsample

Box = Sequence[float]


def pointing_game(maps: Tensor, boxes: Any, size: Sequence[int], tolerance: int = 0) -> Tensor:
    """Pointing game (Zhang et al., Top-down Neural Attention by Excitation Backprop, ECCV 2016, section 4.1): 1 where
    the map's highest point lies in a box of the class, else 0; the paper's figure is the mean, hits / (hits + misses).
    Where several points are highest it is the share of them that do, which is what one of them at random would score;
    so a map that is the same everywhere has the box's share of the picture.

    Args:
        maps: ``(N, *grid)``, brought to ``size`` as on screen.
        boxes: for each image one box or a list of boxes ``(x0, y0, x1, y1)`` in pixels of the network's input, x1 and
            y1 excluded; or masks of booleans ``(N, *size)``.
        size: of the network's input, ``(H, W)``.
        tolerance: so many pixels beside the box count as well, along each axis; 15 in the paper.

    Returns: ``(N,)`` float32; NaN where a map is not finite.

    Raises:
        ValueError: there are not boxes for each map, or one is none.
    """
    large, inside = _both(maps, boxes, size)
    if tolerance:
        grown = F.max_pool2d(inside.float().unsqueeze(1), 2 * tolerance + 1, 1, tolerance)
        inside = grown[:, 0] > 0
    flat = large.flatten(1)
    highest = flat == flat.amax(1, keepdim=True)
    hits = (highest & inside.flatten(1)).sum(1) / highest.sum(1)
    return torch.where(flat.isfinite().all(1), hits, torch.nan).float()


def energy_in_box(maps: Tensor, boxes: Any, size: Sequence[int]) -> Tensor:
    """Energy-based pointing game (Wang et al., Score-CAM, CVPR workshops 2020, section 4.3): of the sum of the map over
    the picture the share that lies in the boxes of the class. Values below 0 are no energy; a map without any has 0.

    Args, Returns, Raises: as ``pointing_game``.
    """
    large, inside = _both(maps, boxes, size)
    energy = large.clamp(min=0).flatten(1)
    total = energy.sum(1)
    return ((energy * inside.flatten(1)).sum(1) / torch.where(total > 0, total, 1)).float()


def _both(maps: Tensor, boxes: Any, size: Sequence[int]) -> tuple[Tensor, Tensor]:
    maps = torch.as_tensor(maps).float()
    inside = regions(boxes, len(maps), size).to(maps.device)
    return (maps if tuple(maps.shape[1:]) == tuple(size) else upsample(maps, size)), inside


def regions(boxes: Any, n: int, size: Sequence[int]) -> Tensor:
    """Masks of booleans ``(n, *size)`` of boxes, or of masks.

    Raises: as ``pointing_game``.
    """
    if isinstance(boxes, Tensor) and boxes.dtype == torch.bool:
        if tuple(boxes.shape) != (n, *size):
            raise ValueError(f"masks have the shape {tuple(boxes.shape)}; accepted: {(n, *size)}")
        return boxes
    if len(boxes) != n:
        raise ValueError(f"boxes of {len(boxes)} images for {n} maps; accepted: for each one box, or a list of them")
    if len(size) != 2:
        raise ValueError(f"boxes are for pictures, and the input has {len(size)} axes; accepted: masks of booleans")
    made = torch.zeros((n, *size), dtype=torch.bool)
    for mask, given in zip(made, boxes, strict=True):
        for x0, y0, x1, y1 in _listed(given):
            if not (0 <= x0 < x1 and 0 <= y0 < y1):
                raise ValueError(f"{(x0, y0, x1, y1)} is no box; accepted: (x0, y0, x1, y1) with x0 < x1 and y0 < y1")
            mask[round(y0) : round(y1), round(x0) : round(x1)] = True
    return made


def _listed(given: Any) -> list[tuple[float, float, float, float]]:
    """One box or several, as a list."""
    found = torch.as_tensor(given, dtype=torch.float64)
    if found.numel() == 0 or found.shape[-1] != 4 or found.ndim > 2:
        raise ValueError(f"{given!r:.80} is no box; accepted: (x0, y0, x1, y1), or a list of such")
    return [tuple(box) for box in found.reshape(-1, 4).tolist()]
