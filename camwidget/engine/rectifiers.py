"""The rectifiers of a recorded graph, looked for when they are first asked for."""

from __future__ import annotations

from torch import Tensor
from torch.autograd.graph import Node

from .graph import towards
from .relu import is_rectifier
from .tape import Tape


class Rectifiers:
    """Those between the input and the scores, as nodes."""

    def __init__(self, scores: Tensor, tape: Tape) -> None:
        self._scores, self._tape = scores, tape
        self._known: list[Node] | None = None
        self._above: dict[str, int] = {}

    def of(self, root: Tensor) -> list[Node]:
        """Those behind a tensor that was made of the scores, or of whatever else the model returned."""
        ours = root is self._scores  # not of a callable, whose graph is new each time
        if ours and self._known is not None:
            return self._known
        found = [node for node in towards(node_of(root), self._tape.source) if is_rectifier(node)]
        self._known = found if ours else self._known
        return found

    def above(self, layer: str) -> int:
        """How many lie between a layer and the scores."""
        if layer not in self._above:
            node = self._tape.edge(layer).node
            self._above[layer] = sum(is_rectifier(n) for n in towards(node_of(self._scores), node) if n is not node)
        return self._above[layer]


def node_of(t: Tensor) -> Node:
    """Where the graph of a tensor begins.

    Raises:
        ValueError: it has none.
    """
    if t.grad_fn is None:
        raise ValueError("the scores do not depend on the input through operations that torch can differentiate")
    return t.grad_fn
