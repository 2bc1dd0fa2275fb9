"""The part of the widget that paints over the picture: ``edits``, and what comes of them."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import traitlets

from . import edits as edits_
from .aimed import AimedTraits
from .answers import Request
from .easel import Easel
from .edits import Edits
from .gate import Checked
from .images import Picture
from .inputs import Subject
from .scene import Scene


class PokedTraits(AimedTraits):
    """A change of what is painted is one forward pass, and makes all maps anew. ``CamWidget`` has the session."""

    edits = Checked()
    """Not synced: the browser has it in ``edited``, together with the picture of it."""

    _subject: Subject
    _easel: Easel | None = None
    """None where what is explained is no single picture."""

    @traitlets.default("edits")
    def _no_edits(self) -> list[dict[str, Any]]:
        return []

    @property
    def picture_edited(self) -> npt.NDArray[np.uint8]:
        """What the network saw, ``(H, W, 3)`` uint8 at the size of its input, with what is painted over it."""
        edits = self._read_edits(self.edits)
        return self._painted_on().pixels(edits)

    @property
    def _shown(self) -> Subject:
        """What is explained, with what is painted over it."""
        painted = self._atlas.scene.edits if self._atlas is not None else ()
        if self._easel is None or not painted or not isinstance(self._subject, Picture):
            return self._subject
        return replace(self._subject, encoded=self._easel.picture(painted))

    def _painted_on(self) -> Easel:
        if self._easel is None:
            what = "film strip: give one picture alone" if self._subject.kind == "picture" else self._subject.kind
            raise ValueError(f"edits are painted over a picture, and this is a {what}")
        return self._easel

    def _checked(self, name: str, value: Any) -> Any:
        return edits_.plain(self._read_edits(value)) if name == "edits" else super()._checked(name, value)

    def _read_edits(self, value: Any) -> Edits:
        if not self._easel and isinstance(value, (list, tuple)) and not value:
            return ()
        return edits_.read(value, self._painted_on().size)

    @traitlets.observe("edits")
    def _edits_changed(self, change: Any) -> None:
        # not the trait as it is by now: an answer to earlier strokes may have put it back meanwhile
        with self._lock:
            session = self._session
            if session is not None and self._look(edits=self._read_edits(change["new"])):
                self._visit()
                self._ask(Request(self._view()))

    def _look(self, **parts: Any) -> bool:
        """Have a scene with these parts looked at from the next answer on. Returns whether it is another."""
        session = self._open()
        wanted = replace(self._scene, **parts)
        if wanted == self._scene:
            return False
        session.scene = wanted
        return True

    @property
    def _scene(self) -> Scene:
        """What is looked at from the next answer on."""
        session = self._open()
        return session.atlas.scene if session.scene is None else session.scene

    def _edits_settled(self) -> None:
        """After an answer: what the network really saw, unless other edits are wanted by now."""
        session = self._open()
        seen = session.atlas.scene
        if self._easel is None or self._scene != seen:
            return
        plain = edits_.plain(seen.edits)
        if self.edits != plain:
            self.edits = plain
        if self.edited.get("edits", []) != plain:
            self.edited = self._easel.shown(seen.edits)

    # ------------------------------------------------------------------ what CamWidget has

    @abstractmethod
    def _visit(self) -> None:
        """Remember that one has been here."""
