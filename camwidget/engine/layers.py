"""Which outputs of a model can be explained, and how each is read as channels on a grid. Found by running, not by
class names.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from torch import Tensor

KINDS = ("channels_first", "channels_last", "tokens")

TOKENS = 3
"""Dimensions of a sequence of tokens ``(N, L, C)``."""


@dataclass(frozen=True)
class LayerInfo:
    """How one layer's output is read.

    Attributes:
        name: the module's dotted name, as in ``model.named_modules()``; of letters that cannot be printed it has
            the numbers, see ``modules.shown``.
        grid: its spatial size, e.g. ``(7, 7)``.
        channels: number of channels C.
        kind: "channels_first" ``(N, C, *grid)``, "channels_last" ``(N, *grid, C)``, or "tokens"
            ``(N, prefix + cells, C)``, the cells row by row.
        stage: one of the few layers that stand for the way from edges to object.
        prefix: tokens before those of the grid, such as a class token and registers.
    """

    name: str
    grid: tuple[int, ...]
    channels: int
    kind: str
    stage: bool = False
    prefix: int = 0

    @property
    def cells(self) -> int:
        """Number of cells of the grid."""
        return math.prod(self.grid)

    def channels_first(self, t: Tensor) -> Tensor:
        """View ``t``, this layer's output or a gradient of it, as ``(N, C, *grid)``."""
        if self.kind == "tokens":
            cells = t[:, self.prefix : self.prefix + self.cells].transpose(1, 2)
            return cells.reshape(*cells.shape[:2], *self.grid)
        return t.movedim(-1, 1) if self.kind == "channels_last" else t


def find_grid(output: Any, shape: Sequence[int]) -> Tensor | None:
    """The tensor in what a module returned, itself or the first that fits in a tuple or dict, that may be a grid of
    channels or a sequence of tokens for an input of ``shape``; None where there is none.
    """
    if isinstance(output, Tensor):
        return output if _may_be_grid(output, shape) else None
    parts: Iterable[Any] = ()
    if isinstance(output, Mapping):
        parts = output.values()
    elif isinstance(output, (tuple, list)):
        parts = output
    return next((part for part in parts if isinstance(part, Tensor) and _may_be_grid(part, shape)), None)


def _may_be_grid(output: Tensor, shape: Sequence[int]) -> bool:
    return output.ndim in (TOKENS, len(shape)) and output.shape[0] == shape[0] and output.is_floating_point()


def read(name: str, shape: Sequence[int], n: int, spatial: Sequence[int], kind: str | None = None) -> LayerInfo | None:
    """Read an output of ``shape`` for ``n`` inputs of size ``spatial``, or None where it is no grid of channels.
    ``kind`` says where the channels are, if that is known.

    Which axis holds the channels is told by proportions: the grid of a layer has those of the input, give or take the
    cells that unpadded convolutions lose. Where both readings fit equally, channels come first, as is usual in torch.
    """
    if len(shape) != len(spatial) + 2 or shape[0] != n:
        return None
    first, last = tuple(shape[2:]), tuple(shape[1:-1])
    if math.prod(first) == 1 or (len(spatial) > 1 and math.prod(last) == 1):
        return None  # pooled to one cell: a few channels must not be taken for the grid
    fitting = [(_misfit(grid, spatial), i) for i, grid in enumerate((first, last)) if kind in (None, KINDS[i])]
    misfit, best = min(fitting)
    if not math.isfinite(misfit):
        return None
    kind = KINDS[best]
    grid, channels = (first, shape[1]) if kind == "channels_first" else (last, shape[-1])
    return LayerInfo(name, grid, int(channels), kind)


def _misfit(grid: tuple[int, ...], spatial: Sequence[int]) -> float:
    """How far the grid is from the input's proportions, in cells; infinite where it is no grid.

    The depth of a volume or the time of a video is coarsened by steps of its own and says nothing.
    """
    if math.prod(grid) <= 1 or (len(grid) == 3 and grid[0] > spatial[0] + 2):
        return math.inf
    grid, spatial = grid[-2:], spatial[-2:]
    scale = max(g / s for g, s in zip(grid, spatial, strict=True))
    misfit = max(abs(g - scale * s) for g, s in zip(grid, spatial, strict=True))
    return misfit if misfit <= max(2.0, 0.15 * max(grid)) else math.inf


def around(name: str) -> Iterator[str]:
    """The names of the modules that this one is in, the innermost first."""
    while "." in name:
        name = name.rpartition(".")[0]
        yield name


def pick_stages(spine: Sequence[LayerInfo], default: str, most: int = 6, least: int = 5) -> tuple[str, ...]:
    """Names of the few layers that tell the way from edges to object, in order, ending at ``default``.

    ``spine`` holds, in order of execution, the layers that every path from input to score passes. Of each grid the
    last layer is taken, whole blocks rather than what is inside a block. Of more than ``most``, the
    finest grids are left out; fewer than ``least`` are filled up with the middle of the longest stretch without one.
    """
    path = spine[: [layer.name for layer in spine].index(default) + 1]
    grids = {layer.name: layer.grid for layer in path}
    whole = [layer for layer in path if not any(name in grids for name in around(layer.name))]
    # a stem that ends by pooling does not stand for the finer grid inside of it
    missing = set(grids.values()) - {layer.grid for layer in whole}
    parts = [p for p in path if p.grid in missing and all(grids.get(name) != p.grid for name in around(p.name))]
    blocks = [layer for layer in path if layer in whole or layer in parts or layer is path[-1]]
    chosen = sorted({layer.grid: i for i, layer in enumerate(blocks)}.values())[-most:]
    while len(chosen) < least:
        ends = [-1, *chosen]
        gap, start, end = max((b - a, a, b) for a, b in pairwise(ends))
        if gap < 2:
            break
        chosen = sorted([*chosen, (start + end) // 2])
    return tuple(blocks[i].name for i in chosen)
