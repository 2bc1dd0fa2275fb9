"""What is being explained: a class of the scores, one class against others, a part of a dense output, or any number
that a callable makes of what the model returned.
"""

from __future__ import annotations

import math
import numbers
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from . import scoring
from .classes import Class, Classes, class_index, class_indices, read_classes, written
from .outputs import described, tensors
from .regions import Mask, Region, pack, read_region
from .scoring import Score, read_score

Function = Callable[[Any], Tensor]


@dataclass(frozen=True, init=False, repr=False)
class Target:
    """What is being explained: one number an image. Frozen, hashable, and not bound to a recording.

    With scores s, class c and classes d that it is seen against: ``f(s)[c] - gamma * mean of f(s)[d]``, where f is the
    identity, softmax or log-softmax over the classes. Of a dense output it is the mean of that over a region.

    Args:
        of: a class by its index, or by its name where the engine has ``labels``; a sequence with one for each image of
            the batch; or a callable, which gets what the model returned as it returned it (a dict, a tuple, ...) and
            makes of it a tensor ``(N,)``, one number an image, or a single number. It is called anew each time, since
            it may depend on more than that; it must not write to what it gets.
        against: a class or several of them, the same for all images; or a sequence of N sequences, one an image.
        gamma: how much the others count.
        score: "logit" (the scores as they are), "softmax" or "log_softmax".
        region: for dense scores ``(N, K, *out)`` only, in their own cells: a position (one integer an axis), a box (all
            starts, then all ends, which are not inside: ``(top, left, bottom, right)``; or slices, ``np.s_[10:40,
            20:60]``), or a mask of booleans ``(*out)`` or ``(N, *out)``. Default: the cells where class c has the
            highest score (for a model of one class: where its score is positive), or all where it wins nowhere.

    Attributes: ``classes`` and ``function``, one of which is None, for ``of``; and the other arguments.

    Raises:
        TypeError, ValueError: one of these is nothing of that kind. Whether a class or region fits the scores is asked
            later.

    Example:
        >>> recording.cam(Target(207, against=(208, 222)), layer="layer3")
        >>> recording.cam(Target("dog", score="softmax", region=(120, 80)))
        >>> recording.cam(Target(lambda output: output["embedding"] @ query))
    """

    classes: Class | Classes | None
    against: Classes | tuple[Classes, ...]
    gamma: float
    score: Score
    region: Region | None
    function: Function | None

    def __init__(
        self,
        of: Class | Sequence[Class] | Tensor | Function,
        against: Class | Sequence[Any] | Tensor | None = None,
        gamma: float = 1.0,
        score: str = "logit",
        region: Any = None,
    ) -> None:
        function = of if callable(of) and not isinstance(of, Tensor) else None
        against = _read_against(against)
        if function is not None and (against or score != "logit" or region is not None):
            raise ValueError(
                "a callable says by itself what is explained; accepted with it: no against, score or region"
            )
        self._put(
            classes=read_classes(of) if function is None else None,
            # of no importance without against, and two equal targets should be known as such
            gamma=_read_gamma(gamma) if against else 1.0,
            against=against,
            score=read_score(score),
            region=read_region(region),
            function=None if function is None else _hashable(function),
        )

    @staticmethod
    def of_classes(indices: tuple[int, ...]) -> Target:
        """The mere score of a class, one an image, as already checked: asked at every click."""
        made = object.__new__(Target)
        made._put(classes=indices, against=(), gamma=1.0, score="logit", region=None, function=None)
        return made

    def __repr__(self) -> str:
        return f"<Target: {self}>"

    def __str__(self) -> str:
        if self.function is not None:
            return f"the callable {getattr(self.function, '__qualname__', type(self.function).__name__)}"
        words = written(self.classes)
        if self.against:
            words += f" against {written(self.against)}"
        if self.region is not None:
            words += f" in {self.region}"
        return words if self.score == "logit" else f"{self.score} of {words}"

    @property
    def plain(self) -> bool:
        """Whether it is the mere score of a class; of dense scores, their mean where it wins."""
        return self.function is None and not self.against and self.score == "logit" and self.region is None

    # ------------------------------------------------------------------ for one batch

    def resolved(self, shape: Sequence[int], names: Sequence[str] | None = None) -> Target:
        """The same for scores of this shape: class indices, one an image, and a region that fits.

        Args:
            shape: ``(N, K)`` or ``(N, K, *out)``.
            names: of the K classes.

        Raises:
            TypeError: a class is no integer, or a name where none are known.
            ValueError: a class is out of range or unknown, there is not one for each image, or a region does not fit.
        """
        if self.function is not None:
            return self
        n, k, *out = shape
        if k == 1 and self.score != "logit":
            raise ValueError(
                f"score is {self.score!r}, which over the one class of this model is always the same; accepted: 'logit'"
            )
        region = self.region
        if region is not None:
            if not out:
                raise ValueError(f"region is given, and the scores have no grid, only classes: (N, K) = ({n}, {k})")
            cells = region.cells(out)
            if len(cells) not in (1, n):
                raise ValueError(
                    f"region has {len(cells)} masks for {n} image(s); accepted: one for all, or one an image"
                )
            region = pack(cells) if isinstance(region, Mask) else region
        classes = class_indices(self.classes, n, k, names)
        return self._with(classes=classes, against=self._resolved_against(n, k, names), region=region)

    def row(self, i: int) -> Target:
        """Of a resolved target, what it is for image ``i`` alone, as a batch of one."""
        if self.function is not None:
            return self
        region = self.region.row(i) if isinstance(self.region, Mask) else self.region
        classes = self.classes[i : i + 1] if isinstance(self.classes, tuple) else self.classes
        return self._with(classes=classes, against=self.against[i : i + 1], region=region)

    def pinned(self, scores: Tensor, wins: Tensor | None = None) -> Target:
        """Of a resolved target, the same with the region of these scores written out as a mask, so that it stays where
        it is for others, such as those of a masked input. Scores ``(N, K)`` have none.
        """
        if self.function is not None or scores.ndim == 2:
            return self
        return self._with(region=pack(self._cells(scores, wins).cpu()))

    def value(self, scores: Tensor, output: Any = None, wins: Tensor | None = None) -> Tensor:
        """The number that is explained, one an image: ``(N,)``, float64 where the device has it.

        Args:
            scores: ``(N, K)`` or dense ``(N, K, *out)``.
            output: what the model returned; a callable needs it. Where that makes a single number of a batch, each
                image is given that.
            wins: as ``winners`` makes it, where it is known already.

        Raises: as ``resolved``, or for a callable as ``called``.
        """
        n = len(scores)
        if self.function is not None:
            return self.called(output, n).expand(n)
        z, w, image = self._rows(scores, wins)
        each = scoring.value(z, w, self.score)
        return each.new_zeros(n).index_add(0, image, each / _counts(image, n)[image])

    def start(self, scores: Tensor, wins: Tensor | None = None) -> Tensor:
        """d value / d scores, of the shape and dtype of ``scores``: with this a backward pass starts.

        Raises: as ``value``; TypeError for a callable, whose gradient only its own graph knows.
        """
        scaled, factor = self.scaled_start(scores, wins)
        return scaled if factor == 1 else scaled * factor

    def scaled_start(self, scores: Tensor, wins: Tensor | None = None) -> tuple[Tensor, float]:
        """``start`` divided by a power of two, and that power: the gradient of a softmax that is sure of itself, or of
        a mean over many cells, would on its way get lost in half precision.

        Raises: as ``start``.
        """
        if self.function is not None:
            raise TypeError(f"{self} has no gradient by the scores alone: it is taken through the graph of its value")
        if self.plain and scores.ndim == 2:
            return one_hot(class_indices(self.classes, *scores.shape), scores), 1.0
        with torch.no_grad():
            if self.score == "logit" and scores.ndim > 2:
                return self._planes(scores, wins)
            z, w, image = self._rows(scores, wins)
            found = scoring.gradient(z, w, self.score)
            found /= _counts(image, len(scores))[image, None]
            factor = _power_of_two(float(found.abs().max()))
            found = (found / factor).to(scores.dtype)
            if scores.ndim == 2:
                return found, factor
            start = torch.zeros(scores.shape, dtype=scores.dtype, device=scores.device)
            start.flatten(2).movedim(1, 2)[self._cells(scores, wins).flatten(1)] = found
            return start, factor

    def called(self, output: Any, n: int) -> Tensor:
        """What the callable makes of a model's output, with its graph: ``(n,)``, or ``()`` for the batch as a whole.

        Raises:
            TypeError, ValueError: it raised, or what it returned is nothing of that kind.
        """
        if self.function is None:
            raise TypeError(f"{self} is no callable")
        before = [t._version for t in tensors(output)]
        try:
            found = self.function(output)
        except Exception as error:
            raise ValueError(
                f"{self} raised {type(error).__name__}: {error}; it was given {described(output)}, as the model "
                "returned it"
            ) from error
        if before != [t._version for t in tensors(output)]:
            raise ValueError(
                f"{self} changed what the model returned; accepted: one that works on a copy. Record again"
            )
        accepted = f"accepted: a tensor ({n},) with one number an image, or a single number, from torch's operations"
        if not isinstance(found, Tensor):
            raise TypeError(f"{self} returned {described(found)}; {accepted}")
        if not found.is_floating_point():
            raise TypeError(f"{self} returned a tensor of dtype {found.dtype}; {accepted}")
        if found.numel() == 1 and n > 1:
            return found.reshape(())
        if found.numel() != n or found.ndim > 2 or (found.ndim and len(found) != n):
            raise ValueError(f"{self} returned a tensor of shape {tuple(found.shape)}; {accepted}")
        return found.reshape(n)

    # ------------------------------------------------------------------ inside

    def _rows(self, scores: Tensor, wins: Tensor | None) -> tuple[Tensor, Tensor, Tensor]:
        """The scores that count, one row each ``(B, K)``, their weights ``(B, K)``, and the image ``(B,)`` of each."""
        n, k = scores.shape[:2]
        weights = self._weights(n, k).to(scores.device, scoring.wide_dtype(scores.device))
        if scores.ndim == 2:
            return scores, weights, torch.arange(n, device=scores.device)
        cells = self._cells(scores, wins).flatten(1)
        image = cells.nonzero()[:, 0]
        return scores.flatten(2).movedim(1, 2)[cells], weights[image], image

    def _planes(self, scores: Tensor, wins: Tensor | None) -> tuple[Tensor, float]:
        """The scaled start of a mean logit of dense scores: the same for all cells of an image."""
        cells, weights = self._cells(scores, wins), self._weights(*scores.shape[:2])
        weights = weights / cells.flatten(1).sum(1).cpu()[:, None]
        factor = _power_of_two(float(weights.abs().max()))
        start = torch.zeros(scores.shape, dtype=scores.dtype, device=scores.device)
        for i, c in weights.nonzero().tolist():
            start[i, c] = cells[i].to(scores.dtype) * (float(weights[i, c]) / factor)
        return start, factor

    def _weights(self, n: int, k: int) -> Tensor:
        """``(N, K)``: 1 at each image's class, less gamma shared among those that it is seen against."""
        weights = torch.zeros(n, k, device="cpu", dtype=torch.float64)
        for row, index in enumerate(class_indices(self.classes, n, k)):
            weights[row, index] = 1
        for row, others in enumerate(self._resolved_against(n, k, None)):
            for other in others:
                weights[row, other] -= self.gamma / len(others)
        return weights

    def _cells(self, scores: Tensor, wins: Tensor | None) -> Tensor:
        """``(N, *out)`` booleans: the region, or where the class wins, or all."""
        n, k, *out = scores.shape
        if self.region is not None:
            return self.region.cells(out).to(scores.device).expand(n, *out)
        classes = torch.tensor(class_indices(self.classes, n, k), device=scores.device).view(n, *[1] * len(out))
        won = (winners(scores) if wins is None else wins) == classes
        return won | ~won.flatten(1).any(1).view_as(classes)

    def _resolved_against(self, n: int, k: int, names: Sequence[str] | None) -> tuple[tuple[int, ...], ...]:
        if not self.against:
            return ()
        if not any(isinstance(part, tuple) for part in self.against):
            return (tuple(class_index(d, k, names, "against") for d in self.against),) * n
        if len(self.against) != n:
            raise ValueError(f"against has {len(self.against)} sequences for {n} image(s); accepted: one an image")
        each = [part if isinstance(part, tuple) else (part,) for part in self.against]
        return tuple(tuple(class_index(d, k, names, "against") for d in part) for part in each)

    def _with(self, **changed: Any) -> Target:
        copy = object.__new__(Target)
        copy._put(**{**self.__dict__, **changed})
        return copy

    def _put(self, **values: Any) -> None:
        self.__dict__.update(values)


