"""Reading ahead: while the network works on one batch, threads read the next.

Threads, not processes: Pillow decodes and resizes, and torch computes, without Python's lock; what is read need not be
pickled nor copied between processes; it works in a notebook, with lambdas, and where CUDA has been used, after which a
process must not be forked. Whoever has heavy Python code in a data set gives a ``DataLoader`` with workers of its own.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Collection, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from camwidget.engine.batches import read_labels

from .sources import BadImage, Job

MOST_WORKERS = 8


@dataclass(frozen=True)
class Read:
    """One image that was read: the network's input ``(C, *spatial)`` and the label (-1: none); or why it was not.
    ``said``: the label as it came.
    """

    index: int
    name: str
    input: Tensor | None = None
    label: int = -1
    error: BadImage | None = None
    said: Any = None


def default_workers() -> int:
    """Threads that read, unless asked otherwise: one a core, and no more than a disk is served well by."""
    return min(MOST_WORKERS, os.cpu_count() or 1)


def windows(jobs: Iterable[Job], size: int, workers: int, done: Collection[int]) -> Generator[list[Read]]:
    """The images in windows of so many numbers each, ``[0, size)``, ``[size, 2 size)``, and so on: without those that
    are done, and without empty windows. At most two windows are read ahead.

    Args:
        workers: threads; with 0 images are read when they are wanted, on the caller's.
    """
    if workers == 0:
        for window in _cut(jobs, size):
            found = [_read(job) for job in window if job.index not in done]
            if found:
                yield found
        return
    pool = ThreadPoolExecutor(workers, thread_name_prefix="reading")
    ahead: deque[list[Future[Read]]] = deque()
    try:
        for window in _cut(jobs, size):
            futures = [pool.submit(_read, job) for job in window if job.index not in done]
            if futures:
                ahead.append(futures)
            if len(ahead) > 2:
                yield [future.result() for future in ahead.popleft()]
        while ahead:
            yield [future.result() for future in ahead.popleft()]
    finally:
        pool.shutdown(cancel_futures=True)


def _cut(jobs: Iterable[Job], size: int) -> Iterator[list[Job]]:
    window: list[Job] = []
    for job in jobs:
        window.append(job)
        if len(window) == size:
            yield window
            window = []
    if window:
        yield window


def _read(job: Job) -> Read:
    try:
        made, label = job.read()
        return Read(job.index, job.name, made, _label(label), said=label)
    except Exception as error:  # noqa: BLE001 (whatever a file or a user's data set may raise)
        bad = BadImage(job.index, job.name, str(error) or type(error).__name__)
        bad.__cause__ = error
        return Read(job.index, job.name, error=bad)


def _label(label: Any) -> int:
    """As a number; a label of another kind, such as a box, is none."""
    try:
        return read_labels(None if label is None else [int(label)], 1)[0]
    except (TypeError, ValueError, RuntimeError, OverflowError):
        return -1
