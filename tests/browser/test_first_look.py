"""What stands there when the cell has run, before anything is touched."""

from __future__ import annotations

import numpy as np
from lab import Notebook
from view import BANDS, View


def shown(probability: float) -> str:
    """A probability as the list writes it."""
    if probability < 0.0005:
        return "<0.05 %"
    return f"{100 * probability:.1f} %" if probability >= 0.09995 else f"{100 * probability:.2f} %"


def test_everything_is_there(view: View, notebook: Notebook) -> None:
    for band in BANDS:
        assert view.part(band).is_visible(), band
    assert view.question == "Why red?"
    assert view.selected == ["red"]
    assert view.part(".picture").get_attribute("aria-label") == "Grad-CAM of red at late"
    assert "Beacons" in view.status and "late 12×18" in view.status and "Grad-CAM" in view.status
    assert "5 more" in view.part(".note").inner_text()
    listed, names, probabilities = notebook.value("[w.listed, w.labels, w.probabilities.tolist()]")
    rows = view.part(".list .row")
    assert rows.locator(".name-text").all_inner_texts()[:9] == [names[target] for target in listed]
    assert rows.locator(".probability").all_inner_texts()[:9] == [shown(probabilities[target]) for target in listed]
    assert rows.nth(8).is_visible()


def test_colour_bar_has_the_real_maximum(view: View, notebook: Notebook) -> None:
    top = view.part(".colorbar .tick.limit").inner_text()
    assert top == f"{notebook.value('float(w.cam.max())'):.2f}"
    assert view.part(".colorbar").inner_text().split()[0] == "logits"
    assert "per cell" in view.part(".colorbar").inner_text()


def test_strip_shows_a_map_of_every_stage(view: View, notebook: Notebook) -> None:
    stages = notebook.value("[l['name'] for l in w.layers if l['stage']]")
    assert len(stages) >= 5
    assert view.part(".stage").count() == len(stages)
    assert view.role("radiogroup", "Layer").get_by_role("radio").count() == notebook.value("len(w.layers)")
    thumbs = [view.pixels(f'[data-layer="{name}"] canvas') for name in stages]
    # a thumbnail without its map is the nearly grey photo alone; heat makes its pixels colourful
    for name, pixels in zip(stages, thumbs, strict=True):
        spread = pixels[..., :3].max(-1).astype(int) - pixels[..., :3].min(-1)
        assert (spread > 80).any(), name
    assert not np.array_equal(thumbs[0], thumbs[-1])


def test_nothing_is_asked_of_other_hosts(view: View, notebook: Notebook) -> None:
    assert notebook.hosts == {notebook.page.evaluate("location.host")}
    assert view.status
