"""Sequences of tokens as grids: of how many cells a side, and after how many tokens that are no cell."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import product

Grid = tuple[int, ...]

MOST_BEFORE = 16
"""Tokens before those of the grid: class, distillation, registers. Networks have 0 to 9 of them."""

MOST_MERGED = 8
"""Cells a side that are merged into one from one layer to the next."""


class Grids:
    """The grids seen so far in one forward pass, by which the length of a sequence is understood.

    A sequence does not say how it was made. But something before it had a grid, mostly the patch embedding, which is a
    convolution; later the cells are pooled or merged, by whole numbers a side.

    Args:
        spatial: size of the input.
    """

    def __init__(self, spatial: Sequence[int]) -> None:
        self._spatial = tuple(spatial)
        self._known: list[Grid] = []
        self._before: set[int] = set()

    def explain(self, grid: Grid) -> bool:
        """Whether a grid was seen, or is one of these with cells merged, or cut into smaller ones, or the input's."""
        if grid in self._known:
            return True
        known = [self._spatial, *self._known]
        return any(grid == other or grid in _coarser(other) or other in _coarser(grid) for other in known)

    def __contains__(self, grid: Grid) -> bool:
        return grid in self._known

    def flat(self, length: int) -> bool:
        """Whether a known grid has just so many cells."""
        return any(math.prod(grid) == length for grid in self._known)

    def add(self, grid: Grid) -> None:
        """Note a grid that was seen."""
        if grid in self._known:
            self._known.remove(grid)
        self._known.append(grid)

    def find(self, length: int) -> tuple[Grid, int] | None:
        """The grid of a sequence and the number of tokens before it, or None where no grid explains its length."""
        if length < 2:
            return None
        found = self.seen(length) or self._merged(length) or self._in_proportion(length)
        if found is not None:
            self.add(found[0])
            self._before.add(found[1])
        return found

    def seen(self, length: int) -> tuple[Grid, int] | None:
        """As ``find``, by the very grids that were seen."""
        fitting = [(length - math.prod(grid), grid) for grid in reversed(self._known)]
        fitting = [(before, grid) for before, grid in fitting if 0 <= before <= MOST_BEFORE and math.prod(grid) > 1]
        # a number of tokens that was there before tells more than a small one
        best = min(fitting, key=lambda found: (found[0] != 0 and found[0] not in self._before, found[0]), default=None)
        return None if best is None else (best[1], best[0])

    def _merged(self, length: int) -> tuple[Grid, int] | None:
        wanted = [(before, length - before) for before in sorted(self._before | {0})]
        for grid in reversed(self._known):
            for smaller in _coarser(grid):
                for before, cells in wanted:
                    if math.prod(smaller) == cells > 1:
                        return smaller, before
        return None

    def _in_proportion(self, length: int) -> tuple[Grid, int] | None:
        """The last resort, where nothing before had a grid: patches with sides alike, cut out by hand."""
        if self._known:
            return None
        space, time = self._spatial[-2:], self._spatial[:-2]
        found = []
        for side in range(1, min(space) + 1):
            times = [sorted({size // many for many in range(1, size + 1)}) for size in time]
            for grid in product(*times, *([size // side] for size in space)):
                before, cells = length - math.prod(grid), math.prod(grid)
                if cells > 1 and 0 <= before <= min(MOST_BEFORE, max(1, cells // 4)):
                    cut = sum(size % cells for size, cells in zip(self._spatial, grid, strict=True))
                    found.append((cut > 0, before, cut, grid))
        return None if not found else (min(found)[3], min(found)[1])


def _coarser(grid: Grid) -> Iterator[Grid]:
    """The grid with whole numbers of cells merged into one: alike on all axes, in space only, or along one axis."""
    axes = len(grid)
    patterns = [(True,) * axes]
    if axes == 3:
        patterns = [(False, True, True), *patterns]
    if axes > 1:
        patterns += [tuple(i == axis for i in range(axes)) for axis in range(axes)]
    for pattern in patterns:
        for many in range(2, MOST_MERGED + 1):
            for rounded in (math.floor, math.ceil):
                yield tuple(
                    max(1, rounded(cells / many)) if merged else cells
                    for cells, merged in zip(grid, pattern, strict=True)
                )
