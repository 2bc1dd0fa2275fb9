"""Who works for a gallery: one thread that makes what is on screen first, and scores the other items meanwhile."""

from __future__ import annotations

import logging
import threading
import time
import weakref
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from camwidget.engine import CamEngine
from camwidget.engine.preempt import Stopped
from camwidget.engine.stale import StaleRecordingError
from camwidget.engine.untouched import Fingerprint, fingerprint
from camwidget.failing import failed
from camwidget.freed import Freed
from camwidget.mailbox import Mailbox, Readers
from camwidget.session import AT_CLOSE, AT_EXIT

from .protocol import MOST_VIEWS
from .scoring import Scoring
from .thumbs import Look, Made, Thumbs

log = logging.getLogger("camwidget")

PAUSE = 0.25
"""Seconds that a model must stay as it is before its items are scored anew."""


@dataclass(frozen=True)
class Wish:
    """Items that a view has on screen. ``nonce``: of the view."""

    nonce: str
    seq: int
    items: tuple[int, ...]


@dataclass(frozen=True)
class Part:
    """What was made for a wish; ``more``: another part follows."""

    wish: Wish
    look: Look
    made: tuple[Made, ...]
    more: bool


@dataclass(frozen=True)
class Scored:
    """Some more items were scored, or could not be."""


@dataclass(frozen=True)
class Anew:
    """The model has changed: all that was said before is void."""


@dataclass(frozen=True)
class Trouble:
    """Something that no single item is to blame for."""

    text: str


Word = Part | Scored | Anew | Trouble


