"""One widget on the page, as a reader of it sees it: its parts, its pixels, its boxes."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from frames import drawn
from lab import PATIENCE, Notebook
from playwright.sync_api import Locator

from camwidget import VARIANTS

Pixels = npt.NDArray[np.uint8]
Box = dict[str, float]

SLOW = sum(variant.slow for variant in VARIANTS.values())
"""So many variants have no thumbnail in the menu: they are made only when they are chosen."""

PIXELS = """(canvas) => {
    const { width, height } = canvas;
    if (!width || !height) return [0, 0, ""];
    const data = canvas.getContext("2d").getImageData(0, 0, width, height).data;
    let text = "";
    for (let i = 0; i < data.length; i += 8192) text += String.fromCharCode(...data.subarray(i, i + 8192));
    return [width, height, btoa(text)];
}"""

BOXES = """(root, selectors) => {
    const at = root.getBoundingClientRect();
    const box = (selector) => {
        const r = root.querySelector(selector).getBoundingClientRect();
        return { x: r.x - at.x, y: r.y - at.y, width: r.width, height: r.height };
    };
    return Object.fromEntries([["root", { x: 0, y: 0, width: at.width, height: at.height }],
        ...selectors.map((selector) => [selector, box(selector)])]);
}"""

# what can be seen beyond the widget's right or left edge: each box is cut by those that hold it and hide what is over;
# and menus that hang out below, where a notebook cuts them off
OUTSIDE = """(root) => {
    const at = root.getBoundingClientRect();
    const found = root.scrollWidth > root.clientWidth ? [`root ${root.scrollWidth} > ${root.clientWidth}`] : [];
    for (const node of root.querySelectorAll("*:not(.spoken, svg *)")) {
        let { left, right } = node.getBoundingClientRect();
        for (let holder = node.parentElement; holder !== root; holder = holder.parentElement) {
            if (getComputedStyle(holder).overflowX === "visible") continue;
            const r = holder.getBoundingClientRect();
            left = Math.max(left, r.left);
            right = Math.min(right, r.right);
        }
        if (right > left && (right > at.right + 0.5 || left < at.left - 0.5)) {
            const name = `${node.tagName}.${node.getAttribute("class")}`;
            found.push(`${name} ${left - at.left}..${right - at.left} of ${at.width}`);
        }
    }
    for (const menu of root.querySelectorAll(".menu")) {
        const over = menu.getBoundingClientRect().bottom - at.bottom;
        if (over > 0.5) found.push(`${menu.getAttribute("class")} ${over} below`);
    }
    return found;
}"""

BANDS = (".head", ".picture", ".colorbar", ".classes", ".controls", ".strip", ".readout", ".status")


@dataclass
class View:
    """The parts of one widget. ``index`` counts the views on the page.

    Each part that is asked for has been drawn by then; who keeps one must wait for himself, by ``expect``.
    """

    notebook: Notebook
    index: int = 0

    @property
    def root(self) -> Locator:
        # in some hosts the widget is in a frame
        ground = getattr(self.notebook, "frame", self.notebook.page)
        drawn(ground)
        found: Locator = ground.locator(".camwidget").nth(self.index)
        return found

    def part(self, selector: str) -> Locator:
        return self.root.locator(selector)

    def role(self, role: Any, name: str, *, exact: bool = True) -> Locator:
        return self.root.get_by_role(role, name=name, exact=exact)

    def row(self, target: int) -> Locator:
        return self.part(f'.row[data-target="{target}"]')

    def layer(self, name: str) -> Locator:
        return self.part(f'[data-layer="{name}"]')

    @property
    def selected(self) -> list[str]:
        """The classes marked as chosen."""
        return self.part('.row[aria-selected="true"] .name-text').all_inner_texts()

    @property
    def question(self) -> str:
        return self.part(".question").inner_text()

    @property
    def readout(self) -> str:
        return " ".join(self.part(".readout").inner_text().split())

    @property
    def status(self) -> str:
        return " ".join(self.part(".status").inner_text().split())

    def pixels(self, selector: str = ".heat") -> Pixels:
        """A canvas as (height, width, RGBA)."""
        width, height, text = self.part(selector).first.evaluate(PIXELS)
        return np.frombuffer(base64.b64decode(text), np.uint8).reshape(height, width, 4)

    def until_changed(self, before: Pixels, what: str) -> Pixels:
        """Wait until the heat is another one, by more than rounding; returns it."""
        return self._until(lambda now: changed(now, before), f"the picture to change: {what}")

    def same(self, wanted: Pixels) -> bool:
        """Whether this is the heat that is painted, but for rounding."""
        return differing(self.pixels(), wanted) == 0

    def until_same(self, wanted: Pixels, what: str) -> Pixels:
        return self._until(lambda now: differing(now, wanted) == 0, f"the picture to come back: {what}")

    def until_painted(self) -> Pixels:
        return self._until(lambda now: bool(now[..., 3].any()), "the heat to be painted")

    def _until(self, check: Callable[[Pixels], bool], what: str) -> Pixels:
        found: list[Pixels] = []

        def look() -> bool:
            found[:] = [self.pixels()]
            return check(found[0])

        self.notebook.until(look, what)
        return found[0]

    def boxes(self) -> dict[str, Box]:
        """Where the bands stand, from the widget's corner."""
        found: dict[str, Box] = self.root.evaluate(BOXES, list(BANDS))
        return found

    def outside(self) -> list[str]:
        """What sticks out of the widget."""
        found: list[str] = self.root.evaluate(OUTSIDE)
        return found

    def hover(self, fx: float, fy: float) -> None:
        """Move the pointer to a place on the picture, as shares of its width and height."""
        self.part(".fit").hover(position=self._place(fx, fy))

    def click(self, fx: float, fy: float) -> None:
        self.part(".fit").click(position=self._place(fx, fy))

    def leave(self) -> None:
        """Move the pointer out of the widget."""
        self.notebook.page.mouse.move(1, 1)

    def _place(self, fx: float, fy: float) -> Any:
        box = self.part(".fit").bounding_box()
        assert box is not None
        return {"x": fx * box["width"], "y": fy * box["height"]}


