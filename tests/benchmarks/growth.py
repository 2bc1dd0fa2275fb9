"""What is asked of networks of rising size, and along which sizes."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import cycle

import torch
from torch import Tensor, nn

from camwidget import CamEngine
from tests.benchmarks.subjects import SIDE, build, image
from tests.benchmarks.timing import median, once

Question = Callable[["Grown"], float]


@dataclass(frozen=True)
class Axis:
    """One way to grow. ``make``: size -> model and input; ``model`` is its name, or the name of its family."""

    name: str
    model: str
    sizes: tuple[int, ...]
    make: Callable[[int], tuple[nn.Module, Tensor]]


class Grown:
    """One network and one input of one size."""

    def __init__(self, size: int, model: nn.Module, x: Tensor) -> None:
        self.size, self.model, self.x = size, model, x
        self.engine = CamEngine(model)
        self.recording = self.engine.record(x)
        self.classes = self.recording.scores.shape[1]

    def clicks(self) -> Iterator[int]:
        """Another class at every call."""
        return cycle(range(self.classes))


def record(grown: Grown) -> float:
    """Milliseconds of a recording, the layout known."""
    return median(lambda: grown.engine.record(grown.x), seconds=1.5)


def class_switch(grown: Grown) -> float:
    """Milliseconds of a click on a class that was not asked before; of few classes, on a new recording each time."""
    if grown.classes >= 100:
        clicks = grown.clicks()
        return median(lambda: grown.recording.cam(next(clicks)), seconds=0.5, most=grown.classes - 2)
    times = []
    for _ in range(10):
        recording = grown.engine.record(grown.x)
        recording.cam(0)
        times += [once(partial(recording.cam, target)) for target in range(1, grown.classes)]
    return statistics.median(times)


def all_classes(grown: Grown) -> float:
    """Milliseconds for the maps of all classes, asked for the first time. Once is enough where that takes long."""
    times: list[float] = []
    while len(times) < 3 and sum(times) < 1000:
        times.append(once(grown.engine.record(grown.x).all_cams))
    return statistics.median(times)


QUESTIONS: dict[str, Question] = {"record": record, "class switch": class_switch, "all classes": all_classes}


def _widened(classes: int) -> tuple[nn.Module, Tensor]:
    return build("resnet50", num_classes=classes), image()


def _deepened(layers: int) -> tuple[nn.Module, Tensor]:
    return build(f"resnet{layers}"), image()


AXES = (
    Axis("image side", "ResNet-50", (64, 128, 256, 512, 1024), lambda side: (build("resnet50"), image(side))),
    Axis("classes", "ResNet-50", (10, 100, 1000, 10_000, 21_841), _widened),
    Axis("layers", "ResNet", (18, 34, 50, 101, 152), _deepened),
    Axis("batch", "ResNet-50", (1, 2, 4, 8, 16), lambda batch: (build("resnet50"), image(SIDE, batch))),
)


def grown(axis: Axis) -> Iterator[Grown]:
    """The networks of an axis, one at a time."""
    for size in axis.sizes:
        with torch.no_grad():
            model, x = axis.make(size)
        yield Grown(size, model, x)
