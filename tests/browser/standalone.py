"""A page without a kernel, opened from its file with the network off."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from lab import PATIENCE
from playwright.sync_api import Browser, Page
from view import View

INNER = ("blob:", "data:")


@dataclass
class Sheet:
    """An open page: what it logged, and what it asked the network for."""

    page: Page
    errors: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def view(self, index: int = 0) -> View:
        return View(self, index)  # type: ignore[arg-type]  # the part of a notebook that a view needs

    def until(self, check: Callable[[], bool], what: str) -> None:
        end = time.monotonic() + PATIENCE
        while not check():
            assert time.monotonic() < end, f"waited in vain for {what}"
            self.page.wait_for_timeout(30)


@contextmanager
def opened(browser: Browser, path: Path, foreign: Sequence[str] = (), **how: Any) -> Iterator[Sheet]:
    """A file in a context of its own; nothing may go wrong on it, and nothing be asked for but itself. ``foreign``:
    hosts that the page around it asks, in vain, which goes to the console.
    """
    settings = {"viewport": {"width": 1000, "height": 900}, "reduced_motion": "reduce", **how}
    context = browser.new_context(**settings)
    context.set_offline(True)
    sheet = Sheet(context.new_page())
    if not foreign:
        sheet.page.on("console", lambda said: sheet.errors.append(said.text) if said.type == "error" else None)
        sheet.page.on("pageerror", lambda error: sheet.errors.append(str(error)))
    sheet.page.on("request", lambda request: sheet.asked.append(request.url))
    sheet.page.goto(path.as_uri())
    sheet.page.locator(".camwidget").first.wait_for()
    yield sheet
    assert sheet.errors == []
    own = {path.as_uri()}
    assert {url for url in sheet.asked if not url.startswith(INNER) and urlsplit(url).netloc not in foreign} <= own
    context.close()
