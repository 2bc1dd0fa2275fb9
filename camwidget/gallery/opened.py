"""The full widget of one of a gallery's items, whichever was opened last."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any, overload

import torch
from torch import nn

from camwidget import images, inputs, scores
from camwidget.answers import Request, View
from camwidget.atlas import Atlas
from camwidget.easel import Easel
from camwidget.engine import CamEngine, Recording
from camwidget.following import Follower, as_there, follow
from camwidget.images import Picture
from camwidget.inputs import Subject
from camwidget.preprocessing import Preprocessing
from camwidget.scene import Scene
from camwidget.widget import CamWidget

from .items import Classes, Items
from .protocol import UNKNOWN

KEPT = 4
"""So many items stay ready for the network."""


class Stand:
    """The pictures of items, read when they are opened, each with what may be painted over it. Holds no widget."""

    def __init__(self, items: Items) -> None:
        self._items = items
        self._lock = threading.Lock()
        self._read: OrderedDict[int, tuple[Picture, Easel]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._items)

    def on(self, index: int) -> tuple[Picture, Easel]:
        """One of them. Raises, besides as ``images.read``, whatever the data set raises."""
        with self._lock:
            if index in self._read:
                self._read.move_to_end(index)
                return self._read[index]
        picture = images.read(self._items.given(index)[0], self._items.known)
        with self._lock:
            self._read[index] = picture, Easel(picture)
            if len(self._read) > KEPT:
                self._read.popitem(last=False)
            return self._read[index]

    def input(self, scene: Scene) -> torch.Tensor:
        """What the network is given of a scene, ``(1, C, H, W)``."""
        return self.on(scene.picture)[1].input(scene)


class Truths(Sequence["int | None"]):
    """The true class of each item as it is known by now."""

    def __init__(self, classes: Callable[[], Classes]) -> None:
        self._classes = classes

    def __len__(self) -> int:
        return len(self._classes())

    @overload
    def __getitem__(self, index: int) -> int | None: ...
    @overload
    def __getitem__(self, index: slice) -> list[int | None]: ...
    def __getitem__(self, index: int | slice) -> int | list[int | None] | None:
        if isinstance(index, slice):
            return [_known(one) for one in self._classes()[index]]
        return _known(self._classes()[index])


def _known(found: Any) -> int | None:
    return None if found == UNKNOWN else int(found)


class Leafing:
    """From one item to another: the class follows as in a film."""

    def __init__(self, atlas: Atlas, truths: Sequence[int | None], own: Callable[[Recording], int]) -> None:
        self._atlas, self._truths, self._own = atlas, truths, own

    def follow(self, view: View, left: Scene, before: Recording) -> View:
        """See ``following.Follower``."""
        if left.picture == self._atlas.scene.picture:
            return as_there(view, self._atlas)
        return follow(view, self._atlas, before, self._truths[left.picture], self._own)


class Opened(CamWidget):
    """A ``CamWidget`` whose ``index`` is any of a gallery's items: a film without a strip.

    Args:
        stand: the items. truths: their true classes.
        index: the item that is shown first. keywords: as of ``CamWidget``.
    """

    def __init__(self, model: nn.Module, stand: Stand, truths: Truths, index: int, **keywords: Any) -> None:
        self._stand, self._truths = stand, truths
        super().__init__(model, None, index=index, **keywords)

    @property
    def stand(self) -> Stand:
        """The items."""
        return self._stand

    @property
    def closed(self) -> bool:
        """Whether somebody closed it, and not the gallery."""
        return self._session is None

    def show(self, index: int, target: int | None) -> None:
        """Show an item and, where it is not None, this class of it."""
        with self._lock:
            chosen = {} if target is None else {"target": target}
            self._set_together({"index": index, **chosen})
            self._look(picture=index)
            self._ask(Request(self._view()))

    # ------------------------------------------------------------------ in place of a film's

    def _read_subject(
        self,
        image: Any,  # noqa: ARG002
        engine: CamEngine,  # noqa: ARG002
        found: Preprocessing,  # noqa: ARG002
        kind: str | None,  # noqa: ARG002
        index: Any,
        **of_signals: Any,  # noqa: ARG002
    ) -> Subject:
        self._first = self._read_picture(index)
        return self._stand.on(self._first)[0]

    def _read_truths(self, truth: Any) -> None:
        """They are the gallery's."""

    def _start_atlas(self, engine: CamEngine, recording: Recording) -> tuple[Atlas, Follower | None]:
        self._easel = self._stand.on(self._first)[1]
        atlas = Atlas(engine, recording, inputs=self._stand.input, scene=Scene(self._first))
        names, probability = self._names, self._probability

        def own(of: Recording) -> int:
            return scores.first(scores.strongest(of, probability, 2), names, probability)

        return atlas, Leafing(atlas, self._truths, own)

    def _look(self, **parts: Any) -> bool:
        if parts.get("picture", self._scene.picture) != self._scene.picture:
            parts = {"edits": (), **parts}  # what was painted stays with its picture
        return super()._look(**parts)

    def _new_picture(self) -> dict[str, Any]:
        if self._atlas is None:
            return {}
        here = self._atlas.scene.picture
        if self._scene == self._atlas.scene:  # else another one is wanted by now
            self._quietly(index=here)
        self._subject, self._easel = self._stand.on(here)
        for name, value in self._subject.state().items():
            setattr(self, name, value)
        return inputs.about(self._subject, here)

    @property
    def _known_truth(self) -> None:
        """Code that makes this picture's widget is not told: it is known by the gallery's data."""
        return

    def _with_truth(self, listed: list[int]) -> list[int]:
        truth = self._truth
        return listed if truth is None or truth in listed else [*listed, truth]
