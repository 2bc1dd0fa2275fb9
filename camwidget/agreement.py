"""How far several variants tell the same: where their maps differ, and how alike they rank the cells."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from .atlas import Map

Numbers = npt.NDArray[np.float64]

SAME = 0.005
"""Correlations as close as this are told alike; rounding must not choose among them."""


@dataclass(frozen=True)
class Agreement:
    """What variants make of one class at one layer. Printed, it is a table.

    Attributes:
        variants: their ids, V of them.
        correlations: ``(V, V)`` float64, Spearman's rank correlation over the cells, ties with the mean of their ranks;
            NaN where a map is the same everywhere, or holds what is no number.
        spread: ``(h, w)`` float32, ``(l,)`` of a signal, ``(d, h, w)`` of a volume: at each cell the standard
            deviation (over V, not V - 1) of the maps, each divided by its largest magnitude. 0 where all agree; maps
            of one sign reach 0.5 at most. Blank maps, and those that hold what is no number, are left out.
    """

    variants: tuple[str, ...]
    correlations: Numbers = field(repr=False)
    spread: Map = field(repr=False)

    @property
    def most_alike(self) -> tuple[str, str, float] | None:
        """The two with the highest correlation, and that; of several within SAME the first, None where no two can be
        compared.
        """
        return self._pair(np.nanmax)

    @property
    def least_alike(self) -> tuple[str, str, float] | None:
        """The two with the lowest correlation, likewise."""
        return self._pair(np.nanmin)

    def _pair(self, best: Callable[[Numbers], Any]) -> tuple[str, str, float] | None:
        rows, columns = np.triu_indices(len(self.variants), 1)
        found = self.correlations[rows, columns]
        if not np.isfinite(found).any():
            return None
        at = int(np.flatnonzero(np.abs(found - best(found)) < SAME)[0])
        return self.variants[rows[at]], self.variants[columns[at]], float(found[at])

    def __str__(self) -> str:
        width = max(map(len, self.variants))
        lines = [" " * (width + 3) + "".join(f"{i + 1:>7}" for i in range(len(self.variants)))]
        for i, name in enumerate(self.variants):
            numbers = "".join(f"{value:>7.2f}" if np.isfinite(value) else f"{'-':>7}" for value in self.correlations[i])
            lines.append(f"{i + 1:>2} {name:<{width}}{numbers}")
        return "\n".join(lines)

    __repr__ = __str__


def agreement(maps: Mapping[str, Map]) -> Agreement:
    """Compare maps of one grid, by variant, as they are drawn (negative values cut, or not).

    Raises:
        ValueError: fewer than two, or of several grids.
    """
    if len(maps) < 2:
        raise ValueError(f"variants are {list(maps)}; accepted: two or more")
    grids = {map_.shape for map_ in maps.values()}
    if len(grids) > 1:
        told = ", ".join(f"{name} {'x'.join(map(str, map_.shape))}" for name, map_ in maps.items())
        raise ValueError(f"variants with maps of several sizes: {told}; accepted: those of the layer's own cells")
    flat = [np.asarray(map_, np.float64).ravel() for map_ in maps.values()]
    return Agreement(tuple(maps), _correlations(flat), _spread(flat).reshape(grids.pop()).astype(np.float32))


def ranks(values: Numbers) -> Numbers:
    """Ranks ``(n,)`` from 1, equal values with the mean of theirs."""
    order = np.argsort(values, kind="stable")
    _, group, count = np.unique(values[order], return_inverse=True, return_counts=True)
    last = np.cumsum(count)
    found = np.empty(len(values))
    found[order] = (last - (count - 1) / 2)[group]
    return found


def _correlations(flat: list[Numbers]) -> Numbers:
    centred = []
    for values in flat:
        rank = ranks(values) if np.isfinite(values).all() else np.full(len(values), np.nan)
        rank -= rank.mean()
        length = np.sqrt(rank @ rank)
        centred.append(rank / length if length > 0 else np.full(len(rank), np.nan))
    rows = np.stack(centred)
    correlations: Numbers = (rows @ rows.T).clip(-1, 1)
    return correlations


def _spread(flat: list[Numbers]) -> Numbers:
    peaks = [np.abs(values).max() for values in flat]
    scaled = [values / peak for values, peak in zip(flat, peaks, strict=True) if 0 < peak < np.inf]
    found: Numbers = np.std(scaled, axis=0) if scaled else np.zeros(len(flat[0]))
    return found
