"""Every form of a signal in; what is drawn of it is bounded and loses no peak."""

from __future__ import annotations

import io

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from camwidget import colormaps, protocol, signals
from camwidget.signal_still import along
from camwidget.still import Look

LOOK = Look(signed=False, opacity=0.62, threshold=0.0, mode="bilinear")


@pytest.mark.parametrize("shape", [(1, 2, 50), (2, 50)])
@pytest.mark.parametrize("make", [torch.from_numpy, np.asarray, lambda a: torch.from_numpy(a).double()])
def test_all_forms_give_the_same_input(shape, make):
    values = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    read = signals.read(make(values))
    assert read.input.shape == (1, 2, 50) and read.input.dtype == torch.float32
    assert np.array_equal(read.input.numpy().ravel(), values.ravel())


def test_a_single_row_of_samples_is_one_channel():
    assert signals.read(np.arange(9.0)[::-1]).input.shape == (1, 1, 9)


@pytest.mark.parametrize(
    ("wrong", "error", "says"),
    [
        ("sound.wav", TypeError, r"a str is no signal; give a float tensor or array \(L,\), \(C, L\)"),
        (np.zeros(5, np.int16), TypeError, r"type int16 was given; .*for 16 bits: signal / 32768"),
        (np.zeros(5, complex), TypeError, "complex128"),
        (torch.zeros(3, 4, 5), ValueError, "3 signals, but a widget shows one"),
        (torch.zeros(1, 1, 4, 5), ValueError, r"shape \(1, 1, 4, 5\)"),
        (torch.zeros(2, 0), ValueError, "holds no samples"),
        (torch.tensor([0.0, float("nan")]), ValueError, r"NaN or infinite, the first at \(1,\)"),
    ],
)
def test_what_is_no_signal_is_said(wrong, error, says):
    with pytest.raises(error, match=says):
        signals.read(wrong)


@pytest.mark.parametrize(
    ("keywords", "error", "says"),
    [
        ({"rate": "fast"}, TypeError, "rate is 'fast'; accepted: the number of samples per second"),
        ({"rate": 0}, ValueError, "above 0"),
        ({"rate": True}, TypeError, "rate is True"),
        ({"display": (torch.zeros(9), 10)}, ValueError, "that of the signal must be given too: rate="),
        ({"display": (torch.zeros(9),), "rate": 1}, ValueError, "display is a tuple of 1"),
        ({"display": {"a": torch.zeros(9), "b": torch.zeros(9)}}, ValueError, "display names 2 signals"),
        ({"display": torch.zeros(1, 2, 9)}, ValueError, r"accepted are the shapes \(L,\) and \(C, L\)"),
        ({"display": "wave"}, TypeError, "a str is no display"),
    ],
)
def test_what_cannot_be_drawn_beside_it_is_said(keywords, error, says):
    with pytest.raises(error, match=says):
        signals.read(torch.zeros(1, 20), **keywords)


def test_few_channels_are_traces_many_are_one_image():
    few = signals.read(torch.randn(signals.TRACES, 50)).bands
    assert [band.form for band in few] == ["trace"] * signals.TRACES
    assert few[2].label == "channel 2"
    (many,) = signals.read(torch.randn(signals.TRACES + 1, 50)).bands
    assert (many.form, many.label, many.grid) == ("image", "7 channels", (7, 50))


@settings(max_examples=40, deadline=None)
@given(length=st.integers(1, 9000), at=st.floats(0, 0.999), height=st.sampled_from([-7.0, 9.0]))
def test_a_trace_keeps_every_peak_and_knows_where_it_is(length, at, height):
    values = torch.zeros(length)
    values[int(at * length)] = height
    (band,) = signals.read(values).bands
    assert band.grid[1] <= signals.COLUMNS
    extreme = band.values[0] if height < 0 or len(band.values) == 1 else band.values[1]
    column = int(np.abs(extreme).argmax())
    assert extreme[column] == height
    start = band.start + column * band.step
    assert start - 1 <= int(at * length) < start + band.step + 1
    assert band.step * band.grid[1] == pytest.approx(length)


