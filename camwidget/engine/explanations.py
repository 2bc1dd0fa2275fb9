"""The maps of many images, with what the model said of each: what ``explain`` returns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from .suggest import unknown

Floats = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]

NONE = -1
"""In place of a class, where there is none."""


@dataclass(frozen=True)
class Skipped:
    """An image that could not be read. ``index``: which one; ``name``: its path, or "image 7"; ``reason``: why."""

    index: int
    name: str
    reason: str

    def __str__(self) -> str:
        return self.reason if self.name in self.reason else f"{self.name}: {self.reason}"


@dataclass(frozen=True, eq=False)
class Explanations:
    """The maps of N images. Where one layer and one variant were asked it behaves like their array ``(N, H, W)``:
    ``numpy.asarray(found)``, ``found[3]``, ``found.shape``, ``len(found)``. Of several, ``found["layer4", "gradcam"]``
    is one such array.

    Attributes:
        maps: ``(layer, variant)`` -> float32 ``(N, *size)``, in raw units, after the variant's own ReLU. Of an image
            that was skipped every value is NaN.
        targets: int64 ``(N,)``, the class that was explained; -1 where it was none, or the image was skipped.
        scores: float32 ``(N,)``, the number that was explained, such as the class's score before the softmax; NaN where
            skipped.
        predicted: int64 ``(N,)``, the class with the highest score. confidence: float32 ``(N,)``, its probability.
        labels: int64 ``(N,)``, as they came with the images; -1 where none did.
        names: of the images: their paths, or "image 7".
        skipped: the images that could not be read, and why.
    """

    maps: Mapping[tuple[str, str], Floats]
    targets: Integers
    scores: Floats
    predicted: Integers
    confidence: Floats
    labels: Integers
    names: Sequence[str]
    skipped: Sequence[Skipped] = field(default_factory=tuple)

    @property
    def array(self) -> Floats:
        """The one array of maps.

        Raises:
            ValueError: there are several.
        """
        if len(self.maps) != 1:
            keys = ", ".join(f"[{layer!r}, {variant!r}]" for layer, variant in self.maps)
            raise ValueError(f"these are {len(self.maps)} arrays, one a layer and variant; accepted: {keys}")
        return next(iter(self.maps.values()))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> npt.NDArray[Any]:
        made = np.asarray(self.array, dtype=dtype)
        return made.copy() if copy else made

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the one array."""
        return tuple(self.array.shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of the one array."""
        return self.array.dtype

    @property
    def ndim(self) -> int:
        """Of the one array."""
        return self.array.ndim

    def __len__(self) -> int:
        return len(self.targets)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.array)

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, tuple) and any(isinstance(part, str) for part in key):
            if key not in self.maps:
                written = [f"{layer}, {variant}" for layer, variant in self.maps]
                raise KeyError(unknown("layer and variant", ", ".join(map(str, key)), written))
            return self.maps[key]
        return self.array[key]

    def __repr__(self) -> str:
        parts = [f"{layer} {variant} {array.shape}" for (layer, variant), array in self.maps.items()]
        skipped = f", {len(self.skipped)} skipped" if self.skipped else ""
        return f"Explanations({', '.join(parts)}{skipped})"
