"""A gallery in the browser: ten thousand items, sorted, filtered and counted there; the kernel sends pictures."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from gallery_page import Sheet, shown
from playwright.sync_api import Browser, expect
from test_access import AXE, RUN
from view import OUTSIDE, PIXELS

COUNT = 10_000
COLUMNS = ("loss", "confidence", "margin", "predicted", "truth")


@pytest.fixture
def sheet(browser: Browser) -> Iterator[Sheet]:
    with shown(browser, count=COUNT) as sheet:
        sheet.painted()
        yield sheet


def columns(sheet: Sheet) -> dict[str, Any]:
    """The kernel's scores."""
    return {name: np.array(sheet.evaluate(f"() => [...model.scores.{name}]"), float) for name in COLUMNS}


def first(column: Any, mask: Any, descending: bool) -> list[int]:
    """The items of a mask in the order in which they are to stand."""
    items = np.flatnonzero(mask)
    values = np.where(np.isnan(column[items]), np.inf, -column[items] if descending else column[items])
    return [int(item) for item in items[np.argsort(values, kind="stable")]]


def test_sorting_and_filtering_ask_nobody(sheet: Sheet) -> None:
    scores = columns(sheet)
    wrong = (scores["truth"] != scores["predicted"]) & (scores["predicted"] < 65535)

    def follows(column: str, mask: Any, descending: bool) -> None:
        due = first(scores[column], mask, descending)
        sheet.until(lambda: sheet.items[:12] == due[:12], f"the order by {column}")
        words = f"{len(due)} of {COUNT}" if len(due) < COUNT else f"{COUNT} items"
        expect(sheet.part(".g-count")).to_have_text(words.replace("10000", "10\u202f000"))

    every = np.ones(COUNT, bool)
    follows("loss", every, True)
    before = sheet.evaluate("() => model.requests.filter(({ kind }) => kind !== 'thumbs').length")
    for column, way in (("margin", True), ("confidence", False)):
        sheet.part('[aria-label="Sort"]').select_option(column)
        if sheet.part(".g-way").get_attribute("aria-label") != ("Highest first" if way else "Lowest first"):
            sheet.part(".g-way").click()
        follows(column, every, way)
    sheet.part(".g-mistakes input").check()
    follows("confidence", wrong, False)
    cell = sheet.root.get_by_role("gridcell", name="true boat, predicted key")
    pair = (scores["truth"] == 5) & (scores["predicted"] == 6)
    assert cell.inner_text().split()[-1] == str(pair.sum())
    cell.click()
    follows("confidence", pair, False)
    expect(cell).to_have_attribute("aria-selected", "true")
    sheet.root.get_by_role("button", name="Not only predicted: key").click()
    sheet.root.get_by_role("rowheader", name="true star").click()
    follows("confidence", scores["truth"] == 0, False)
    assert sheet.saved("filter") == {"truth": 0, "predicted": None, "mistakes": False}
    assert sheet.evaluate("() => model.requests.filter(({ kind }) => kind !== 'thumbs').length") == before


def test_the_table_counts_what_a_plain_loop_counts(sheet: Sheet) -> None:
    scores = columns(sheet)
    found = sheet.part(".g-cell").evaluate_all(
        "(all) => all.map(({ title }) => title.split(': ')[1].replaceAll('\u202f', ''))"
    )
    due = [int(((scores["truth"] == t) & (scores["predicted"] == p)).sum()) for t in range(10) for p in range(10)]
    assert [int(text) for text in found] == due
    wrong = sum(due) - sum(due[::11])
    expect(sheet.part(".g-tally")).to_contain_text(f"{wrong} of 9\u202f999 wrong")


def test_only_what_is_in_sight_exists(sheet: Sheet) -> None:
    nodes = "() => document.querySelector('#cell').shadowRoot.querySelectorAll('*').length"
    at_rest = sheet.evaluate(nodes)
    height = sheet.grid.evaluate("(grid) => grid.scrollHeight - grid.clientHeight")
    most = 0
    for share in np.linspace(0, 1, 40):
        sheet.grid.evaluate("(grid, top) => { grid.scrollTop = top; }", share * height)
        sheet.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        most = max(most, sheet.evaluate(nodes))
    assert most <= at_rest + 2 * 40 * 12, "rows are used again"
    sheet.painted()
    due = first(columns(sheet)["loss"], np.ones(COUNT, bool), True)
    assert sheet.items[-1] == due[-1]
    asked = sheet.asked()
    assert max(map(len, asked)) <= 64
    assert sum(map(len, asked)) < 2000, "what was passed by is not asked for"
    shown_now = set(sheet.items)
    assert shown_now & set(asked[-1])


