"""The browser's side of the comm, for tests without a browser."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from torch import Tensor, nn

from camwidget import CamGallery, CamWidget
from camwidget.engine import CamEngine

NAMES = ("cat", "dog", "owl", "fox", "newt", "crane")
PATIENCE = 60
"""Seconds until a test gives up waiting."""


def settle() -> None:
    """Wait until no worker is busy."""
    until(lambda: not any(thread.name == "camwidget" for thread in threading.enumerate()))


def until(check: Callable[[], Any]) -> None:
    """Wait until a check holds."""
    end = time.monotonic() + PATIENCE
    while not check():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.001)


class FrontEnd:
    """The browser's side of the comm. Messages are packed as a Jupyter server packs them."""

    def __init__(self, widget: CamWidget | CamGallery) -> None:
        self.widget, self.seq = widget, 0
        self.messages: list[tuple[dict[str, Any], list[Any]]] = []
        settle()
        widget.comm.send = self.receive

    def receive(self, data: Any = None, metadata: Any = None, buffers: Any = None) -> None:
        json.dumps(data, ensure_ascii=False, allow_nan=False).encode()
        self.messages.append((data, list(buffers or [])))

    def request(self, target: Any, layer: Any = None, variant: Any = "gradcam", **more: Any) -> list[Any]:
        """Ask and wait; the reply that is expected."""
        self.seq += 1
        layer = self.widget.layer if layer is None else layer
        asked = {"nonce": "page", "seq": self.seq, "target": target, "layer": layer, "variant": variant}
        self.send(asked | more)
        settle()
        return ["page", self.seq]

    def send(self, request: Any) -> None:
        """A request, right or wrong, as it arrives."""
        self.deliver({"method": "custom", "content": {"type": "request", "request": request}})

    def deliver(self, data: Any) -> None:
        """A message as it arrives."""
        self.widget._handle_msg({"content": {"data": data}, "buffers": []})

    def states(self, name: str) -> list[Any]:
        """Every value of a trait that was sent, with the binary parts put back."""
        found = []
        for data, buffers in self.messages:
            if data.get("method") == "update" and (name in data["state"] or [name] in data.get("buffer_paths", [])):
                state = json.loads(json.dumps(data["state"]))
                for path, buffer in zip(data["buffer_paths"], buffers, strict=True):
                    inner = state
                    for key in path[:-1]:
                        inner = inner[key]
                    inner[path[-1]] = bytes(buffer)
                found.append(state[name])
        return found

    def replies(self) -> list[Any]:
        return [state["reply"] for name in ("stack", "status") for state in self.states(name) if state["reply"]]


def values(stack: dict[str, Any]) -> np.ndarray:
    stored = np.frombuffer(stack["data"], {"float32": "<f4", "float16": "<f2"}[stack["dtype"]])
    return stored.reshape(-1, *stack["grid"]) * stack["scale"]


def expected_maps(w: CamWidget, cnn: nn.Module, photo: Tensor, targets: list[int]) -> np.ndarray:
    return CamEngine(cnn).record(photo[None]).cams(targets, w.layer, w.variant)[0].numpy()
