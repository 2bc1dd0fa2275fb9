"""What a model said of its input, without the graph of how it came to it."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from .engine import Recording


@dataclass(frozen=True)
class Said:
    """Of the first image, on the CPU.

    Attributes:
        scores: ``(1, K)`` float32, see ``Recording.scores``.
        parts: ``(1, K)`` float32, of dense scores, see ``Recording.shares``; else None.
    """

    scores: Tensor
    parts: Tensor | None = None

    def shares(self) -> Tensor:
        """``(1, K)`` float32: the share of the picture that each class has."""
        return self.scores if self.parts is None else self.parts


def said_by(recording: Recording) -> Said:
    """What is left of a recording when it is dropped."""
    parts = recording.shares()[:1].detach().cpu() if recording.output_grid else None
    return Said(recording.scores[:1].detach().cpu(), parts)
