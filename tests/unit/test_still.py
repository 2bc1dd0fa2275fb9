import base64
import io

import numpy as np
import pytest
from PIL import Image

from camwidget import CamWidget, colormaps, demo, still

GREY = 200


def encoded(width=64, height=48):
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), (GREY, GREY, GREY)).save(buffer, "PNG")
    return buffer.getvalue()


def painted(cam, name="viridis", **how):
    how = {"signed": False, "opacity": 0.62, "threshold": 0.0, "mode": "bilinear"} | how
    data = still.jpeg(encoded(), np.asarray(cam, np.float32), colormaps.lut(name), **how)
    return np.asarray(Image.open(io.BytesIO(data)), np.float32)


def test_untouched_where_there_is_no_heat_and_mixed_by_opacity_where_it_is_hottest():
    pixels = painted([[0, 0], [0, 3]])
    assert np.abs(pixels[0, 0] - GREY).max() <= 3  # JPEG is lossy
    hottest = np.array([253, 231, 37])  # the upper end of viridis
    assert np.abs(pixels[-1, -1] - (0.38 * GREY + 0.62 * hottest)).max() <= 8


def test_scale_does_not_matter_only_proportions():
    assert np.abs(painted([[0, 1], [2, 3]]) - painted([[0, 1e-4], [2e-4, 3e-4]])).max() <= 8


def test_signed_maps_have_both_ends_of_their_colours():
    pixels = painted([[-1, 0], [0, 1]], "RdBu_r", signed=True)
    blue, red = pixels[0, 0], pixels[-1, -1]
    assert blue[2] > blue[0] + 20 and red[0] > red[2] + 20


def test_threshold_cuts_what_is_below_it():
    assert np.abs(painted([[0.4, 0.4], [0.4, 1]], threshold=0.5)[0, 0] - GREY).max() <= 3
    assert np.abs(painted([[0.4, 0.4], [0.4, 1]], threshold=0.3)[0, 0] - GREY).max() > 20


@pytest.mark.parametrize("cam", [[[0, 0], [0, 0]], [[np.nan, 0], [0, 0]]])
def test_a_blank_map_leaves_the_photo(cam):
    assert np.abs(painted(cam) - GREY).max() <= 3


def test_the_widget_brings_a_picture_for_where_no_widget_runs():
    with CamWidget(demo.model(), demo.image(), target="star") as w:
        data, _ = w._repr_mimebundle_()
        star = Image.open(io.BytesIO(base64.b64decode(data["image/jpeg"])))
        assert "application/vnd.jupyter.widget-view+json" in data
        w.target = "ring"
        ring = Image.open(io.BytesIO(base64.b64decode(w._repr_mimebundle_()[0]["image/jpeg"])))
    assert star.size == ring.size
    assert np.abs(np.asarray(star, np.float32) - np.asarray(ring, np.float32)).max() > 60
