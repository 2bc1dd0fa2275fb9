"""Where in a dense output: one position, a box of them, or a mask. Read once, hashable, and laid over a grid later."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

Axis = int | tuple[int | None, int | None, int | None]
"""One index of an axis, or the start, stop and step of a slice."""

ACCEPTED = (
    "accepted: a position such as (row, column), a box (top, left, bottom, right) or np.s_[10:40, 20:60], or a mask of "
    "booleans of the output's size; for one axis a step or a slice"
)


@dataclass(frozen=True)
class Window:
    """One entry an axis: a position where all are integers. Twice as many integers as axes are a box: its starts, then
    its ends, which do not belong to it.
    """

    axes: tuple[Axis, ...]

    def __str__(self) -> str:
        return f"[{', '.join(map(_written, self.axes))}]"

    def plain(self) -> tuple[int | slice, ...]:
        """As users give it."""
        return tuple(axis if isinstance(axis, int) else slice(*axis) for axis in self.axes)

    def cells(self, out: Sequence[int]) -> Tensor:
        """``(1, *out)`` booleans.

        Raises:
            ValueError: it does not fit on this grid, or holds no cell of it.
        """
        axes = self.axes
        if len(axes) == 2 * len(out) and all(isinstance(axis, int) for axis in axes):
            axes = tuple((axes[i], axes[i + len(out)], None) for i in range(len(out)))  # type: ignore[misc]
        if len(axes) != len(out):
            raise ValueError(
                f"region {self} has {len(axes)} entries, and the scores have a grid {_times(out)}; {ACCEPTED}"
            )
        chosen = torch.zeros(1, *out, dtype=torch.bool, device="cpu")
        slices = [self._slice(axis, size, out) for axis, size in zip(axes, out, strict=True)]
        chosen[0][tuple(slices)] = True
        if not chosen.any():
            raise ValueError(f"region {self} holds no cell of the scores' grid {_times(out)}; {ACCEPTED}")
        return chosen

    def _slice(self, axis: Axis, size: int, out: Sequence[int]) -> slice:
        if not isinstance(axis, int):
            return slice(*axis)
        if not 0 <= axis < size:
            raise ValueError(f"region {self} lies outside of the scores' grid {_times(out)}; {ACCEPTED}")
        return slice(axis, axis + 1)


@dataclass(frozen=True, repr=False)
class Mask:
    """Booleans over the whole grid, for all images ``(*out)`` or one an image ``(N, *out)``, packed so that two of them
    are quickly compared.
    """

    shape: tuple[int, ...]
    bits: bytes

    def __repr__(self) -> str:
        return f"<{self}>"

    def __str__(self) -> str:
        return f"a mask of {_times(self.shape[self.shape[:1] == (1,) :])}"

    def cells(self, out: Sequence[int]) -> Tensor:
        """``(1, *out)`` or ``(N, *out)`` booleans.

        Raises:
            ValueError: of another size than the grid, or no cell is chosen for an image.
        """
        shape = self.shape if len(self.shape) > len(out) else (1, *self.shape)
        if shape[1:] != tuple(out):
            raise ValueError(f"region is {self}, and the scores have a grid {_times(out)}; {ACCEPTED}")
        flat = np.unpackbits(np.frombuffer(self.bits, np.uint8), count=math.prod(shape))
        chosen = torch.from_numpy(flat.astype(bool)).reshape(shape)
        if not chosen.flatten(1).any(1).all():
            raise ValueError(f"region is {self} that chooses nothing; {ACCEPTED}")
        return chosen

    def plain(self) -> np.ndarray[Any, Any]:
        """As users give it."""
        flat = np.unpackbits(np.frombuffer(self.bits, np.uint8), count=math.prod(self.shape))
        return flat.astype(bool).reshape(self.shape[self.shape[:1] == (1,) :])

    def row(self, i: int) -> Mask:
        """The mask of one image, of a mask ``(N, *out)``, or ``(1, *out)`` for all."""
        flat = np.unpackbits(np.frombuffer(self.bits, np.uint8), count=math.prod(self.shape))
        return pack(flat.reshape(self.shape)[min(i, self.shape[0] - 1)][None])


Region = Window | Mask


def read_region(region: Any) -> Region | None:
    """A region as users give it, see ``Target``; None stays None.

    Raises:
        TypeError: it is none of what is accepted.
    """
    if region is None or isinstance(region, (Window, Mask)):
        return region
    if isinstance(region, (Tensor, np.ndarray)) or (_is_list(region) and any(_is_list(part) for part in region)):
        return _from_array(region)
    parts = region if _is_list(region) else (region,)
    if _is_list(region) and parts and all(isinstance(part, (bool, np.bool_)) for part in parts):
        return _from_array(parts)
    return Window(tuple(_axis(part, region) for part in parts))


def pack(mask: Any) -> Mask:
    """A mask from an array of booleans or of 0 and 1."""
    values = np.asarray(mask)
    return Mask(values.shape, np.packbits(values.astype(bool)).tobytes())


def _from_array(region: Any) -> Region:
    values = region.detach().cpu().numpy() if isinstance(region, Tensor) else np.asarray(region)
    if values.dtype == bool and values.ndim:
        return pack(values)
    if values.ndim == 1 and values.size and np.issubdtype(values.dtype, np.integer):
        return Window(tuple(int(i) for i in values))
    raise TypeError(f"region is an array of shape {values.shape} and dtype {values.dtype}; {ACCEPTED}")


def _axis(part: Any, region: Any) -> Axis:
    if isinstance(part, slice):
        ends = (part.start, part.stop, part.step)
        if all(end is None or _is_int(end) for end in ends) and (part.step is None or part.step > 0):
            start, stop, step = (None if end is None else int(end) for end in ends)
            return start, stop, step
    elif _is_int(part):
        return int(part)
    raise TypeError(f"region is {region!r:.80}; {ACCEPTED}")


def _is_int(value: Any) -> bool:
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def _is_list(value: Any) -> bool:
    return isinstance(value, (tuple, list))


def _written(axis: Axis) -> str:
    if isinstance(axis, int):
        return str(axis)
    start, stop, step = ("" if end is None else str(end) for end in axis)
    return f"{start}:{stop}" + (f":{step}" if step else "")


def _times(shape: Sequence[int]) -> str:
    return " x ".join(map(str, shape))
