"""Maps on demand for one picture: each is computed once and kept, small and on the CPU, up to a limit of bytes."""

from __future__ import annotations

import time
from collections import OrderedDict

import numpy as np
import numpy.typing as npt

from .engine import VARIANTS, CamEngine, Recording

Map = npt.NDArray[np.float32]

ATLAS_BYTES = 64 * 2**20


class Atlas:
    """The maps of one image under one model, by (layer, variant, target), signed, float32 ``(h, w)``.

    A model that changed since the recording is recorded again, see ``refresh``; ``generation`` counts the recordings.
    """

    def __init__(self, engine: CamEngine, recording: Recording) -> None:
        self._engine = engine
        self.recording = recording
        self.generation = 1
        self._maps: OrderedDict[tuple[str, str, int], Map] = OrderedDict()
        self._ms: dict[tuple[str, str, int], float] = {}
        self._bytes = 0

    def refresh(self) -> bool:
        """Record again if the model changed under our feet. Returns whether it did; then all maps are new."""
        with self._engine.lock:
            if not self.recording.stale:
                return False
            self.recording = self._engine.record(self.recording.x)
            self.generation += 1
            for key in list(self._maps):
                self._forget(key)
            return True

    def map(self, layer: str, variant: str, target: int) -> Map:
        """One signed map ``(h, w)``, before the variant's final ReLU. Not to be written to.

        Raises: as ``Recording.cams``.
        """
        key = (layer, variant, target)
        with self._engine.lock:
            found = self._maps.get(key)
            if found is not None:
                self._maps.move_to_end(key)
                return found
            start = time.perf_counter()
            made = self.recording.cams([target], layer, variant)[0, 0].cpu().numpy()
            made.flags.writeable = False
            self._maps[key], self._ms[key] = made, (time.perf_counter() - start) * 1e3
            self._bytes += made.nbytes
            while self._bytes > ATLAS_BYTES and len(self._maps) > 1:
                self._forget(next(iter(self._maps)))
            return made

    def _forget(self, key: tuple[str, str, int]) -> None:
        self._bytes -= self._maps.pop(key).nbytes
        del self._ms[key]

    def ms(self, layer: str, variant: str, target: int) -> float:
        """How long this map took to make, in milliseconds; 0 if it was never asked for."""
        return self._ms.get((layer, variant, target), 0.0)

    def prepare(self, target: int, variant: str) -> None:
        """One backward pass for all stages at once, so that ``map`` is arithmetic for each of them."""
        with self._engine.lock:
            self.recording.gradients(target, rule=VARIANTS[variant].rule)
