"""What the status line says of the map on screen, as the ``status`` trait has it."""

from __future__ import annotations

from typing import Any

from . import wire
from .answers import Reply, Told, View
from .protocol import SIGNS


class Saying:
    """What stands to be said until something else does.

    Attributes:
        complaint: what an observer of the user's did wrong, if it did.
        told: what is the matter with a map, as the session found it.
    """

    def __init__(self) -> None:
        self.complaint: str | None = None
        self.told: Told | None = None

    def status(self, view: View, sign: str, words: str, to: Reply | None = None) -> dict[str, Any]:
        """The status while nothing is wrong but, perhaps, with the map on screen.

        Args:
            words: what is explained, where that is not the plain score.
        """
        told = self.told
        if told is None or told.view != view:
            return wire.told(None, to, words)
        hidden = told.reason is not None and told.reason.id == "all-negative" and sign != SIGNS[0]
        return wire.told(None if hidden else told, to, words)
