"""Whatever holds many images, as one stream of them: each with its number, its name, and a way to read it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from camwidget import images, inputs
from camwidget.preprocessing import Preprocessing
from camwidget.ready import check_finite

SUFFIXES = frozenset(
    [
        ".avif",
        ".bmp",
        ".gif",
        ".jfif",
        ".jp2",
        ".jpeg",
        ".jpg",
        ".pbm",
        ".pgm",
        ".png",
        ".pnm",
        ".ppm",
        ".tga",
        ".tif",
        ".tiff",
        ".webp",
    ]
)
"""Of a folder, files that end like this are taken for pictures."""

IMAGE_KEYS = ("image", "img", "pixel_values", "images", "input", "x")
LABEL_KEYS = ("label", "labels", "target", "y")

ACCEPTED = (
    "a folder, paths, PIL images, an array (N, H, W[, 3]), a tensor (N, C, H, W), a Dataset, a DataLoader, or any "
    "iterable of images or of (image, label)"
)


class BadImage(ValueError):
    """An image that cannot be read. ``index``: which one; ``name``: its path, or "image 7"."""

    def __init__(self, index: int, name: str, reason: str) -> None:
        super().__init__(reason if name in reason else f"{name}: {reason}")
        self.index, self.name = index, name


@dataclass(frozen=True)
class Job:
    """One image that is still to be read: ``read()`` gives the network's input ``(C, *spatial)`` and the label, None
    where none came with it.
    """

    index: int
    name: str
    read: Callable[[], tuple[Tensor, Any]]


@dataclass(frozen=True)
class Source:
    """A stream of images.

    Attributes:
        jobs: starts the stream. length: how many; None where that is found at the end only.
        names: of all, where they are known beforehand.
        item: gives one of them as it is, image and label; None where they only come one after another.
    """

    jobs: Callable[[], Iterator[Job]]
    length: int | None
    names: tuple[str, ...] | None = None
    item: Callable[[int], tuple[Any, Any]] | None = None


class Reader:
    """Makes the network's input of one image; several threads may ask it.

    Args:
        kinds: of what kinds the model has convolutions, see ``inputs.kinds_of``.
        known: the preprocessing for pictures.
    """

    def __init__(self, kinds: Sequence[str], known: Preprocessing) -> None:
        self.axes = inputs.DIMENSIONS[kinds[0]] if kinds else 2
        self._known = known

    def __call__(self, image: Any) -> Tensor:
        """``(C, *spatial)``.

        Raises:
            TypeError, ValueError: it is no image, or a broken one.
        """
        if self.axes != 2 and isinstance(image, (Tensor, np.ndarray)):
            return self._signal(torch.as_tensor(image))
        made, _, _ = images.prepared(image, self._known)
        return made[0]

    def _signal(self, given: Tensor) -> Tensor:
        if given.ndim == self.axes + 2 and len(given) == 1:
            given = given[0]
        if given.ndim != self.axes + 1 or not given.is_floating_point() or not given.numel():
            raise ValueError(
                f"a tensor of shape {tuple(given.shape)} and type {given.dtype} was given; accepted for this network: "
                f"floats (C, {', '.join('DHW'[-self.axes :] if self.axes > 1 else 'L')})"
            )
        check_finite(torch.isfinite(given), f"a tensor of shape {tuple(given.shape)}")
        return given.detach().float()


def open_source(given: Any, reader: Reader) -> Source:
    """The stream of what users give.

    Raises:
        TypeError: it holds no images. ValueError: it is empty. MissingImage: there is no such file.
    """
    source = _opened(given, reader)
    if source.length == 0:
        raise ValueError(f"an empty {type(given).__name__} was given: no image to explain; accepted: {ACCEPTED}")
    return source


def _opened(given: Any, reader: Reader) -> Source:
    if isinstance(given, (str, Path)):
        return _of_path(Path(given).expanduser(), reader)
    if isinstance(given, Image.Image):
        return _of_sequence([given], reader)
    if isinstance(given, (Tensor, np.ndarray)):
        return _of_sequence(_rows(given, reader.axes), reader)
    if isinstance(given, torch.utils.data.DataLoader):
        single = given.batch_size is None and given.batch_sampler is None  # each item comes as it is
        items = iter if single else _unpacked
        return Source(lambda: _numbered(items(given), reader), _length_of_loader(given))
    if isinstance(given, (bytes, Mapping)) or not (hasattr(given, "__getitem__") or isinstance(given, Iterable)):
        raise TypeError(f"a {type(given).__name__} holds no images; accepted: {ACCEPTED}")
    if hasattr(given, "__len__") and hasattr(given, "__getitem__"):
        return _of_sequence(given, reader)
    return Source(lambda: _numbered(iter(given), reader), None)


def _of_path(path: Path, reader: Reader) -> Source:
    if not path.is_dir():
        if not path.exists():
            reader(path)  # whose error names the nearest file
        return _of_sequence([path], reader)
    found = sorted(file for file in path.rglob("*") if file.suffix.lower() in SUFFIXES and file.is_file())
    if not found:
        raise ValueError(
            f"the folder {str(path)!r} holds no picture: no file in it ends in {', '.join(sorted(SUFFIXES))}"
        )
    return _of_sequence(found, reader)


def _rows(given: Any, axes: int) -> Sequence[Any]:
    """The images of a batch one by one; of a single image, itself."""
    shape = tuple(given.shape)
    if isinstance(given, np.ndarray) and axes == 2:
        single = given.ndim == 2 or (given.ndim == 3 and shape[-1] in (1, 3, 4))
        ok = given.ndim in (2, 3, 4)
    else:
        single, ok = given.ndim == axes + 1, given.ndim in (axes + 1, axes + 2)
    if not ok:
        raise ValueError(f"{type(given).__name__} of shape {shape} was given; accepted: {ACCEPTED}")
    return [given] if single else given


def _of_sequence(given: Any, reader: Reader) -> Source:
    """Of what has a length and is asked by number. Items are fetched one at a time, since a data set may not bear more;
    reading a picture, which takes the time, is not fetching.
    """
    length, lock = len(given), threading.Lock()
    paths = _paths(given, length)

    def item(i: int) -> tuple[Any, Any]:
        with lock:
            found = given[i]
        return _parted(found)

    def job(i: int) -> Job:
        def read() -> tuple[Tensor, Any]:
            image, label = item(i)
            return reader(image), label

        return Job(i, paths[i] if paths else _name(None, i), read)

    return Source(lambda: map(job, range(length)), length, paths, item)


def _paths(given: Any, length: int) -> tuple[str, ...] | None:
    """The paths of all items, where they are known: of a list of paths, or of a data set such as ImageFolder."""
    listed = given if isinstance(given, (list, tuple)) else getattr(given, "samples", None)
    if not isinstance(listed, (list, tuple)) or len(listed) != length:
        return None
    found = [entry[0] if isinstance(entry, tuple) and entry else entry for entry in listed]
    return tuple(map(str, found)) if all(isinstance(entry, (str, Path)) for entry in found) else None


def _numbered(items: Iterator[Any], reader: Reader) -> Iterator[Job]:
    """Of what is only iterated: on the caller's thread, one after another."""
    for i, item in enumerate(items):
        image, label = _parted(item)

        def read(image: Any = image, label: Any = label) -> tuple[Tensor, Any]:
            return reader(image), label

        yield Job(i, _name(image, i), read)


