"""A data set: how many images a second, beside other libraries and what is bare; and that memory stays as it is."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tests.benchmarks.crowd import BATCH, LIBRARIES, Crowd, bare, ours
from tests.benchmarks.results import Results
from tests.benchmarks.timing import once

IMAGES = int(os.environ.get("EXPLAIN_IMAGES", "256"))
ROUNDS = 3

THROUGHPUT, MEMORY = "explain a data set", "memory of explain"
BARS = {"pytorch-grad-cam": 3.0, "captum": 1.2, "torchcam": 1.2, "bare": 0.85}
"""At least so many times as many images a second."""


def test_all_draw_the_same_maps() -> None:
    """Or else the figures would compare different work."""
    crowd = Crowd(BATCH)
    reference = bare(crowd)
    for name, library in LIBRARIES.items():
        assert crowd.agree(library(crowd), reference), name
    assert crowd.agree(ours(crowd), reference)


def test_throughput(results: Results) -> None:
    """All in turn, so that the machine's mood is shared; of each the median round."""
    crowd = Crowd(IMAGES)
    tasks = {"camwidget": ours, "bare": bare, **LIBRARIES}
    seconds: dict[str, list[float]] = {name: [] for name in tasks}
    for i in range(ROUNDS):
        for name in list(tasks) if i % 2 else reversed(list(tasks)):
            seconds[name].append(once(lambda task=tasks[name]: task(crowd)) / 1e3)
    rate = {name: IMAGES / sorted(found)[ROUNDS // 2] for name, found in seconds.items()}
    case = results.case(THROUGHPUT, f"ResNet-50, batch {BATCH}", unit="images a second")
    case.figures.update(rate)
    missed = []
    for name, least in BARS.items():
        try:
            results.assert_bar(case, f"camwidget / {name}", rate["camwidget"] / rate[name], at_least=least)
        except AssertionError as error:
            missed.append(str(error))
    assert not missed, missed


def test_memory_is_flat(results: Results) -> None:
    """From 256 to 2048 images, each in a process of its own, maps streamed to disk."""
    case = results.case(MEMORY, f"ResNet-50, batch {BATCH}", unit="MB")
    for count in (IMAGES, 8 * IMAGES):
        done = subprocess.run(
            [sys.executable, "-m", "tests.benchmarks.crowd", str(count)],
            env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            pytest.fail(done.stderr[-2000:])
        case.figures[f"peak, {count} images"] = json.loads(done.stdout)["peak"]
    first, last = case.figures.values()
    results.assert_bar(case, f"peak of {8 * IMAGES} images / of {IMAGES}", last / first, at_most=1.1)
