"""From one scene to another: what is shown of it follows."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from .answers import Request, View
from .atlas import Atlas
from .engine import Recording
from .engine.preempt import Stop, check
from .scene import Scene

MOVES = 16
"""So many looks back it is known what a request would have been, had it been made now."""


class Follower(Protocol):
    """Knows what is shown of another picture."""

    def follow(self, view: View, left: Scene, before: Recording) -> View:
        """The view of the picture that is looked at now, after that of the scene that was ``left``, whose recording was
        ``before``.
        """


def follow(view: View, atlas: Atlas, before: Recording, truth: int | None, own: Callable[[Recording], int]) -> View:
    """The view of the picture that the atlas looks at now, after a view of another one.

    Layer and variant stay. The class is the picture's own prediction, if what was explained was the prediction or the
    label of the picture before. Any other class was chosen to be followed, and stays.

    Args:
        before: the recording of the picture before. truth: its label. own: a recording's prediction.
    """
    view = as_there(view, atlas)
    return replace(view, target=own(atlas.recording)) if view.target in (own(before), truth) else view


def as_there(view: View, atlas: Atlas) -> View:
    """The view with a layer that there is: of another size of input there may be others."""
    return view if view.layer in atlas.recording.layers else replace(view, layer=atlas.recording.default_layer)


class Following:
    """Goes to the scene of a request. Of a film the class may follow, see ``follow``."""

    def __init__(self, atlas: Atlas, follower: Follower | None) -> None:
        self._atlas, self._follower = atlas, follower
        # since which generation what was shown is something else: requests may have been made before they knew
        self._moves: deque[tuple[int, View, View]] = deque(maxlen=MOVES)

    def go(self, request: Request, stop: Stop | None = None) -> tuple[View, bool]:
        """Look at the scene of a request, under the atlas's lock. Returns what is shown of it, and whether it is
        another one.

        Raises: as ``Atlas.look``. Stopped: it is another scene, and ``stop`` said so: another thread may look at the
            one of a newer request already.
        """
        atlas, known = self._atlas, request.known
        view = request.view if known is None else self.moved(request.view, known)[0]
        if request.scene is None or request.scene == atlas.scene:
            return view, False
        check(stop)
        left, before = atlas.scene, atlas.recording
        if not atlas.look(request.scene):
            return view, False
        if self._follower is None:
            return view, True
        followed = self._follower.follow(view, left, before)
        self._moves.append((atlas.generation, view, followed))
        return followed, True

    def moved(self, view: View, known: int) -> tuple[View, int]:
        """A view that was chosen at the generation ``known``, as it would be, had it been chosen now; and the present
        generation.
        """
        with self._atlas.lock:
            for generation, before, after in self._moves:
                if generation > known:
                    target = after.target if view.target == before.target else view.target
                    view = replace(view, target=target, layer=after.layer if view.layer == before.layer else view.layer)
            return view, self._atlas.generation
