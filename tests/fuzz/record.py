"""Writes ``recorded.json``: what the real front end sends while all that it offers is used, for each kind of widget.

PYTHONPATH=.:tests/browser python -m tests.fuzz.record [kind ...]
"""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path
from typing import Any

from alone import Alone
from chrome import chromium
from playwright.sync_api import Page

from tests.fuzz.subjects import GALLERY, KINDS, make

RECORDED = Path(__file__).with_name("recorded.json")

KEYS = (
    "ArrowDown", "ArrowUp", "ArrowLeft", "ArrowRight", "v", "Escape", "b", "e", "p", "]", "[", "s", "x",
    "Shift+ArrowDown", "Shift+ArrowUp", "m", "i", "z", "Shift+z", "0", "d", "Shift+ArrowRight", "n", "t", "PageUp",
)  # fmt: skip
GALLERY_KEYS = (
    "ArrowDown", "ArrowUp", "ArrowLeft", "ArrowRight", "Shift+ArrowRight", "Home", "End", "Enter", "Escape", " ",
    "Control+a", "PageDown",
)  # fmt: skip
STEPS = 160
MOST = 40
"""Messages of a kind that are kept: of each form the first ones."""
ALIKE = 3
LONGEST = 4000


class Recorder(Alone):
    """Notes what the page sends."""

    def __init__(self, page: Page, widget: Any) -> None:
        self.sent: list[Any] = []
        super().__init__(page, widget)

    def _answer(self, who: str, model: str, text: str) -> str:
        message = json.loads(text)
        if model:
            pass  # of what is shown within it
        elif message and "content" in message:
            self.sent.append({"method": "custom", "content": message["content"]})
        elif message:
            self.sent.append({"method": "update", "state": message["update"], "buffer_paths": []})
        return super()._answer(who, model, text)


def main() -> None:
    """Use each kind of widget, and write down what was sent."""
    found = json.loads(RECORDED.read_text())
    with chromium() as browser:
        for kind in sys.argv[1:] or (*KINDS, GALLERY):
            page = browser.new_page(viewport={"width": 1100, "height": 900})
            subject = make(kind)
            recorder = Recorder(page, subject.widget)
            if kind == GALLERY:
                page.locator(".g-tile").first.wait_for()
                leaf(page, random.Random(1))
            else:
                page.locator(".heat").first.wait_for()
                use(page, random.Random(1))
            found[kind] = some(recorder.sent)
            print(kind, len(recorder.sent), "sent,", len(found[kind]), "kept; errors:", recorder.errors)
            subject.widget.close()
            page.close()
    lines = [f"{json.dumps(kind)}: [\n" + ",\n".join(map(json.dumps, kept)) + "\n]" for kind, kept in found.items()]
    RECORDED.write_text("{" + ",\n".join(lines) + "}\n")


def use(page: Page, draw: random.Random) -> None:
    """Keys, clicks, and drags, in no order."""
    root = page.locator(".camwidget")
    for _ in range(STEPS):
        match draw.randrange(5):
            case 0 | 1:
                root.press(draw.choice(KEYS))
            case 2:
                drag(page, draw)
            case _:
                handles = root.locator("button:visible, .row:visible, [data-layer]:visible, input[type=range]:visible")
                count = handles.count()
                if count:
                    press(page, handles.nth(draw.randrange(count)).bounding_box(), draw)
        page.wait_for_timeout(60)


def leaf(page: Page, draw: random.Random) -> None:
    """In a gallery: keys, clicks and choices, in no order."""
    root = page.locator(".gallery")
    for _ in range(STEPS):
        match draw.randrange(5):
            case 0 | 1:
                root.locator(".g-grid").press(draw.choice(GALLERY_KEYS))
            case 2:
                choices = root.locator(".g-head select:visible")
                one = choices.nth(draw.randrange(choices.count()))
                one.select_option(index=draw.randrange(one.locator("option").count()))
            case _:
                handles = root.locator(".g-tile:visible, .g-head input, .g-way, .g-cell, input[type=range]:visible")
                press(page, handles.nth(draw.randrange(handles.count())).bounding_box(), draw)
        page.wait_for_timeout(60)


def press(page: Page, box: Any, draw: random.Random) -> None:
    """Click somewhere within it."""
    if box is not None:
        page.mouse.click(box["x"] + draw.random() * box["width"], box["y"] + draw.random() * box["height"])


def drag(page: Page, draw: random.Random) -> None:
    """Draw a short line over the picture."""
    box = page.locator(".picture").bounding_box()
    if box is None:
        return
    page.mouse.move(box["x"] + draw.random() * box["width"], box["y"] + draw.random() * box["height"])
    page.mouse.down()
    for _ in range(3):
        page.mouse.move(box["x"] + draw.random() * box["width"], box["y"] + draw.random() * box["height"], steps=2)
    page.mouse.up()


def some(sent: list[Any]) -> list[Any]:
    """A few of each form."""
    counts: dict[Any, int] = {}
    kept = []
    for message in sent:
        content = message.get("content", {})
        request = content.get("request", {str(content.get("kind")): True})
        full = tuple(name for name, value in request.items() if value not in (None, False, []))
        form = (*message.get("state", {}), *full)
        counts[form] = counts.get(form, 0) + 1
        if counts[form] <= ALIKE and len(json.dumps(message)) <= LONGEST and len(kept) < MOST:
            kept.append(message)
    return kept


if __name__ == "__main__":
    main()