def winners(scores: Tensor) -> Tensor:
    """Of dense scores ``(N, K, *out)``, the class with the highest score in each cell: ``(N, *out)``. Where there is
    but one class, -1 where its score is not positive.
    """
    if scores.shape[1] == 1:
        return (scores[:, 0] > 0).long() - 1
    return scores.detach().argmax(1)


def one_hot(indices: Sequence[int], scores: Tensor) -> Tensor:
    """``(N, K)`` with 1 at each image's class: the gradient with which a backward pass starts."""
    start = torch.zeros_like(scores)
    for row, index in enumerate(indices):
        start[row, index] = 1
    return start


def _counts(image: Tensor, n: int) -> Tensor:
    """How many rows each image has, in the dtype in which is counted."""
    return image.bincount(minlength=n).to(scoring.wide_dtype(image.device))


def _power_of_two(largest: float) -> float:
    return 2.0 ** math.frexp(largest)[1] if 0 < largest < math.inf else 1.0


def _read_against(against: Any) -> Any:
    if against is None:
        return ()
    found = read_classes(against, "against")
    return found if isinstance(found, tuple) else (found,)


def _read_gamma(gamma: Any) -> float:
    if isinstance(gamma, bool) or not isinstance(gamma, numbers.Real) or not math.isfinite(gamma):
        raise TypeError(f"gamma is {gamma!r}; accepted: a number, such as 1.0")
    return float(gamma)


def _hashable(function: Function) -> Function:
    try:
        hash(function)
    except TypeError as error:
        raise TypeError(f"the callable {function!r:.80} cannot be hashed; accepted: a function or a lambda") from error
    return function


def listed(targets: Any) -> list[Any]:
    """The targets of a stack one by one.

    Raises:
        ValueError: there is none, or it is no sequence.
    """
    if isinstance(targets, Tensor):
        targets = targets.tolist()
    if isinstance(targets, str) or not isinstance(targets, (Sequence, np.ndarray)) or not len(targets):
        raise ValueError(f"targets {targets!r}: accepted is a non-empty sequence of class indices, names or targets")
    return list(targets)
