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

from ipywidgets.widgets import widget as ipywidgets_widget
from playwright.sync_api import Page, Route

from camwidget import CamGallery, CamWidget
from tests.wire.front_end import FrontEnd

SITE = "http://alone.test/"
PATIENCE = 60.0
STATIC = Path(__file__).resolve().parents[2] / "camwidget" / "static"

# what hosts make of a kernel's messages: one of each model a page, and a view of the first in each element marked as
# output; a widget may show another one in itself
HOST = """
import widget from "./front.js";
const unpacked = (value) => Uint8Array.from(atob(value.$bytes), (c) => c.charCodeAt(0));
const plain = (value) => {
  if (Array.isArray(value)) return value.map(plain);
  if (value === null || typeof value !== "object") return value;
  if ("$bytes" in value) return new DataView(unpacked(value).buffer);
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, plain(inner)]));
};
async function modelOf(id) {
  const ask = (message) => window.kernel(id, JSON.stringify(message));
  const state = plain(JSON.parse(await ask(null)));
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
  const tell = (message) => (last = last.then(async () => take(await ask(message))));
  const deaf = {
    get: (name) => state[name],
    on: (event, handler) => void (handlers[event] ??= new Set()).add(handler),
    off: (event, handler) => void handlers[event]?.delete(handler),
  };
  if (location.search) return deaf;
  window.setInterval(() => tell({}), 40);
  return {
    ...deaf,
    set(name, value) {
      state[name] = value;
      emit(`change:${name}`);
      tell({ update: { [name]: value } });
    },
    save_changes() {},
    send: (content) => void tell({ content }),
  };
}
const host = {
  async getWidget(ref) {
    const model = await modelOf(ref.slice("anywidget:".length));
    const { default: inner } = await import("./widget.js");
    return { render: (place) => inner.render({ ...place, model }) };
  },
};
window.model = await modelOf("");
const { initialize, render } = widget;
await initialize?.({ model: window.model });
for (const el of document.querySelectorAll("[data-output]")) await render({ model: window.model, el, host });
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

    def __init__(self, page: Page, widget: CamWidget | CamGallery, dark: bool = False, kernel: bool = True) -> None:
        self.page, self.widget, self.errors = page, widget, list[str]()
        self._fronts: dict[str, FrontEnd] = {"": self._front_of(widget)}
        self.heard: list[dict[str, Any]] = []
        """What the page has told the kernel."""
        self._unread: dict[tuple[str, str], int] = {}  # by document and model: how many messages it has seen
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda said: self.errors.append(said.text) if said.type == "error" else None)
        page.route("**/*", self._serve)
        page.expose_binding("kernel", lambda source, model, text: self._answer(source["frame"].url, model, text))
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
            route.fulfill(path=STATIC / path, content_type="text/javascript")
        elif path == "front.js":
            route.fulfill(body=self.widget._esm, content_type="text/javascript")
        elif path == "host.js":
            route.fulfill(body=HOST, content_type="text/javascript")
        elif path in self.pages:
            route.fulfill(body=self.pages[path], content_type="text/html")
        else:
            route.fulfill(status=204)

    def _front_of(self, widget: Any) -> FrontEnd:
        """The page's end of a widget's comm."""
        return FrontEnd(widget)

    def _answer(self, who: str, model: str, text: str) -> str:
        """What the kernel has sent to a document's model by now, after it took a message of it; at first all of its
        state. A model without a name is the one that the page is about.
        """
        message, at = json.loads(text), (who, model)
        if model not in self._fronts:
            self._fronts[model] = self._front_of(ipywidgets_widget._instances[model])
        front = self._fronts[model]
        if message is None:
            self._unread[at] = len(front.messages)
            state = front.widget.get_state()
            return json.dumps(packed({name: value for name, value in state.items() if not name.startswith("_")}))
        if message:
            self.heard.append(message)
            self._handle(front, message)
        # the worker may add to it meanwhile
        begin, end = self._unread[at], len(front.messages)
        self._unread[at] = end
        return json.dumps([self._unpacked(data, buffers) for data, buffers in front.messages[begin:end]])

    def _handle(self, front: FrontEnd, message: dict[str, Any]) -> None:
        """A message of the page, as the kernel takes it."""
        if "content" in message:
            front.deliver({"method": "custom", "content": message["content"]})
        else:
            front.deliver({"method": "update", "state": message["update"], "buffer_paths": []})

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
