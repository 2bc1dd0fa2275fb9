"""Whether a map can be trusted, tested a batch at a time: deletion and insertion against chance and other variants, and
what becomes of the map when layers are drawn at random. What was found is kept, and gone on from.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from itertools import islice

import numpy as np
import torch
from torch import Tensor

from .answers import Tested, View
from .atlas import Atlas, Map, to_numpy
from .engine import VARIANTS
from .engine.inside import Inside
from .engine.preempt import Stop, Stopped, check
from .engine.stale import STALE, StaleRecordingError
from .metrics.baselines import random_maps, uniform_maps
from .metrics.curves import Course
from .metrics.judge import Judge, judged
from .metrics.randomisation import Cascade

log = logging.getLogger("camwidget")

LAYERS = 36
"""At most so many steps from the trained network to one with random weights only."""

TOGETHER = 3
"""So many steps of a deletion and an insertion in one run: what a newer request waits for is one module of it."""

MOST = 24
"""So many views are kept."""

EVEN = "The map is the same everywhere: it puts the pixels in no order, so there is nothing to test."
UNSOUND = "The map holds what is no number, so there is nothing to test."


class Pair:
    """Deletion and insertion by one order of the pixels, of one image; what the model says of each class."""

    def __init__(self, x: Tensor, map_: Tensor) -> None:
        self._courses = [Course(x, map_[None], baseline=b, insert=i) for b, i in (("mean", False), ("blur", True))]
        self.fractions: Map = to_numpy(self._courses[0].fractions)
        """Where the points are, ``(S,)``."""
        self.tables: list[Tensor] = []

    def __len__(self) -> int:
        return len(self.fractions)

    def finish(self) -> None:
        """Let go of what inputs are made of, many times an input: what was found stays."""
        self._courses.clear()

    def inputs(self, step: int) -> Tensor:
        """``(2, C, *spatial)``."""
        return torch.cat([course.input(step) for course in self._courses])

    def values(self, target: int, points: int | None = None) -> Map:
        """Of a class ``(2, n)``, at the first ``points`` of those that are known."""
        rows = [table[:, target] for table in self.tables[:points]]
        return torch.stack(rows, 1).numpy() if rows else np.zeros((2, 0), np.float32)


class Bench:
    """What the tests of all views of one recording share.

    Args:
        probability: as of ``Judge``.
    """

    def __init__(self, atlas: Atlas, probability: str | None) -> None:
        self.atlas, self.recording, self.generation = atlas, atlas.recording, atlas.generation
        self._stop: Stop | None = None
        self._judge = Judge(atlas.engine, probability, stop=lambda: self._stop is not None and self._stop())
        self._chance: tuple[tuple[int, ...], tuple[Pair, Pair]] | None = None

    def chance(self, grid: tuple[int, ...]) -> tuple[Pair, Pair]:
        """By random cells of a grid, and by single pixels."""
        if self._chance is None or self._chance[0] != grid:
            made = [self.pair(maps[0]) for maps in (random_maps(1, grid), uniform_maps(1, grid))]
            self._chance = grid, (made[0], made[1])
        return self._chance[1]

    def pair(self, map_: Tensor) -> Pair:
        """The curves of a map ``(*grid)``."""
        return Pair(self._judge.placed(self.recording.x), map_)

    def map(self, view: View, variant: str, stop: Stop) -> Tensor:
        """The map of a view by a variant, as its curves are made of it."""
        return judged(torch.from_numpy(self.atlas.positive(view.layer, variant, view.target, stop)), variant)

    def run(self, steps: Sequence[tuple[Pair, int]], stop: Stop) -> None:
        """Take these steps in one run.

        Raises:
            StaleRecordingError: the model changed. Stopped: ``stop`` said so.
        """
        self._stop = stop
        x = torch.cat([pair.inputs(step) for pair, step in steps])
        alone = self.atlas.engine.fixed or Inside(self.recording).mixes(stop)
        table = torch.cat([self._judge.table(row) for row in x.split(1)]) if alone else self._judge.table(x)
        self.check()
        for (pair, _), rows in zip(steps, table.cpu().split(2), strict=True):
            pair.tables.append(rows)

    def check(self) -> None:
        """Raise StaleRecordingError where the model, or what is asked of it, has changed."""
        if self.recording.stale or self.generation != self.atlas.generation:
            raise StaleRecordingError(STALE)


class Trial:
    """The tests of one view. Each ``step`` is a batch; what is done by then stays when it is stopped."""

    def __init__(self, bench: Bench, view: View) -> None:
        self._bench, self.view = bench, view
        self._others = tuple(v.id for v in VARIANTS.values() if not v.slow and v.id != view.variant)
        self._known: dict[str, tuple[float, float]] = {}
        self._skipped: set[str] = set()
        self._own: Pair | None = None
        self._other: Pair | None = None
        self._cascade: Cascade | None = None
        self._maps: list[Map] = []
        self._similarity: list[float] = []
        self._guided: list[float] = []
        self._modules: tuple[str, ...] = ()
        self._faults: dict[str, str] = {}
        self.done = False

    def step(self, stop: Stop) -> bool:
        """Take the next step. Returns whether there was one.

        Raises:
            Stopped: ``stop`` said so. StaleRecordingError: the model changed.
        """
        check(stop)
        if self.done:
            return False
        for name, work in (("curves", self._curves), ("layers", self._layers), ("variants", self._variants)):
            if name in self._faults or (name == "variants" and "curves" in self._faults):
                continue
            try:
                if work(stop):
                    return True
            except (Stopped, StaleRecordingError):
                raise
            except Exception as error:  # of the model on an input that it never saw, or of memory: the panel says it
                log.exception("%s of %s", name, self.view)
                self._faults[name] = f"{type(error).__name__}: {error}"
                return True
        self.done, self._cascade, self._other = True, None, None
        if self._own is not None and "curves" not in self._faults:
            self._own.finish()
        return False

    @property
    def failed(self) -> bool:
        """Whether there is a fault, and no more to come."""
        return self.done and bool(self._faults)

    def changed(self) -> None:
        """The model changed on the way: there is no more to come."""
        for name in ("curves", "layers"):
            self._faults.setdefault(name, "The model changed meanwhile.")
        self.done = True

    def found(self) -> Tested:
        """What is known by now."""
        target, own = self.view.target, self._own
        pairs = () if own is None else (own, *self._bench.chance(self._grid))
        points = min((len(pair.tables) for pair in pairs), default=0)
        curves = np.stack([pair.values(target, points) for pair in pairs], 1) if pairs else np.zeros((2, 3, 0))
        known = [name for name in self._others if name in self._known]
        return Tested(
            view=self.view,
            generation=self._bench.generation,
            fractions=own.fractions if own is not None else np.zeros(0, np.float32),
            curves=curves.astype(np.float32),
            modules=self._modules,
            similarity=np.array(self._similarity, np.float32),
            guided=np.array(self._guided, np.float32),
            maps=tuple(self._maps),
            variants=(*known, *(v for v in self._others if v not in self._known and v not in self._skipped)),
            areas=np.array([self._known[name] for name in known], np.float32).reshape(-1, 2),
            faults=dict(self._faults),
            done=self.done,
        )

    @property
    def _grid(self) -> tuple[int, ...]:
        return tuple(self._bench.recording.layers[self.view.layer].grid)

    # ------------------------------------------------------------------ the tests, each a step at a time

    def _curves(self, stop: Stop) -> bool:
        if self._own is None:
            map_ = self._bench.map(self.view, self.view.variant, stop)
            fault = _fault(map_)
            if fault is not None:
                self._faults |= {"curves": fault, "layers": fault}
                return True
            self._own = self._bench.pair(map_)
        pairs = (self._own, *self._bench.chance(self._grid))
        return self._advance(pairs, stop)

    def _layers(self, stop: Stop) -> bool:
        bench, view = self._bench, self.view
        if self._cascade is None:
            target = bench.atlas.aim.target(view.target)
            made = Cascade(
                bench.atlas.engine, bench.recording, target, view.layer, view.variant, steps=LAYERS, stop=stop
            )
            self._cascade, self._modules = made, made.modules
            self._maps = [to_numpy(made.trained[0])]
            return True
        step = len(self._similarity)
        if step == len(self._cascade):
            return False
        found = self._cascade.step(step, stop)
        bench.check()
        self._maps.append(to_numpy(found.maps[0]))
        self._similarity.append(float(found.similarity))
        self._guided.append(float(found.guided))
        return True

    def _variants(self, stop: Stop) -> bool:
        variant = next((v for v in self._others if v not in self._known and v not in self._skipped), None)
        if variant is None:
            return False
        try:
            if self._other is None:
                map_ = self._bench.map(self.view, variant, stop)
                if _fault(map_) is not None:
                    self._skipped.add(variant)
                    return True
                self._other = self._bench.pair(map_)
            if not self._advance((self._other,), stop):
                self._known[variant] = areas(self._other, self.view.target)
                self._other = None
        except (Stopped, StaleRecordingError):
            raise
        except Exception:  # nobody chose it
            log.exception("%s beside %s", variant, self.view)
            self._skipped.add(variant)
            self._other = None
        return True

    def _advance(self, pairs: Sequence[Pair], stop: Stop) -> bool:
        missing = ((pair, s) for s in range(len(pairs[0])) for pair in pairs if len(pair.tables) <= s)
        steps = list(islice(missing, TOGETHER))
        if steps:
            self._bench.run(steps, stop)
        return bool(steps)


class Trials:
    """The tests of all views that were asked for lately.

    Args:
        probability: as of ``Judge``.
    """

    def __init__(self, atlas: Atlas, probability: str | None = None) -> None:
        self._atlas, self._probability = atlas, probability
        self._bench: Bench | None = None
        self._kept: OrderedDict[View, Trial] = OrderedDict()

    def of(self, view: View) -> Trial:
        """The tests of a view, as far as they are."""
        self._current()
        if self._bench is None:
            self._bench = Bench(self._atlas, self._probability)
        trial = self._kept.pop(view, None)
        if trial is None or trial.failed:  # asked again, it may go well
            trial = Trial(self._bench, view)
        self._kept[view] = trial
        while len(self._kept) > MOST:
            self._kept.popitem(last=False)
        return trial

    def finished(self) -> Iterator[Tested]:
        """What was found of each view whose tests are done."""
        self._current()
        return (trial.found() for trial in list(self._kept.values()) if trial.done)

    def _current(self) -> None:
        """Drop what was found of another recording."""
        bench = self._bench
        if bench is not None and (bench.generation != self._atlas.generation or bench.recording.stale):
            self._bench = None
            self._kept.clear()


def areas(pair: Pair, target: int) -> tuple[float, float]:
    """Below both curves of a class, by the trapezoidal rule."""
    below = torch.trapezoid(torch.from_numpy(pair.values(target)), torch.from_numpy(pair.fractions), dim=1)
    return float(below[0]), float(below[1])


def _fault(map_: Tensor) -> str | None:
    """Why a map cannot be tested."""
    if not bool(map_.isfinite().all()):
        return UNSOUND
    return EVEN if bool(map_.max() == map_.min()) else None
