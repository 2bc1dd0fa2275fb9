"""Gradients of past answers, so that a second variant or layer of a class is arithmetic only."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping

from torch import Tensor

from .targets import Target

GRADIENT_BYTES = 16 * 2**20
"""They are kept up to this size; those that were asked for longest ago go first."""


class Gradients:
    """By what is explained and the rule of the rectifiers: layer -> gradient ``(N, C, *grid)``."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[Target, str], dict[str, Tensor]] = OrderedDict()
        self._bytes = 0

    def of(self, target: Target, rule: str) -> dict[str, Tensor]:
        """Those that are there; not to be written to."""
        key = (target, rule)
        if key not in self._known:
            return {}
        self._known.move_to_end(key)
        return self._known[key]

    def keep(self, target: Target, rule: str, gradients: dict[str, Tensor]) -> dict[str, Tensor]:
        """Keep these in place of what was there, and return them."""
        self._bytes += _size(gradients) - _size(self._known.pop((target, rule), {}))
        self._known[target, rule] = gradients
        while self._bytes > GRADIENT_BYTES and len(self._known) > 1:
            _, oldest = self._known.popitem(last=False)
            self._bytes -= _size(oldest)
        return gradients


def _size(gradients: Mapping[str, Tensor]) -> int:
    return sum(g.numel() * g.element_size() for g in gradients.values())
