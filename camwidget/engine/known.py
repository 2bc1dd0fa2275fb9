"""What was found out about a model: it goes by how the model is built, and not by its weights."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch

from .fields import Place
from .layout import Layout
from .room import Start
from .untouched import RandomState

if TYPE_CHECKING:
    from .lean import Plan


@dataclass(frozen=True)
class Known:
    """Begun anew where the structure is another.

    Attributes:
        structure: see ``untouched.structure``.
        layouts: by the size of the input, and where the graph begins.
        plans: by that size, the layers that are asked for, and whether the graph reaches down to the input.
        places: where the cells of a layer look, by the shape of the input.
        random: whether the model draws random numbers.
    """

    structure: tuple[Any, ...]
    layouts: dict[tuple[torch.Size, Start | None], Layout] = field(default_factory=dict)
    plans: dict[tuple[torch.Size, tuple[str | None, ...], bool], Plan] = field(default_factory=dict)
    places: dict[tuple[tuple[int, ...], str], Place | None] = field(default_factory=dict)
    random: RandomState = field(default_factory=RandomState)
