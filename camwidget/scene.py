"""What the network looks at."""

from __future__ import annotations

from dataclasses import dataclass, replace

from .edits import Edits


@dataclass(frozen=True)
class Scene:
    """The input of the widget, and what is painted over it.

    Attributes:
        picture: which of a film's pictures; 0 where there is one input only.
    """

    picture: int = 0
    edits: Edits = ()

    @property
    def untouched(self) -> Scene:
        """The same with nothing painted over it."""
        return replace(self, edits=())


UNTOUCHED = Scene()
"""The first picture as it is."""
