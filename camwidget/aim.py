"""What of a class is explained, for all classes of a widget alike: its score, as a logit or a probability, alone or
against another class, and of a dense output where.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .engine import Recording, Target
from .engine.regions import Region

WORDS = {"logit": "logit", "softmax": "softmax", "log_softmax": "log-softmax"}
UNITS = {"logit": "logits", "softmax": "probability", "log_softmax": "log-probability"}
CELLS = ("steps", "pixels", "voxels")


@dataclass(frozen=True)
class Aim:
    """``against`` is a class index; see ``Target`` for these."""

    against: int | None = None
    score: str = "logit"
    region: Region | None = None

    @property
    def plain(self) -> bool:
        """Whether it is the mere score of each class."""
        return self == PLAIN

    def target(self, index: int | Sequence[int]) -> int | Sequence[int] | Target:
        """What is explained of a class, or of one class an image, as ``Recording.cam`` takes it."""
        return index if self.plain else Target(index, self.against, score=self.score, region=self.region)

    def contrast(self, index: int, rival: int, gamma: float) -> Target:
        """What is explained of a class less ``gamma`` times what is of another; of a dense output, over the pixels of
        the first.

        Raises:
            ValueError: all classes are seen against one already.
        """
        if self.against is not None:
            raise ValueError(
                f"against is {self.against}: such a score has no contrast by a variant that is not linear; accepted: "
                "against None, or a variant such as 'gradcam'"
            )
        return Target(index, rival, gamma, self.score, self.region)

    def words(self, index: int, names: Sequence[str], recording: Recording) -> str:
        """What is explained of a class where that is not its mere score, in a few words."""
        words = [self._place(index, names, recording)] if recording.output_grid else []
        if not words and self.score != "logit":
            words = [WORDS[self.score]]
        if self.against is not None:
            words.append("against itself" if self.against == index else f"against {names[self.against]}")
        return ", ".join(words)

    def _place(self, index: int, names: Sequence[str], recording: Recording) -> str:
        cells = CELLS[min(len(recording.output_grid), len(CELLS)) - 1]
        if self.region is not None:
            where = f"the region {self.region}"
        elif recording.cells_won()[0, index]:
            where = f"the {cells} of {names[index]}"
        else:
            where = f"all {cells}, since {names[index]} has the highest score in none"
        return f"mean {WORDS[self.score]} over {where}"


PLAIN = Aim()
