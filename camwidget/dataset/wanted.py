"""What of each image is explained: the predicted class, its label, one class for all, or one of a list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from torch import Tensor

from camwidget import labels as names_of
from camwidget.engine.targets import Target

from . import fingerprint

LABEL = "label"


class Wanted:
    """The targets of all images.

    Args:
        targets: None for the predicted class of each image, "label" for the label that comes with it, a class (by its
            index or name), a ``Target`` or a callable for all, or a sequence with one class an image.

    Attributes:
        many: one class an image; None where it is the same for all.
        names: of the classes, once they are known: then classes may be given by name.
    """

    def __init__(self, targets: Any) -> None:
        if isinstance(targets, (Tensor, np.ndarray)):
            targets = targets.tolist()
        self.many = list(targets) if isinstance(targets, Sequence) and not isinstance(targets, str) else None
        self._one = targets if self.many is None else None
        self.names: tuple[str, ...] = ()

    def check(self, length: int | None) -> None:
        """Raise ValueError where there is not one target for each image."""
        if self.many is not None and length is not None and len(self.many) != length:
            raise ValueError(f"{len(self.many)} targets for {length} images; accepted: one an image, or one for all")

    def of(self, index: int, label: int, name: str) -> Any:
        """What is explained of one image, as ``Recording.cam`` takes it; None for the predicted class.

        Raises:
            ValueError: there is no such class, no target for this image, or no label.
        """
        if self.many is not None:
            if index >= len(self.many):
                raise ValueError(
                    f"{len(self.many)} targets, and more images than that; accepted: one an image, or one for all"
                )
            return self._index(self.many[index])
        if isinstance(self._one, str) and self._one == LABEL:
            if label < 0:
                raise ValueError(
                    f"targets is 'label', and no label came with {name}; accepted: a Dataset of (image, label), or "
                    "targets=None for the predicted class"
                )
            return self._index(label)
        return self._index(self._one)

    @property
    def for_all(self) -> Any:
        """A ``Target`` or a callable, which is given to a batch as it is; else None."""
        return self._one if isinstance(self._one, Target) or callable(self._one) else None

    def words(self) -> str:
        """What it is, for the fingerprint of a run: equal for equal targets."""
        if self.many is not None:
            return f"one an image: {self.many!r}"
        if self._one is None:
            return "predicted"
        if isinstance(self._one, Target):
            function = self._one.function
            return str(self._one) if function is None else fingerprint.of_callable(function)
        return fingerprint.of_callable(self._one) if callable(self._one) else repr(self._one)

    def _index(self, target: Any) -> int | None:
        return None if target is None else names_of.index_of(self.names, target)
