"""VS Code and Colab, imitated: the theme is theirs, pictures are saved, keys stay, answers arrive."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import beacons
import numpy as np
import pytest
from imitation import MANAGER, Colab, Framed, VSCode, in_colab
from ink import contrast
from playwright.sync_api import Browser, Page, expect
from view import View

from camwidget import CamWidget, foresight


@pytest.fixture
def w(monkeypatch: pytest.MonkeyPatch) -> Iterator[CamWidget]:
    monkeypatch.setattr(foresight, "NEARBY_BYTES", 0)  # no map comes unasked: the kernel must answer
    with CamWidget(beacons.Beacons(), beacons.picture(), beacons.LABELS, preprocess=beacons.read) as widget:
        yield widget


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 960, "height": 900})
    yield context.new_page()
    context.close()


def seen(host: Framed) -> View:
    view = View(host)  # type: ignore[arg-type]  # the part of a notebook that a view needs
    view.part(".heat").wait_for()
    view.until_painted()
    return view


@pytest.mark.parametrize("bridge", [False, True], ids=["released", "bridged"])
def test_vscode_themes_are_followed_inside_the_white_box(page: Page, w: CamWidget, bridge: bool) -> None:
    host = VSCode(page, w, bridge=bridge)
    view = seen(host)
    for name, theme, ground in (
        ("light", "light", "rgb(255, 255, 255)"),
        ("dark", "dark", "rgb(31, 31, 31)"),
        ("contrast", "dark", "rgb(0, 0, 0)"),
        ("light", "light", "rgb(255, 255, 255)"),
    ):
        host.theme(name)
        expect(view.root).to_have_attribute("data-theme", theme)
        expect(view.root).to_have_css("background-color", ground)
        for part in (".question", ".readout", ".search"):
            assert contrast(view, part) >= 4.5, f"{part} in {name}"
    assert host.errors == []


def test_vscode_answers_saves_and_keeps_its_keys(page: Page, w: CamWidget) -> None:
    host = VSCode(page, w, theme="dark")
    view = seen(host)
    before = view.pixels()
    view.layer("middle").click()
    view.leave()
    view.until_changed(before, "an answer of the kernel")
    assert w.layer == "middle"
    view.role("button", "Save the picture").click()
    host.until(lambda: host.told("save"), "the file")
    ((name, data),) = host.told("save")
    assert name == "red middle gradcam.png" and bytes(data).startswith(b"\x89PNG")
    view.root.press("v")
    view.root.press("Escape")
    assert host.told("key") == []
    view.root.press("F12")
    assert host.told("key") == ["F12"]
    assert host.errors == []


def test_a_frame_that_may_not_fill_the_screen_says_so(page: Page, w: CamWidget) -> None:
    host = VSCode(page, w)
    view = seen(host)
    view.root.press("f")
    host.until(lambda: "may not fill the screen" in view.status, "the word")
    assert host.errors == []


def test_colab_is_told_where_its_manager_is(w: CamWidget) -> None:
    with in_colab() as called:
        bundle = w._repr_mimebundle_()
    assert called == ["enable_custom_widget_manager"]
    assert bundle is not None
    data, metadata = bundle
    assert metadata["application/vnd.jupyter.widget-view+json"]["colab"] == {"custom_widget_manager": {"url": MANAGER}}
    assert "image/jpeg" in data


def test_colab_theme(page: Page, w: CamWidget) -> None:
    host = Colab(page, w)
    view = seen(host)
    for name, ground in (("dark", "rgb(56, 56, 56)"), ("light", "rgb(255, 255, 255)")):
        host.theme(name)
        expect(view.root).to_have_attribute("data-theme", name)
        expect(view.root).to_have_css("background-color", ground)
        for part in (".question", ".readout", ".search"):
            assert contrast(view, part) >= 4.5, f"{part} in {name}"


def late_maps(w: CamWidget) -> None:
    """The worker is never done before the handler is."""
    atlas = w._session.atlas
    made = type(atlas).map

    def slow(*view: Any) -> Any:
        time.sleep(0.1)
        return made(atlas, *view)

    atlas.map = slow


def test_colab_cells_are_frames_of_their_own_and_show_the_same(page: Page, w: CamWidget) -> None:
    with in_colab():
        host = Colab(page, w)
        view = seen(host)
        late_maps(w)
        other = host.other.locator(".camwidget")
        before = view.pixels()
        view.layer("middle").click()
        view.leave()
        changed = view.until_changed(before, "an answer, though what is sent late is lost")
        expect(other.locator(".status")).to_contain_text("middle 24×36")
        other.locator('.row[data-target="5"]').click()
        expect(view.part(".question")).to_have_text("Why cyan?")
        view.leave()
        assert not np.array_equal(view.until_changed(changed, "the class of the other cell"), before)
        with host.cell():
            w.layer = "early"
        expect(view.part(".status")).to_contain_text("early 48×72")
    assert host.errors == []
