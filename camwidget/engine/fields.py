"""Where the cells of a layer look: centre, step and size of their receptive fields.

Stretching a map over the input puts cell i of n at (i + 1/2) / n of the way. That is right where every convolution is
padded evenly. Where convolutions are unpadded or crops are uneven, the cells look elsewhere, and the map belongs where
they look.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from torch.autograd.graph import Node

from .geometry import Reach, follow, start
from .graph import towards
from .layers import LayerInfo

OFF_BY = 0.5
"""Share of a cell by which plain stretching may misplace one before the cells are placed where they look."""

Place = tuple[tuple[float, float], ...]
"""One pair an axis: the centre of cell 0, and the step from one cell to the next, as shares of the input."""


@dataclass(frozen=True)
class Field:
    """The receptive fields of a layer's cells, one number an axis, in input samples: sample i spans [i, i + 1).

    Attributes:
        centre: of the field of cell 0; may lie outside of the input, where there is padding.
        step: from one cell's centre to the next.
        size: how far a cell sees; infinite where each cell sees everything, through attention or a mean over space.
        grid: the layer's. input: size of the input.
    """

    centre: tuple[float, ...]
    step: tuple[float, ...]
    size: tuple[float, ...]
    grid: tuple[int, ...]
    input: tuple[int, ...]

    @property
    def misplaced(self) -> float:
        """By how much plain stretching misplaces a cell at worst, as a share of a stretched cell."""
        worst = 0.0
        for centre, step, cells, samples in zip(self.centre, self.step, self.grid, self.input, strict=True):
            cell = samples / cells
            ends = (centre - cell / 2, centre + (cells - 1) * step - (samples - cell / 2))
            worst = max(worst, *(abs(end) / cell for end in ends))
        return worst

    @property
    def place(self) -> Place | None:
        """Where ``upsample`` is to place the cells; None where plain stretching is right within half a cell."""
        if self.misplaced <= OFF_BY + 1e-9:
            return None
        return tuple((c / n, s / n) for c, s, n in zip(self.centre, self.step, self.input, strict=True))

    def sees(self, cell: Sequence[int]) -> tuple[tuple[float, float], ...]:
        """From where to where a cell sees, one pair an axis, within the input.

        >>> Field((15.0,), (1.0,), (30.0,), (282,), (311,)).sees([122])
        ((122.0, 152.0),)
        """
        seen = []
        for i, centre, step, size, n in zip(cell, self.centre, self.step, self.size, self.input, strict=True):
            middle, half = centre + i * step, size / 2
            seen.append((min(max(middle - half, 0.0), float(n)), max(min(middle + half, float(n)), 0.0)))
        return tuple(seen)


def measure(
    scores: Node, source: Node, places: Mapping[str, Node], layers: Mapping[str, LayerInfo], shape: Sequence[int]
) -> dict[str, Field | None]:
    """The fields of layers, by arithmetic on the graph between the scores and the input; None for those that it does
    not tell.

    Args:
        places: where in the graph each layer's output was made.
        shape: of the input, ``(N, C, *spatial)``.
    """
    known: dict[Node, Reach | None] = {source: start(shape[2:])}
    for node in reversed(towards(scores, source)):
        if node not in known:
            arriving = [known[child] for child, _ in node.next_functions if child in known]
            known[node] = follow(node, arriving, shape[0])
    return {name: _field(known.get(places[name]), info.grid, tuple(shape[2:])) for name, info in layers.items()}


def _field(reach: Reach | None, grid: tuple[int, ...], spatial: tuple[int, ...]) -> Field | None:
    if reach is None or reach.cells != grid or any(axis.step <= 0 for axis in reach.axes):
        return None
    return Field(
        tuple(axis.centre for axis in reach.axes),
        tuple(axis.step for axis in reach.axes),
        tuple(math.inf if reach.whole else axis.size for axis in reach.axes),
        grid,
        spatial,
    )
