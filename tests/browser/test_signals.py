"""A signal over time, as a reader sees and uses it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import waves
from desk import show
from lab import Notebook
from playwright.sync_api import expect
from test_access import AXE, violations
from test_layout import frames, moved, resize
from view import SLOW, Pixels, View

TONES = (
    "import waves\nfrom camwidget import CamWidget",
    "w = CamWidget(waves.Tones(), waves.tones(), waves.NOTES, rate=waves.RATE)\nw",
)
SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
SOUND = SHARED / "audio" / "marvin_3x_10s.wav"
WAKEWORD = (
    f"import sys; sys.path.insert(0, {str(SHARED)!r})\nfrom models import *\nfrom camwidget import CamWidget",
    f"""model, info = wakeword_1d()
wave, rate = load_wav({str(SOUND)!r})
w = CamWidget(model, log_mel(wave), info["classes"], rate=31.25, display={{"waveform": (wave, rate)}})
w""",
)


@pytest.fixture
def view(notebook: Notebook) -> View:
    return show(notebook, *TONES)


def hottest(pixels: Pixels, top: float, bottom: float) -> float:
    """Where along the time axis the heat is strongest between two heights, as a share of the width."""
    rows = pixels[int(top * len(pixels)) : int(bottom * len(pixels))].astype(float)
    # viridis: green rises all the way
    strength = (rows[..., 1] * (rows[..., 3] > 0) + rows[..., 3]).mean(0)
    return float(np.flatnonzero(strength >= strength.max() - 1).mean() + 0.5) / pixels.shape[1]


def test_the_heat_lies_where_the_tone_sounds_over_the_trace_and_below_it(view: View) -> None:
    for target, (_, at) in ((0, waves.FAST), (1, waves.SLOW)):
        before = view.pixels()
        if target:
            view.row(target).click()
            before = view.until_changed(before, "the other tone")
        pixels = view.pixels()
        for top, bottom in ((0.06, 0.4), (0.6, 0.93)):
            assert hottest(pixels, top, bottom) * waves.SECONDS == pytest.approx(at, abs=0.15), (target, top)
    assert view.role("img", "Grad-CAM of slow at energy").is_visible()


def test_the_curve_is_as_dark_for_the_next_class(view: View) -> None:
    first = view.pixels(".curve")[..., 3].astype(int)
    before = view.pixels()
    view.row(1).click()
    view.until_changed(before, "the other tone")
    following = view.pixels(".curve")[..., 3].astype(int)
    # the zero line is fainter than the curve
    assert first.max() == following.max() == 255


def test_hover_reads_time_step_value_and_what_is_seen(view: View) -> None:
    view.hover((waves.FAST[1] + 0.001) / waves.SECONDS, 0.5)
    expect(view.part(".readout")).to_contain_text("step 50")
    peak = float(view.notebook.execute("print(w.cam[50])"))
    assert view.readout.startswith(f"t 2.00 s step 50 +{peak:.2f} fast")
    assert "sees 1.76 to 2.28 s" in view.readout
    shade = view.part(".step-seen.step-hover").bounding_box()
    fit = view.part(".fit").bounding_box()
    assert shade and fit
    assert (shade["x"] - fit["x"]) / fit["width"] * waves.SECONDS == pytest.approx(1.76, abs=0.02)
    assert shade["width"] / fit["width"] * waves.SECONDS == pytest.approx(0.525, abs=0.02)
    expect(view.part(".column-name")).to_have_text("At step 50, logits")
    view.leave()
    expect(view.part(".step-line.step-hover")).to_be_hidden()


def test_a_click_pins_a_step_and_another_lets_it_go(view: View) -> None:
    view.click(0.2525, 0.5)
    view.leave()
    expect(view.part(".step-line.step-pinned")).to_be_visible()
    expect(view.part(".readout")).to_contain_text("step 50")
    view.click(0.2525, 0.5)
    view.leave()
    expect(view.part(".step-line.step-pinned")).to_be_hidden()


def test_arrow_keys_walk_along_the_steps_and_through_the_classes(view: View, notebook: Notebook) -> None:
    view.part(".picture").focus()
    press = notebook.page.keyboard.press
    press("ArrowRight")
    strongest = int(notebook.execute("print(w.cam.argmax())"))
    expect(view.part(".readout")).to_contain_text(f"step {strongest}")
    press("ArrowRight")
    expect(view.part(".readout")).to_contain_text(f"step {strongest + 1}")
    press("Shift+ArrowLeft")
    expect(view.part(".readout")).to_contain_text(f"step {strongest - 9}")
    press("ArrowDown")
    expect(view.part('.row[aria-selected="true"] .name-text')).to_have_text("slow")
    press("Enter")
    expect(view.part(".step-line.step-pinned")).to_be_visible()


def test_what_makes_no_sense_for_a_signal_is_not_offered(view: View) -> None:
    view.role("button", "Display").click()
    expect(view.role("dialog", "Display")).to_be_visible()
    assert view.part(".display .field-name").all_inner_texts() == ["Style", "Scale", "Threshold", "Colours"]
    assert view.part(".display .segments.shading span").all_inner_texts() == ["Smooth", "Cells"]
    assert view.outside() == []
    view.notebook.page.keyboard.press("Escape")
    view.role("button", "Help").click()
    expect(view.part(".help")).to_contain_text("Later step (Shift: ten)")
    expect(view.part(".help")).not_to_contain_text("cell")
    assert view.outside() == []


def test_signs_shading_threshold_and_variants_change_the_picture(view: View, notebook: Notebook) -> None:
    pixels = view.pixels()
    for change in ("w.sign = 'signed'", "w.shading = 'cells'", "w.threshold = 0.7", "w.sign = 'positive'",
                   "w.colormap = 'magma'", "w.layer = w.layers[0]['name']", "w.opacity = 0.2"):  # fmt: skip
        notebook.execute(change)
        pixels = view.until_changed(pixels, change)
    notebook.execute("w.opacity = 0")
    # the area below the signal is no overlay, and stays
    pixels = view.until_changed(pixels, "opacity 0")
    assert not pixels[: int(0.4 * len(pixels)), :, 3].any()
    assert pixels[int(0.6 * len(pixels)) :, :, 3].any()


def test_the_variants_menu_shows_small_areas(view: View) -> None:
    view.role("combobox", "Variant").click()
    expect(view.part(".variant.unknown")).to_have_count(SLOW)
    thumb = view.pixels(".variant .thumb")
    assert thumb[..., 3].any()


def test_the_strip_shows_small_areas_and_chooses_layers(view: View, notebook: Notebook) -> None:
    thumb = view.pixels(".stage[aria-checked='true'] .thumb")
    assert thumb[..., 3].any() and not thumb[:2, :, 3].any()
    name = view.part(".stage").first.get_attribute("data-layer")
    view.part(".stage").first.click()
    notebook.until(lambda: notebook.execute("print(w.layer)").strip() == name, "the first stage")


@pytest.mark.parametrize("width", [1200, 900, 700, 420])
def test_nothing_moves_and_nothing_sticks_out(view: View, width: int) -> None:
    resize(view, width)
    before = view.boxes()
    assert view.outside() == []
    view.hover(0.3, 0.5)
    frames(view)
    assert moved(before, view.boxes()) == []
    assert view.outside() == []
    view.role("radio", "Signed").check(force=True)
    view.row(2).hover()
    frames(view)
    assert moved(before, view.boxes()) == []
    assert view.outside() == []


def test_axe_finds_nothing_serious_in_light_and_dark(view: View, notebook: Notebook, light_again: None) -> None:
    if not AXE.is_file():
        pytest.skip("axe-core is not installed: run npm ci in js/")
    notebook.page.evaluate(AXE.read_text(encoding="utf-8"))
    for theme in ("JupyterLab Light", "JupyterLab Dark"):
        notebook.theme(theme)
        expect(view.root).to_have_attribute("data-theme", theme.split()[1].lower())
        assert violations(view) == [], theme
        view.hover(0.25, 0.5)
        assert violations(view) == [], f"{theme}, a step"
        view.leave()


def test_the_wake_word_lies_under_its_sound(notebook: Notebook, light_again: None, shots: Path) -> None:
    if not SHARED.is_dir():
        pytest.skip("the wake-word network of ../shared/data is not here")
    view = show(notebook, *WAKEWORD)
    resize(view, 1200)
    pixels = view.pixels()
    at = hottest(pixels, 0.75, 0.93) * 10
    assert 1.0 < at < 1.65, "the first time that it is said"
    # unpadded convolutions: no step is centred in the first and the last half second
    expect(view.part(".uncentred").first).to_be_visible()
    view.hover(0.02, 0.5)
    expect(view.part(".readout")).to_contain_text("no step is centred here")
    view.hover(0.439, 0.5)
    expect(view.part(".readout")).to_contain_text("step 122")
    assert "sees 3.90 to 4.86 s" in view.readout
    expect(view.part(".legend")).to_contain_text("Each step sees 0.96 s")
    for theme, kind in (("JupyterLab Dark", "dark"), ("JupyterLab Light", "light")):
        notebook.theme(theme)
        expect(view.root).to_have_attribute("data-theme", kind)
        for width in (1200, 420):
            resize(view, width)
            assert view.outside() == []
            view.hover(0.439, 0.5)
            frames(view)
            view.root.screenshot(path=shots / f"signal-{kind}-{width}.png")
