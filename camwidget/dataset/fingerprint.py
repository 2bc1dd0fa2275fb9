"""What makes one run the same as another, so that it can be gone on with: told by a few short texts."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import torch
from torch import nn


def of_model(model: nn.Module) -> str:
    """Equal for equal weights: every number of every parameter and buffer is read, which takes a tenth of a second for
    a hundred megabytes.
    """
    digest = hashlib.blake2b(type(model).__qualname__.encode(), digest_size=12)
    for name, tensor in [*model.named_parameters(), *model.named_buffers()]:
        digest.update(f"{name} {tuple(tensor.shape)} {tensor.dtype}".encode())
        values = tensor.detach().cpu().contiguous()
        digest.update(values.reshape(-1).view(torch.uint8).numpy().tobytes() if values.numel() else b"")
    return digest.hexdigest()


def of_texts(texts: Iterable[str]) -> str:
    """Equal for equal texts in the same order."""
    digest = hashlib.blake2b(digest_size=12)
    for text in texts:
        digest.update(text.encode("utf-8", "surrogateescape") + b"\0")
    return digest.hexdigest()


def of_numbers(values: torch.Tensor | np.ndarray[Any, Any]) -> str:
    """Of an array: its bytes."""
    array = values.detach().cpu().contiguous().view(torch.uint8).numpy() if isinstance(values, torch.Tensor) else values
    return hashlib.blake2b(np.ascontiguousarray(array).tobytes(), digest_size=16).hexdigest()


def of_file(path: str) -> list[int] | None:
    """Of a file: its size in bytes and when it was written, in nanoseconds; None where there is none."""
    try:
        found = Path(path).stat()
    except (OSError, ValueError):
        return None
    return [found.st_size, found.st_mtime_ns]


def of_callable(function: Any) -> str:
    """Equal for the same function in another process: by what it does, as far as that can be seen, since two functions
    without a name have none to be told apart by.
    """
    code = getattr(function, "__code__", None)
    if code is None:
        return re.sub(r" at 0x[0-9a-f]+", "", repr(function))
    cells = [cell.cell_contents for cell in getattr(function, "__closure__", None) or () if _filled(cell)]
    known = [value for value in (*code.co_consts, *cells) if isinstance(value, (str, int, float, tuple, type(None)))]
    seen = of_texts([code.co_code.hex(), repr(code.co_names), re.sub(r" at 0x[0-9a-f]+", "", repr(known))])
    return f"{getattr(function, '__qualname__', 'a callable')} {seen}"


def _filled(cell: Any) -> bool:
    try:
        return cell.cell_contents is not None
    except ValueError:
        return False


_ANOTHER = MappingProxyType(
    {"model": "another model", "images": "another list of images", "content": "other images", "labels": "other labels"}
)
"""What differs, where the two fingerprints themselves would say nothing."""


def difference(before: dict[str, Any], now: dict[str, Any]) -> str | None:
    """How two fingerprints differ, in words; None where they do not."""
    for name, is_ in now.items():
        was = before.get(name)
        if was == is_:
            continue
        if name in _ANOTHER:
            return _ANOTHER[name]
        return f"{name} was {_short(was)}, and is {_short(is_)}"
    return None


def _short(value: Any, limit: int = 60) -> str:
    text = repr(value)
    return text if len(text) <= limit else text[: limit - 1] + "…"