def test_an_image_of_many_channels_is_bounded_and_reaches_the_whole_way():
    (band,) = signals.read(torch.rand(500, 10_000)).bands
    assert band.grid == (signals.ROWS, signals.COLUMNS)
    assert band.step * band.grid[1] == pytest.approx(10_000)
    assert len(band.state()["data"]) == signals.ROWS * signals.COLUMNS


def test_a_band_crosses_the_wire_as_the_protocol_says():
    trace = signals.read(torch.tensor([[1.0, -2.0, 3.0]])).bands[0].state()
    assert tuple(trace) == protocol.BAND_KEYS and trace["form"] in protocol.BANDS
    assert np.array_equal(np.frombuffer(trace["data"], "<f4"), [1, -2, 3])
    rows = torch.linspace(0, 1, 7)[:, None].expand(7, 5)
    image = signals.read(rows).bands[0].state()
    stored = np.frombuffer(image["data"], "u1").reshape(image["grid"])
    assert stored[0].max() == 0 and stored[-1].min() == 255
    assert (image["low"], image["high"]) == pytest.approx((0, 1), abs=0.01)


def test_a_display_lies_above_and_covers_the_same_time():
    read = signals.read(torch.zeros(1, 20), display=torch.zeros(400))
    assert [band.label for band in read.bands] == ["display", "signal"]
    assert read.bands[0].step == pytest.approx(0.05) and read.span == 20


def test_a_display_with_a_rate_of_its_own_ends_when_it_ends():
    """311 frames at 31.25 a second are 9.952 s; the sound that they were made from is 10 s."""
    read = signals.read(torch.zeros(1, 311), rate=31.25, display={"waveform": (torch.zeros(160_000), 16_000)})
    assert read.bands[0].label == "waveform"
    assert read.span / 31.25 == pytest.approx(10)
    assert read.bands[0].step * read.bands[0].grid[1] == pytest.approx(312.5)


class TestStill:
    """The picture for where no widget runs."""

    @staticmethod
    def pixels(cam, look=LOOK, place=None, **more):
        read = signals.read(torch.zeros(1, 100), rate=10.0, **more)
        colours = colormaps.lut("RdBu_r" if look["signed"] else "viridis")
        data = read.still(np.asarray(cam, np.float32), colours, look, place)
        return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"), float)

    def test_heat_stands_where_the_evidence_is(self):
        cam = np.zeros(20)
        cam[4] = 3
        pixels = self.pixels(cam)
        colourful = np.ptp(pixels[12:40], axis=2).max(0) > 60
        assert 0.17 < np.flatnonzero(colourful).mean() / len(colourful) < 0.28
        assert not colourful[int(0.5 * len(colourful)) :].any()

    def test_a_place_moves_it_to_where_the_step_looks(self):
        cam = np.zeros(20)
        cam[4] = 3
        pixels = self.pixels(cam, place=((0.6, 0.01),))
        colourful = np.flatnonzero(np.ptp(pixels[12:40], axis=2).max(0) > 60)
        assert colourful.mean() / pixels.shape[1] == pytest.approx(0.64, abs=0.02)

    def test_a_blank_map_is_a_signal_without_heat(self):
        assert np.ptp(self.pixels(np.zeros(20)), axis=2).max() < 20  # grey, but for JPEG

    def test_signed_maps_have_both_colours(self):
        pixels = self.pixels([-1, -1, 0, 0, 1, 1], Look(signed=True, opacity=0.62, threshold=0.0, mode="bilinear"))
        left, right = pixels[14:30, 30].mean(0), pixels[14:30, -30].mean(0)
        assert left[2] > left[0] + 20 and right[0] > right[2] + 20


def test_a_line_agrees_with_torch_and_keeps_peaks():
    values = torch.randn(7)
    line = along(values.numpy(), (5.0, 10.0), 70.0, 70)
    due = torch.nn.functional.interpolate(values[None, None], 70, mode="linear", align_corners=False)[0, 0]
    np.testing.assert_allclose(line, due.numpy(), atol=1e-5)
    many = np.zeros(5000, np.float32)
    many[1234] = -4
    assert along(many, (0.5, 1.0), 5000.0, 100).min() == -4
