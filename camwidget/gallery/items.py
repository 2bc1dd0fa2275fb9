"""The items of a gallery: whatever holds many pictures and can be asked for any of them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from torch import Tensor

from camwidget.dataset.sources import Job, Reader, Source, open_source
from camwidget.engine.suggest import unknown
from camwidget.preprocessing import Preprocessing

from . import parquet
from .protocol import LONGEST_NAME, UNKNOWN

Classes = npt.NDArray[np.uint16]


class Items:
    """Pictures by number, with their names and, where it is known, their true class.

    Args:
        given: what ``explain`` takes, less what can only be read in order; ``(pictures, labels)`` where the labels are
            one whole number an item; or Parquet of ``camwidget.ray.CamMapper``.
        known: how a picture becomes the network's input.

    Attributes:
        found: what the Parquet says already; else None.

    Raises:
        TypeError, ValueError: it holds no pictures, or cannot be asked for one by its number.
    """

    def __init__(self, given: Any, known: Preprocessing) -> None:
        self.known = known
        self._labels: Sequence[Any] | None = None
        self.found = parquet.read(given)
        if self.found is not None:
            given, self._labels = self.found.paths, self.found.labels
        elif _is_pair(given):
            given, self._labels = given
        self._source: Source = open_source(given, Reader(["picture"], known))
        if self._source.item is None or self._source.length is None:
            raise TypeError(
                f"a {type(given).__name__} is read in order only, and a gallery asks for any of its items; accepted: "
                "something with a length that is asked by number, such as loader.dataset or list(images)"
            )
        self._item, self._count = self._source.item, self._source.length
        self._folders = _folders(given, self._source.names)
        if self._labels is not None and len(self._labels) != self._count:
            raise ValueError(f"{len(self._labels)} labels for {self._count} items; accepted: one an item")

    def __len__(self) -> int:
        return self._count

    @property
    def names(self) -> tuple[str, ...] | None:
        """Of all items, where they are known: paths, without the folder that all are in."""
        names = self._source.names
        if names is None:
            return None
        parents = {str(Path(name).parent) for name in names}
        if len(parents) == 1:
            return tuple(Path(name).name for name in names)
        return tuple("/".join(Path(name).parts[-2:]) for name in names)

    def name(self, index: int) -> str:
        """Of one of them: its path, or "image 7"."""
        return f"image {index}" if self._source.names is None else self._source.names[index][-LONGEST_NAME:]

    def given(self, index: int) -> tuple[Any, Any]:
        """The picture as it was given, and the label that came with it, None where none did.

        Raises: whatever the data set raises.
        """
        return self._item(index)

    def jobs(self) -> Iterator[Job]:
        """All of them, as ``loading.windows`` reads them."""
        return self._source.jobs()

    def truths(self, given: Any, names: Sequence[str]) -> Classes:
        """What is known of the true classes before anything is read: given, of the labels, or by the folders' names.

        Args:
            given: as of ``CamGallery``; None: not given. names: of the classes.

        Raises:
            TypeError, ValueError: no such class, or not one an item.
        """
        listed = self._labels if given is None else _listed(given, self._count)
        if listed is not None:
            return np.array([class_of(one, names, f"truth[{i}]") for i, one in enumerate(listed)], np.uint16)
        if self._folders is None:
            return np.full(self._count, UNKNOWN, np.uint16)
        index = {name.casefold(): i for i, name in reversed(list(enumerate(names)))}
        return np.array([index.get(folder.casefold(), UNKNOWN) for folder in self._folders], np.uint16)

    @property
    def labelled(self) -> bool:
        """Whether the true classes are known beforehand: those that come with the items do not count."""
        return self._labels is not None or self._folders is not None


def class_of(label: Any, names: Sequence[str], what: str) -> int:
    """A class by its index or name; UNKNOWN for None, NaN and -1, which data sets write where there is none.

    Raises:
        ValueError: there is no such class.
    """
    if label is None or (isinstance(label, float) and math.isnan(label)):
        return UNKNOWN
    if isinstance(label, str):
        if label not in names:
            raise ValueError(f"{what}: {unknown('class', label, names)}")
        return list(names).index(label)
    try:
        index = int(label)
    except (TypeError, ValueError, RuntimeError, OverflowError):
        raise ValueError(f"{what} is a {type(label).__name__}; accepted: a class by its index or name") from None
    if index == -1:
        return UNKNOWN
    if not 0 <= index < len(names):
        raise ValueError(f"{what} is {index}; accepted: 0 to {len(names) - 1}")
    return index


def _listed(given: Any, count: int) -> list[Any]:
    found = given.tolist() if isinstance(given, Tensor) or hasattr(given, "tolist") else given
    if not isinstance(found, (list, tuple)) or len(found) != count:
        what = f"{len(found)} entries" if isinstance(found, (list, tuple)) else f"a {type(given).__name__}"
        raise ValueError(f"truth is {what} for {count} items; accepted: one class an item, None where it is not known")
    return list(found)


def _is_pair(given: Any) -> bool:
    """Whether it is ``(pictures, labels)``, and not two items."""
    if not isinstance(given, (tuple, list)) or len(given) != 2:
        return False
    pictures, labels = given
    if isinstance(labels, (Tensor, np.ndarray)):
        listed = labels.ndim == 1 and (isinstance(labels, Tensor) or labels.dtype.kind in "iufUO")
    else:
        listed = isinstance(labels, (list, tuple)) and all(_says_a_class(one) for one in labels)
    if isinstance(pictures, (Tensor, np.ndarray)):
        # one picture (C, H, W) may come with another; a batch or a pile of grey pictures may not
        return listed and (pictures.ndim == 4 or (pictures.ndim == 3 and len(labels) == len(pictures)))
    # [(picture, label), (picture, label)] is two items
    return listed and isinstance(given, tuple) and isinstance(pictures, list) and not any(map(_is_number, pictures))


def _says_a_class(label: Any) -> bool:
    return label is None or isinstance(label, str) or _is_number(label)


def _is_number(label: Any) -> bool:
    return isinstance(label, (int, float, np.number)) or (isinstance(label, Tensor) and label.ndim == 0)


def _folders(given: Any, names: Sequence[str] | None) -> list[str] | None:
    """Of a folder of folders: in which of these each item lies."""
    if names is None or not isinstance(given, (str, Path)):
        return None
    top = Path(given).expanduser()
    parts = [Path(name).relative_to(top).parts for name in names] if top.is_dir() else []
    if not parts or all(len(part) < 2 for part in parts):
        return None
    return [part[0] if len(part) > 1 else "" for part in parts]