class Desk:
    """The worker. Holds no widget, so that it cannot keep one alive.

    Args:
        look: by what maps are made; may be assigned.
        deliver: called with each word, on the worker's thread; must not raise.
    """

    def __init__(
        self, engine: CamEngine, scoring: Scoring, thumbs: Thumbs, look: Look, deliver: Callable[[Word], None]
    ) -> None:
        self._engine, self.scoring, self.thumbs, self.look, self._deliver = engine, scoring, thumbs, look, deliver
        self._mailbox, self._readers = Mailbox[bool](), Readers()
        self._lock = threading.Lock()
        self._turn = threading.RLock()
        """Held while an item is scored or made: by the worker, or by whoever waits for all scores."""
        self._wishes: OrderedDict[str, Wish] = OrderedDict()
        self._at_hand: Wish | None = None
        self._fingerprint = self._model()
        self._freed = Freed()
        self._finalizer = weakref.finalize(self, self._mailbox.shut, AT_EXIT)

    # ------------------------------------------------------------------ asked from other threads

    def start(self) -> None:
        """Work while there is something to do."""
        self._mailbox.put(True, self._work)

    def ask(self, wish: Wish) -> list[Wish]:
        """Make this soon. Returns what nobody waits for any more: an older wish of the same view, or of one of too many
        views.
        """
        with self._lock:
            dropped = [self._wishes.pop(wish.nonce)] if wish.nonce in self._wishes else []
            self._wishes[wish.nonce] = wish
            if len(self._wishes) > MOST_VIEWS:
                dropped.append(self._wishes.popitem(last=False)[1])
        self.start()
        return dropped

    def serve(self, patience: float) -> None:
        """Return when all wishes are answered, and all items are scored or so many seconds have passed; or when nobody
        is at work on it.
        """
        end = time.monotonic() + patience
        while self.busy:
            if not self._owed and (self.scoring.done or time.monotonic() >= end):
                return
            time.sleep(0.002)

    @property
    def busy(self) -> bool:
        """Whether somebody is at work."""
        return self._mailbox.busy

    def finish(self) -> None:
        """Score all items, on this thread."""
        with self.turn():
            self.look_again()
            try:
                while self.scoring.step():
                    self._deliver(Scored())
            except Stopped:
                raise RuntimeError("this gallery was closed before all items were scored") from None

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Within the block the worker waits, and items may be scored and made on this thread."""
        with self._readers.reading(), self._turn:
            yield

    def make(self, wanted: Sequence[int], look: Look, end: float) -> list[Made]:
        """What there is of these items by ``time.monotonic() == end``, on this thread; see ``turn``."""
        left, found = list(wanted), dict[int, Made]()
        while left and time.monotonic() < end:
            for index in left:
                ready = self.thumbs.find(index, look, *self._classes(index))
                if ready is not None:
                    found[index] = ready
            left = [index for index in left if index not in found]
            if left:
                found |= {one.index: one for one in self._make(left, look)}
                left = [index for index in left if index not in found]
        return [found[index] for index in wanted if index in found]

    def look_again(self, anyway: bool = False) -> bool:
        """Begin anew where the model has changed, or ``anyway``. Returns whether it has."""
        with self._turn:
            now = self._model()
            if now == self._fingerprint and not anyway:
                return False
            self._fingerprint = now
            self.thumbs.forget()
            self.scoring.restart()
            self._deliver(Anew())
            return True

    def close(self, patience: float = AT_CLOSE) -> None:
        """Stop after the batch at hand, for which so many seconds are waited. Safe to call twice, from any thread."""
        self._mailbox.shut(patience)
        with self._lock:
            self._wishes.clear()
        self.scoring.close()

    # ------------------------------------------------------------------ the worker

    def _work(self) -> None:
        while self._mailbox.take() is not None:
            try:
                self._serve()
                if not self._mailbox.newer():
                    self._freed.hand_over(object())  # batches were recorded, and let go
            except Stopped:
                continue
            except Exception as error:  # what no item is to blame for: it must be said, and the thread may go on
                log.exception("the gallery's worker")
                self._deliver(Trouble(failed(error, None).text))

    def _serve(self) -> None:
        """All that waits, then scores until something waits again."""
        while (wish := self._next()) is not None:
            try:
                self._answer(wish)
            finally:
                self._at_hand = None
        while not self._mailbox.newer():
            self._readers.let_pass()
            if not self._step():
                return

    def _step(self) -> bool:
        """Score some more items. Returns whether there were any."""
        with self._turn:
            if self.look_again():
                changed = True
            else:
                changed, more = False, self.scoring.step(self._mailbox.newer)
                if more:
                    self._deliver(Scored())
                if self.scoring.mixes:
                    self.thumbs.alone()
        if changed:
            self._settle()
            return True
        return more

    def _settle(self) -> None:
        """Wait while the model is being trained, as long as nobody asks for anything."""
        since, last = time.monotonic(), self._fingerprint
        while time.monotonic() - since < PAUSE and not self._mailbox.newer():
            time.sleep(PAUSE / 10)
            if (now := self._model()) != last:
                since, last = time.monotonic(), now

    def _next(self) -> Wish | None:
        with self._lock:
            self._at_hand = self._wishes.popitem(last=False)[1] if self._wishes else None
            return self._at_hand

    @property
    def _owed(self) -> bool:
        with self._lock:
            return self._at_hand is not None or bool(self._wishes)

    def _answer(self, wish: Wish) -> None:
        """Send what is there at once, then the rest as it is made, unless the view has a newer wish by then."""
        self.look_again()
        look = self.look
        known = [self.thumbs.find(index, look, *self._classes(index)) for index in wish.items]
        left = [index for index, made in zip(wish.items, known, strict=True) if made is None]
        ready = tuple(made for made in known if made is not None)
        try:
            if ready or not left:
                self._deliver(Part(wish, look, ready, bool(left)))
            while left:
                if self._superseded(wish) or self.look != look:
                    break
                made = self._make(left, look)
                done = {one.index for one in made}
                left = [index for index in left if index not in done]
                if made:
                    self._deliver(Part(wish, look, tuple(made), bool(left)))
        except Exception as error:
            text = failed(error, None).text
            self._deliver(Part(wish, look, tuple(Made(index, failed=text) for index in left), False))
            raise
        if left:
            self._deliver(Part(wish, look, (), False))

    def _make(self, wanted: list[int], look: Look) -> list[Made]:
        with self._turn:
            try:
                return self.thumbs.make(wanted, look, [self._classes(index) for index in wanted])
            except StaleRecordingError:
                self.look_again()
                return []

    def _classes(self, index: int) -> tuple[int, int]:
        """The predicted and the true class of an item, as far as they are known."""
        found = self.scoring.scores
        return int(found.predicted[index]), int(found.truth[index])

    def _superseded(self, wish: Wish) -> bool:
        with self._lock:
            return wish.nonce in self._wishes or self._mailbox.closed

    def _model(self) -> Fingerprint:
        return fingerprint(self._engine.model)
