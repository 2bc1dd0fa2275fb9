"""What is asked and what is answered, on this side of the wire."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .atlas import Map
from .contrasting import Contrast
from .engine import Channels, Reason, Recording
from .scene import Scene

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
        want: see protocol.WANTS. rows: of the matrix, see protocol.ROWS.
        whole: the browser holds the maps of all classes of this layer and variant.
        scene: what is looked at from now on; None: what was looked at before. The session fills it in.
        contrast: what the browser cannot draw of a contrast of the view's class.
        tests: the map is put to the test, see ``trials.py``.
        known: the atlas's generation when the view was chosen; None: the present one. Where another scene was looked at
            since, whose class or layer is another, it is chosen anew.
    """

    view: View
    reply: Reply | None = None
    want: str | None = None
    whole: bool = False
    scene: Scene | None = None
    rows: str | None = None
    contrast: Contrast | None = None
    known: int | None = None
    tests: bool = False


@dataclass(frozen=True)
class Served:
    """Not delivered: what was asked for has been, and what is nearby; what follows is for later questions."""


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
class Working:
    """A map that takes its time: of the runs of the network ``done`` of ``total`` (0: not known yet)."""

    view: View
    generation: int
    done: int
    total: int
    reply: Reply | None = None


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
class Row:
    """A row of the matrix: a class by a variant at each stage, (view, map) each."""

    view: View
    generation: int
    maps: tuple[tuple[View, Map], ...]


@dataclass(frozen=True)
class Contrasted:
    """What a contrast is drawn from, two signed maps ``(2, *grid)``: those of both classes (``plain``), or of each less
    ``gamma`` times the other.
    """

    view: View
    generation: int
    contrast: Contrast
    maps: Map
    plain: bool


@dataclass(frozen=True)
class Nearby:
    """Maps that may be wanted next: (view, map) each."""

    view: View
    generation: int
    maps: tuple[tuple[View, Map], ...]


@dataclass(frozen=True)
class Sums:
    """The maps of this layer and variant add up to the scores, see ``engine/additive.py``."""

    view: View
    generation: int


@dataclass(frozen=True)
class Unfolded:
    """What each channel of the selected layer adds to the map of a view."""

    view: View
    generation: int
    channels: Channels


@dataclass(frozen=True)
class Tested:
    """What is known by now of whether the map of a view can be trusted, see ``trials.py``.

    Attributes:
        fractions: ``(S,)`` of the pixels, where curves have their points.
        curves: ``(2, 3, n)``: the probability at the first n of these, by deletion and by insertion; in the order of
            the map, of random cells and of single pixels.
        modules: the last one that is drawn at random at each of L steps.
        similarity: ``(l,)``: rank correlation of the map with that of the trained network after the first l of them.
        guided: ``(l,)``: the same of guided backpropagation, for comparison; NaN where there is none.
        maps: that of the trained network, then one for each of these.
        variants: the others. areas: ``(v, 2)``: below the curves of the first v, by deletion and by insertion.
        faults: of "curves" and "layers", why there is nothing (more) of them.
        done: nothing is missing.
    """

    view: View
    generation: int
    fractions: Map
    curves: Map
    modules: tuple[str, ...]
    similarity: Map
    guided: Map
    maps: tuple[Map, ...]
    variants: tuple[str, ...]
    areas: Map
    faults: Mapping[str, str]
    done: bool


@dataclass(frozen=True)
class Rescored:
    """The model changed, or looks at another scene, and was recorded again."""

    recording: Recording


@dataclass(frozen=True)
class Screened:
    """Of some more pictures of a film it is known what they are called, or where the evidence lies."""


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


Answer = (
    Stack | Working | Strip | Menu | Row | Contrasted | Nearby | Sums | Unfolded
    | Tested | Rescored | Screened | Told | Done | Failed
)  # fmt: skip
