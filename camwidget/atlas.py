"""Maps on demand for one picture: each is computed once and kept, small and on the CPU, up to a limit of bytes."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

import numpy as np
import numpy.typing as npt
import torch

from .aim import PLAIN, Aim
from .engine import VARIANTS, CamEngine, Recording, Target, additive
from .engine.methods.method import Progress
from .engine.preempt import Stop, check
from .engine.stale import STALE, OtherClassesError, StaleRecordingError
from .kept import Kept
from .said import Said, said_by
from .scene import UNTOUCHED, Scene

Map = npt.NDArray[np.float32]

ATLAS_BYTES = 64 * 2**20

WHOLE_CELLS = 2**21
"""All classes are made at once up to this many values: 4 MB in float16, such as 21,841 classes on 7 x 7 cells twice."""

Key = tuple[str, str, int | None]
"""Layer, variant, target; without a target the entry holds the maps of all classes ``(K, h, w)``."""


class Atlas:
    """The maps of one image under one model, by (layer, variant, target), signed, float32 ``(h, w)``.

    A model that changed since the recording is recorded again, see ``refresh``; ``scene`` is what it looks at, see
    ``look``, and ``aim`` says what of a class is explained, see ``explain``. With each change ``generation`` rises, and
    all maps are new. Where something is painted over the picture, ``before`` is what the model said without it.

    Args:
        inputs: what the network is given of a scene, ``(1, C, *spatial)``; None where there is one scene only.
        scene: that of the recording.
    """

    def __init__(
        self,
        engine: CamEngine,
        recording: Recording,
        aim: Aim = PLAIN,
        inputs: Callable[[Scene], torch.Tensor] | None = None,
        scene: Scene = UNTOUCHED,
    ) -> None:
        self._engine = engine
        self._inputs = inputs
        self.recording = recording
        self.aim = aim
        self.scene = scene
        self.before: Said | None = None
        self.generation = 1
        self.changes = 0
        """How often the model was found to have changed."""
        self._expired = False
        self._kept = Kept(engine)
        self._maps: OrderedDict[Key, Map] = OrderedDict()
        self._ms: dict[Key, float] = {}
        self._bytes = 0

    @property
    def engine(self) -> CamEngine:
        """Of the model whose maps these are."""
        return self._engine

    @property
    def lock(self) -> AbstractContextManager[object]:
        """Held while what is looked at changes."""
        return self._engine.lock

    @property
    def at_once(self) -> bool:
        """Whether several classes are best computed in one go: a device with a queue of its own works ahead."""
        return self.recording.scores.device.type != "cpu"

    def refresh(self) -> bool:
        """Record again if the model changed under our feet. Returns whether it did; then all maps are new.

        Raises: as ``CamEngine.record``; OtherClassesError: it has more or fewer classes by now.
        """
        with self._engine.lock:
            if not (self._expired or self.recording.stale):
                return False
            self._changed()
            before = self._said(self.scene)  # a forward pass more, where a model in training is poked
            self.recording = self._recorded(self.recording.x)
            self.before = before
            self._forget_all()
            return True

    def lighten(self) -> None:
        """Let go of what is kept of other scenes: memory is short."""
        with self._engine.lock:
            self._kept.clear()

    def expire(self) -> None:
        """Have the next ``refresh`` record again in any case: some changes of a model cannot be noticed."""
        self._expired = True

    def look(self, scene: Scene) -> bool:
        """Look at another scene from now on: one forward pass, or none where it was looked at a short while ago.
        Returns whether it is another.

        Raises: as ``refresh``; what is looked at is then as it was.
        """
        with self._engine.lock:
            if scene == self.scene or self._inputs is None:
                return False
            changed = self._expired or self.recording.stale
            before = self._said(scene)
            if changed:
                self._changed()
            recording = self._kept.take(scene)
            if recording is None:
                self._kept.make_room(self.recording)
                recording = self._recorded(self._inputs(scene))
            # who pokes does not come back to what was painted, and each stroke would be one
            if not (changed or self.scene.edits or self.recording.stale):
                self._kept.put(self.scene, self.recording, recording)
            self.recording, self.scene, self.before = recording, scene, before
            self._forget_all()
            return True

    def _recorded(self, x: torch.Tensor) -> Recording:
        expired, self._expired = self._expired, False  # at once: it may be said again while this runs
        try:
            made = self._engine.record(x)
            # where not, what is shown stays, and so does its list
            OtherClassesError.check(made.scores.shape[1], self.recording.scores.shape[1])
        except BaseException:
            self._expired = expired
            raise
        return made

    def _said(self, scene: Scene) -> Said | None:
        """What the model says of a scene without its edits, None where it has none. A forward pass where that is not
        known, or the model has changed since.
        """
        untouched = scene.untouched
        if scene == untouched or self._inputs is None:
            return None
        if self.scene.untouched == untouched and not (self._expired or self.recording.stale):
            return self.before or said_by(self.recording)
        return said_by(self._engine.record(self._inputs(untouched)))

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

    def positive(self, layer: str, variant: str, target: int, stop: Stop | None = None) -> Map:
        """As ``Recording.cam`` gives it: a copy of ``map`` after the variant's final ReLU.

        Raises: as ``maps``.
        """
        signed = self.maps(layer, variant, [target], stop)[0]
        return signed.clip(min=0) if VARIANTS[variant].relu else signed.copy()

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

    def table(self, layer: str, variant: str, listed: Sequence[int]) -> tuple[Sequence[int], Map, bool]:
        """Classes, their maps ``(T, h, w)``, and whether these add up: all classes where ``whole`` has them, else those
        listed.

        Raises: as ``maps``.
        """
        whole = self.whole(layer, variant)
        targets = listed if whole is None else range(len(whole))
        maps = np.stack(self.maps(layer, variant, listed)) if whole is None else whole
        return targets, maps, self.adds_up(layer, variant)

    def adds_up(self, layer: str, variant: str, stop: Stop | None = None) -> bool:
        """Whether the cells of each map add up to what is explained less a constant, see ``engine/additive.py``.

        Raises: as ``additive.adds_up``; Stopped: ``stop`` said so.
        """
        # what is linear in the scores may also be their difference, but no probability
        return self.aim.score == "logit" and additive.adds_up(self.recording, layer, variant, stop)

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

    def _targets(self, indices: Sequence[int]) -> list[int | Sequence[int] | Target]:
        return [self.aim.target(index) for index in indices]

    def _changed(self) -> None:
        self.changes += 1
        self._kept.clear()

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
