"""The part of a gallery that is for where no kernel runs: pages, and notebooks that are run with nobody there."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from camwidget import export, late, payload
from camwidget.checks import count, one_of
from camwidget.engine.stale import StaleRecordingError
from camwidget.failing import TOO_FAST
from camwidget.text import line

from . import paper
from .desk import Desk
from .opening import Opening
from .thumbs import Look

PICTURES = 100
"""So many items of a page have their picture, unless more are wanted."""

TURN = 1.0
"""Seconds that a handler waits for scores where late answers are lost; then the page asks again."""

PATIENCE = 300.0
"""Seconds that a cell waits for them where no page will, and for the pictures of a page."""

TRIES = 5
"""Of a page while the model changes."""


class Paged(Opening):
    """``CamGallery`` is made of it."""

    _kept_of: tuple[Any, ...] | None = None
    """What ``kept`` was made of."""

    def save(self, path: str | Path, most: int = PICTURES, *, title: str | None = None, form: str = "page") -> Path:
        """Write the gallery as a file of HTML that needs no kernel and no network; one that is there is overwritten.

        It has the scores of all items, so it sorts, filters and counts; of the first ones, in the order that is on
        screen, it has the pictures with their maps. To open another item takes a kernel; the one that is open goes
        along as its own widget would, see ``CamWidget.save``. What is not scored yet is scored first. No file of yours
        is named.

        Args:
            path: of the file, which ends in .html. most: so many items with a picture.
            title: of the page, as plain text; default: the model and the number of items.
            form: "page", "fragment" or "frame", see ``CamWidget.to_html``.

        Returns: the path.

        Raises:
            TypeError, ValueError: with what was given, and what is accepted.
        """
        if Path(path).suffix.lower() not in (".html", ".htm"):
            raise ValueError(f"a gallery is saved as a page; given: {Path(path).name!r}, accepted: a name with .html")
        return export.write(path, self.to_html(most, title=title, form=form))

    def to_html(self, most: int = PICTURES, *, title: str | None = None, form: str = "fragment") -> export.Html:
        """The page of ``save`` as text, which a cell shows wherever HTML is.

        Args:
            most, title: see ``save``. form: "fragment", "frame" or "page", see ``CamWidget.to_html``.

        Raises: as ``save``.
        """
        one_of("form", form, export.FORMS)
        block, inner = self._blocks(most)
        called = self._page_title if title is None else line(str(title))
        return export.form_of(form, [block], called, str(self._esm), inner)

    def _blocks(self, most: int) -> tuple[bytes, tuple[bytes, str] | None]:
        """What a page is given, see ``payload.block``; of the opened item's widget, too, with its front end."""
        count("most", most)
        desk = self._desk_or_raise()
        for _ in range(TRIES):
            with desk.turn():
                desk.finish()
                with self._lock:
                    # looked up once: another item, layer or variant may be chosen while pictures are made
                    child = None if self.opened is None or self._child is None or self._child.closed else self._child
                    traits, look = {name: getattr(self, name) for name in paper.TRAITS}, desk.look
                traits["kept"] = self._keep(most, look)
                desk.look_again()  # a model that has changed meanwhile begins another generation
            if self.generation == traits["generation"]:
                inner = None if child is None else (child.page_data(), str(child._esm))  # noqa: SLF001
                return payload.block(paper.of(traits, inner is not None)), inner
        raise StaleRecordingError(TOO_FAST)

    @property
    def _page_title(self) -> str:
        """The model and how many items there are."""
        return f"{self.meta['model']}, {self._count} items"

    # ------------------------------------------------------------------ hosts that lose what comes late

    def wait_for_answers(self) -> None:
        """Return when what was asked for, here or in the browser, is on its way to the browser. Where no page will ask
        for the scores, they are waited for, too, and kept with the pictures of the first items.
        """
        desk = self._desk
        if desk is None:
            return
        nobody, wanted = late.nobody_is_there(), self._wanted
        self._wanted = False
        desk.serve(PATIENCE if nobody else TURN if wanted else 0)
        with self._lock:
            if desk.scoring.scores.done > self._sent:  # else what the status says would be said over
                self._tell(desk)
            if wanted and desk.busy and not desk.scoring.done:
                self.send({"kind": "more"})
        if nobody:
            self._leave(desk)
        if self._child is not None:
            self._child.wait_for_answers()

    def _handle_msg(self, msg: Any) -> None:
        super()._handle_msg(msg)
        late.wait_for([self])

    # ------------------------------------------------------------------ what is kept

    def _leave(self, desk: Desk) -> None:
        """Keep what a notebook is to remember, where it has changed."""
        done, look = desk.scoring.scores.done, desk.look
        made_of = (self.generation, done, look, self.order, self.descending, self.filter)
        if done and made_of != self._kept_of:
            self.kept, self._kept_of = self._keep(PICTURES, look), made_of

    def _keep(self, most: int, look: Look) -> dict[str, Any]:
        desk, generation = self._desk_or_raise(), self.generation
        with desk.turn():
            found = desk.scoring.scores
            wanted = paper.first(found, self.order, self.descending, self.filter, most)
            made = desk.make(wanted, look, time.monotonic() + PATIENCE)
            return paper.kept(found, self._items, made, look, generation)
