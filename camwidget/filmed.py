"""The part of the widget that shows several pictures: which one is on screen, and what the network says to each."""

from __future__ import annotations

import logging
import operator
from collections.abc import Sequence
from typing import Any

import traitlets

from . import film, inputs, scores
from .answers import Request, View
from .atlas import Atlas
from .easel import Easel
from .engine import CamEngine, Recording
from .film import Film
from .following import Follower
from .gate import Checked
from .images import Picture
from .inputs import Subject
from .poked import PokedTraits
from .preprocessing import Preprocessing
from .reel import heats, reel
from .saying import Saying
from .scene import Scene
from .screening import Screening

log = logging.getLogger("camwidget")

GROWTH = 1.5
"""What is known of a film is sent anew when there is so many times as much of it, and when it is complete: sent at each
picture, it would all travel as many times as there are pictures."""


class Filmed(PokedTraits):
    """``CamWidget`` has the rest. A widget of a single input is a film of one, and sends nothing of it.

    ``index`` may be set as often as one likes: only the newest is recorded, on the session's thread, and ``target``
    follows when that is done. Whoever reads maps or scores waits for it.
    """

    index = Checked(0).tag(sync=True)
    reel = traitlets.Dict().tag(sync=True)
    frames = traitlets.List(traitlets.Bytes()).tag(sync=True)
    heats = traitlets.Dict().tag(sync=True)

    _accepting = False
    """Several traits are set one after another, for one change."""
    _saying: Saying
    _known = 1
    """The atlas's generation up to which target and layer have followed the picture."""
    _film: Film | None = None
    _screening: Screening | None = None
    _truths: Sequence[int | None] = (None,)
    _first = 0
    _sent: tuple[int, int, object] = (0, 0, None)
    _news = 0

    @property
    def pictures(self) -> int:
        """How many pictures there are."""
        return len(self._truths)

    @property
    def film(self) -> list[dict[str, Any]]:
        """A row a picture: ``index``, ``truth``, ``called`` (names of classes, None where not known), ``probability``,
        ``wrong`` (None without ``truth``) and ``error`` (why it could not be read, else None). What is missing is found
        out first, by forward passes without a graph.
        """
        session, screening = self._open(), self._screening
        session.recording(self._seen())
        if screening is None:
            strongest = scores.strongest(self._recording, self._probability, 2)
            called = scores.first(strongest, self._names, self._probability)
            likely = scores.probabilities(self._recording, self._probability)[called]
            return [self._row(self._seen_picture, called, float(likely), None)]
        session.at_once(screening.predict)
        with self._lock:
            self._screened()
        errors = [screening.faults.get(index) for index in range(self.pictures)]
        found = zip(screening.called, screening.probability, errors, strict=True)
        return [self._row(index, *one) for index, one in enumerate(found)]

    # ------------------------------------------------------------------ which picture

    @traitlets.observe("index")
    def _index_changed(self, change: Any) -> None:
        with self._lock:
            # not the trait: while we waited for the lock it may have been put back to what was on screen
            if self._session is not None and not self._accepting and self._look(picture=change["new"]):
                self._ask(Request(self._view()))

    def _read_picture(self, value: Any) -> int:
        wanted = f"a picture is given by its number, 0 to {self.pictures - 1}"
        if isinstance(value, bool):
            raise TypeError(f"{wanted}; given: {value!r}, a bool")
        try:
            index = operator.index(value)
        except TypeError:
            raise TypeError(f"{wanted}; given: {value!r}, a {type(value).__name__}") from None
        if not 0 <= index < self.pictures:
            raise ValueError(f"picture {index} is out of range: {wanted}")
        return index

    def _request(self) -> Request:
        """For what is chosen, of the scene that is to be looked at."""
        with self._lock:
            return Request(self._view(), known=self._known)

    def _seen(self) -> View:
        """What is on screen once the scene that was asked for is."""
        return self._open().look(self._request())

    def _checked(self, name: str, value: Any) -> Any:
        return self._read_picture(value) if name == "index" else super()._checked(name, value)

    def _quietly(self, **values: Any) -> None:
        """Set traits of which nobody asks anew."""
        before, self._accepting = self._accepting, True
        try:
            for name, value in values.items():
                self._take(name, value)
        finally:
            self._accepting = before

    def _take(self, name: str, value: Any) -> None:
        try:
            setattr(self, name, value)
        except Exception as error:  # the trait is set all the same; the click must not be left half done
            log.exception("an observer of %s", name)
            self._saying.complaint = f"an observer of {name!r} raised {type(error).__name__}: {error}"

    @property
    def _truth(self) -> int | None:
        """The true class of the picture on screen."""
        return self._truths[self._seen_picture]

    @property
    def _seen_picture(self) -> int:
        """The number of the picture on screen."""
        return 0 if self._atlas is None else self._atlas.scene.picture

    @property
    def _known_truth(self) -> int | list[int | None] | None:
        """The true class, or of a film those of all pictures where any is known."""
        if self._film is None:
            return self._truths[0]
        return None if all(truth is None for truth in self._truths) else list(self._truths)

    def _with_truth(self, listed: list[int]) -> list[int]:
        """What a mistake should have been called is listed too."""
        truth = self._truth
        return listed if self._film is None or truth is None or truth in listed else [*listed, truth]

    # ------------------------------------------------------------------ from the start to the end

    def _read_subject(
        self, image: Any, engine: CamEngine, found: Preprocessing, kind: str | None, index: Any, **of_signals: Any
    ) -> Subject:
        """What is explained first, and the film where there are several."""
        self._film = film.read(image, engine.model, found, kind)
        if self._film is None:
            self._first = self._read_picture(index)
            return inputs.read(image, engine.model, found, kind, **of_signals)
        for name, value in of_signals.items():
            if value is not None:
                raise ValueError(f"{name}= is for signals, and a film strip is of pictures")
        self._truths = self._film.truth
        self._first = self._read_picture(index)
        return self._film.picture(self._first)

    def _read_truths(self, truth: Any) -> None:
        count = 1 if self._film is None else len(self._film)
        self._truths = film.read_truth(truth, count, self._index)
        if self._film is not None:
            self._film.truth = self._truths

    def _start_atlas(self, engine: CamEngine, recording: Recording) -> tuple[Atlas, Follower | None]:
        """What is looked at, beginning with the subject, and the screening where there are several pictures."""
        if self._film is not None:
            atlas = Atlas(engine, recording, inputs=self._film.input, scene=Scene(self._first))
            self._screening = Screening(engine, atlas, self._film, self._probability, self._names)
            return atlas, self._screening
        self._easel = Easel(self._subject) if isinstance(self._subject, Picture) else None
        return Atlas(engine, recording, inputs=None if self._easel is None else self._easel.input), None

    def _drop_film(self) -> None:
        self._film = self._screening = None

    # ------------------------------------------------------------------ what is sent

    def _screened(self) -> None:
        """Send what is known of the film, unless that is little more than was sent."""
        screening, strip = self._screening, self._film
        if screening is None or strip is None or screening.news == self._news:
            return
        news = screening.news
        known = sum(called is not None for called in screening.called) + len(screening.faults)
        warm = len(screening.maps)
        before, warm_before, where = self._sent
        if known < before or screening.done or known >= GROWTH * before:
            self.reel = reel(screening, self._truths)
            self.frames = strip.smalls
            before = known
        if where != screening.warm or screening.done or warm >= GROWTH * max(1, warm_before):
            self.heats = heats(screening)
            warm_before = warm
        self._sent = before, warm_before, screening.warm
        if screening.done:
            self._news = news

    def _new_picture(self) -> dict[str, Any]:
        """Take over the picture that is looked at; what ``meta`` says of it."""
        if self._film is None or self._atlas is None:
            return {}
        here = self._atlas.scene.picture
        if self._scene == self._atlas.scene:  # else another one is wanted by now
            self._quietly(index=here)
        self._subject = self._film.picture(here)
        for name, value in self._subject.state().items():
            setattr(self, name, value)
        return inputs.about(self._subject, here)

    def _stay(self) -> None:
        """What was asked for could not be looked at, and nothing else is: back to the picture on screen."""
        if self._atlas is not None and self._session is not None and self._scene == self._atlas.scene:
            self._quietly(index=self._atlas.scene.picture)

    def _row(self, index: int, called: int | None, probability: float | None, error: str | None) -> dict[str, Any]:
        truth, names = self._truths[index], self._names
        return {
            "index": index,
            "truth": None if truth is None else names[truth],
            "called": None if called is None else names[called],
            "probability": probability,
            "wrong": None if truth is None or called is None else called != truth,
            "error": error,
        }