def test_evidence_lies_where_the_kernel_says(sheet: Sheet) -> None:
    item = next(item for item in sheet.items if item % 240 % 9)  # of a square picture
    canvas = sheet.tile(item).locator(".g-map").first
    with_heat = pixels(canvas)
    sheet.part('[aria-label="Opacity"]').fill("0")
    sheet.until(lambda: not np.array_equal(pixels(canvas), with_heat), "the bare picture")
    difference = np.abs(with_heat.astype(int) - pixels(canvas)).sum(-1)
    rows, cols = np.nonzero(difference > 0.7 * difference.max())
    x, y, _ = sheet.evaluate("(item) => spotsOf(item % 240)[0]", item)
    side = difference.shape[0]
    assert abs(rows.mean() / side - y) < 0.08 and abs(cols.mean() / side - x) < 0.08
    # that of the true class stands beside it, elsewhere
    sheet.part('[aria-label="Opacity"]').fill("62")
    sheet.root.get_by_role("radio", name="Both").check(force=True)
    pair = sheet.tile(item).locator(".g-map:visible")
    expect(pair).to_have_count(2)
    sheet.until(lambda: bool(pixels(pair.nth(1))[..., 3].any()), "the other map")
    assert not np.array_equal(pixels(pair.nth(0)), pixels(pair.nth(1)))


def pixels(canvas: Any) -> Any:
    width, height, text = canvas.evaluate(PIXELS)
    return np.frombuffer(base64.b64decode(text), np.uint8).reshape(height, width, 4)


def test_keys_alone(sheet: Sheet) -> None:
    page = sheet.page
    page.keyboard.press("Tab")
    for _ in range(12):
        if sheet.grid.evaluate("(grid) => grid.getRootNode().activeElement === grid"):
            break
        page.keyboard.press("Tab")
    order = first(columns(sheet)["loss"], np.ones(COUNT, bool), True)
    across = int(sheet.grid.get_attribute("aria-colcount") or 0)
    active = "(grid) => Number(grid.getAttribute('aria-activedescendant').split('-').at(-1))"

    def stands(place: int) -> None:
        sheet.until(lambda: sheet.grid.evaluate(active) == order[place], f"place {place}")
        assert sheet.tile(order[place]).count() == 1, "screen readers are told of an element"

    for key, place in (("ArrowRight", 1), ("ArrowDown", 1 + across), ("Home", across), ("Control+End", COUNT - 1)):
        page.keyboard.press(key)
        stands(place)
    page.keyboard.press("Control+Home")
    stands(0)
    page.keyboard.press("Space")
    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("Shift+ArrowRight")
    sheet.until(lambda: sheet.saved("selection") == sorted(order[: across + 2]), "a range")
    page.keyboard.press("PageDown")
    page.keyboard.press("PageDown")
    sheet.until(lambda: sheet.top > 200, "a page further")
    top = sheet.top
    page.keyboard.press("Enter")
    expect(sheet.part(".g-child")).to_have_text("the full widget")
    opened = sheet.saved("opened")
    at = order.index(opened)
    page.keyboard.press("ArrowRight")
    sheet.until(lambda: sheet.saved("opened") == order[at + 1], "its neighbour")
    page.keyboard.press("Escape")
    expect(sheet.part(".g-opened")).to_be_hidden()
    assert sheet.saved("opened") is None
    sheet.until(lambda: sheet.top == top, "where it was scrolled to")
    stands(at + 1)
    assert sheet.saved("selection") == sorted(order[: across + 2])
    page.keyboard.press("Escape")
    sheet.until(lambda: sheet.saved("selection") == [], "the selection to go")
    expect(sheet.part(".g-selected")).to_be_hidden()
    # no key of the grid's is heard by the notebook; Tab is the browser's
    assert set(sheet.evaluate("() => heard")) <= {"Tab", "Shift", "Control"}
    assert sheet.evaluate("() => document.querySelector('#cell').dataset.lmSuppressShortcuts") == "true"


def test_the_table_is_walked_by_keys(sheet: Sheet) -> None:
    cell = sheet.root.get_by_role("gridcell", name="true star, predicted star")
    cell.focus()
    sheet.page.keyboard.press("ArrowRight")
    sheet.page.keyboard.press("Enter")
    assert sheet.saved("filter") == {"truth": 0, "predicted": 1, "mistakes": False}
    sheet.page.keyboard.press("ArrowUp")
    sheet.page.keyboard.press(" ")
    assert sheet.saved("filter") == {"truth": None, "predicted": 1, "mistakes": False}
    sheet.page.keyboard.press(" ")
    assert sheet.saved("filter") == {"truth": None, "predicted": None, "mistakes": False}


