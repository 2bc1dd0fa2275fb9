"""What the tests of a map found, for Python: tables with their numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch

from .answers import View
from .atlas import Atlas, Map, to_numpy
from .metrics.baselines import random_maps, uniform_maps
from .metrics.curves import deletion, insertion
from .metrics.judge import Judge, judged
from .metrics.randomisation import Cascade


@dataclass(frozen=True)
class Faithfulness:
    """Whether the class falls when the pixels go that a map points at, and comes back with them: see
    ``camwidget.metrics.deletion`` and ``insertion``. Printed, it is a table of the areas below the curves.

    Attributes:
        orders: the V orders in which pixels go: ids of variants, "random" (cells of the layer in random order) and
            "uniform" (single pixels in random order).
        fractions: ``(S,)`` float32, the share of pixels that is changed. deletion, insertion: ``(V, S)`` float32, the
            probability of the class there.
    """

    orders: tuple[str, ...]
    fractions: Map = field(repr=False)
    deletion: Map = field(repr=False)
    insertion: Map = field(repr=False)

    @property
    def areas(self) -> dict[str, tuple[float, float]]:
        """By order: the area below the deletion curve (low is good) and below the insertion curve (high is good)."""
        along = torch.from_numpy(self.fractions)
        falls, comes = (
            torch.trapezoid(torch.from_numpy(curves), along, dim=1).tolist()
            for curves in (self.deletion, self.insertion)
        )
        return {order: (low, high) for order, low, high in zip(self.orders, falls, comes, strict=True)}

    def __str__(self) -> str:
        width = max(map(len, self.orders))
        rows = [f"{name:<{width}}{low:>10.3f}{high:>11.3f}" for name, (low, high) in self.areas.items()]
        return "\n".join([f"{'':<{width}}{'deletion':>10}{'insertion':>11}", *rows])

    __repr__ = __str__


@dataclass(frozen=True)
class Sanity:
    """What becomes of a map while layers are drawn at random from the top, see ``camwidget.metrics.randomisation``.
    Printed, it is a table.

    Attributes:
        modules: the name of the module that is drawn at random last at each of S steps; after the last all are.
        similarity: ``(S,)`` float32, Spearman's rank correlation with the map of the trained network. A map that
            stays near 1 ignores what was learned there.
        guided: ``(S,)`` float32, for comparison, the same of guided backpropagation, which is known to fail; NaN where
            the recording has no graph down to the input.
        trained: that map, ``(*grid)`` float32. maps: ``(S, *grid)`` float32, one for each step.
    """

    modules: tuple[str, ...]
    similarity: Map = field(repr=False)
    guided: Map = field(repr=False)
    trained: Map = field(repr=False)
    maps: Map = field(repr=False)

    def __str__(self) -> str:
        width = max(map(len, (*self.modules, "random down to")))
        numbers = zip(self.modules, self.similarity, self.guided, strict=True)
        rows = [f"{name:<{width}}{mine:>13.2f}{guided:>18.2f}" for name, mine, guided in numbers]
        return "\n".join([f"{'random down to':<{width}}{'correlation':>13}{'guided backprop':>18}", *rows])

    __repr__ = __str__


def faithfulness(
    atlas: Atlas, view: View, variants: Sequence[str], probability: str, steps: int, seed: int
) -> Faithfulness:
    """Of the map of a view by several variants, and of maps that know nothing.

    Raises: as ``Atlas.maps``.
    """
    recording = atlas.recording
    judge, grid = Judge(atlas.engine, probability), recording.layers[view.layer].grid
    maps = {variant: atlas.positive(view.layer, variant, view.target) for variant in variants}
    orders = {
        **{variant: judged(torch.from_numpy(map_), variant)[None] for variant, map_ in maps.items()},
        "random": random_maps(1, grid, seed),
        "uniform": uniform_maps(1, grid),
    }
    curves = [
        [measure(judge, recording.x, map_, view.target, steps=steps, seed=seed) for map_ in orders.values()]
        for measure in (deletion, insertion)
    ]
    falls, comes = (np.stack([to_numpy(curve.values[0]) for curve in row]) for row in curves)
    return Faithfulness(tuple(orders), to_numpy(curves[0][0].fractions), falls, comes)


def sanity(atlas: Atlas, view: View, steps: int, seed: int) -> Sanity:
    """Of the map of a view.

    Raises: as ``randomisation``.
    """
    target = atlas.aim.target(view.target)
    cascade = Cascade(atlas.engine, atlas.recording, target, view.layer, view.variant, steps=steps, seed=seed)
    found = [cascade.step(step) for step in range(len(cascade))]
    return Sanity(
        modules=cascade.modules,
        similarity=to_numpy(torch.cat([one.similarity for one in found])),
        guided=to_numpy(torch.cat([one.guided for one in found])),
        trained=to_numpy(cascade.trained[0]),
        maps=np.stack([to_numpy(one.maps[0]) for one in found]),
    )
