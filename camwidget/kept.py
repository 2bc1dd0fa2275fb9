"""Recordings of what was looked at last, so that going back to it needs no forward pass."""

from __future__ import annotations

from collections import OrderedDict

from .engine import CamEngine, Recording
from .scene import Scene

MOST = 8
"""So many are kept at most, however much memory there is."""


class Kept:
    """As many as leave room for one more, by the engine's rule of memory; the longest unused go first."""

    def __init__(self, engine: CamEngine) -> None:
        self._engine = engine
        self._recordings: OrderedDict[Scene, Recording] = OrderedDict()

    def __len__(self) -> int:
        return len(self._recordings)

    def take(self, scene: Scene) -> Recording | None:
        """That of a scene, taken out; None where there is none, or the model has changed since."""
        found = self._recordings.pop(scene, None)
        return None if found is None or found.stale else found

    def put(self, scene: Scene, recording: Recording, current: Recording) -> None:
        """Keep one beside the ``current`` one."""
        self._recordings[scene] = recording
        while len(self._recordings) > MOST:
            self._recordings.popitem(last=False)
        self.make_room(current)

    def make_room(self, current: Recording) -> None:
        """Drop so many that one more like the ``current`` one fits beside it and what is left."""
        while self._recordings:
            held = current.bytes + sum(one.bytes for one in self._recordings.values())
            room = self._engine.room(held)
            if room is None or current.bytes <= room:
                return
            self._recordings.popitem(last=False)

    def clear(self) -> None:
        """Drop all."""
        self._recordings.clear()
