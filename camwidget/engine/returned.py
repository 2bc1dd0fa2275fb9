"""What the model returned, kept with its graph: the numbers that are explained, and where backward passes start."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.autograd.graph import get_gradient_edge

from .classes import Class, class_indices
from .graph import towards
from .regions import Region
from .tape import Tape
from .targets import Function, Target, winners

Aim = Class | Sequence[Any] | Tensor | Target | Function
"""What users may give as a target: a class by its index or name, one an image, a ``Target``, or a callable."""


ALIKE = (
    "View",
    "UnsafeView",
    "ReshapeAlias",
    "Squeeze",
    "Unsqueeze",
    "Select",
    "Slice",
    "ToCopy",
    "Alias",
    "Clone",
    "Clamp",
)
"""Nodes behind which probabilities still are some, by how their names begin."""


class Returned:
    """One output of the model.

    Attributes:
        output: as the model returned it.
        scores: found in it, with their graph: ``(N, K)``, or dense ``(N, K, *out)``.
        names: of the K classes, where they are known.
    """

    def __init__(self, output: Any, scores: Tensor, names: tuple[str, ...] | None = None) -> None:
        self.output, self.scores, self.names = output, scores, names
        self._winners: Tensor | None = None
        self._cells_won: Tensor | None = None
        self._shares: Tensor | None = None

    @property
    def grid(self) -> tuple[int, ...]:
        """Of dense scores their grid, else ``()``."""
        return tuple(self.scores.shape[2:])

    @property
    def squashed(self) -> bool:
        """Whether the scores come out of a sigmoid, as their graph has it."""
        node = self.scores.grad_fn
        while node is not None and node.name().startswith(ALIKE):
            node = node.next_functions[0][0]
        return node is not None and node.name().startswith("SigmoidBackward")

    def table(self) -> Tensor:
        """The scores, ``(N, K)`` float32, apart from the graph; of dense ones the mean over all cells."""
        scores = self.scores.detach().to(torch.float32, copy=True)
        return scores.flatten(2).mean(2) if self.grid else scores

    def shares(self) -> Tensor:
        """``(N, K)`` float32: each class's softmax probability, its mean over all cells; of one class alone its
        sigmoid.
        """
        if self._shares is None:
            scores = self.scores.detach().float()
            each = scores.sigmoid() if scores.shape[1] == 1 else scores.softmax(1)
            self._shares = each.flatten(2).mean(2) if self.grid else each
        return self._shares.clone()

    def cells_won(self) -> Tensor:
        """``(N, K)`` on the CPU: in how many cells of dense scores each class has the highest one, see ``winners``.
        Scores without a grid are one cell.
        """
        if self._cells_won is None:
            n, k = self.scores.shape[:2]
            wins = self._wins()
            flat = (winners(self.scores) if wins is None else wins).reshape(n, -1) + 1
            self._cells_won = torch.stack([row.bincount(minlength=k + 1)[1:] for row in flat]).cpu()
        return self._cells_won

    def means(self, region: Region | None) -> Tensor:
        """``(N, K)`` float32: the mean score of each class over the cells where it is explained, see ``Target``; scores
        without a grid as they are.
        """
        wins = self._wins()
        if wins is None:
            return self.table()
        n, k, *out = self.scores.shape
        flat = self.scores.detach().float().flatten(2)
        if region is not None:
            cells = region.cells(out).to(flat.device).expand(n, *out).flatten(1)
            return torch.stack([scores[:, chosen].mean(1) for scores, chosen in zip(flat, cells, strict=True)])
        won, index = self.cells_won().to(flat.device), wins.flatten(1)
        own = flat.gather(1, index.clamp(min=0)[:, None])[:, 0] * (index >= 0)
        total = torch.zeros(n, k, device=flat.device).scatter_add(1, index.clamp(min=0), own)
        return torch.where(won > 0, total / won.clamp(min=1), flat.mean(2))

    def resolve(self, target: Aim, **keywords: Any) -> Target:
        """What is explained, with class indices, one an image.

        Args:
            keywords: ``against``, ``gamma``, ``score``, ``region``, see ``Target``.

        Raises: as ``Target`` and ``Target.resolved``; TypeError for keywords beside a ``Target``.
        """
        named = [name for name in ("against", "region") if keywords.get(name) is not None]
        named += ["score"] * (keywords.get("score", "logit") != "logit")
        named += ["gamma"] * (isinstance(target, Target) and keywords.get("gamma", 1.0) != 1.0)
        if isinstance(target, Target):
            if named:
                raise TypeError(f"{named[0]} is given beside a Target; accepted: Target(..., {named[0]}=...)")
            return target.resolved(self.scores.shape, self.names)
        if callable(target) and not isinstance(target, Tensor):
            return Target(target, **keywords)
        n, k = self.scores.shape[:2]
        indices = class_indices(target, n, k, self.names)
        if not named:
            return Target.of_classes(indices)
        return Target(indices, **keywords).resolved(self.scores.shape, self.names)

    def value(self, target: Target) -> Tensor:
        """The number that is explained, one an image: ``(N,)`` float32."""
        with torch.no_grad():
            return target.value(self.scores.detach(), self.output, self._wins()).float()

    def start(self, target: Target) -> tuple[Tensor, Tensor | None, float]:
        """Where a backward pass starts: at which tensor, with which gradient, and by what to multiply what arrives.

        Raises: as ``Target.called``; ValueError where what a callable returned is detached.
        """
        if target.function is None:
            return self.scores, *target.scaled_start(self.scores, self._wins())
        with torch.enable_grad():
            made = target.called(self.output, len(self.scores)).sum()
        if made.grad_fn is None:
            raise ValueError(
                f"{target} returned a tensor without a gradient: on the way it was detached, rounded or made a plain "
                "number; accepted: torch's differentiable operations on what the model returned"
            )
        return made, None, 1.0

    def _wins(self) -> Tensor | None:
        """See ``winners``; worked out once."""
        if self.grid and self._winners is None:
            self._winners = winners(self.scores)
        return self._winners


class UnconnectedError(ValueError):
    """What is explained does not depend on the layer."""


def unconnected(target: Target, root: Tensor, layer: str, tape: Tape) -> str:
    """Why a target, whose value is ``root``, has no gradient at a layer, and the way out."""
    on_path = set(towards(get_gradient_edge(root).node, tape.source))
    connected = [name for name in tape.entries if tape.edge(name).node in on_path]
    text = f"{target} does not depend on layer {layer!r}: no path leads from one to the other"
    if connected:
        return f"{text}; accepted: a layer on the way to it, such as {connected[-1]!r}"
    return (
        f"{text}, nor to any other layer on the way to the scores. Was it cut by detach or no_grad? Else accepted: "
        "CamEngine(model, forward=lambda model, x: model(x)[...]), which records the way to another part of the output"
    )
