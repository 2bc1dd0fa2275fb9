"""Maps in a Zarr group: one array a layer and variant, one chunk a batch. Needs the extra ``data``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .stores import Floats, Key, Sizes

CHUNK = 32
"""Images in one chunk."""


class Zarr:
    """See ``stores.Store``. The arrays are called ``layer4/gradcam``.

    Raises:
        ImportError: zarr is not installed.
    """

    def __init__(self, path: Path) -> None:
        self._zarr = _zarr()
        self._path = path
        self._arrays: dict[Key, Any] = {}

    def paths(self, sizes: Sizes) -> list[Path]:
        """See ``Store``."""
        return [self._path / layer / variant for layer, variant in sizes]

    def remove(self) -> None:
        """See ``Store``."""
        if self._path.exists():
            self._zarr.open_group(str(self._path), mode="w")

    def begin(self, sizes: Sizes, length: int | None) -> None:
        """See ``Store``."""
        group = self._zarr.open_group(str(self._path), mode="a")
        for key, size in sizes.items():
            name = "/".join(key)
            if name in group:
                self._arrays[key] = group[name]
            else:
                shape, chunks = (length or 0, *size), (CHUNK, *size)
                self._arrays[key] = group.create_array(
                    name, shape=shape, chunks=chunks, dtype="float32", fill_value=float("nan")
                )

    def write(self, rows: list[int], maps: Mapping[Key, Floats]) -> None:
        """See ``Store``."""
        for key, made in maps.items():
            array = self._arrays[key]
            if rows[-1] >= array.shape[0]:
                array.resize((rows[-1] + 1, *array.shape[1:]))
            if rows == list(range(rows[0], rows[-1] + 1)):
                array[rows[0] : rows[-1] + 1] = made
            else:
                for row, one in zip(rows, made, strict=True):
                    array[row] = one

    def finish(self, length: int) -> None:
        """See ``Store``."""
        for array in self._arrays.values():
            if array.shape[0] != length:
                array.resize((length, *array.shape[1:]))

    def maps(self) -> dict[Key, Any]:
        """See ``Store``: Zarr's own arrays, of which ``[...]`` reads what is asked."""
        return dict(self._arrays)

    def close(self) -> None:
        """See ``Store``."""


def _zarr() -> Any:
    try:
        import zarr
    except ImportError as error:
        raise ImportError("out ends in .zarr, and zarr is not installed: pip install 'camwidget[data]'") from error
    if int(zarr.__version__.split(".")[0]) < 3:
        raise ImportError(f"zarr is {zarr.__version__}; accepted: 3 or newer, pip install 'camwidget[data]'")
    return zarr
