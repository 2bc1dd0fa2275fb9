"""What is given as the network takes it, judged alike whether it is a picture, a signal or a volume."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch


@dataclass(frozen=True)
class Form:
    """What errors call a kind of input.

    Attributes:
        name: of one of them. parts: what it is made of.
        sides: how many axes it has beside its channels.
        accepted: the shapes.
    """

    name: str
    parts: str
    sides: int
    accepted: str


def described(value: torch.Tensor | npt.NDArray[np.generic], name: str) -> str:
    """What was given, as errors begin."""
    return f"a {name} of shape {tuple(value.shape)} and type {value.dtype} was given"


def single(tensor: torch.Tensor, form: Form, said: str) -> torch.Tensor:
    """The batch of one, ``(1, C, ...)``, that is given with or without its first axis.

    Args:
        said: what was given, in words.

    Raises:
        ValueError: it has other axes, is several, or empty; the message says what is accepted.
    """
    batch = tensor[None] if tensor.ndim == form.sides + 1 else tensor
    if batch.ndim != form.sides + 2:
        remedy = f": give {form.name}[None] if it has one channel" if tensor.ndim == form.sides else ""
        raise ValueError(f"{said}; accepted is {form.accepted}{remedy}")
    if batch.shape[0] != 1:
        several = ", or list(images)" if form.name == "image" else ""  # a film strip
        raise ValueError(
            f"{said}: {batch.shape[0]} {form.name}s, but a widget shows one: give {form.name}s[0]{several}"
        )
    check_whole(tensor, form.parts, said)
    return batch


def check_whole(tensor: torch.Tensor, parts: str, said: str) -> None:
    """Raises ValueError where there is nothing."""
    if 0 in tensor.shape:
        raise ValueError(f"{said}: it holds no {parts}")


def check_finite(fine: torch.Tensor, said: str) -> None:
    """Raises ValueError where not everything is fine, with the place of the first that is not.

    Args:
        fine: bool, of the shape of what was given.
    """
    if not fine.all():
        wrong = (~fine).nonzero()
        first = tuple(wrong[0].tolist())
        raise ValueError(
            f"{said} with {len(wrong)} values that are NaN or infinite, the first at {first}; "
            "replace them first, for example with numpy.nan_to_num or torch.nan_to_num"
        )
