"""Where messages reach a widget and leave it, as in a kernel; and what must hold whatever came in."""

from __future__ import annotations

import json
import logging
import random
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np

from camwidget import protocol
from tests.fuzz import strategies
from tests.fuzz.subjects import Subject
from tests.wire.front_end import values

PATIENCE = 60
NONCE = "check"

Key = tuple[str, int]
"""A view, and the number of its request."""


class Faults(logging.Handler):
    """Exceptions that nobody sees: caught at the last gate, ours or that of ipywidgets, and logged; or raised on a
    thread.
    """

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info:
            self.seen.append(self.format(record))

    def raised(self, args: threading.ExceptHookArgs) -> None:
        self.seen.append(f"{args.exc_type.__name__} on {args.thread}: {args.exc_value}")


class Comm(ABC):
    """The comm of a widget: messages are packed as a Jupyter server packs them."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.owed: set[Key] = set()
        self.answered: set[Key] = set()
        self.seq = 0
        self.count, self.slowest = 0, 0.0
        """Requests that were answered; seconds that the kernel was held up by a message, at most."""
        settle()
        subject.widget.comm.send = self._receive

    def _receive(self, data: Any = None, metadata: Any = None, buffers: Any = None) -> None:
        json.dumps(data, ensure_ascii=False, allow_nan=False).encode("utf8", errors="surrogateescape")
        self._read(data, buffers or [])

    def deliver(self, data: Any) -> None:
        """A message as the kernel hands it over. Whatever it is, nothing may be raised."""
        request = self._request(data)
        if request is not None:
            # no page counts the same number twice: an answer that was given before would be no change, and not be sent
            self.seq += 1
            request["seq"] = self.seq
            self.owed.add((request.get("nonce", ""), self.seq))
        start = time.perf_counter()
        message = {"content": {"comm_id": "1", "data": data}, "buffers": [], "metadata": {}}
        self.subject.widget.comm.handle_msg(message)
        self.slowest = max(self.slowest, time.perf_counter() - start)

    def settle(self) -> None:
        """Wait until no worker is busy; by then whoever could be answered was."""
        settle()
        assert self.owed <= self.answered, f"without an answer: {self.owed - self.answered}"
        self.count += len(self.owed)
        self.owed.clear()
        self.answered.clear()

    def _send(self, content: dict[str, Any]) -> None:
        self.deliver({"method": "custom", "content": content})
        self.settle()

    @abstractmethod
    def _read(self, data: Any, buffers: Sequence[Any]) -> None:
        """Note whom a message answers."""

    @abstractmethod
    def _request(self, data: Any) -> dict[str, Any] | None:
        """The request of a message that must be answered; None: it is none, or does not say from whom."""

    @abstractmethod
    def messages(self) -> Any:
        """A strategy of what it may be sent."""

    @abstractmethod
    def check(self, draw: random.Random) -> None:
        """All that is shown makes sense, and a right request is answered rightly."""


class Wire(Comm):
    """The comm of a widget of one picture, signal or volume, or of a film."""

    def __init__(self, subject: Subject) -> None:
        super().__init__(subject)
        self.widget = subject.widget
        self.pictures = [self.widget.picture] * len(subject.inputs)
        for index in range(len(subject.inputs)):
            self.ask(self.widget.target, self.widget.layer, index)
            self.pictures[index] = self.widget.picture

    def _read(self, data: Any, buffers: Sequence[Any]) -> None:
        for name in ("stack", "status"):
            reply = data.get("state", {}).get(name, {}).get("reply")
            if reply is not None:
                self.answered.add(tuple(reply))

    def _request(self, data: Any) -> dict[str, Any] | None:
        content = custom(data)
        request = content.get("request") if content.get("type") == "request" else None
        return request if isinstance(request, dict) and request.get("nonce") and named(request) else None

    def messages(self) -> Any:
        return strategies.messages(self.subject.layers, self.subject.classes)

    def ask(self, target: int, layer: str, index: int) -> None:
        """A right request, and its answer."""
        request = {"nonce": NONCE, "seq": 0, "target": target, "layer": layer, "variant": "gradcam"}
        kind = self.subject.name
        here = {"index": index} if kind == "film" else {"edits": []} if kind in ("picture", "segmentation") else {}
        self._send({"type": "request", "request": request | here})

    def check(self, draw: random.Random) -> None:
        """All that is shown makes sense, and a right request is answered with the right map."""
        subject, w = self.subject, self.widget
        self._makes_sense()
        plain = {"against": None, "score": "logit", "contrast": "off"}
        self.deliver({"method": "update", "state": plain, "buffer_paths": []})
        index = draw.randrange(len(subject.inputs))
        target, layer = draw.randrange(subject.classes), draw.choice(subject.layers)
        self.ask(w.target, layer, index)  # of another picture the class may follow
        self.ask(target, layer, index)
        assert w.status["state"] != "error", w.status
        assert (w.target, w.layer, w.index, w.variant) == (target, layer, index, "gradcam")
        assert w.picture == self.pictures[index] and not w.edited, "the picture was lost"
        shown = w.stack["targets"]
        found = values(w.stack)[target if shown is None else shown.index(target)]
        due = subject.due(index, target, layer)
        np.testing.assert_allclose(found, due, rtol=2e-3, atol=1e-3 * np.abs(due).max() + 1e-9)

    def _makes_sense(self) -> None:
        w = self.widget
        assert isinstance(w.target, int) and 0 <= w.target < self.subject.classes
        assert w.picture in self.pictures and w.stack["data"]
        assert (w.stack["layer"], w.stack["variant"]) == (w.layer, w.variant) or w.status["state"] == "error"
        assert set(w.status) == set(protocol.STATUS_KEYS) and len(w.status["text"]) <= 1000
        assert len(w.history) <= protocol.HISTORY_LENGTH and len(w.listed) <= self.subject.classes
        json.dumps({name: plain(getattr(w, name)) for name in protocol.TRAITS_TO_BROWSER}, allow_nan=False)


def plain(value: Any) -> Any:
    """Without the binary parts, which travel beside."""
    if isinstance(value, dict):
        return {name: plain(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(inner) for inner in value]
    return len(value) if isinstance(value, (bytes, memoryview)) else value


def settle() -> None:
    end = time.monotonic() + PATIENCE
    while any(thread.name == "camwidget" for thread in threading.enumerate()):
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.0005)


def custom(data: Any) -> dict[str, Any]:
    """The content of a custom message; empty: it is none."""
    content = data.get("content") if isinstance(data, dict) and data.get("method") == "custom" else None
    return content if isinstance(content, dict) else {}


def named(request: dict[str, Any]) -> bool:
    """Whether a request says whom to answer."""
    nonce, seq = request.get("nonce", ""), request.get("seq")
    known = isinstance(nonce, str) and nonce.isascii() and len(nonce) <= 64
    return known and type(seq) is int and 0 <= seq <= 2**53
