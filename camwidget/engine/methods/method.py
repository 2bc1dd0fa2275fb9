"""What a method that needs more than one layer's activations and gradients is given, and what it gives back."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol, TypeVar

import torch
from torch import Tensor, nn

from camwidget.engine.layers import LayerInfo
from camwidget.engine.preempt import Stop
from camwidget.engine.returned import Returned
from camwidget.engine.scoring import wide
from camwidget.engine.targets import Target

Progress = Callable[[int, int], None]
"""``progress(done, total)``: how many of the runs of the network that an answer takes are done. Called on the thread
that computes, after each chunk; never for an answer that needs no runs.
"""

SHELF_BYTES = 96 * 2**20

T = TypeVar("T")


class Network(Protocol):
    """The engine, as methods that run the model again see it."""

    @property
    def fixed(self) -> bool:
        """Whether each run must have as many images as the recording, in its order."""

    def copy(self) -> nn.Module:
        """A twin of the user's model, to be changed and run at will."""

    def run(self, model: nn.Module, x: Tensor, rows: int) -> Returned:
        """What such a twin returns for ``x``, read as scores of so many rows; without a graph unless a hook begins
        one.
        """


class Owner(Network, Protocol):
    """What a recording needs of the engine that made it."""

    @property
    def model(self) -> nn.Module:
        """The user's model."""

    @property
    def lock(self) -> AbstractContextManager[object]:
        """Held while the model or the graph is used."""

    @property
    def draws(self) -> bool:
        """Whether the model draws random numbers."""

    def replay(self, x: Tensor, layer: str) -> Tensor:
        """What the layer returns for ``x``, by another forward pass."""


class Explained(Protocol):
    """A recording, as methods see it."""

    x: Tensor
    scores: Tensor
    returned: Returned
    layers: Mapping[str, LayerInfo]
    network: Network
    shelf: Shelf
    bytes_each: int
    """What the modules return for one image, about."""

    def mixes(self, stop: Stop | None) -> bool:
        """Whether the scores of an image depend on the others in its batch, or on their number."""

    def activations(self, layer: str | None = None) -> Tensor:
        """A, as ``(N, C, *grid)``."""

    def gradient(self, target: Target, layer: str, rule: str = "standard", stop: Stop | None = None) -> Tensor:
        """g = d score / d A, as ``(N, C, *grid)``."""

    def input_gradient(self, target: Target, rule: str = "standard", stop: Stop | None = None) -> Tensor:
        """d score / d x, shaped as ``x``."""

    def curvature(self, target: Target, layer: str, along: Tensor) -> Tensor | None:
        """(d2 score / d A2) ``along``, as ``(N, C, *grid)``; None where the score is piecewise linear in A."""

    def steady(self) -> AbstractContextManager[None]:
        """Around each piece of work that uses the model."""


@dataclass(frozen=True)
class Order:
    """What is asked of a method.

    Attributes:
        targets: what is explained. layer: at which layer.
        stop: asked between the runs of the network and within them. progress: told after each chunk.
    """

    targets: Sequence[Target]
    layer: str
    stop: Stop | None = None
    progress: Progress | None = None


Method = Callable[[Explained, Order], Tensor]
"""Signed maps ``(N, T, *grid)`` float32, one a target, before the final ReLU."""


def in_step(explained: Explained, order: Order) -> bool:
    """Whether each run must have the images of the recording, one variation each: where ``forward`` passes something
    beside them, where a callable, which may make a single number of a whole batch, says what is explained, and where
    what the model says of an image depends on the others in the batch.
    """
    called = any(target.function is not None for target in order.targets)
    return called or explained.network.fixed or explained.mixes(order.stop)


def values(target: Target, returned: Returned, recorded: Returned, image: int | None) -> Tensor:
    """What is explained of variations, one number a row: ``(B,)``, float64 where the device has it, with its graph. A
    region is where it is for the recorded scores.

    Args:
        image: of which all rows are variations; None where there is one row for each image of the recording.
    """
    if image is not None and target.plain and not returned.grid:
        return wide(returned.scores[:, target.classes[image]])  # type: ignore[index]
    pinned = target.pinned(recorded.scores)
    if image is not None:
        rows, mine = len(returned.scores), pinned.row(image)
        classes: tuple[int, ...] = mine.classes  # type: ignore[assignment]
        pinned = mine._with(classes=classes * rows, against=mine.against * rows)
    return pinned.value(returned.scores, returned.output)


def summed(target: Target, returned: Returned, recorded: Returned) -> Tensor:
    """What is explained, summed over the images, with its graph."""
    with torch.enable_grad():
        if target.function is not None:
            return target.called(returned.output, len(returned.scores)).sum()
        return values(target, returned, recorded, None).sum()


class Shelf:
    """What methods keep of their work for the next question, the longest unused out first, bounded in bytes."""

    def __init__(self, limit: int = SHELF_BYTES) -> None:
        self._limit = limit
        self._kept: OrderedDict[object, tuple[object, int]] = OrderedDict()

    def get(self, key: object, make: Callable[[], T], size: Callable[[T], int]) -> T:
        """What is kept under ``key``, else what ``make`` makes; ``size`` says how many bytes that takes."""
        if key not in self._kept:
            made = make()
            self._kept[key] = (made, size(made))
            while sum(taken for _, taken in self._kept.values()) > self._limit and len(self._kept) > 1:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        found, _ = self._kept[key]
        return found  # type: ignore[return-value]


def nbytes(t: Tensor) -> int:
    """Bytes of a tensor's values."""
    return t.numel() * t.element_size()
