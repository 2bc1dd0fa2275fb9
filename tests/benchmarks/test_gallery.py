"""What scrolling through a gallery of ten thousand items costs: a frame, and the memory of the page.

The page is the bundle with a stand-in for the kernel (``js/dev/gallery_model.js``), which answers after 60 ms.
"""

from __future__ import annotations

import statistics
from typing import Any

import pytest

pytest.importorskip("playwright.sync_api")

from chrome import chromium
from gallery_page import Sheet, shown

from tests.benchmarks.results import Results

COUNT = 10_000
SECONDS = 6
FRAME = 16.8
"""A frame of a 60 Hz display, to the coarseness of the browser's clock."""

# there and back, so many pixels a frame; the time of each frame, and of the script in it
SCROLL = """([grid, speed, seconds]) => new Promise((done) => {
    const frames = [];
    let way = speed, last = performance.now();
    const end = last + 1000 * seconds;
    const tick = () => {
        const now = performance.now();
        frames.push(now - last);
        last = now;
        if (grid.scrollTop + way < 0 || grid.scrollTop + way > grid.scrollHeight - grid.clientHeight) way = -way;
        grid.scrollTop += way;
        if (now < end) requestAnimationFrame(tick); else done(frames);
    };
    requestAnimationFrame(tick);
})"""


def heap(sheet: Sheet) -> float:
    """Megabytes of the page's JavaScript after a collection; canvases and decoded pictures are not among them."""
    session = sheet.page.context.new_cdp_session(sheet.page)
    session.send("HeapProfiler.collectGarbage")
    found: dict[str, Any] = session.send("Runtime.getHeapUsage")
    backing = float(found.get("backingStorageSize", 0))
    return (float(found["usedSize"]) + backing) / 2**20


def test_scrolling(results: Results) -> None:
    with chromium() as browser, shown(browser, count=COUNT) as sheet:
        sheet.painted()
        grid = sheet.grid.element_handle()
        before = heap(sheet)
        case = results.case("scrolling a gallery of 10 000 items", "stand-in", unit="ms a frame")
        for name, speed in (
            ("slowly, 4 px a frame", 4),
            ("fast, 120 px a frame", 120),
            ("leaping, 2000 px a frame", 2000),
        ):
            frames = sheet.evaluate(SCROLL, [grid, speed, SECONDS])[5:]
            assert len(frames) > 20 * SECONDS
            case.figures[name] = statistics.median(frames)
            case.figures[f"{name}, p95"] = statistics.quantiles(frames, n=20)[-1]
            # no display shows what leaps by: a frame of it may take longer
            if speed < 2000:
                results.assert_bar(case, f"ms a frame, median, {name}", case.figures[name], at_most=FRAME)
        sheet.painted()
        case.notes.append(f"JavaScript memory {before:.1f} MB before, {heap(sheet):.1f} MB after")
        # every item has been in sight: what is kept is bounded by 24 MB of pictures and maps
        top = 0
        while top < sheet.grid.evaluate("(grid) => grid.scrollHeight"):
            sheet.grid.evaluate("(grid, top) => { grid.scrollTop = top; }", top)
            top += 500
            sheet.painted()
        after = heap(sheet)
        case.notes.append(f"{after:.1f} MB after every item was looked at")
        results.assert_bar(case, "MB more after every item was looked at", after - before, at_most=48)
