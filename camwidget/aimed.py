"""The part of the widget that says what of a class is explained: ``against``, ``score`` and ``pixels``."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import traitlets

from . import as_python, scores
from .aim import PLAIN, Aim
from .answers import Request, View
from .atlas import Atlas
from .engine import Recording
from .engine.regions import Region
from .engine.scoring import read_score
from .gate import Checked
from .labels import index_of
from .session import Session
from .traits import CamTraits


class AimedTraits(CamTraits):
    """A change of what is explained makes all maps anew. ``CamWidget`` has the session and its table of classes."""

    against = traitlets.Any(None).tag(sync=True)
    score = Checked("logit").tag(sync=True)

    # None before the constructor is done, and after close()
    _session: Session | None = None
    _atlas: Atlas | None = None
    _names: tuple[str, ...]
    _probability: str

    @property
    def pixels(self) -> Any:
        """Which pixels of a segmentation are explained, None for those of each class; may be assigned: the ``region``
        of a ``Target``.
        """
        region = self._aim.region
        return None if region is None else region.plain()

    @pixels.setter
    def pixels(self, value: Any) -> None:
        self._explain(Aim(self.against, self.score, self._read_region(value)))

    @property
    def _aim(self) -> Aim:
        return PLAIN if self._atlas is None else self._atlas.aim

    @traitlets.observe("against", "score")
    def _aim_changed(self, _change: Any) -> None:
        with self._lock:
            if self._session is not None:
                self._explain(Aim(self.against, self.score, self._aim.region))

    def _explain(self, aim: Aim) -> None:
        """Explain something else of each class: a new image id makes the browser drop the maps it has."""
        with self._lock:
            session = self._open()
            if session.explain(aim):
                call = as_python.with_pixels(self.meta["call"], self.pixels)
                self.meta = {**self.meta, "image": session.atlas.generation, "call": call}
                self.classes = self._classes()
                self._ask(Request(self._view()))

    def _read_aim(self, against: Any, score: Any, pixels: Any) -> Aim:
        """All three as they were given, checked."""
        return Aim(self._read_against(against), self._read_score(score), self._read_region(pixels))

    def _checked(self, name: str, value: Any) -> Any:
        if name == "against":
            return self._read_against(value)
        return self._read_score(value) if name == "score" else super()._checked(name, value)

    def _read_against(self, against: Any) -> int | None:
        return None if against is None else self._index(against)

    def _read_score(self, score: Any) -> str:
        self._recording.resolve_target(0, score=read_score(score))
        return scores.check_score(score, self._probability)

    def _read_region(self, pixels: Any) -> Region | None:
        return self._recording.resolve_target(0, region=pixels).region

    def _words(self, target: int) -> str:
        """What is explained of a class, where that is not its plain score."""
        return self._aim.words(target, self._names, self._recording)

    @property
    def _recording(self) -> Recording:
        if self._atlas is None:
            raise RuntimeError("this widget is closed; make a new one")
        return self._atlas.recording

    def _open(self) -> Session:
        if self._session is None:
            raise RuntimeError("this widget is closed; make a new one")
        return self._session

    def _index(self, target: Any) -> int:
        """The index of a class that is given by name or index. Raises TypeError or ValueError."""
        return index_of(self._names, target)

    def _view(self) -> View:
        return View(self.target, self.layer, self.variant)

    # ------------------------------------------------------------------ what CamWidget has

    @abstractmethod
    def _classes(self) -> dict[str, Any]:
        """The trait ``classes``, of what is explained by now."""

    @abstractmethod
    def _ask(self, request: Request) -> None:
        """Hand a request to the session."""
