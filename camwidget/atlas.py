"""Maps on demand for one picture: each is computed once and kept, small and on the CPU, up to a limit of bytes."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch

from .aim import PLAIN, Aim
from .engine import VARIANTS, CamEngine, Recording, Target
from .engine.methods.method import Progress
from .engine.preempt import Stop, check
from .engine.stale import STALE, StaleRecordingError

Map = npt.NDArray[np.float32]

ATLAS_BYTES = 64 * 2**20

WHOLE_CELLS = 2**21
"""All classes are made at once up to this many values: 4 MB in float16, such as 21,841 classes on 7 x 7 cells twice."""

Key = tuple[str, str, int | None]
"""Layer, variant, target; without a target the entry holds the maps of all classes ``(K, h, w)``."""


class Atlas:
    """The maps of one image under one model, by (layer, variant, target), signed, float32 ``(h, w)``.

    A model that changed since the recording is recorded again, see ``refresh``, and ``aim`` says what of a class is
    explained, see ``explain``; with each change ``generation`` rises, and all maps are new.
    """

    def __init__(self, engine: CamEngine, recording: Recording, aim: Aim = PLAIN) -> None:
        self._engine = engine
        self.recording = recording
        self.aim = aim
        self.generation = 1
        self._maps: OrderedDict[Key, Map] = OrderedDict()
        self._ms: dict[Key, float] = {}
        self._bytes = 0

    @property
    def at_once(self) -> bool:
        """Whether several classes are best computed in one go: a device with a queue of its own works ahead."""
        return self.recording.scores.device.type != "cpu"

    def refresh(self) -> bool:
        """Record again if the model changed under our feet. Returns whether it did; then all maps are new."""
        with self._engine.lock:
            if not self.recording.stale:
                return False
            self.recording = self._engine.record(self.recording.x)
            self._forget_all()
            return True

    def explain(self, aim: Aim) -> bool:
        """Explain something else of each class from now on. Returns whether it is something else."""
        with self._engine.lock:
            if aim == self.aim:
                return False
            self.aim = aim
            self._forget_all()
            return True

    def map(self, layer: str, variant: str, target: int) -> Map:
        """One signed map ``(h, w)``, before the variant's final ReLU. Not to be written to.

        Raises: as ``Recording.cams``.
        """
        return self.maps(layer, variant, [target])[0]

    def maps(
        self,
        layer: str,
        variant: str,
        targets: Sequence[int],
        stop: Stop | None = None,
        progress: Progress | None = None,
    ) -> list[Map]:
        """The maps of several classes, as ``map`` gives them: what is missing is computed together and comes from its
        device in one copy.

        Raises: as ``Recording.cams``; Stopped: ``stop`` said so.
        """
        if VARIANTS[variant].slow:
            self._make_slowly(layer, variant, targets, stop, progress)
        with self._engine.lock:
            # of a variant that is the same for all classes, that of one stands for all
            keys = [_target(variant, target) for target in targets]
            found = {target: self._find(layer, variant, target) for target in keys}
            missing = [target for target, map_ in found.items() if map_ is None]
            if missing:
                start = time.perf_counter()
                made = to_numpy(self.recording.cams(self._targets(missing), layer, variant, stop=stop)[0])
                ms = (time.perf_counter() - start) * 1e3 / len(missing)
                for target, map_ in zip(missing, made, strict=True):
                    # a copy: entries are dropped one by one, and a view would keep the others
                    found[target] = self._keep((layer, variant, target), map_.copy() if len(missing) > 1 else map_, ms)
            return [map_ for target in keys if (map_ := found[target]) is not None]

    def _make_slowly(
        self, layer: str, variant: str, targets: Sequence[int], stop: Stop | None, progress: Progress | None
    ) -> None:
        """Make what is missing without the lock, which the recording takes for each run of the network: others may ask
        meanwhile.
        """
        with self._engine.lock:
            recording, generation, aim = self.recording, self.generation, self.aim
        for target in targets:
            if self.has(layer, variant, target):
                continue
            start = time.perf_counter()
            made = to_numpy(recording.cams([aim.target(target)], layer, variant, stop=stop, progress=progress)[0, 0])
            ms = (time.perf_counter() - start) * 1e3
            with self._engine.lock:
                if generation != self.generation:  # another thread recorded the model again, or explains something else
                    raise StaleRecordingError(STALE)
                self._keep((layer, variant, target), made, ms)

    def has(self, layer: str, variant: str, target: int) -> bool:
        """Whether this map is there already."""
        return (layer, variant, _target(variant, target)) in self._maps or (layer, variant, None) in self._maps

    def whole(self, layer: str, variant: str, stop: Stop | None = None) -> Map | None:
        """The maps of all classes ``(K, h, w)``, or None where they take one backward pass each (see
        ``Recording.all_at_once``) or are too many for the wire.

        Raises: as ``Recording.all_cams``; Stopped: ``stop`` said so.
        """
        key = (layer, variant, None)
        with self._engine.lock:
            info, classes = self.recording.layers[layer], self.recording.scores.shape[1]
            if not self.aim.plain or classes * int(np.prod(info.grid)) > WHOLE_CELLS:
                return None
            if not self.recording.all_at_once(layer, variant):
                return None
            if key not in self._maps:
                start = time.perf_counter()
                made = to_numpy(self.recording.all_cams(layer, variant, stop=stop)[0])
                self._keep(key, made, (time.perf_counter() - start) * 1e3 / classes)
            self._maps.move_to_end(key)
            return self._maps[key]

    def prepare(self, target: int, variant: str, stop: Stop | None = None) -> None:
        """One backward pass for all stages at once, so that ``map`` is arithmetic for each of them.

        Raises: as ``Recording.gradients``; Stopped: ``stop`` said so.
        """
        self.recording.gradients(self.aim.target(target), rule=VARIANTS[variant].rule, stop=stop)

    def foresee(self, target: int, rule: str, stop: Stop | None = None) -> None:
        """The maps of a class at all stages by the variants of a rule that are made ahead: one backward pass, then
        arithmetic.

        Raises: as ``Recording.gradients``; Stopped: ``stop`` said so.
        """
        variants = [v.id for v in VARIANTS.values() if v.rule == rule and v.ahead]
        layers = self.recording.stages
        with self._engine.lock:  # readers on other threads change the order of what is kept
            wanted = [(layer, v) for layer in layers for v in variants if not self.has(layer, v, target)]
            recording, generation, aim = self.recording, self.generation, self.aim
        if not wanted:
            return
        start = time.perf_counter()
        recording.gradients(aim.target(target), list(dict.fromkeys(layer for layer, _ in wanted)), rule, stop)
        made = []
        for layer, variant in wanted:
            check(stop)
            made.append(recording.cams([aim.target(target)], layer, variant)[0, 0])
        # one copy for all of them
        flat = to_numpy(torch.cat([map_.flatten() for map_ in made]))
        ends = np.cumsum([map_.numel() for map_ in made])[:-1]
        ms = (time.perf_counter() - start) * 1e3 / len(wanted)
        with self._engine.lock:
            if generation != self.generation:  # another thread recorded the model again, or explains something else
                return
            for (layer, variant), map_, values in zip(wanted, made, np.split(flat, ends), strict=True):
                self._keep((layer, variant, _target(variant, target)), values.reshape(map_.shape).copy(), ms)

    @property
    def room(self) -> bool:
        """Whether there is room for maps that nobody has asked for yet."""
        return self._bytes < ATLAS_BYTES / 2

    def ms(self, layer: str, variant: str, target: int) -> float:
        """How long this map took to make, in milliseconds: its share of the time, where several were made together."""
        key = (layer, variant, _target(variant, target))
        return self._ms.get(key, self._ms.get((layer, variant, None), 0.0))

    def _find(self, layer: str, variant: str, target: int) -> Map | None:
        for key in ((layer, variant, target), (layer, variant, None)):
            found = self._maps.get(key)
            if found is not None:
                self._maps.move_to_end(key)
                return found[target] if key[2] is None else found
        return None

    def _keep(self, key: Key, made: Map, ms: float) -> Map:
        if key in self._maps:
            self._forget(key)
        made.flags.writeable = False
        self._maps[key], self._ms[key] = made, ms
        self._bytes += made.nbytes
        while self._bytes > ATLAS_BYTES and len(self._maps) > 1:
            self._forget(next(iter(self._maps)))
        return made

    def _targets(self, indices: Sequence[int]) -> list[int | Target]:
        return [self.aim.target(index) for index in indices]

    def _forget_all(self) -> None:
        self.generation += 1
        for key in list(self._maps):
            self._forget(key)

    def _forget(self, key: Key) -> None:
        self._bytes -= self._maps.pop(key).nbytes
        del self._ms[key]


def _target(variant: str, target: int) -> int:
    """The class under which a map is kept."""
    return target if VARIANTS[variant].per_class else 0


def to_numpy(maps: torch.Tensor) -> Map:
    """Maps on the CPU, by one copy. From a CUDA device it goes to pinned memory and waits for its own stream only."""
    if maps.device.type == "cuda":
        host = torch.empty(maps.shape, dtype=maps.dtype, device="cpu", pin_memory=True)
        host.copy_(maps, non_blocking=True)
        torch.cuda.current_stream(maps.device).synchronize()
        # pinned memory is scarce, and these maps are kept
        return np.array(host.numpy())
    made: Map = maps.cpu().numpy()
    return made