def _unpacked(loader: Iterable[Any]) -> Iterator[Any]:
    """The images of a loader's batches one by one."""
    for batch in loader:
        images_, labels = _parted(batch)
        if not isinstance(images_, (Tensor, np.ndarray, list, tuple)):
            raise TypeError(f"the DataLoader gave a {type(images_).__name__}; accepted: a batch of images")
        if labels is not None and len(labels) != len(images_):
            raise ValueError(f"the DataLoader gave {len(images_)} images with {len(labels)} labels")
        for i, image in enumerate(images_):
            yield image if labels is None else (image, labels[i])


def _length_of_loader(loader: Any) -> int | None:
    """Images, not batches; None where its data set does not say."""
    sampler = getattr(loader, "batch_sampler", None)
    try:
        if sampler is None or loader.drop_last or not hasattr(sampler, "sampler"):
            return None
        return len(sampler.sampler)
    except TypeError:
        return None


def _parted(item: Any) -> tuple[Any, Any]:
    """Image and label of an item: ``image``, ``(image, label, …)``, or a dict as Hugging Face's data sets have."""
    if isinstance(item, Mapping):
        image = next((item[key] for key in IMAGE_KEYS if key in item), None)
        if image is None:
            raise TypeError(f"a dict with the keys {', '.join(map(str, item))} holds no image under {IMAGE_KEYS}")
        return image, next((item[key] for key in LABEL_KEYS if key in item), None)
    if isinstance(item, (tuple, list)) and item:
        return item[0], item[1] if len(item) > 1 else None
    return item, None


def _name(image: Any, index: int) -> str:
    if isinstance(image, (str, Path)):
        return str(image)
    return str(getattr(image, "filename", "") or f"image {index}")
