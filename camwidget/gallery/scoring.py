"""What the model says of each item, and how wrong that is: batch by batch, without a graph."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Generator, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor

from camwidget import scores
from camwidget.dataset.loading import Read, default_workers, windows
from camwidget.dataset.sources import Job
from camwidget.engine import CamEngine
from camwidget.engine.preempt import Stop, Stopped, check
from camwidget.engine.stale import OtherClassesError
from camwidget.screening import MOST, Batches, mixes

from . import sides
from .items import Classes, Items, class_of
from .protocol import UNKNOWN

log = logging.getLogger("camwidget")

Floats = npt.NDArray[np.float32]

LEAST = 1e-38
"""A probability of 0 has no logarithm; the smallest number that float32 has in full."""


class Scores:
    """A number an item, and why some have none.

    Attributes:
        loss: minus the logarithm of the true class's probability; NaN where the true class is not known.
        confidence: probability of the predicted class. margin: that less the probability of the class after it.
        predicted, truth: classes; UNKNOWN where there is none (yet).
        failed: of items that cannot be read or run, why.
        done: the first so many were scored.
    """

    def __init__(self, truth: Classes) -> None:
        n = len(truth)
        self.loss, self.confidence, self.margin = (np.full(n, np.nan, np.float32) for _ in range(3))
        self.predicted = np.full(n, UNKNOWN, np.uint16)
        self.truth = truth.copy()
        self.failed: dict[int, str] = {}
        self.done = 0

    def take(self, predicted: npt.NDArray[np.int64], confidence: Floats, classes: int) -> None:
        """What an earlier run found out, until it is found out anew; that network may have had other classes."""
        known = (predicted >= 0) & (predicted < classes)
        self.predicted[known] = predicted[known]
        self.confidence[known] = confidence[known]

    def packed(self, start: int, end: int) -> bytes:
        """The columns of some items, see ``protocol.py``."""
        columns = ((self.loss, "<f4"), (self.confidence, "<f4"), (self.margin, "<f4"))
        classes = ((self.predicted, "<u2"), (self.truth, "<u2"))
        return b"".join(column[start:end].astype(kind).tobytes() for column, kind in (*columns, *classes))

    def confusion(self, classes: int) -> npt.NDArray[np.int64]:
        """``(K, K)`` counts of the true class (rows) and the predicted one."""
        both = (self.truth != UNKNOWN) & (self.predicted != UNKNOWN)
        pairs = self.truth[both].astype(np.int64) * classes + self.predicted[both]
        return np.bincount(pairs, minlength=classes * classes).reshape(classes, classes)


class Scoring:
    """Fills in ``Scores`` from the first item to the last. One thread at a time.

    Args:
        probability: see ``scores.find_probability``. names: of the classes. truth: as far as it is known beforehand.
        workers: threads that read ahead; default: see ``loading.default_workers``.
        given: the true classes are known otherwise: labels that come with the items do not count.
        two: the network's one score stands for two classes, see ``sides``.
    """

    def __init__(
        self,
        engine: CamEngine,
        items: Items,
        probability: str,
        names: Sequence[str],
        truth: Classes,
        given: bool,
        workers: int | None = None,
        two: bool = False,
    ) -> None:
        self._engine, self._items, self._probability, self._names = engine, items, probability, names
        self._two = two
        """Whether the one score says which of two classes it is, see ``sides``."""
        self._truth, self._given = truth, given
        self._workers = default_workers() if workers is None else workers
        self._batches = Batches(1 if engine.fixed else MOST)
        self._mixes: bool | None = True if engine.fixed else None
        self.strange: set[int] = set()
        """Items whose label is no class."""
        self.restart(first=True)

    def restart(self, first: bool = False) -> None:
        """Begin anew: the model has changed, unless it is the first time."""
        self.close()
        self.scores = Scores(self._truth)
        if self._items.found is not None and first:
            self.scores.take(self._items.found.predicted, self._items.found.confidence, len(self._names))
        self._windows = self._read_from(0)
        self._waiting: list[Read] = []

    def _read_from(self, start: int) -> Generator[list[Read]]:
        self._ended = threading.Event()
        jobs = (_until(self._ended, job) for job in self._items.jobs())
        return windows(jobs, MOST, self._workers, range(start))

    def close(self) -> None:
        """End the threads that read ahead, after what each reads at the moment. From any thread."""
        ahead: Generator[list[Read]] | None = getattr(self, "_windows", None)
        if ahead is not None:
            self._ended.set()
            with suppress(ValueError):  # another thread waits for what is read; it ends it
                ahead.close()

    @property
    def mixes(self) -> bool:
        """Whether the scores of an item were seen to depend on the others in its batch."""
        return bool(self._mixes)

    @property
    def done(self) -> bool:
        """Whether there is nothing left to do."""
        return self.scores.done >= len(self._items)

    def step(self, stop: Stop | None = None) -> bool:
        """Score some more items: one forward pass without a graph. Returns whether there were any.

        Raises:
            Stopped: ``stop`` said so, and nothing is lost; or it was closed.
            OtherClassesError: the model has more or fewer classes by now.
        """
        check(stop)
        if self.done:
            return False
        if not self._waiting:
            self._waiting = list(next(self._windows, ()))
        if self._ended.is_set():
            self._windows.close()
            self._waiting = []
            raise Stopped
        if not self._waiting:  # whoever read it was interrupted
            self._windows = self._read_from(self.scores.done)
            return True
        batch = self._next()
        try:
            failed = [read for read in batch if read.input is None]
            if failed:
                for read in failed:
                    self._fail(read, str(read.error))
            else:
                self._score(batch, stop)
        except BaseException:  # Stopped, or the user's interrupt
            self._waiting = [*batch, *self._waiting]
            raise
        return True

    def _next(self) -> list[Read]:
        """The next items that can be run together: of one size. Or one that cannot be run."""
        first = self._waiting[0]
        size = 1 if first.input is None else self._batches.size
        batch = [first]
        for read in self._waiting[1:size]:
            if first.input is None or read.input is None or read.input.shape != first.input.shape:
                break
            batch.append(read)
        del self._waiting[: len(batch)]
        return batch

    def _score(self, batch: list[Read], stop: Stop | None) -> None:
        inputs = [read.input for read in batch if read.input is not None]
        begun = time.perf_counter()
        try:
            if self._mixes is None and len(batch) > 1:
                one = inputs[0][None]
                self._mixes = mixes(self._engine, one, self._engine.answer(one, stop).table(), stop)
                if self._mixes:
                    self._alone(batch)
                    return
            table, shares = scores.tables(self._engine.answer(torch.stack(inputs), stop), self._probability)
        except Stopped:
            raise
        except Exception as error:  # noqa: BLE001  (models raise what they like, a full device among it)
            if len(batch) == 1:
                self._fail(batch[0], f"{type(error).__name__}: {error}")
            else:
                self._alone(batch)
            return
        # no item is to blame for it
        OtherClassesError.check(table.shape[1], 1 if self._two else len(self._names))
        if self._two:
            table, shares = sides.tables(table, self._probability)
        self._note(batch, table.cpu(), shares.cpu())
        self._batches.took(len(batch), time.perf_counter() - begun)

    def _alone(self, batch: list[Read]) -> None:
        """From now on one by one, and so these."""
        self._batches.alone()
        self._waiting = [*batch, *self._waiting]

    def _note(self, batch: list[Read], table: Tensor, shares: Tensor) -> None:
        found = self.scores
        rows = [read.index for read in batch]
        if not self._given:
            found.truth[rows] = [self.label(read.index, read.said) for read in batch]
        called = torch.tensor(scores.unasked(table, shares, self._probability, self._names))
        own = shares.gather(1, called[:, None])[:, 0]
        found.predicted[rows] = called.numpy()
        found.confidence[rows] = own.numpy()
        found.margin[rows] = (own - _next_largest(shares, called)).numpy()
        truth = torch.from_numpy(found.truth[rows].astype(np.int64))
        probability = "softmax" if self._two and self._probability == "sigmoid" else self._probability
        losses = loss(table, shares, truth.clamp(max=table.shape[1] - 1), probability)
        found.loss[rows] = torch.where(truth == UNKNOWN, torch.nan, losses).numpy()
        found.done = rows[-1] + 1

    def label(self, index: int, label: Any) -> int:
        """The true class that a label says; UNKNOWN where it says none, or labels do not count."""
        if self._given:
            return int(self._truth[index])
        try:
            return class_of(label, self._names, self._items.name(index))
        except ValueError as error:
            log.log(logging.DEBUG if self.strange else logging.WARNING, "%s", error)  # mostly all are alike
            self.strange.add(index)
            return UNKNOWN

    def learn(self, index: int, label: Any) -> int:
        """The same, noted ahead of the item's scores."""
        found = self.label(index, label)
        self.scores.truth[index] = found
        return found

    def _fail(self, read: Read, text: str) -> None:
        log.warning("item %d of the gallery: %s", read.index, text)
        if not self._given and read.said is not None:
            self.scores.truth[read.index] = self.label(read.index, read.said)
        self.scores.predicted[read.index], self.scores.confidence[read.index] = UNKNOWN, np.nan
        self.scores.failed[read.index] = text
        self.scores.done = read.index + 1


def _until(ended: threading.Event, job: Job) -> Job:
    """A job that is not begun any more once it has ended."""

    def read() -> tuple[Tensor, Any]:
        if ended.is_set():
            raise InterruptedError("no longer wanted")
        return job.read()

    return replace(job, read=read)


def loss(table: Tensor, shares: Tensor, truth: Tensor, probability: str) -> Tensor:
    """Minus the logarithm of the true class's probability, ``(N,)``: of a softmax the cross entropy, of sigmoids that
    of the true class's alone.

    Args:
        table, shares: scores and probabilities ``(N, K)``, see ``scores.tables``. truth: ``(N,)``.
    """
    if probability == "softmax":
        return F.cross_entropy(table, truth, reduction="none")
    own = truth[:, None]
    if probability == "sigmoid":
        return F.softplus(-table.gather(1, own))[:, 0]
    return -shares.gather(1, own)[:, 0].clamp(min=LEAST).log()


def _next_largest(shares: Tensor, called: Tensor) -> Tensor:
    """The largest probability of another class than that which each item is called; of one class alone 0."""
    if shares.shape[1] == 1:
        return torch.zeros(len(shares))
    return shares.scatter(1, called[:, None], -torch.inf).amax(1)
