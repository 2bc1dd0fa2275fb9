"""What the first look costs: recording an image, its memory, and the whole way from ``CamWidget(…)`` to the first
maps.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time

from camwidget import CamWidget
from camwidget.atlas import Atlas
from tests.benchmarks.results import Results
from tests.benchmarks.subjects import Subject, photo
from tests.benchmarks.timing import in_turn, once, rounds_within
from tests.benchmarks.warm import warm
from tests.benchmarks.wire import Wire, settle

RECORD, CONSTRUCT, WARM, MEMORY = "record", "construct to first stack", "everything warm", "memory of a recording"


def test_record(subject: Subject, results: Results):
    ours, bare = in_turn(subject.record, lambda: subject.model(subject.x), most=60)
    case = results.case(RECORD, subject.name)
    case.figures.update({"camwidget": ours, "bare forward": bare})
    results.assert_bar(case, "camwidget / bare forward", ours / bare, at_most=1.10)


def test_construct(subject: Subject, results: Results, wire: Wire):
    picture = photo()
    times: dict[str, list[float]] = {"bare": [], "ours": []}

    def construct() -> float:
        wire.messages.clear()
        begun = time.perf_counter()
        widget = CamWidget(subject.model, picture)
        try:
            return (wire.first_stack().at - begun) * 1e3
        finally:
            widget.close()
            settle()

    for _ in range(rounds_within(construct, 3, least=5, most=20)):
        times["bare"].append(once(lambda: subject.model(subject.x)))
        times["ours"].append(construct())
    bare, ours = (statistics.median(times[who]) for who in ("bare", "ours"))
    case = results.case(CONSTRUCT, subject.name)
    case.figures.update({"camwidget": ours, "bare forward": bare})
    results.assert_bar(case, "ms over 1.5 bare forwards", ours - 1.5 * bare, at_most=30)


def test_everything_warm(resnet50: Subject, results: Results):
    """Five classes at all stages by all variants under all rules: what idle time is for."""
    targets = iter(range(0, resnet50.classes, 5))

    def task() -> None:
        first = next(targets)
        warm(atlas, range(first, first + 5))

    atlas = Atlas(resnet50.engine, resnet50.record())
    ours, bare = in_turn(task, lambda: resnet50.model(resnet50.x), seconds=20, least=3, most=5)
    case = results.case(WARM, resnet50.name)
    case.figures.update({"camwidget": ours, "bare forward": bare})
    results.assert_bar(case, "bare forwards", ours / bare, at_most=20)


def test_memory(subject: Subject, results: Results):
    """In a process of its own, see ``held.py``."""
    case = results.case(MEMORY, subject.name, unit="MB")
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.held", subject.name],
        # every tensor of some size is a mapping of its own, so that what is freed leaves the resident set at once
        env=os.environ | {"MALLOC_MMAP_THRESHOLD_": "65536", "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
        check=True,
    )
    case.figures.update(json.loads(done.stdout))
    results.assert_bar(
        case, "camwidget / bare graph", case.figures["camwidget"] / case.figures["bare graph"], at_most=1.25
    )
