"""The part of the widget that takes requests: of the browser, and of Python."""

from __future__ import annotations

import logging
from abc import abstractmethod
from dataclasses import asdict, replace
from typing import Any

import traitlets

from . import history, late, wire
from .answers import Answer, Failed, Request, View
from .checks import Incoming, read_request
from .contrasted import ContrastedTraits
from .engine.variants import find_variant
from .failing import STAYS, failed
from .regional import RegionalTraits

log = logging.getLogger("camwidget")


class Asked(RegionalTraits, ContrastedTraits):
    """What is asked for is checked as a whole, mirrored to the public traits, and handed to the session."""

    def refresh(self) -> None:
        """Look at the model again, as after a training step: one forward pass, and list and maps follow. A change by an
        optimiser, and a part or a forward hook that is another, are noticed at the next click anyway; one through
        ``.data`` or of a part's settings is not noticed without this.
        """
        with self._lock:
            self._open().atlas.expire()
            self._ask(Request(self._view()))

    def wait_for_answers(self) -> None:
        """Return when what was asked for, here or in the browser, is on its way to the browser."""
        session = self._session
        if session is not None:
            session.serve()

    def _handle_msg(self, msg: Any) -> None:
        super()._handle_msg(msg)
        late.wait_for([self])

    @traitlets.observe("target", "layer", "variant")
    def _view_changed(self, _change: Any) -> None:
        with self._lock:
            if self._session is not None and not self._accepting:
                self._ask(Request(self._view()))

    def _requested(self, value: Any) -> None:
        """A request of the browser: checked, mirrored to the public traits, answered. Never raises."""
        with self._lock:
            if self._session is None:
                return
            asked = read_request(value)
            try:
                self._accept(asked)
            except (TypeError, ValueError, traitlets.TraitError) as error:
                self._show(Failed(asked.reply, str(error), STAYS))
            except Exception as error:  # of a user's observer; unanswered, the browser would wait for ever
                log.exception("request %s", asked)
                self._show(failed(error, asked.reply))

    def _accept(self, asked: Incoming) -> None:
        if asked.error is not None:
            raise ValueError(asked.error)
        view = View(
            self._index(asked.target), self._recording.resolve(asked.layer), find_variant(asked.variant).id
        )  # checked as a whole before any of it is taken
        index = self.index if asked.index is None else self._read_picture(asked.index)
        if asked.keep:  # what Python has set meanwhile is newer
            view = self._view()
        visit = asked.visit or {}
        rest = {name: self._checked(name, value) for name, value in visit.items() if name != "at"}
        edits = None if asked.edits is None else self._read_edits(asked.edits)
        contrast = self._read_contrast(asked.contrast)
        self._set_together({"index": index, **asdict(view), **rest})
        self._look(picture=index, edits=self._scene.edits if edits is None else edits)
        if visit.get("at") is not None:
            self.visited = history.returned(self.visited, self._state(), visit["at"])
        elif edits is None or visit:  # a stroke that is not done yet is no place to go back to
            self._visit()
        also = {"rows": asked.rows, "contrast": contrast, "tests": asked.tests}
        self._ask(Request(view, asked.reply, asked.want, asked.whole, **also))

    def _ask(self, request: Request) -> None:
        session, view = self._open(), request.view
        if view.target not in self.listed:
            self.listed = self._listed_with(view.target)
            session.listed = self.listed
        if all(view.layer != known["name"] for known in self.layers):
            self.layers = wire.layers(self._recording, view.layer)
        session.ask(replace(request, known=self._known))

    # ------------------------------------------------------------------ what CamWidget has

    @abstractmethod
    def _show(self, answer: Answer) -> None:
        """Put an answer on the wire."""

    @abstractmethod
    def _listed_with(self, target: int) -> list[int]:
        """The classes that are listed, this one among them."""
