"""Where maps are put: in memory, or image by image into a ``.npy`` file that ``numpy.load`` can map."""

from __future__ import annotations

import os
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import numpy as np
import numpy.typing as npt

Key = tuple[str, str]
Floats = npt.NDArray[np.float32]
Sizes = Mapping[Key, tuple[int, ...]]


class Store(Protocol):
    """Takes maps by layer and variant, and the number of the first image."""

    def paths(self, sizes: Sizes) -> list[Path]:
        """The files of maps of these layers and variants, whether they are there or not."""

    def remove(self) -> None:
        """Forget what an earlier run made. Called before ``begin``, if at all."""

    def begin(self, sizes: Sizes, length: int | None) -> None:
        """Make room for maps of these sizes, or open what an earlier run made. Called once, before what follows."""

    def write(self, rows: list[int], maps: Mapping[Key, Floats]) -> None:
        """Put maps ``(n, *size)`` of these images; they are safe from a kill when this returns."""

    def finish(self, length: int) -> None:
        """There are so many images."""

    def maps(self) -> dict[Key, Floats]:
        """All of them, ``(N, *size)``."""

    def close(self) -> None:
        """Let go of files."""


class Memory:
    """In arrays, which grow where nobody said how many images come."""

    def __init__(self) -> None:
        self._arrays: dict[Key, Floats] = {}
        self._length = 0

    def paths(self, sizes: Sizes) -> list[Path]:  # noqa: ARG002
        """See ``Store``: none."""
        return []

    def remove(self) -> None:
        """See ``Store``."""

    def begin(self, sizes: Sizes, length: int | None) -> None:
        """See ``Store``."""
        self._arrays = {key: np.empty((length or 64, *size), np.float32) for key, size in sizes.items()}

    def write(self, rows: list[int], maps: Mapping[Key, Floats]) -> None:
        """See ``Store``."""
        for key, made in maps.items():
            if rows[-1] >= len(self._arrays[key]):
                old = self._arrays[key]
                self._arrays[key] = np.empty((2 * rows[-1] + 1, *old.shape[1:]), np.float32)
                self._arrays[key][: len(old)] = old
            self._arrays[key][rows] = made

    def finish(self, length: int) -> None:
        """See ``Store``."""
        self._length = length

    def maps(self) -> dict[Key, Floats]:
        """See ``Store``."""
        return {key: array[: self._length] for key, array in self._arrays.items()}

    def close(self) -> None:
        """See ``Store``."""


class Npy:
    """One ``.npy`` file; of several layers or variants one each, ``maps-layer4-gradcam.npy``.

    Rows are written where they belong, so a file is never held in memory, and may grow.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._files: dict[Key, _Rows] = {}

    def paths(self, sizes: Sizes) -> list[Path]:
        """See ``Store``."""
        return [self._name(key, len(sizes)) for key in sizes]

    def remove(self) -> None:
        """See ``Store``: files are written over."""

    def begin(self, sizes: Sizes, length: int | None) -> None:
        """See ``Store``."""
        self._files = {key: _Rows(self._name(key, len(sizes)), size, length) for key, size in sizes.items()}

    def write(self, rows: list[int], maps: Mapping[Key, Floats]) -> None:
        """See ``Store``."""
        for key, made in maps.items():
            self._files[key].write(rows, made)

    def finish(self, length: int) -> None:
        """See ``Store``."""
        for rows in self._files.values():
            rows.finish(length)

    def maps(self) -> dict[Key, Floats]:
        """See ``Store``: mapped from the files, to be read only."""
        return {key: np.load(rows.path, mmap_mode="r") for key, rows in self._files.items()}

    def close(self) -> None:
        """See ``Store``."""
        for rows in self._files.values():
            rows.close()

    def _name(self, key: Key, many: int) -> Path:
        return self._path if many == 1 else self._path.with_name(f"{self._path.stem}-{'-'.join(key)}.npy")


HEAD = 128
"""Bytes before the values: enough for any shape, so that a file may grow without its values moving."""


class _Rows:
    """A ``.npy`` file of float32, written row by row."""

    def __init__(self, path: Path, size: tuple[int, ...], length: int | None) -> None:
        self.path, self._size = path, size
        self._bytes = 4 * int(np.prod(size))
        self._file: BinaryIO = path.open("r+b" if path.exists() else "w+b")
        self._length = 0
        if length is not None:
            self.finish(length)

    def write(self, rows: list[int], made: Floats) -> None:
        values = np.ascontiguousarray(made, "<f4")
        start = 0
        for end in range(1, len(rows) + 1):  # what lies side by side is written in one go
            if end == len(rows) or rows[end] != rows[end - 1] + 1:
                self._file.seek(HEAD + rows[start] * self._bytes)
                self._file.write(values[start:end].tobytes())
                start = end
        if rows[-1] >= self._length:
            self._head(rows[-1] + 1)
        self._file.flush()

    def finish(self, length: int) -> None:
        self._head(length)
        self._file.truncate(HEAD + length * self._bytes)

    def close(self) -> None:
        if not self._file.closed:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()

    def _head(self, length: int) -> None:
        self._length = length
        shape = (length, *self._size)
        text = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}".ljust(HEAD - 11) + "\n"
        self._file.seek(0)
        self._file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", HEAD - 10) + text.encode("latin1"))
        self._file.flush()


def blank(sizes: Sizes, n: int) -> dict[Key, Floats]:
    """The maps of ``n`` images that were skipped."""
    return {key: np.full((n, *size), np.nan, np.float32) for key, size in sizes.items()}


def store_at(path: Any) -> tuple[Store, Path]:
    """The store of a path, and the path.

    Raises:
        ValueError: its ending says no kind of store, or its folder is not there.
    """
    path = Path(path).expanduser()
    if not path.parent.is_dir():
        raise ValueError(f"out is {str(path)!r}, and there is no folder {str(path.parent)!r}")
    if path.suffix == ".npy":
        return Npy(path), path
    if path.suffix == ".zarr":
        from .zarrs import Zarr

        return Zarr(path), path
    raise ValueError(f"out is {str(path)!r}; accepted: a path that ends in .npy or .zarr")
