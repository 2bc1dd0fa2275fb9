"""Small pictures of items with the maps of their predicted and true class: made when they are wanted, the last kept."""

from __future__ import annotations

import io
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from camwidget import images
from camwidget.atlas import Map, to_numpy
from camwidget.engine import CamEngine, Recording, Target, lean
from camwidget.engine.fields import Place
from camwidget.engine.preempt import Stop, Stopped, check
from camwidget.engine.stale import StaleRecordingError
from camwidget.engine.variants import VARIANTS
from camwidget.screening import MOST, Batches

from . import sides
from .items import Items
from .protocol import CELLS, SIDE, UNKNOWN

KEPT_BYTES = 32 * 2**20
"""Of pictures, and again of maps: some thousand items."""

QUALITY = 85

SMALL = 48
"""Pictures of at most so many pixels a side travel as PNG."""


@dataclass(frozen=True)
class Thumb:
    """An item's picture as PNG or JPEG, and its size ``(width, height)``."""

    data: bytes
    size: tuple[int, int]

    @property
    def nbytes(self) -> int:
        """What it takes."""
        return len(self.data) + 200


@dataclass(frozen=True)
class Pair:
    """Signed maps ``(h, w)`` float32 of an item's predicted class, and of its true one where that is another.

    Attributes:
        classes: the predicted and the true one; UNKNOWN: none is known.
    """

    classes: tuple[int, int]
    predicted: Map
    truth: Map | None
    place: Place | None

    @property
    def nbytes(self) -> int:
        """What it takes."""
        return self.predicted.nbytes + (0 if self.truth is None else self.truth.nbytes) + 200

    def is_of(self, predicted: int, truth: int) -> bool:
        """Whether it is of these classes; a predicted one that is not known yet will be this one's."""
        return predicted in (UNKNOWN, self.classes[0]) and truth == self.classes[1]


@dataclass(frozen=True)
class Made:
    """What there is of an item; ``failed`` says why there is nothing."""

    index: int
    thumb: Thumb | None = None
    maps: Pair | None = None
    failed: str | None = None


class _Sized(Protocol):
    @property
    def nbytes(self) -> int: ...


K = TypeVar("K")
V = TypeVar("V", bound=_Sized)


class Shelf(Generic[K, V]):
    """The last values that were asked for, up to so many bytes."""

    def __init__(self, most: int) -> None:
        self._most, self.nbytes = most, 0
        self._values: OrderedDict[K, V] = OrderedDict()

    def __len__(self) -> int:
        return len(self._values)

    def get(self, key: K) -> V | None:
        """What is kept under this key."""
        if key in self._values:
            self._values.move_to_end(key)
        return self._values.get(key)

    def put(self, key: K, value: V) -> V:
        """Keep it; what was not asked for longest goes."""
        before = self._values.pop(key, None)
        self.nbytes += value.nbytes - (0 if before is None else before.nbytes)
        self._values[key] = value
        while self.nbytes > self._most and len(self._values) > 1:
            self.nbytes -= self._values.popitem(last=False)[1].nbytes
        return value

    def clear(self) -> None:
        """Keep nothing."""
        self._values.clear()
        self.nbytes = 0


@dataclass(frozen=True)
class Look:
    """By what maps are made."""

    layer: str
    variant: str


