"""A page that only looks at the clock and the scales: what the kernel sends, when, and how heavy it is."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass
from typing import Any

import comm.base_comm

from camwidget import CamWidget

PATIENCE = 120.0


@dataclass(frozen=True)
class Message:
    """One message of the kernel. ``at``: when it was sent, in seconds of ``time.perf_counter``."""

    at: float
    data: dict[str, Any]
    buffers: list[Any]

    @property
    def size(self) -> int:
        """Bytes of its content as a Jupyter kernel packs it, buffers included, envelope not."""
        packed = json.dumps(self.data, ensure_ascii=False, allow_nan=False).encode()
        return len(packed) + sum(memoryview(buffer).nbytes for buffer in self.buffers)

    @property
    def state(self) -> dict[str, Any]:
        """The traits that it carries, without their binary parts."""
        found: dict[str, Any] = self.data.get("state", {})
        return found

    @property
    def reply(self) -> Any:
        """Which request it answers, if any."""
        for trait in ("stack", "status"):
            reply = (self.state.get(trait) or {}).get("reply")
            if reply is not None:
                return reply
        return None


class Wire:
    """All that was sent by the widgets made while ``install`` was in force."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.changed = threading.Condition()

    def create_comm(self, **keywords: Any) -> comm.base_comm.BaseComm:
        """In place of the kernel's own."""
        wire = self

        class Noted(comm.base_comm.BaseComm):
            def publish_msg(
                self, msg_type: str, data: Any = None, metadata: Any = None, buffers: Any = None, **keys: Any
            ) -> None:
                message = Message(time.perf_counter(), dict(data or {}), list(buffers or []))
                with wire.changed:
                    wire.messages.append(message)
                    wire.changed.notify_all()

        return Noted(**keywords)

    def first_stack(self) -> Message:
        """The first message that carries maps."""
        return next(message for message in self.messages if message.state.get("stack"))

    def carrying(self, trait: str) -> list[Message]:
        """The messages that carry a trait."""
        return [message for message in self.messages if message.state.get(trait)]


class Page:
    """Asks as a page does, and waits for the answer."""

    def __init__(self, widget: CamWidget, wire: Wire) -> None:
        self.widget, self.wire, self.seq = widget, wire, 0

    def request(self, **asked: Any) -> float:
        """Milliseconds from the arrival of a request to the sending of its answer, the stack. Not named: as it is."""
        self.seq += 1
        view = {name: getattr(self.widget, name) for name in ("target", "layer", "variant")} | asked
        request = {"nonce": "bench", "seq": self.seq, **view, "whole": self._holds(view["layer"], view["variant"])}
        seen = len(self.wire.messages)
        start = time.perf_counter()
        data = {"method": "custom", "content": {"type": "request", "request": request}}
        self.widget._handle_msg({"content": {"data": data}, "buffers": []})
        return (self._answer(["bench", self.seq], seen).at - start) * 1e3

    def _holds(self, layer: str, variant: str) -> bool:
        """Whether every class of this layer and variant was sent."""
        stacks = [message.state["stack"] for message in self.wire.carrying("stack")]
        return any((s["targets"], s["layer"], s["variant"]) == (None, layer, variant) for s in stacks)

    def _answer(self, reply: list[Any], seen: int) -> Message:
        def found() -> Message | None:
            return next((m for m in self.wire.messages[seen:] if m.reply == reply), None)

        with self.wire.changed:
            answer = self.wire.changed.wait_for(found, timeout=PATIENCE)
        assert answer is not None, "no answer"
        return answer


def settle(patience: float = PATIENCE) -> bool:
    """Wait until no worker is busy, idle work included, or so many seconds. Returns whether all came to rest."""
    end = time.monotonic() + patience
    while any(thread.name == "camwidget" for thread in threading.enumerate()):
        if time.monotonic() > end:
            return False
        time.sleep(0.002)
    return True
