"""A live widget on a plain page: the kernel's side is this very process, so no notebook server is needed."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Page, Route

from camwidget import CamWidget
from tests.wire.front_end import FrontEnd

SITE = "http://alone.test/"
PATIENCE = 60.0
BUNDLE = Path(__file__).resolve().parents[2] / "camwidget" / "static" / "widget.js"

# what hosts make of a kernel's messages: one model a page, and a view of it in each element marked as output
HOST = """
import widget from "./widget.js";
const unpacked = (value) => Uint8Array.from(atob(value.$bytes), (c) => c.charCodeAt(0));
const plain = (value) => {
  if (Array.isArray(value)) return value.map(plain);
  if (value === null || typeof value !== "object") return value;
  if ("$bytes" in value) return new DataView(unpacked(value).buffer);
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, plain(inner)]));
};
const state = plain(JSON.parse(await window.kernel("null")));
const handlers = {};
const emit = (event, ...values) => [...(handlers[event] ?? [])].forEach((handler) => handler(...values));
// each message in a task of its own, as hosts hand them over
const take = async (messages) => {
  for (const { state: values, content, buffers } of JSON.parse(messages)) {
    Object.assign(state, plain(values));
    for (const name of Object.keys(values ?? {})) emit(`change:${name}`);
    if (content) emit("msg:custom", plain(content), window.bare ? buffers.map(unpacked) : plain(buffers));
    await new Promise((next) => setTimeout(next));
  }
};
let last = Promise.resolve();
const tell = (message) => (last = last.then(async () => take(await window.kernel(JSON.stringify(message)))));
const deaf = {
  get: (name) => state[name],
  on: (event, handler) => void (handlers[event] ??= new Set()).add(handler),
  off: (event, handler) => void handlers[event]?.delete(handler),
};
window.model = location.search ? deaf : {
  ...deaf,
  set(name, value) {
    state[name] = value;
    emit(`change:${name}`);
    tell({ update: { [name]: value } });
  },
  save_changes() {},
  send: (content) => void tell({ content }),
};
const { initialize, render } = widget;
await initialize?.({ model: window.model });
for (const el of document.querySelectorAll("[data-output]")) await render({ model: window.model, el });
if (!location.search) window.setInterval(() => tell({}), 40);
"""

PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>alone</title>
<body style="margin: 0; background: #fff"><div data-output></div><script type="module" src="./host.js"></script>"""


def packed(value: Any) -> Any:
    """A value as JSON has it, bytes as base64."""
    if isinstance(value, (bytes, memoryview)):
        return {"$bytes": base64.b64encode(bytes(value)).decode()}
    if isinstance(value, dict):
        return {key: packed(inner) for key, inner in value.items()}
    return [packed(inner) for inner in value] if isinstance(value, (list, tuple)) else value


class Alone:
    """A page with one widget. Stands in for a ``Notebook`` where a ``View`` needs one.

    Args:
        kernel: without it, the page has the widget's state and nobody to ask.
    """

    pages: Mapping[str, str] = MappingProxyType({"": PAGE})
    """The documents of the site by their paths."""

    def __init__(self, page: Page, widget: CamWidget, dark: bool = False, kernel: bool = True) -> None:
        self.page, self.widget, self.errors = page, widget, list[str]()
        self._front = FrontEnd(widget)
        self.heard: list[dict[str, Any]] = []
        """What the page has told the kernel."""
        self._unread: dict[str, int] = {}  # by document: how many messages it has seen
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda said: self.errors.append(said.text) if said.type == "error" else None)
        page.route("**/*", self._serve)
        page.expose_binding("kernel", lambda source, text: self._answer(source["frame"].url, text))
        page.goto(SITE if kernel else SITE + "?alone")
        if dark:
            page.evaluate("document.body.style.background = '#111'")

    def until(self, check: Callable[[], Any], what: str) -> None:
        """Wait until a check holds."""
        end = time.monotonic() + PATIENCE
        while not check():
            assert time.monotonic() < end, f"waited in vain for {what}"
            self.page.wait_for_timeout(25)

    def _serve(self, route: Route) -> None:
        path = urlsplit(route.request.url).path.removeprefix("/")
        if path == "widget.js":
            route.fulfill(path=BUNDLE, content_type="text/javascript")
        elif path == "host.js":
            route.fulfill(body=HOST, content_type="text/javascript")
        elif path in self.pages:
            route.fulfill(body=self.pages[path], content_type="text/html")
        else:
            route.fulfill(status=204)

    def _answer(self, who: str, text: str) -> str:
        """What the kernel has sent to a document by now, after it took a message of it; at first all of its state."""
        message = json.loads(text)
        if message is None:
            self._unread[who] = len(self._front.messages)
            state = self.widget.get_state()
            return json.dumps(packed({name: value for name, value in state.items() if not name.startswith("_")}))
        if message:
            self.heard.append(message)
            self._handle(message)
        # the worker may add to it meanwhile
        begin, end = self._unread[who], len(self._front.messages)
        self._unread[who] = end
        return json.dumps([self._unpacked(data, buffers) for data, buffers in self._front.messages[begin:end]])

    def _handle(self, message: dict[str, Any]) -> None:
        """A message of the page, as the kernel takes it."""
        if "content" in message:
            self._front.send(message["content"]["request"])
        else:
            self.widget.set_state(message["update"])

    def _unpacked(self, data: dict[str, Any], buffers: list[Any]) -> dict[str, Any]:
        if data.get("method") not in ("update", "echo_update"):
            return {"content": data["content"], "buffers": packed(buffers)}
        state = json.loads(json.dumps(data["state"]))
        for path, buffer in zip(data.get("buffer_paths", []), buffers, strict=True):
            inner = state
            for key in path[:-1]:
                inner = inner[key]
            inner[path[-1]] = packed(bytes(buffer))
        return {"state": state}
