"""What the network says to each picture of a film, and where its evidence lies: made a few at a time while nobody asks
for anything else.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from . import scores
from .aim import Aim
from .answers import View
from .atlas import Atlas, Map, to_numpy
from .engine import VARIANTS, CamEngine, Recording
from .engine.preempt import Stop, Stopped, check
from .engine.stale import StaleRecordingError
from .film import Film
from .following import as_there, follow
from .scene import Scene

log = logging.getLogger("camwidget")

TOGETHER = 0.05
"""Seconds that a batch may take: a click does not wait for longer. So many pictures are run together."""

MOST = 32
"""Pictures in one batch."""

CLOSE = 1e-3
"""Of the largest score: what the company of other pictures may change, by the order of sums."""


@dataclass(frozen=True)
class Warm:
    """Where the maps of a film's pictures come from: one of another place is not among them."""

    layer: str
    variant: str
    aim: Aim


class Batches:
    """How many pictures are run together: as many as take TOGETHER."""

    def __init__(self, most: int) -> None:
        self.most, self.size = most, 1

    def took(self, pictures: int, seconds: float) -> None:
        """Note how long a batch took."""
        if seconds > TOGETHER:
            self.size = max(1, self.size // 2)
        elif pictures == self.size and seconds < TOGETHER / 2:
            self.size = min(self.most, 2 * self.size)

    def alone(self) -> None:
        """From now on one by one."""
        self.most = self.size = 1


def mixes(engine: CamEngine, one: torch.Tensor, own: torch.Tensor, stop: Stop | None) -> bool:
    """Whether the scores of a picture depend on the others in its batch, or a batch must have a certain size.

    Args:
        one: a picture, ``(1, C, H, W)``. own: its scores alone, ``(1, K)``.

    Raises:
        Stopped: ``stop`` said so.
    """
    try:
        other = engine.answer(torch.cat([one, one.flip(-1) / 2]), stop).table()[:1]
    except Stopped:
        raise
    except Exception:  # noqa: BLE001  (models raise what they like where a batch has another size)
        return True
    return other.shape != own.shape or bool(((own - other).abs() > CLOSE * own.abs().max()).any())


class Screening:
    """Predictions and maps of a film's pictures under one model.

    Args:
        probability: see ``scores.find_probability``. names: of the classes.

    Attributes:
        called: the class that each picture is given, None where that is not known yet.
        probability: how likely the network calls it so.
        faults: of pictures that cannot be read or run, why.
        news: rises with all that is found out.
        warm: where ``maps`` come from: of each picture that for the class it is given, signed, ``(h, w)``.
    """

    def __init__(self, engine: CamEngine, atlas: Atlas, film: Film, probability: str, names: Sequence[str]) -> None:
        self._engine, self._atlas, self._film = engine, atlas, film
        self._probability, self._names = probability, names
        self.called: list[int | None] = [None] * len(film)
        self.probability: list[float | None] = [None] * len(film)
        self.faults: dict[int, str] = {}
        self.news = 0
        self.warm: Warm | None = None
        self.maps: dict[int, Map] = {}
        self._changes = atlas.changes
        most = 1 if engine.fixed else MOST
        self._runs, self._records = Batches(most), Batches(most)
        self._mixes: bool | None = None if most > 1 else True
        self.saw(atlas.scene, atlas.recording)

    # ------------------------------------------------------------------ what is looked at

    def own(self, recording: Recording) -> int:
        """The class that is explained of a picture unasked."""
        return scores.first(scores.strongest(recording, self._probability, 2), self._names, self._probability)

    def saw(self, scene: Scene, recording: Recording) -> None:
        """Note what a recording says of its picture."""
        called = self.own(recording)
        self._film.small(scene.picture)
        self._note(scene.picture, called, float(scores.probabilities(recording, self._probability)[called]))

    def follow(self, view: View, left: Scene, before: Recording) -> View:
        """See ``following.Follower``: the class follows the picture, see ``following.follow``."""
        self.saw(self._atlas.scene, self._atlas.recording)
        if left.picture == self._atlas.scene.picture:
            return as_there(view, self._atlas)
        return follow(view, self._atlas, before, self._film.truth[left.picture], self.own)

    # ------------------------------------------------------------------ a few at a time

    def refreshed(self) -> bool:
        """Whether the model has changed since: nothing that was found holds any more."""
        if self._changes == self._atlas.changes:
            return False
        self._changes = self._atlas.changes
        self.called, self.probability = [None] * len(self._film), [None] * len(self._film)
        self.faults, self.maps, self.warm = {}, {}, None
        self.news += 1
        self.saw(self._atlas.scene, self._atlas.recording)
        return True

    def predict(self, stop: Stop | None = None) -> bool:
        """Find out what some more pictures are called: one forward pass without a graph. Returns whether there were
        any.

        Raises:
            Stopped: ``stop`` said so.
        """
        check(stop)
        self.refreshed()
        open_ = [i for i, called in enumerate(self.called) if called is None and i not in self.faults]
        batch = self._inputs(open_, self._runs.size, stop)
        if batch:
            self._predict(batch, stop)
        return bool(open_)

    def look_warm(self, variant: str, stop: Stop | None = None) -> bool:
        """Make the maps of some more pictures, by one recording; of a slow variant only where one was made anyway.
        Returns whether there were any.

        Raises:
            Stopped: ``stop`` said so.
        """
        check(stop)
        self.refreshed()
        atlas = self._atlas
        wanted = Warm(atlas.recording.default_layer, variant, atlas.aim)
        if wanted != self.warm:
            self.warm, self.maps = wanted, {}
            self.news += 1
        fresh = self._looked_at(wanted)
        if VARIANTS[variant].slow:
            return fresh
        open_ = [i for i, called in enumerate(self.called) if called is not None and i not in self.maps]
        open_ = [i for i in open_ if i not in self.faults]
        batch = self._inputs(open_, self._records.size, stop)
        if batch:
            self._record(batch, wanted, stop)
        return fresh or bool(open_)

    @property
    def done(self) -> bool:
        """Whether there is nothing left to do."""
        known = sum(called is not None for called in self.called)
        slow = self.warm is not None and VARIANTS[self.warm.variant].slow
        return known + len(self.faults) >= len(self._film) and (slow or len(self.maps) + len(self.faults) >= known)

    def _looked_at(self, wanted: Warm) -> bool:
        """Take the map of the picture on screen where it is at hand."""
        here = self._atlas.scene.picture
        called = self.called[here]
        if here in self.maps or called is None or not self._atlas.has(wanted.layer, wanted.variant, called):
            return False
        self.maps[here] = self._atlas.map(wanted.layer, wanted.variant, called)
        self.news += 1
        return True

    def _inputs(self, wanted: Sequence[int], most: int, stop: Stop | None) -> dict[int, torch.Tensor]:
        """Inputs of the next pictures that can be run together: of one size."""
        found: dict[int, torch.Tensor] = {}
        for index in wanted:
            check(stop)
            try:
                x = self._film.picture(index).input
            except (TypeError, ValueError) as error:
                self._fail(index, error)
                continue
            if found and x.shape != next(iter(found.values())).shape:
                break
            found[index] = x
            if len(found) == most:
                break
        return found

    def _predict(self, batch: dict[int, torch.Tensor], stop: Stop | None) -> None:
        begun, known = time.perf_counter(), self._atlas.recording
        try:
            if len(batch) > 1 and self._mixes is None:
                self._mixes = mixes(self._engine, known.x, known.scores, stop)
                if self._mixes:
                    self._runs.alone()
                    self._records.alone()
                return
            returned = self._engine.answer(torch.cat(list(batch.values())), stop)
        except Stopped:
            raise
        except Exception as error:  # noqa: BLE001  (models raise what they like, a full device among it)
            self._blame(batch, self._runs, error)
            return
        for index in batch:
            self._film.small(index)
        for index, (called, share) in zip(batch, scores.called(returned, self._probability, self._names), strict=True):
            self._note(index, called, share)
        self._runs.took(len(batch), time.perf_counter() - begun)

    def _record(self, batch: dict[int, torch.Tensor], wanted: Warm, stop: Stop | None) -> None:
        begun = time.perf_counter()
        classes = [called for index in batch if (called := self.called[index]) is not None]
        try:
            recording = self._engine.record(torch.cat(list(batch.values())))
            check(stop)
            target = wanted.aim.target(classes if len(classes) > 1 else classes[0])
            made = to_numpy(recording.cams([target], wanted.layer, wanted.variant, stop=stop)[:, 0])
        except (Stopped, StaleRecordingError):
            raise
        except Exception as error:  # noqa: BLE001  (as above)
            self._blame(batch, self._records, error)
            return
        for index, map_ in zip(batch, made, strict=True):
            self.maps[index] = np.array(map_)
        self.news += 1
        self._records.took(len(batch), time.perf_counter() - begun)

    def _blame(self, batch: dict[int, torch.Tensor], batches: Batches, error: Exception) -> None:
        """Several that failed are tried one by one; one that fails is not tried again."""
        if len(batch) > 1:
            batches.alone()
        else:
            self._fail(next(iter(batch)), error)

    def _fail(self, index: int, error: Exception) -> None:
        log.warning("picture %d of the film: %s", index + 1, error)
        self.faults[index] = f"{type(error).__name__}: {error}"
        self.news += 1

    def _note(self, index: int, called: int, probability: float) -> None:
        if (self.called[index], self.probability[index]) == (called, probability):
            return
        self.called[index], self.probability[index] = called, probability
        self.faults.pop(index, None)
        self.news += 1
