"""Maps that know nothing: what any method must beat."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


def random_maps(n: int, grid: Sequence[int], seed: int = 0) -> Tensor:
    """``(n, *grid)`` float32: every cell drawn evenly from [0, 1), from a generator of our own with this ``seed``."""
    return torch.rand((n, *grid), generator=torch.Generator().manual_seed(seed))


def uniform_maps(n: int, grid: Sequence[int]) -> Tensor:
    """``(n, *grid)`` float32: 1 everywhere. By deletion and insertion its pixels go in a random order, one by one."""
    return torch.ones((n, *grid))
