"""The browser's side of a gallery's comm, for tests without a browser."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from camwidget import CamGallery
from tests.wire.front_end import settle

COLUMNS = {"loss": "<f4", "confidence": "<f4", "margin": "<f4", "predicted": "<u2", "truth": "<u2"}


class GalleryEnd:
    """Messages are packed as a Jupyter server packs them."""

    def __init__(self, gallery: CamGallery) -> None:
        self.gallery = gallery
        self.messages: list[tuple[dict[str, Any], list[bytes]]] = []
        self.states: list[dict[str, Any]] = []
        gallery.comm.send = self.receive

    def receive(self, data: Any = None, metadata: Any = None, buffers: Any = None) -> None:
        json.dumps(data, ensure_ascii=False, allow_nan=False).encode("utf8", errors="surrogateescape")
        if data.get("method") == "custom":
            self.messages.append((data["content"], [bytes(one) for one in buffers or []]))
        elif "state" in data:
            self.states.append(data["state"])

    def send(self, content: Any) -> None:
        """A message as it arrives: JSON that was written and read."""
        data = json.loads(json.dumps({"method": "custom", "content": content}))
        self.gallery._handle_msg({"content": {"data": data}, "buffers": []})

    def update(self, state: Any) -> None:
        """State as it arrives."""
        data = json.loads(json.dumps({"method": "update", "state": state, "buffer_paths": []}))
        self.gallery._handle_msg({"content": {"data": data}, "buffers": []})

    def thumbs(self, seq: int, nonce: str = "") -> list[tuple[dict[str, Any], list[bytes]]]:
        """All answers to a request."""
        return [
            (content, buffers)
            for content, buffers in self.messages
            if content["kind"] == "thumbs" and (content["nonce"], content["seq"]) == (nonce, seq)
        ]

    def items(self, seq: int, nonce: str = "") -> dict[int, tuple[dict[str, Any], list[bytes]]]:
        """What was answered of each item, with its three buffers."""
        found = {}
        for content, buffers in self.thumbs(seq, nonce):
            left = list(buffers)
            for item in content["items"]:
                count = 0 if "failed" in item else 3
                found[item["index"]] = item, left[:count]
                del left[:count]
            assert not left
        return found

    def ask(self, seq: int, items: list[int], **more: Any) -> dict[int, tuple[dict[str, Any], list[bytes]]]:
        """Ask and wait."""
        self.send({"kind": "thumbs", "seq": seq, "items": items, **more})
        settle()
        return self.items(seq, more.get("nonce", ""))

    def scores(self) -> dict[str, Any]:
        """The columns, as the newest generation's messages fill them in."""
        n, newest = self.gallery.count, self.gallery.generation
        found = {name: np.full(n, np.nan if kind == "<f4" else 65535, kind) for name, kind in COLUMNS.items()}
        for content, buffers in self.messages:
            if content["kind"] == "scores" and content["generation"] == newest:
                start, end, at = content["from"], content["to"], 0
                for name, kind in COLUMNS.items():
                    size = (end - start) * int(kind[2])
                    found[name][start:end] = np.frombuffer(buffers[0][at : at + size], kind)
                    at += size
                assert at == len(buffers[0])
        return found


def values(item: dict[str, Any], data: bytes, which: int = 0) -> Any:
    """A map that was sent, ``(h, w)``."""
    return np.frombuffer(data, "<f2").astype(np.float32).reshape(item["grid"]) * item["peak"][which]