def peak(pixels: Pixels) -> tuple[float, float]:
    """Where a picture in viridis is hottest, as shares (x, y): its green rises from its low end to its high end."""
    heat = np.where(pixels[..., 3] > 0, pixels[..., 1].astype(float) + pixels[..., 3], 0)
    rows, columns = np.nonzero(heat == heat.max())
    height, width = heat.shape
    # the hottest colour may cover some pixels: their middle
    return float(columns.mean() + 0.5) / width, float(rows.mean() + 0.5) / height


def changed(now: Pixels, before: Pixels) -> bool:
    """Whether one overlay is another than before: also by a hundredth of opacity, and not by a map that comes again,
    in float16.
    """
    return differing(now, before) > 0 or bool((np.abs(now[..., 3].astype(int) - before[..., 3]) > 1).any())


def differing(found: Pixels, wanted: Pixels) -> int:
    """How many pixels of two overlays differ by more than rounding: a step in the colours, a value sent in float16."""
    if found.shape != wanted.shape:
        return max(found.size, wanted.size) // 4
    opacity = found[..., 3].astype(int) - wanted[..., 3]
    # canvases keep colours multiplied by their opacity: faint ones come back rounded
    strong = np.minimum(found[..., 3], wanted[..., 3]) > 64
    colour = (found[..., :3].astype(int) - wanted[..., :3])[strong]
    return int((np.abs(opacity) > 3).sum() + (np.abs(colour).max(-1, initial=0) > 8).sum())


def difference(view: View, canvas: str = ".heat", what: str = "", patience: float = PATIENCE) -> str:
    """What is wrong with the overlay on the screen, compared with the one worked out from the kernel's values: "" as
    soon as nothing is, else what is after ``patience`` seconds. ``what`` are more arguments of ``expected.overlay``.
    """
    end = time.monotonic() + patience
    while (found := _difference(view, canvas, what)) and time.monotonic() < end:
        view.notebook.page.wait_for_timeout(50)
    return found


def _difference(view: View, canvas: str, what: str) -> str:
    found = view.pixels(canvas)
    height, width, _ = found.shape
    text = view.notebook.execute(f"print(expected.overlay(w, {height}, {width}, {what}))")
    wanted = np.frombuffer(base64.b64decode(text), np.uint8).reshape(height, width, 4)
    if not wanted[..., 3].any():
        return "nothing is to be painted: this shows nothing"
    wrong = differing(found, wanted)
    # the edge at a threshold may fall on either side of a pixel
    return "" if wrong <= 0.001 * height * width else f"{wrong} of {height * width} pixels differ"
