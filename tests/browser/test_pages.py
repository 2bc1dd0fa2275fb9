"""Exported pages in a Chromium that has no network: everything that needs no kernel works in them."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from pathlib import Path

import beacons
import expected
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser
from standalone import Sheet, opened
from view import View, differing

from camwidget import CamWidget, save_html

HOSTILE = {"red": "</script><b>red</b>", "amber": "amber <img src=x onerror=alert(1)>"}
LABELS = [HOSTILE.get(name, name) for name in beacons.LABELS]


@pytest.fixture(scope="module")
def w() -> Iterator[CamWidget]:
    with CamWidget(beacons.Beacons(), beacons.picture(), LABELS, preprocess=beacons.read) as widget:
        yield widget


@pytest.fixture(scope="module")
def path(w: CamWidget, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pages")
    classes = ["green", "cyan", "absence", LABELS[0], HOSTILE["amber"]]
    return w.save(folder / "lesson.html", classes, ["early", "middle", "late"], ["gradcam", "hirescam"])


@pytest.fixture
def sheet(browser: Browser, path: Path) -> Iterator[Sheet]:
    with opened(browser, path) as sheet:
        yield sheet


def wanted(w: CamWidget, pixels: np.ndarray, **view: object) -> np.ndarray:
    """The overlay that a view must have, from the widget in this process."""
    before = {name: getattr(w, name) for name in view}
    for name, value in view.items():
        setattr(w, name, value)
    height, width, _ = pixels.shape
    text = expected.overlay(w, height, width)
    for name, value in before.items():
        setattr(w, name, value)
    return np.frombuffer(base64.b64decode(text), np.uint8).reshape(height, width, 4)


def shows(view: View, w: CamWidget, **what: object) -> None:
    """The page paints what the engine says, but for what rounding changes."""

    def same() -> bool:
        pixels = view.pixels()
        due = wanted(w, pixels, **what)
        return bool(due[..., 3].any()) and differing(pixels, due) <= 0.004 * due[..., 3].size

    view.notebook.until(same, f"the map of {what}")


def test_classes_layers_variants_sign_and_display_work(sheet: Sheet, w: CamWidget) -> None:
    view = sheet.view()
    shows(view, w)
    view.row(5).click()  # cyan
    shows(view, w, target="cyan")
    view.layer("middle").click()
    shows(view, w, target="cyan", layer="middle")
    view.role("radio", "Signed").check(force=True)
    shows(view, w, target="cyan", layer="middle", sign="signed")
    view.role("combobox", "Variant").click()
    assert view.part(".variant").count() == 2
    view.part(".variant").filter(has_text="HiResCAM").click()
    shows(view, w, target="cyan", layer="middle", sign="signed", variant="hirescam")
    sheet.page.keyboard.press("Escape")
    view.role("slider", "Opacity").fill("100")
    shows(view, w, target="cyan", layer="middle", sign="signed", variant="hirescam", opacity=1.0)
    assert view.question == "Why cyan?"


def test_hovering_reads_cells_and_previews_classes(sheet: Sheet, w: CamWidget) -> None:
    view = sheet.view()
    row, col = beacons.DISCS["red"][1]
    view.hover((col + 0.5) / beacons.GRID[1], (row + 0.5) / beacons.GRID[0])
    sheet.until(lambda: "cell" in view.readout, "the cell")
    value = f"{w.cam[row, col]:+.2f}".replace("-", "−")
    assert f"({col}, {row})" in view.readout and value in view.readout
    view.leave()
    view.row(1).hover()
    sheet.until(lambda: "preview: green" in view.part(".chip").inner_text(), "the preview")
    shows(view, w, target="green")


def test_what_is_not_in_the_page_is_said(sheet: Sheet) -> None:
    view = sheet.view()
    view.part(".search input").fill("zebra")
    view.row(10).click()
    sheet.until(lambda: "This map is not in this page" in view.status, "the word")
    assert view.question.startswith("Why </script>")


def test_names_with_markup_are_text(sheet: Sheet) -> None:
    view = sheet.view()
    assert view.question == f"Why {HOSTILE['red']}?"
    assert HOSTILE["amber"] in view.part(".list").inner_text()
    assert view.part("img, .list b, script").count() == 0
    assert sheet.page.title() == f"Why {HOSTILE['red']}?"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_follows_the_readers_theme(browser: Browser, path: Path, scheme: str) -> None:
    with opened(browser, path, color_scheme=scheme) as sheet:
        root = sheet.view().root
        assert root.get_attribute("data-theme") == scheme
        other = {"light": "dark", "dark": "light"}[scheme]
        sheet.page.emulate_media(color_scheme=other)
        sheet.until(lambda: root.get_attribute("data-theme") == other, "the other theme")


def test_fragments_and_frames_in_a_foreign_page(browser: Browser, w: CamWidget, tmp_path: Path) -> None:
    choice = ("cyan", "late", "gradcam")
    host = tmp_path / "host.html"
    parts = [w.to_html(*choice), w.to_html(*choice), w.to_html(*choice, form="frame")]
    body = "<p>between</p>".join(parts)
    style = "* { font: 30px serif; box-sizing: content-box; color: red } canvas { display: none }"
    host.write_text(f"<!doctype html><meta charset=utf-8><style>{style}</style><body>{body}", encoding="utf-8")
    with opened(browser, host) as sheet:
        sheet.until(lambda: sheet.page.locator(".camwidget").count() == 2, "both fragments")
        for index in (0, 1):
            shows(sheet.view(index), w)
            assert sheet.view(index).root.bounding_box()["height"] == 568
        inside = sheet.page.frame_locator("iframe").locator(".camwidget")
        inside.wait_for()
        frame = sheet.page.locator("iframe")
        sheet.until(lambda: frame.bounding_box()["height"] == inside.bounding_box()["height"], "a frame as tall as it")


def test_several_widgets_on_one_page(browser: Browser, w: CamWidget, tmp_path: Path) -> None:
    with CamWidget(beacons.Beacons(), beacons.picture(), preprocess=beacons.read, target=4) as other:
        path = save_html([w, other], tmp_path / "two.html", layers="late", variants="gradcam")
        with opened(browser, path) as sheet:
            sheet.until(lambda: sheet.page.locator(".camwidget").count() == 2, "both widgets")
            shows(sheet.view(0), w)
            shows(sheet.view(1), other)


def test_copy_gives_the_code_and_save_gives_the_pixels(browser: Browser, path: Path, w: CamWidget) -> None:
    with opened(browser, path, permissions=["clipboard-read", "clipboard-write"]) as sheet:
        view = sheet.view()
        view.role("button", "Copy as Python").click()
        sheet.until(lambda: "Copied" in view.status, "the word")
        assert sheet.page.evaluate("navigator.clipboard.readText()") == w.to_code()
        view.row(5).click()
        shows(view, w, target="cyan")
        with sheet.page.expect_download() as waiting:
            view.role("button", "Save the picture").click()
        assert waiting.value.suggested_filename == "cyan late gradcam.png"
        saved = np.asarray(Image.open(waiting.value.path()).convert("RGB"), np.float32)
        heat, photo = view.pixels(".heat").astype(np.float32), view.pixels(".photo").astype(np.float32)
        share = heat[..., 3:] / 255
        due = photo[..., :3] * (1 - share) + heat[..., :3] * share
        assert saved.shape == due.shape and np.abs(saved - due).max() <= 3
        sheet.until(lambda: "Saved" not in view.status, "the word to go")


def test_copying_works_where_the_clipboard_is_closed(browser: Browser, path: Path, w: CamWidget) -> None:
    with opened(browser, path) as sheet:
        sheet.page.evaluate("() => Object.defineProperty(navigator, 'clipboard', { value: undefined })")
        sheet.page.evaluate("() => document.addEventListener('copy', () => { window.copied = true; })")
        view = sheet.view()
        view.root.press("c")
        sheet.until(lambda: "Copied" in view.status, "the word")
        assert sheet.page.evaluate("window.copied") is True
        assert view.part("textarea").count() == 0


def test_the_page_looks_right(browser: Browser, path: Path, shots: Path) -> None:
    for scheme in ("light", "dark"):
        for width in (960, 420):
            with opened(browser, path, viewport={"width": width, "height": 900}, color_scheme=scheme) as sheet:
                view = sheet.view()
                view.until_painted()
                assert view.outside() == []
                target = shots / f"page-{scheme}-{width}.png"
                sheet.page.screenshot(path=target, full_page=True)
                assert Image.open(io.BytesIO(target.read_bytes())).width == width
