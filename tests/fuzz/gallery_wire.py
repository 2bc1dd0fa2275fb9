"""As ``wire.py``, for a gallery: thumbnails and scores on one side, the opened item's widget on the other."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from typing import Any

import numpy as np

from camwidget import protocol as of_widgets
from camwidget.gallery import protocol
from tests.fuzz import strategies
from tests.fuzz.subjects import Subject
from tests.fuzz.wire import NONCE, Comm, custom, named, plain


class GalleryWire(Comm):
    """The comm of a gallery."""

    def __init__(self, subject: Subject) -> None:
        super().__init__(subject)
        self.widget = subject.widget
        self.last: list[tuple[dict[str, Any], list[bytes]]] = []
        """What was answered to the right request."""
        self.scores: list[bytes] = []
        self._send({"kind": "scores?"})
        self._send({"kind": "scores?"})
        self.columns = self.scores[-1]
        self.pictures = [self._asked(index)[1][0] for index in range(len(subject.inputs))]
        self.opened = [self._opened(index) for index in range(len(subject.inputs))]

    def _read(self, data: Any, buffers: Sequence[Any]) -> None:
        content = data.get("content", {})
        if content.get("kind") == "thumbs":
            if content["nonce"] == NONCE:
                self.last.append((content, [bytes(one) for one in buffers]))
            if not content["more"]:
                self.answered.add((content["nonce"], content["seq"]))
        elif content.get("kind") == "scores":
            self.scores[:] = [bytes(buffers[0])]

    def _request(self, data: Any) -> dict[str, Any] | None:
        content = custom(data)
        return content if content.get("kind") == "thumbs" and named(content) else None

    def messages(self) -> Any:
        return strategies.of_gallery(self.subject.layers, self.subject.classes, len(self.subject.inputs))

    def check(self, draw: random.Random) -> None:
        """All that is shown makes sense, and right requests have the right picture, map, numbers and widget."""
        self._makes_sense()
        index, layer = draw.randrange(len(self.subject.inputs)), draw.choice(self.subject.layers)
        self._set({"layer": layer, "variant": "gradcam"})
        item, (picture, map_, _) = self._asked(index)
        assert picture == self.pictures[index], "the picture was lost"
        predicted = int(np.frombuffer(self.columns, "<u2", len(self.pictures), 12 * len(self.pictures))[index])
        found = np.frombuffer(map_, "<f2").astype(np.float32).reshape(item["grid"]) * item["peak"][0]
        due = self.subject.due(index, predicted, layer)
        np.testing.assert_allclose(found, due, rtol=2e-3, atol=2e-3 * np.abs(due).max() + 1e-9)
        self._send({"kind": "scores?"})
        assert self.scores[-1] == self.columns, "the scores were lost"
        assert self._opened(index) == self.opened[index], "the full widget's picture was lost"

    def _makes_sense(self) -> None:
        w, count = self.widget, len(self.subject.inputs)
        assert w.order in protocol.ORDERS and w.shows in protocol.SHOWS and w.sign in of_widgets.SIGNS
        assert w.layer in self.subject.layers and 0 <= w.opacity <= 1 and isinstance(w.descending, bool)
        assert w.opened is None or 0 <= w.opened < count
        assert w.selection == sorted(set(w.selection)) and all(0 <= one < count for one in w.selection)
        assert set(w.filter) == set(protocol.FILTER_KEYS)
        assert set(w.status) == set(of_widgets.STATUS_KEYS) and len(w.status["text"]) <= 1000
        assert w.scored == count and w.generation == 1
        json.dumps({name: plain(getattr(w, name)) for name in protocol.TRAITS_TO_BROWSER}, allow_nan=False)

    def _set(self, state: dict[str, Any]) -> None:
        self.deliver({"method": "update", "state": state, "buffer_paths": []})
        self.settle()

    def _asked(self, index: int) -> tuple[dict[str, Any], list[bytes]]:
        """What a right request is answered of an item."""
        self.last.clear()
        self._send({"kind": "thumbs", "nonce": NONCE, "seq": 0, "items": [index]})
        ((item, data),) = [(content["items"][0], data) for content, data in self.last if content["items"]]
        return item, data

    def _opened(self, index: int) -> bytes:
        """The picture of the full widget that opens of an item."""
        self._set({"opened": None})
        self._set({"opened": index})
        w = self.widget
        assert w.opened == w.widget.index == index, w.status
        assert w.widget.status["state"] != "error", w.widget.status
        picture = bytes(w.widget.picture)
        self._set({"opened": None})
        return picture
