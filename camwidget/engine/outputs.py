"""The class scores in whatever a model returned: a tensor, a tuple, a dict, an object with ``.logits``, nested."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from torch import Tensor

SCORE_KEYS = ("logits", "out", "scores", "output", "prediction_logits")
"""Under these keys or attributes scores are looked for first, in this order."""

DEPTH = 4
"""So deep an output may be nested."""

WAY_OUT = "or forward=lambda model, x: model(x)[...], which picks them"


def find_scores(output: Any, shape: Sequence[int]) -> Tensor:
    """The scores ``(N, K)``, or dense ``(N, K, *out)``, in what a model returned for an input of this shape.

    Of several tensors those win whose key or attribute says that they are scores (SCORE_KEYS), then those of the form
    ``(N, K)``, then the first. How one is read:

    * ``(N, K)``, also with further axes of size 1, ``(N, K, 1, 1)`` or ``(N, 1, K)``: one row an image.
    * ``(N, K, *out)`` with as many axes as the input: dense scores, such as those of a segmentation ``(N, K, H, W)`` or
      of each step ``(N, K, T)``. ``(N, H, W)`` of the input's own size: dense, one class.
    * ``(N,)``: one number an image, as of a regression. ``(K,)`` where it is all that came for a batch of one.

    Raises:
        TypeError: no tensor is in the output.
        ValueError: none has such a shape, or not floating point.
    """
    candidates = list(_tensors(output))
    if not candidates:
        raise TypeError(
            f"the model returned {described(output)}; accepted: a tensor of scores (N, K), or a dict or tuple that "
            f"holds one (keys looked for: {', '.join(SCORE_KEYS)}), {WAY_OUT}"
        )
    alone = len(candidates) == 1
    readings = [(_read(t, shape, alone), (not t.is_floating_point(), not named, _rank(t))) for named, t in candidates]
    fitting = [(found, rank) for found, rank in readings if found is not None]
    if not fitting:
        shapes = " and ".join(str(tuple(t.shape)) for _, t in candidates[:3])
        n = shape[0]
        raise ValueError(
            f"the model returned a tensor of shape {shapes} for {n} image(s); accepted: scores of shape ({n}, K), one "
            f"row an image and one column a class, or dense ones ({n}, K{', H, W' if len(shape) == 4 else ', ...'}), "
            f"{WAY_OUT}"
        )
    scores = min(fitting, key=lambda one: one[1])[0]
    if not scores.is_floating_point():
        raise ValueError(
            f"the model returned scores of dtype {scores.dtype}; accepted: floating point, before any argmax"
        )
    return scores


def tensors(output: Any) -> list[Tensor]:
    """All tensors in what a model returned."""
    return [t for _, t in _tensors(output)]


def _rank(t: Tensor) -> int:
    """Which of several tensors are likelier to be scores: the smaller. A single axis may be a loss."""
    return t.ndim if t.ndim > 1 else 99


def _read(t: Tensor, shape: Sequence[int], alone: bool) -> Tensor | None:
    """The tensor as ``(N, K)`` or ``(N, K, *out)``, or None where it is neither."""
    n, size = shape[0], tuple(shape[2:])
    if t.ndim == 1 and len(t) == n:
        return t[:, None]
    if t.ndim == 1 and n == 1 and alone and len(t):
        return t[None]
    if t.ndim < 2 or len(t) != n or not t.numel():
        return None
    if t.ndim == 2 or (t.ndim == len(shape) and math.prod(t.shape[2:]) > 1):
        return t
    if math.prod(t.shape[1:]) == max(t.shape[1:]):
        return t.flatten(1)
    return t[:, None] if t.shape[1:] == size else None


def _tensors(output: Any, named: bool = False, depth: int = 0) -> Iterator[tuple[bool, Tensor]]:
    """The tensors in an output, and whether a key says that they are scores; those first at each level."""
    if isinstance(output, Tensor):
        yield named, output
        return
    if depth == DEPTH:
        return
    parts = _parts(output)
    known = [key for key in SCORE_KEYS if key in parts]
    for key in known:
        yield from _tensors(parts[key], True, depth + 1)
    for key, part in parts.items():
        if key not in known:
            yield from _tensors(part, False, depth + 1)


def _parts(output: Any) -> Mapping[Any, Any]:
    if isinstance(output, Mapping):
        return output
    if isinstance(output, tuple) and hasattr(output, "_fields"):  # a named tuple, as Inception returns
        return dict(zip(output._fields, output, strict=False))
    if isinstance(output, (tuple, list)):
        return dict(enumerate(output))
    if dataclasses.is_dataclass(output) and not isinstance(output, type):
        return {field.name: getattr(output, field.name, None) for field in dataclasses.fields(output)}
    found = {key: getattr(output, key, None) for key in SCORE_KEYS}
    return {key: part for key, part in found.items() if part is not None}


def described(output: Any) -> str:
    """What a model or a callable returned, in a few words."""
    if isinstance(output, Tensor):
        return f"a tensor {tuple(output.shape)}"
    if isinstance(output, Mapping):
        return f"a {type(output).__name__} with keys {', '.join(map(repr, output)) or '(none)'}"
    return f"a {type(output).__name__}"
