"""A live widget on a plain page: the kernel's side is this very process, so no notebook server is needed."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, Route

from camwidget import CamWidget
from tests.wire.front_end import FrontEnd

SITE = "http://alone.test/"
PATIENCE = 60.0
BUNDLE = Path(__file__).resolve().parents[2] / "camwidget" / "static" / "widget.js"

PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>alone</title>
<body style="margin: 0; background: #fff"><div id="cell"></div><script type="module">
import widget from "./widget.js";
const plain = (value) => {
  if (Array.isArray(value)) return value.map(plain);
  if (value === null || typeof value !== "object") return value;
  if ("$bytes" in value) return new DataView(Uint8Array.from(atob(value.$bytes), (c) => c.charCodeAt(0)).buffer);
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, plain(inner)]));
};
const state = plain(JSON.parse(await window.kernel("null")));
const handlers = {};
const emit = (event, ...values) => [...(handlers[event] ?? [])].forEach((handler) => handler(...values));
// each message in a task of its own, as hosts hand them over
const take = async (messages) => {
  for (const { state: values, content, buffers } of plain(JSON.parse(messages))) {
    Object.assign(state, values);
    for (const name of Object.keys(values ?? {})) emit(`change:${name}`);
    if (content) emit("msg:custom", content, buffers);
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
await render({ model: window.model, el: document.querySelector("#cell") });
if (!location.search) window.setInterval(() => tell({}), 40);
</script>"""


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

    def __init__(self, page: Page, widget: CamWidget, dark: bool = False, kernel: bool = True) -> None:
        self.page, self.widget, self.errors = page, widget, list[str]()
        self._front = FrontEnd(widget)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda said: self.errors.append(said.text) if said.type == "error" else None)
        page.route(SITE + "**", self._serve)
        page.expose_function("kernel", self._answer)
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
        if route.request.url.endswith("widget.js"):
            route.fulfill(path=BUNDLE, content_type="text/javascript")
        elif route.request.url.removesuffix("?alone") == SITE:
            route.fulfill(body=PAGE, content_type="text/html")
        else:
            route.fulfill(status=204)

    def _answer(self, text: str) -> str:
        """What the kernel has sent by now, after it took a message of the page; at first all of its state."""
        message = json.loads(text)
        if message is None:
            state = self.widget.get_state()
            return json.dumps(packed({name: value for name, value in state.items() if not name.startswith("_")}))
        if "content" in message:
            self._front.send(message["content"]["request"])
        elif message:
            self.widget.set_state(message["update"])
        # the worker may add to it meanwhile
        count = len(self._front.messages)
        sent, self._front.messages[:count] = self._front.messages[:count], []
        return json.dumps([self._unpacked(data, buffers) for data, buffers in sent])

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