class Thumbs:
    """Made by one thread at a time; what is there may be asked from any.

    Args:
        learn: told the number and the label of an item that is read before it is scored; returns its true class.
        most: bytes that are kept, of pictures and again of maps.
        threshold: see ``sides.threshold_of``.
    """

    def __init__(
        self,
        engine: CamEngine,
        items: Items,
        learn: Callable[[int, Any], int],
        most: int = KEPT_BYTES,
        threshold: float | None = None,
    ) -> None:
        self._threshold = threshold
        self._engine, self._items, self._learn = engine, items, learn
        self._lock = threading.Lock()
        self._pictures: Shelf[int, Thumb] = Shelf(most)
        self._maps: Shelf[tuple[int, Look], Pair] = Shelf(most)
        self._failed: dict[tuple[int, Look], str] = {}
        self._batches = Batches(1 if engine.fixed else MOST)

    @property
    def nbytes(self) -> int:
        """What is kept."""
        return self._pictures.nbytes + self._maps.nbytes

    def forget(self) -> None:
        """The model has changed: its maps are void."""
        with self._lock:
            self._maps.clear()
            self._failed.clear()

    def alone(self) -> None:
        """The model's answers depend on the company in a batch: run items one by one."""
        self._batches.alone()

    def find(self, index: int, look: Look, predicted: int, truth: int) -> Made | None:
        """What is there of an item, complete; None where it must be made."""
        with self._lock:
            failed = self._failed.get((index, look))
            if failed is not None:
                return Made(index, failed=failed)
            thumb, maps = self._pictures.get(index), self._maps.get((index, look))
            if thumb is None or maps is None or not maps.is_of(predicted, truth):
                return None
            return Made(index, thumb, maps)

    def make(
        self, wanted: Sequence[int], look: Look, classes: Sequence[tuple[int, int]], stop: Stop | None = None
    ) -> list[Made]:
        """Make some of these items, the first ones first, by one recording.

        Args:
            classes: of each the predicted and the true class; UNKNOWN: the one that this recording predicts, or none.

        Raises:
            Stopped: ``stop`` said so.
            StaleRecordingError: the model changed meanwhile.
        """
        made: list[Made] = []
        inputs: list[Tensor] = []
        batch: list[tuple[int, int, int]] = []
        for index, (predicted, truth) in zip(wanted, classes, strict=True):
            check(stop)
            try:
                x, label = self._read(index)
                true = self._learn(index, label) if truth == UNKNOWN else truth
            except Exception as error:  # noqa: BLE001  (whatever a file or a user's data set may raise)
                made.append(self._fail(index, look, str(error) or type(error).__name__))
                continue
            if inputs and x.shape != inputs[0].shape:
                break
            inputs.append(x)
            batch.append((index, predicted, true))
            if len(batch) == self._batches.size:
                break
        if batch:
            made += self._record(batch, torch.cat(inputs), look, stop)
        return made

    def _read(self, index: int) -> tuple[Tensor, Any]:
        """The network's input ``(1, C, H, W)``, and the label that came with it; the picture is kept on the way."""
        given, label = self._items.given(index)
        x, original, _ = images.prepared(given, self._items.known)
        with self._lock:
            known = self._pictures.get(index)
        if known is None:
            guess = original is None and self._items.known.assumed
            values, _ = images.visible(x[0].cpu(), self._items.known, guess)
            thumb = small(images.as_image(values))
            with self._lock:
                self._pictures.put(index, thumb)
        return x, label

    def _record(self, batch: list[tuple[int, int, int]], x: Tensor, look: Look, stop: Stop | None) -> list[Made]:
        begun = time.perf_counter()
        try:
            pairs = self._maps_of(batch, x, look, stop)
        except (Stopped, StaleRecordingError):
            raise
        except Exception as error:  # noqa: BLE001  (models raise what they like, a full device among it)
            if len(batch) == 1:
                return [self._fail(batch[0][0], look, f"{type(error).__name__}: {error}")]
            self._batches.alone()  # one by one it is seen which is at fault
            return []
        self._batches.took(len(batch), time.perf_counter() - begun)
        with self._lock:
            for (index, _, _), pair in zip(batch, pairs, strict=True):
                self._maps.put((index, look), pair)
            thumbs = [self._pictures.get(index) for index, _, _ in batch]
        return [Made(one[0], thumb, pair) for one, thumb, pair in zip(batch, thumbs, pairs, strict=True)]

    def _maps_of(self, batch: list[tuple[int, int, int]], x: Tensor, look: Look, stop: Stop | None) -> list[Pair]:
        variant = VARIANTS[look.variant]
        recording = self._engine.record(x, [look.layer], variant.at_input)
        check(stop)
        if self._threshold is None:
            own: list[int] = recording.scores.argmax(1).tolist()
        else:
            own = (recording.scores[:, 0] > self._threshold).int().tolist()
        predicted = [own[row] if one == UNKNOWN else one for row, (_, one, _) in enumerate(batch)]
        truth = [predicted[row] if one == UNKNOWN else one for row, (_, _, one) in enumerate(batch)]
        first = self._signed(recording, predicted, look, stop)
        second = first
        if truth != predicted and variant.per_class:
            second = self._signed(recording, truth, look, stop)
        place = lean.place(self._engine, recording, look.layer) if first.shape[1:] != x.shape[2:] else None
        place = _pooled_place(place, first.shape[1:])
        first, second = (_pooled(maps) for maps in (first, second))
        differs = [a != b and variant.per_class for a, b in zip(predicted, truth, strict=True)]
        known = [(mine, given) for mine, (_, _, given) in zip(predicted, batch, strict=True)]
        # copies: a view would keep the whole batch
        return [
            Pair(known[row], first[row].copy(), second[row].copy() if other else None, place)
            for row, other in enumerate(differs)
        ]

    def _signed(self, recording: Recording, classes: list[int], look: Look, stop: Stop | None) -> Map:
        """Maps ``(n, h, w)``, one an item and of its class."""
        if self._threshold is None:
            return _maps(recording, classes if len(classes) > 1 else classes[0], look, stop)
        return _maps(recording, sides.target(classes), look, stop)

    def _fail(self, index: int, look: Look, text: str) -> Made:
        with self._lock:
            self._failed[index, look] = text
        return Made(index, failed=text)


def small(picture: Image.Image) -> Thumb:
    """A picture of at most SIDE pixels a side, encoded."""
    kind = "L" if picture.mode == "L" else "RGB"
    shown = picture.convert(kind)
    shown.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    if max(shown.size) <= SMALL:
        shown.save(buffer, "PNG")
    else:
        # at this size the colours of four pixels in one would be seen
        shown.save(buffer, "JPEG", quality=QUALITY, subsampling=0)
    return Thumb(buffer.getvalue(), shown.size)


def _maps(recording: Recording, target: int | list[int] | Target, look: Look, stop: Stop | None) -> Map:
    return to_numpy(recording.cams([target], look.layer, look.variant, stop=stop)[:, 0])


def _shrink(grid: Sequence[int]) -> tuple[int, int]:
    h, w = grid
    factor = max(1.0, h / CELLS, w / CELLS)
    return max(1, round(h / factor)), max(1, round(w / factor))


def _pooled(maps: Map) -> Map:
    """Maps ``(n, h, w)`` of at most CELLS cells a side."""
    grid = _shrink(maps.shape[1:])
    if grid == maps.shape[1:]:
        return maps
    return F.adaptive_avg_pool2d(torch.from_numpy(np.nan_to_num(maps))[None], grid)[0].numpy()


def _pooled_place(place: Place | None, grid: Sequence[int]) -> Place | None:
    """Where the pooled cells are centred: in the middle of those that they are made of."""
    if place is None:
        return None
    found = []
    for (centre, step), cells, few in zip(place, grid, _shrink(grid), strict=True):
        pooled = cells / few
        found.append((centre + step * (pooled - 1) / 2, step * pooled))
    return tuple(found)
