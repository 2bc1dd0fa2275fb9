"""What comes beside the map that was asked for, as the trait that carries it."""

from __future__ import annotations

from typing import Any

from . import trust, unfolding, wire
from .answers import Nearby, Strip, Tested, Unfolded


def trait(answer: Strip | Nearby | Unfolded | Tested) -> tuple[str, dict[str, Any]]:
    """Its name and value."""
    match answer:
        case Strip():
            return "strip", wire.strip(answer)
        case Nearby():
            return "nearby", wire.nearby(answer)
        case Unfolded():
            return "channels", unfolding.trait(answer.generation, [(answer.view, answer.channels)])
        case Tested():
            return "trust", trust.trait(answer.generation, [answer])
