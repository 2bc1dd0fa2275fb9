"""Figures: drawn by the rules of the screen, into what is given, with what Matplotlib was told."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace

import matplotlib as mpl
import numpy as np
import pytest
import torch
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from PIL import Image
from torch import nn

from camwidget import CamWidget, figure, figures
from camwidget.contrasting import less_words
from camwidget.engine import upsample
from camwidget.figure_look import Look, folded
from camwidget.figure_parts import overlay
from camwidget.still import painted
from tests.browser import beacons, waves


@pytest.fixture
def w() -> Iterator[CamWidget]:
    with CamWidget(beacons.Beacons(), beacons.picture(), beacons.LABELS, preprocess=beacons.read) as widget:
        yield widget


def axes_of(made: Figure) -> list:
    return [ax for ax in made.axes if ax.images or ax.lines]


def panel(made: Figure, index: int = 0):
    return axes_of(made)[index]


def drawn(made: Figure) -> np.ndarray:
    """The first panel, pixel for pixel of its heat, as it is composed over the picture."""
    photo, heat = panel(made).images[:2]
    rgba = np.asarray(heat.get_array(), np.float32)
    height, width = rgba.shape[:2]
    ground = Image.fromarray(np.asarray(photo.get_array())).resize((width, height), Image.Resampling.BILINEAR)
    share = rgba[..., 3:] / 255
    return np.asarray(ground, np.float32) * (1 - share) + rgba[..., :3] * share


@pytest.mark.parametrize("sign", ["positive", "signed", "absolute"])
@pytest.mark.parametrize("threshold", [0.0, 0.4])
def test_the_heat_is_that_of_the_screen(w: CamWidget, sign: str, threshold: float) -> None:
    w.sign, w.threshold, w.opacity = sign, threshold, 0.5
    made = w.figure(["red"])
    rgba = np.asarray(panel(made).images[1].get_array())
    cam = w.cam
    size = rgba.shape[:2]
    large = upsample(torch.from_numpy(cam)[None], size, "bicubic", w._place(cam))[0].numpy() / np.abs(cam).max()
    lut = np.frombuffer(w.luts["RdBu_r" if sign == "signed" else "viridis"], np.uint8).reshape(256, 4)
    at = (large + 1) / 2 if sign == "signed" else large
    hues = lut[np.clip(at * 256, 0, 255).astype(int), :3]
    strength = np.abs(large)
    white = np.full((*size, 3), 255, np.float32)
    due = painted(white, hues.astype(np.float32), strength, 0.5, threshold)
    share = rgba[..., 3:].astype(np.float32) / 255
    found = white * (1 - share) + rgba[..., :3] * share
    assert np.abs(found - due).max() <= 1.5
    assert (rgba[..., 3] > 0).any() and max(size) >= 768


def test_cells_are_the_grid_itself(w: CamWidget) -> None:
    rgba = np.asarray(panel(w.figure("red", shading="cells")).images[1].get_array())
    times = rgba.shape[0] // w.cam.shape[0]
    cells = rgba[times // 2 :: times, times // 2 :: times]
    assert cells.shape[:2] == w.cam.shape
    np.testing.assert_array_equal(cells.repeat(times, 0).repeat(times, 1), rgba)
    assert np.unravel_index(cells[..., 3].argmax(), w.cam.shape) in [
        tuple(p) for p in np.argwhere(w.cam > 0.44 * w.cam.max())
    ]


@pytest.mark.parametrize("levels", [(0.25, 0.5, 0.75), (0.4, 0.9)])
def test_contours_run_where_the_map_has_their_value(w: CamWidget, levels: tuple[float, ...]) -> None:
    w.levels = levels
    ax = panel(w.figure("red", shading="contours"))
    lines = [line for line in ax.collections if isinstance(line, LineCollection)]
    assert len(lines) == 2 * len(levels)  # each on its casing
    cam, (height, width) = w.cam, w._subject.input.shape[2:]
    large = upsample(torch.from_numpy(cam)[None], (height * 8, width * 8), "bicubic", w._place(cam))[0].numpy()
    for share, collection in zip(levels, lines[1::2], strict=True):
        points = np.concatenate(collection.get_segments())
        rows, columns = (np.clip((points[:, i] * 8).astype(int), 0, n * 8 - 1) for i, n in ((1, height), (0, width)))
        assert np.abs(large[rows, columns] - share * cam.max()).max() <= 0.04 * cam.max()
    muted = np.asarray(ax.images[0].get_array()).astype(int)
    assert np.ptp(muted, -1).max() < 0.6 * 255  # the photo's colours step back


def test_a_row_and_a_grid_with_titles_beside_and_above(w: CamWidget) -> None:
    row = axes_of(w.figure(["red", "cyan", 13]))
    assert [ax.get_title() for ax in row] == ["red", "cyan", "anything"]
    grid = axes_of(w.figure("red", ["early", "late"], ["gradcam", "hirescam", "layercam"]))
    assert [ax.get_title() for ax in grid] == ["Grad-CAM", "HiResCAM", "LayerCAM", "", "", ""]
    assert [ax.get_ylabel() for ax in grid] == ["early", "", "", "late", "", ""]
    assert [ax.get_title() for ax in axes_of(w.figure("red", titles=False))] == [""]


def test_the_bar_has_the_real_limits_and_the_unit(w: CamWidget) -> None:
    def bar(made: Figure, index: int = 0):
        return panel(made, index).child_axes[0]

    top = float(w.cam.max())
    found = bar(w.figure("red"))
    assert found.get_ylim() == pytest.approx((0, top)) and found.get_ylabel() == "logits per cell"
    assert found.get_yticklabels()[-1].get_text() == f"{top:.3g}"
    w.sign = "signed"
    assert bar(w.figure("red")).get_ylim() == pytest.approx((-top, top))
    assert bar(w.figure("red", variants="gradcam++")).get_ylabel() == "relative"
    w.scale = "listed"
    shared = [bar(w.figure(["red", "bright"]), i).get_ylim() for i in (0, 1)]
    assert shared[0] == shared[1] and shared[0][1] >= top
    assert panel(w.figure("red", colorbar=False)).child_axes == []


def test_a_blank_map_leaves_the_photo_and_says_its_maximum(w: CamWidget) -> None:
    made = w.figure("absence")
    assert len(panel(made).images) == 1
    labels = [label.get_text() for label in panel(made).child_axes[0].get_yticklabels()]
    assert labels[0] == "0" and labels[1].startswith("max −")


def test_a_given_ax_and_rcparams_are_obeyed(w: CamWidget) -> None:
    from matplotlib import pyplot as plt

    made, (left, right) = plt.subplots(1, 2)
    assert w.figure("red", ax=right) is made
    assert right.images and not left.images
    assert w.figure(["red", "cyan"], ax=[left, right]) is made and left.images
    with pytest.raises(ValueError, match="ax is 1 axes for 2 panels"):
        w.figure(["red", "cyan"], ax=left)
    plt.close(made)
    with mpl.rc_context({"font.size": 23, "figure.figsize": (10, 4), "axes.titlesize": "medium"}):
        wide = w.figure("red")
        assert panel(wide).title.get_fontsize() == 23
    assert wide.get_figwidth() > w.figure("red").get_figwidth()
    assert tuple(w.figure("red", figsize=(3, 2)).get_size_inches()) == (3, 2)
    assert plt.get_fignums() == []


def test_names_are_text(w: CamWidget) -> None:
    labels = ["a $x^2$ \\frac <b>", *beacons.LABELS[1:]]
    with CamWidget(beacons.Beacons(), beacons.picture(), labels, preprocess=beacons.read) as named:
        made = named.figure(0)
        FigureCanvasAgg(made).draw()
        assert panel(made).get_title() == labels[0] and not panel(made).title.get_parse_math()


def test_every_kind_of_file(w: CamWidget, tmp_path) -> None:
    starts = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}
    for kind, start in starts.items():
        assert w.save(tmp_path / f"x.{kind}", ["red", "cyan"]).read_bytes().startswith(start)


def test_a_signal_and_a_volume() -> None:
    with CamWidget(waves.Tones(), waves.tones(), waves.NOTES, rate=waves.RATE) as w:
        ax = panel(w.figure(["fast"], shading="contours"))
        assert ax.get_xlim() == (0, waves.SECONDS) and ax.get_xlabel() == "s"
        curve = ax.lines[1].get_xydata()
        assert curve[np.nanargmax(curve[:, 1]), 0] == pytest.approx(waves.FAST[1], abs=0.1)
    with CamWidget(waves.Lights(), waves.lights(), waves.PLACES, kind="volume") as w:
        near, far = axes_of(w.figure(["near", "far"]))
        slices = [int(ax.get_title().rsplit(" ", 1)[1]) for ax in (near, far)]
        assert abs(slices[0] - waves.NEAR[0]) <= 2 and abs(slices[1] - waves.FAR[0]) <= 2
        assert panel(w.figure("near", index=3)).get_title() == "near, slice 3"
        with pytest.raises(ValueError, match="index is 16; accepted: 0 to 15"):
            w.figure("near", index=16)


def test_without_a_widget(cnn: nn.Module) -> None:
    made = figure(cnn, torch.randn(3, 32, 32), [0, 1], labels=list("abcdef"), sign="signed")
    assert [ax.get_title() for ax in axes_of(made)] == ["a", "b"]
    buffer = io.BytesIO()
    made.savefig(buffer)
    assert buffer.tell() > 1000


@pytest.mark.parametrize(
    ("given", "error", "says"),
    [
        ({"targets": "rde"}, ValueError, "did you mean 'red'"),
        ({"shading": "contour"}, ValueError, "did you mean 'contours'"),
        (
            {"targets": [0, 1], "layers": ["early", "late"], "variants": ["gradcam", "layercam"]},
            ValueError,
            "rows and columns",
        ),
    ],
)
def test_wrong_words_are_named(w: CamWidget, given: dict[str, object], error: type, says: str) -> None:
    with pytest.raises(error, match=says):
        w.figure(**given)


def test_a_contrast_is_drawn_as_on_the_screen(w: CamWidget) -> None:
    w.variant, w.rival, w.gamma, w.shading = "layercam", "green", 0.5, "cells"
    a = w.contrast_map()
    name, rival = w.labels[w.target], w.labels[w.rival]
    look = Look(w.sign, w.opacity, w.threshold, "bicubic", "cells", w.luts["viridis"], ())
    place, size = w._place(a), w._subject.input.shape[-2:]

    w.contrast = "swipe"
    made = panel(w.figure(colorbar=False))
    assert made.get_title() == f"left: {name} − 0.50 × {rival}\nright: {rival} − 0.50 × {name}"
    target = w.target
    w.target = rival
    b = w.contrast_map(name)
    w.target = target
    limit = max(a.max(), b.max())  # one for both
    for image, side, start in zip(made.images[1:], (a, b), (0, size[1] / 2), strict=True):
        due, _ = overlay(folded(side, "positive"), size, place, limit, look)
        np.testing.assert_array_equal(image.get_array(), due)
        box = image.get_clip_box()
        left, right = made.transData.inverted().transform([[box.x0, 0], [box.x1, 0]])[:, 0]
        assert (left, right) == pytest.approx((start, start + size[1] / 2))
    assert made.lines  # the divider

    w.contrast = "difference"
    made = panel(w.figure(colorbar=False))
    assert made.get_title() == f"{name} − 0.50 × {rival}"
    look = replace(look, sign="signed", lut=w.luts["RdBu_r"])
    due, _ = overlay(a, size, place, np.abs(a).max(), look)
    np.testing.assert_array_equal(made.images[1].get_array(), due)
    row = w.figure(layers=list(w._recording.stages)[-2:], colorbar=False)
    assert row.get_suptitle() == f"{name} − 0.50 × {rival}"
    w.contrast = "off"
    assert panel(w.figure(colorbar=False)).get_title() == name


def test_where_there_is_no_such_contrast_both_maps_are_drawn_as_on_the_screen(w: CamWidget) -> None:
    w.against, w.rival, w.variant, w.contrast, w.gamma = 2, 1, "gradcam++", "swipe", 1.0
    made = panel(w.figure(colorbar=False))
    assert made.get_title() == f"left: {w.labels[w.target]}\nright: {w.labels[1]}"
    w.gamma = 0.0
    due = panel(w.figure(colorbar=False))
    for one, other in zip(made.images, due.images, strict=True):
        np.testing.assert_array_equal(one.get_array(), other.get_array())


@pytest.mark.parametrize(("a", "b"), [("a" * 90, "b" * 90), ("a" * 90, "b"), ("a", "b" * 90), ("a" * 29, "b" * 31)])
def test_of_a_contrast_both_classes_are_in_the_title_however_long_they_are(a: str, b: str) -> None:
    said = "right: " + less_words(*figures.side_by_side(a, b), gamma=10.0)
    assert len(said) <= figures.NAME
    for name in (a, b):
        assert name in said or name[0] * (figures.NAME // 4) in said


def test_the_title_of_a_difference_says_so_where_names_are_long() -> None:
    labels = [chr(ord("a") + i) * 90 for i in range(len(beacons.LABELS))]
    with CamWidget(beacons.Beacons(), beacons.picture(), labels, preprocess=beacons.read, target=0) as w:
        w.rival, w.contrast = 1, "difference"
        title = panel(w.figure(colorbar=False)).get_title()
    assert title.count("a") > 20 and title.count("b") > 20 and "− 1.00 ×" in title
