"""What is asked and what is answered, on this side of the wire."""

from __future__ import annotations

from dataclasses import dataclass

from .atlas import Map
from .engine import Reason, Recording

Reply = tuple[str, int]


@dataclass(frozen=True)
class View:
    """What is looked at."""

    target: int
    layer: str
    variant: str


@dataclass(frozen=True)
class Request:
    """A view to answer.

    Attributes:
        reply: what the browser waits for, None if Python asked.
        want: see protocol.WANTS.
        whole: the browser holds the maps of all classes of this layer and variant.
    """

    view: View
    reply: Reply | None = None
    want: str | None = None
    whole: bool = False


@dataclass(frozen=True)
class Stack:
    """The signed maps ``(T, h, w)`` of ``targets`` (None: of every class, in order) at one layer and variant; ``done``
    once all listed classes are in.
    """

    view: View
    generation: int
    targets: tuple[int, ...] | None
    maps: Map
    done: bool
    ms: float
    note: str | None
    reply: Reply | None


@dataclass(frozen=True)
class Strip:
    """The selected class's map at each stage."""

    view: View
    generation: int
    maps: tuple[tuple[str, Map], ...]


@dataclass(frozen=True)
class Menu:
    """The selected class's map at the selected layer, by each variant."""

    view: View
    generation: int
    maps: tuple[tuple[str, Map], ...]


@dataclass(frozen=True)
class Nearby:
    """Maps that may be wanted next: (view, map) each."""

    view: View
    generation: int
    maps: tuple[tuple[View, Map], ...]


@dataclass(frozen=True)
class Rescored:
    """The model changed and was recorded again."""

    recording: Recording


@dataclass(frozen=True)
class Told:
    """Why the map of a view is blank, or what else must be known of it; None takes back what was said before."""

    view: View
    generation: int
    reason: Reason | None


@dataclass(frozen=True)
class Done:
    """A request that needs no maps (they were sent before), or that a newer one replaced."""

    reply: Reply


@dataclass(frozen=True)
class Failed:
    """A request that could not be answered, and why."""

    reply: Reply | None
    text: str
    hint: str


Answer = Stack | Strip | Menu | Nearby | Rescored | Told | Done | Failed
