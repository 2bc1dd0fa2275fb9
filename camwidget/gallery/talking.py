"""The part of a gallery that talks with the browser: requests in, what the worker found out."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from typing import Any

import traitlets

from camwidget import late, wire

from . import wire as wire_
from .asked import Refused, read_wish
from .declared import GalleryTraits
from .desk import Anew, Desk, Part, Scored, Trouble, Word
from .items import Items
from .protocol import UNKNOWN
from .thumbs import Look

log = logging.getLogger("camwidget")

EVERY = 0.2
"""Seconds between two messages about scores."""


class Talking(GalleryTraits):
    """``CamGallery`` has the items and the worker. Every request is answered, every word is checked."""

    _items: Items
    _desk: Desk | None = None
    """None before the constructor is done, and after close()."""

    _sent = 0
    """Scores of the first so many items were sent."""
    _spoke = 0.0
    """When that was."""
    _told: frozenset[int] = frozenset()
    """Items that are known there to have failed."""
    _wanted = False
    """Whether a page has asked for the scores and nobody has waited for them yet."""

    # ------------------------------------------------------------------ from the browser

    def _handle_custom_msg(self, content: Any, buffers: Any) -> None:
        super()._handle_custom_msg(content, buffers)
        if not isinstance(content, Mapping):
            return
        if content.get("kind") == "thumbs":
            self._wished(content)
        elif content.get("kind") == "scores?":
            self._tell_all(content.get("from"))

    def _wished(self, content: Mapping[str, Any]) -> None:
        with self._lock:
            desk = self._desk
            if desk is None:
                return
            wish = read_wish(content, self._count)
            if isinstance(wish, Refused):
                self._refuse(wish.text)
                if wish.wish is not None:
                    self.send(*wire_.unanswered(wish.wish, self.generation, wish.text))
                return
            for old in desk.ask(wish):
                self.send(*wire_.unanswered(old, self.generation))

    def _tell_all(self, asked: Any) -> None:
        """All that is known, for a view that opened late, or from the first item that it lacks."""
        with self._lock:
            desk = self._desk
            if desk is None:
                return
            found = desk.scoring.scores
            self._sent, self._wanted = found.done, True
            start = asked if type(asked) is int and 0 <= asked <= found.done else 0
            if late.lost():  # so may be what was said of them while no message was handled
                self.send_state(["generation", "known", "status"])
            # of Parquet more is known than was scored
            end = self._count if self._items.found is not None and self.generation == 1 else found.done
            self.send(*wire_.scores(found, start, end, self.generation))
            self.send(*wire_.failed(dict(found.failed), self.generation))
            self._told = frozenset(found.failed)
            self.scored = found.done
            desk.start()

    # ------------------------------------------------------------------ from the worker

    def _deliver(self, word: Word) -> None:
        """Put a word on the wire. Runs on the worker's thread; a user's observer must not end it."""
        try:
            with self._lock:
                if self._desk is not None:
                    self._say(word, self._desk)
        except Exception:
            log.exception("could not deliver %s", type(word).__name__)

    def _say(self, word: Word, desk: Desk) -> None:
        match word:
            case Part():
                self.send(*wire_.thumbs(word, self._items, self.generation))
            case Scored():
                if desk.scoring.done or time.monotonic() - self._spoke > EVERY:
                    self._tell(desk)
            case Anew():
                self._sent, self._told = 0, frozenset()
                self.scored = 0
                self.generation += 1
                self.kept = {}
                self.status = wire.status("ready", "the model has changed: all items are scored anew")
            case Trouble():
                self.status = wire.status("error", word.text, "what was found out before stays on screen")

    def _tell(self, desk: Desk) -> None:
        """What was scored since the last time."""
        found = desk.scoring.scores
        start, end = self._sent, found.done
        if end > start:
            self.send(*wire_.scores(found, start, end, self.generation))
        fresh = {index: text for index, text in found.failed.items() if index not in self._told}
        if fresh:
            self.send(*wire_.failed(fresh, self.generation))
        self._sent, self._spoke, self._told = end, time.monotonic(), self._told | fresh.keys()
        if not self.known and bool((found.truth[start:end] != UNKNOWN).any()):
            self.known = True
        self.scored = end
        if desk.scoring.done:
            self.status = self._summary(desk)

    def _summary(self, desk: Desk) -> dict[str, Any]:
        """What must be known once all is scored."""
        failed, strange = desk.scoring.scores.failed, desk.scoring.strange
        if failed:
            first = next(iter(failed.values()))
            return wire.status("warning", f"{len(failed)} of {self._count} items could not be scored", first[:300])
        if strange:
            last = len(self._names) - 1
            text = f"{len(strange)} of {self._count} items have a label that is no class of this network"
            return wire.status("warning", text, f"labels are 0 to {last}, or -1 where there is none")
        return wire.status("ready", "")

    # ------------------------------------------------------------------ by what maps are made

    @traitlets.observe("layer", "variant")
    def _look_changed(self, _change: Any) -> None:
        with self._lock:
            if self._desk is not None:
                self._desk.look = self._look()

    def _desk_or_raise(self) -> Desk:
        if self._desk is None:
            raise RuntimeError("this gallery is closed; make a new one")
        return self._desk

    def _look(self) -> Look:
        return Look(self.layer, self.variant)
