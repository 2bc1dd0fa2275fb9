"""A film: several pictures for one network. Each is read when it is first wanted, and only the last few are kept."""

from __future__ import annotations

import io
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any

import torch
from PIL import Image
from torch import nn

from . import images, inputs
from .engine.forks import Lock
from .images import Picture
from .preprocessing import Preprocessing
from .scene import Scene

KEPT = 16
"""So many pictures stay ready for the network."""

SIDE = 96
"""Longest side of a small picture in pixels: twice its size on the page."""

QUALITY = 85


class Film:
    """Pictures in order.

    Args:
        given: each as ``CamWidget`` takes one. They are not copied: what changes meanwhile is read as it is by then.
        known: how they become inputs.

    Attributes:
        truth: the true class of each, None where it is not known.

    Raises:
        TypeError, ValueError: one is no picture, as far as that is told without reading its pixels; says which.
    """

    def __init__(self, given: Sequence[object], known: Preprocessing) -> None:
        self._given, self._known = tuple(given), known
        self.truth: tuple[int | None, ...] = (None,) * len(self._given)
        self._lock = Lock()
        self._read: OrderedDict[int, Picture] = OrderedDict()
        self._small: dict[int, bytes] = {}
        for index, image in enumerate(self._given):
            self._named(index, images.check, image)

    def __len__(self) -> int:
        return len(self._given)

    def picture(self, index: int) -> Picture:
        """One of them, ready for the network. Raises, besides as ``images.read``, with its number."""
        with self._lock:
            if index in self._read:
                self._read.move_to_end(index)
                return self._read[index]
        read: Picture = self._named(index, images.read, self._given[index], self._known)
        with self._lock:
            self._read[index] = read
            if len(self._read) > KEPT:
                self._read.popitem(last=False)
        return read

    def input(self, scene: Scene) -> torch.Tensor:
        """What the network is given of a scene, ``(1, C, H, W)``."""
        return self.picture(scene.picture).input

    def small(self, index: int) -> bytes:
        """One of them as a JPEG of at most SIDE pixels a side, framed as the network sees it."""
        if index not in self._small:
            with Image.open(io.BytesIO(self.picture(index).encoded)) as opened:
                opened.draft("RGB", (2 * SIDE, 2 * SIDE))
                opened.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
                buffer = io.BytesIO()
                # at this size the colours of four pixels in one would be seen
                opened.convert("RGB").save(buffer, "JPEG", quality=QUALITY, subsampling=0)
            self._small[index] = buffer.getvalue()
        return self._small[index]

    @property
    def smalls(self) -> list[bytes]:
        """All that were made by now, in order; empty where one was not."""
        return [self._small.get(index, b"") for index in range(len(self))]

    def _named(self, index: int, read: Callable[..., Any], *given: object) -> Any:
        try:
            return read(*given)
        except (TypeError, ValueError) as error:
            raise type(error)(f"picture {index + 1} of {len(self._given)}: {error}") from error


def read(given: object, model: nn.Module, known: Preprocessing, kind: str | None = None) -> Film | None:
    """The film that was given; None where it is a single input, also as a list of one.

    Raises:
        TypeError, ValueError: as ``Film``; or something in the list is no picture for this model.
    """
    if not isinstance(given, (list, tuple)) or len(given) < 2:
        return None
    for index, one in enumerate(given):
        found = inputs.find_kind(one, model) if kind is None else kind
        if found != "picture":
            which = f"number {index + 1} of {len(given)}" if kind is None else f"kind={kind!r}"
            raise ValueError(f"a list is a film strip of pictures, and {which} is a {found}: give one {found} alone")
    return Film(given, known)


def read_truth(truth: object, count: int, index_of: Callable[[Any], int]) -> tuple[int | None, ...]:
    """The true class of each of ``count`` pictures.

    Args:
        truth: one for all, or a list with one each: an index, a name, or None where it is not known.
        index_of: the index of a class given by either; raises where there is none.

    Raises:
        TypeError, ValueError: no such class, or a list of another length; says which and what is accepted.
    """
    if isinstance(truth, torch.Tensor) or hasattr(truth, "tolist"):
        truth = truth.tolist()
    if not isinstance(truth, (list, tuple)):
        return (None if truth is None else index_of(truth),) * count
    if len(truth) != count:
        pictures = "1 picture" if count == 1 else f"{count} pictures"
        raise ValueError(
            f"truth has {len(truth)} entries for {pictures}; accepted: one an image, with None where it is not known"
        )
    found: list[int | None] = []
    for place, one in enumerate(truth):
        try:
            found.append(None if one is None else index_of(one))
        except (TypeError, ValueError) as error:
            raise type(error)(f"truth[{place}]: {error}") from error
    return tuple(found)
