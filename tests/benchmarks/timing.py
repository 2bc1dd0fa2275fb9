"""How long: medians, and two things taken in turn where their ratio is close to the bar. All in milliseconds."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

Task = Callable[[], object]


def once(task: Task) -> float:
    """One call. What it returns is let go only after the clock has stopped."""
    start = time.perf_counter()
    kept = task()
    taken = time.perf_counter() - start
    del kept
    return taken * 1e3


def rounds_within(task: Task, seconds: float, least: int = 5, most: int = 500) -> int:
    """How many calls fit into so many seconds. Calls the task twice, which also warms it up."""
    once(task)
    return max(least, min(most, int(seconds * 1e3 / max(once(task), 1e-3))))


def median(task: Task, seconds: float = 1.0, least: int = 3, most: int = 200) -> float:
    """The median of as many calls as fit into so many seconds."""
    return statistics.median(once(task) for _ in range(rounds_within(task, seconds, least, most)))


def in_turn(ours: Task, bare: Task, seconds: float = 3.0, least: int = 7, most: int = 500) -> tuple[float, float]:
    """Medians of both, taken in turn within ``seconds`` in all, each first in every second round.

    So close a bar as a tenth needs it: the speed of a machine drifts by more than that within a run.
    """
    rounds = min(rounds_within(task, seconds / 2, least, most) for task in (ours, bare))
    times: dict[Task, list[float]] = {ours: [], bare: []}
    for i in range(rounds):
        for task in (ours, bare) if i % 2 else (bare, ours):
            times[task].append(once(task))
    return statistics.median(times[ours]), statistics.median(times[bare])


def by_benchmark(benchmark: Any, task: Task, seconds: float = 1.0, least: int = 3, most: int = 500) -> float:
    """The median that pytest-benchmark finds, over as many rounds as fit into so many seconds."""
    rounds = rounds_within(task, seconds, least, most)
    benchmark.pedantic(task, rounds=rounds)
    return float(benchmark.stats.stats.median) * 1e3