def test_scoring_moves_nothing(browser: Browser) -> None:
    with shown(browser, count=4000, scoring=60) as sheet:
        expect(sheet.part(".g-progress")).to_be_visible()
        sheet.until(lambda: len(sheet.items) > 12 and sheet.part(".g-tile.wrong").count() > 0, "the first scores")
        before = sheet.grid.bounding_box()
        sheet.grid.hover()
        standing = sheet.items[:12]
        expect(sheet.part(".g-progress")).to_be_hidden(timeout=20_000)
        sheet.until(
            lambda: sheet.root.get_by_role("button", name="Sort again").is_visible(), "the word that it could be"
        )
        assert sheet.items[:12] == standing, "nothing moves under the pointer"
        assert sheet.grid.bounding_box() == before
        sheet.page.mouse.move(1, 1)
        due = first(columns(sheet)["loss"], np.ones(4000, bool), True)
        sheet.until(lambda: sheet.items[:12] == due[:12], "the order")


def test_what_cannot_be_shown_is_said(browser: Browser) -> None:
    names = ["<b>star</b>", "moon & co", "x" * 80]
    with shown(browser, count=90, classes=3, traits={"names": names, "order": "index", "descending": False}) as sheet:
        sheet.painted()
        assert sheet.part("b").filter(has_text="star").count() == 0
        expect(sheet.part(".g-heading").first).to_contain_text("<b>star</b>")
        sheet.grid.evaluate("(grid) => { grid.scrollTop = grid.scrollHeight / 3; }")
        expect(sheet.tile(37)).to_contain_text("no picture that can be read")
        assert 37 not in {item for asked in sheet.asked() for item in asked}
        sheet.root.get_by_role("gridcell", name="true moon & co, predicted x").click()
        sheet.evaluate("() => model.push({ status: { state: 'error', text: 'It broke.', hint: 'Mend it.' } })")
        expect(sheet.part(".status")).to_have_text("It broke. Mend it.?")
        assert sheet.root.evaluate(OUTSIDE) == []
    with shown(browser, count=50, latency=10**6) as sheet:
        expect(sheet.part(".status")).to_contain_text("Kernel is busy")
    with shown(browser, count=50, kernel=False) as sheet:
        expect(sheet.part(".status")).to_contain_text("No kernel")


@pytest.mark.parametrize("width", [1300, 640, 320])
def test_nothing_sticks_out(browser: Browser, width: int) -> None:
    with shown(browser, width=width, count=300) as sheet:
        sheet.painted()
        assert sheet.root.evaluate(OUTSIDE) == []
        if width < 640:
            sheet.root.get_by_role("button", name="Confusion").click()
            assert sheet.root.evaluate(OUTSIDE) == []
            sheet.page.keyboard.press("Escape")
        sheet.part(".help-button").click()
        assert sheet.root.evaluate(OUTSIDE) == []
        sheet.page.keyboard.press("Escape")
        sheet.tile(sheet.items[0]).click()
        expect(sheet.part(".g-opened")).to_be_visible()
        assert sheet.root.evaluate(OUTSIDE) == []


@pytest.mark.parametrize("dark", [False, True])
def test_axe_finds_nothing(browser: Browser, dark: bool) -> None:
    if not AXE.is_file():
        pytest.skip("axe-core is not installed: run npm ci in js/")
    for width, classes in ((1000, 10), (420, 40)):
        with shown(browser, width=width, dark=dark, count=300, classes=classes) as sheet:
            sheet.painted()
            expect(sheet.root).to_have_attribute("data-theme", "dark" if dark else "light")
            sheet.evaluate(AXE.read_text(encoding="utf-8"))

            def clean(what: str, sheet: Sheet = sheet) -> None:
                run = RUN.replace(".camwidget", ".gallery")
                assert sheet.root.evaluate(run) == [], what

            clean("at rest")
            if classes > 20:
                sheet.root.get_by_role("button", name="Confusion").click()
                clean("pairs")
                sheet.part(".g-pair").first.click()
            else:
                sheet.part(".g-cell:not(.right, .none)").first.click()
            sheet.part(".g-mistakes input").check()
            sheet.tile(sheet.items[0]).click(modifiers=["Control"])
            clean("filtered and selected")
            sheet.part(".help-button").click()
            clean("help")
            sheet.page.keyboard.press("Escape")
            sheet.tile(sheet.items[0]).click()
            expect(sheet.part(".g-opened")).to_be_visible()
            clean("opened")


@pytest.mark.parametrize("works", [True, False])
def test_hosts_that_show_no_widget_in_another(browser: Browser, works: bool) -> None:
    code = "export default { render({ el }) { el.textContent = 'by the text of $id'; } }" if works else "export {}"
    with shown(browser, count=40, alone=code) as sheet:
        sheet.painted()
        sheet.tile(sheet.items[0]).click()
        words = "by the text of full" if works else "Show gallery.widget in a cell of its own."
        expect(sheet.part(".g-opened")).to_contain_text(words)


def test_nothing_is_left(sheet: Sheet) -> None:
    sheet.evaluate("() => close()")
    assert sheet.part("*").count() == 0
    sheet.evaluate("() => model.push({ order: 'index' })")
