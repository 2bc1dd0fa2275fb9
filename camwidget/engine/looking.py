"""Whether cells look where they lie: whether a layer's cell sees, above all, its own place in the input.

A tensor may have the shape of a grid and be none: tokens sorted by windows, axes of channels and windows swapped. What
one cell sees is told by its gradient.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.graph import GradientEdge, Node

from .layers import LayerInfo

PLACES = ((0.2, 0.6, 0.3), (0.85, 0.3, 0.75), (0.5, 0.9, 0.1))
"""Where, in shares of the grid, cells are asked."""

ASTRAY = 0.15
"""Of the grid, what a cell may look beside its place."""

MOST_BROADER = 0.75
"""Two profiles of which one is less than this share of the other in width are told apart."""

POOLS: tuple[Any, ...] = (F.adaptive_avg_pool1d, F.adaptive_avg_pool2d, F.adaptive_avg_pool3d)


def looks_where_it_lies(output: Tensor, info: LayerInfo, source: Node) -> bool:
    """Whether some cells of a layer see their own places above all.

    Args:
        output: what the layer returned, in the graph. source: where the graph begins, ``(N, C, *spatial)``.
    """
    axes = len(info.grid)
    for place in PLACES:
        cell = [min(size - 1, int(share * size)) for share, size in zip(place[-axes:], info.grid, strict=True)]
        start = torch.zeros(output.shape, dtype=output.dtype, device=output.device)
        view = info.channels_first(start).flatten(2).select(2, _row_by_row(cell, info.grid))
        view.copy_(_random(view.shape))
        seen = _seen(output, start, source)
        if seen is None or seen.ndim != axes or not bool(seen.any()):
            return True  # nothing to tell it by
        pool: Callable[[Tensor, tuple[int, ...]], Tensor] = POOLS[axes - 1]
        peak = torch.unravel_index(pool(seen[None, None], info.grid).argmax(), info.grid)
        away = [abs(int(p) - c) for p, c in zip(peak, cell, strict=True)]
        if any(d > max(1, math.ceil(ASTRAY * size)) for d, size in zip(away, info.grid, strict=True)):
            return False
    return True


def _row_by_row(cell: Sequence[int], grid: Sequence[int]) -> int:
    """The number of a cell, counted row by row."""
    number = 0
    for place, size in zip(cell, grid, strict=True):
        number = number * size + place
    return number


def local_axis(output: Tensor, source: Node) -> int | None:
    """Which axis of ``(N, a, b)`` stands for places, 1 or 2: what one place sees is narrower than what one channel
    sees. None where both see alike.
    """
    weights = _random(output.shape)
    widths = []
    for axis in (1, 2):
        start = torch.zeros(output.shape, dtype=output.dtype, device=output.device)
        middle = output.shape[axis] // 2
        start.select(axis, middle).copy_(weights.select(axis, middle))
        seen = _seen(output, start, source)
        if seen is None:
            return None
        widths.append(float(seen.sum() ** 2 / (seen**2).sum()))
    if not all(map(math.isfinite, widths)):
        return None
    return 1 + widths.index(min(widths)) if min(widths) < MOST_BROADER * max(widths) else None


def silent_ahead(output: Tensor, silent: int, source: Node) -> int:
    """Of so many tokens of ``(N, L, C)`` that are no places and see nothing of the input, how many are at the
    start, the others being at the end. All of them, where it cannot be told.
    """
    length = output.shape[1]

    def sees(begin: int, end: int) -> bool:
        start = torch.zeros(output.shape, dtype=output.dtype, device=output.device)
        start[:, begin:end] = _random(start[:, begin:end].shape).to(output.device, output.dtype)
        seen = _seen(output, start, source)
        return seen is not None and bool(seen.any())

    if not sees(0, silent):
        return silent
    ahead = next(i for i in range(silent + 1) if i == silent or sees(i, i + 1))
    behind = silent - ahead
    return ahead if behind and not sees(length - behind, length) else silent


def _seen(output: Tensor, start: Tensor, source: Node) -> Tensor | None:
    """How strongly what is asked by ``start`` depends on each place of the input: ``(*spatial)``."""
    (found,) = torch.autograd.grad(output, [GradientEdge(source, 0)], start, retain_graph=True, allow_unused=True)
    return None if found is None else found.detach().float().abs().sum((0, 1))


def _random(shape: Iterable[int]) -> Tensor:
    """From a generator of our own: the user's is not touched."""
    return torch.randn(tuple(shape), generator=torch.Generator().manual_seed(0), device="cpu", dtype=torch.float32)
