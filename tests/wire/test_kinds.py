"""CamWidget on signals and volumes, without a browser: what it sends, and what is read from it."""

from __future__ import annotations

import base64
import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
import waves
from PIL import Image

from camwidget import CamWidget, answering, protocol
from camwidget.engine import VARIANTS, CamEngine
from tests.wire.front_end import FrontEnd, settle, values


@pytest.fixture
def signal() -> Iterator[CamWidget]:
    with CamWidget(waves.Tones(), waves.tones(), labels=waves.NOTES, rate=waves.RATE) as w:
        yield w
    settle()


@pytest.fixture
def volume() -> Iterator[CamWidget]:
    with CamWidget(waves.Lights(), waves.lights(), labels=waves.PLACES) as w:
        yield w
    settle()


def test_a_map_of_very_many_steps_comes_without_those_of_other_classes(
    signal: CamWidget, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = FrontEnd(signal)
    coarse, fine = (layer["grid"][0] for layer in (signal.layers[-1], signal.layers[0]))
    assert coarse < fine
    monkeypatch.setattr(answering, "COMPANY", fine - 1)
    reply = page.request(1, layer=signal.layers[0]["name"])
    assert reply in page.replies()
    assert (signal.stack["targets"], signal.stack["done"]) == ([1], True)
    page.request(1, layer=signal.layers[-1]["name"])
    assert len(signal.stack["targets"]) == 3


def test_a_signals_state(signal: CamWidget) -> None:
    settle()
    expected = {"kind": "signal", "input": [1600], "rate": 200.0, "span": 1600.0, "preprocessing": "given as a signal"}
    assert expected.items() <= signal.meta.items()
    assert [tuple(band) for band in signal.bands] == [protocol.BAND_KEYS]
    assert signal.picture == b""
    assert signal.stack["grid"] == [200]
    due = CamEngine(waves.Tones()).record(waves.tones()[None]).cams(signal.stack["targets"], signal.layer)[0].numpy()
    np.testing.assert_allclose(values(signal.stack), due, rtol=1e-5, atol=1e-7)
    assert all(len(layer["grid"]) == 1 for layer in signal.layers)
    assert all(np.prod(m["grid"]) == len(m["data"]) <= protocol.THUMB_STEPS for m in signal.strip["maps"])


def test_a_volumes_state(volume: CamWidget) -> None:
    settle()
    assert volume.meta["kind"] == "volume" and volume.meta["axis"] == "slice" and volume.bands == []
    assert volume.meta["input"] == [waves.DEPTH, waves.HEIGHT, waves.WIDTH]
    assert volume.meta["picture"] == [waves.HEIGHT, waves.WIDTH]
    assert Image.open(io.BytesIO(volume.picture)).size[0] == volume.meta["columns"] * volume.meta["tile"][1]
    assert volume.stack["grid"] == [4, 12, 16]
    due = CamEngine(waves.Lights()).record(waves.lights()[None]).cams(volume.stack["targets"], volume.layer)[0]
    np.testing.assert_allclose(values(volume.stack), due.numpy(), rtol=1e-5, atol=1e-7)
    for thumb in volume.strip["maps"]:
        assert len(thumb["grid"]) == 2 and max(thumb["grid"]) <= protocol.THUMB


@pytest.mark.parametrize(("target", "tone"), [("fast", waves.FAST), ("slow", waves.SLOW)])
def test_a_tones_map_peaks_where_it_sounds(signal: CamWidget, target: str, tone: tuple[float, float]) -> None:
    signal.target = target
    assert signal.cam.shape == (200,) and signal.heatmap.shape == (1600,)
    assert signal.heatmap.argmax() / waves.RATE == pytest.approx(tone[1], abs=0.15)
    due = F.interpolate(torch.from_numpy(signal.cam)[None, None], 1600, mode="linear")[0, 0]
    np.testing.assert_allclose(signal.heatmap, due.numpy(), atol=1e-6)


@pytest.mark.parametrize(("target", "middle"), [("near", waves.NEAR), ("far", waves.FAR)])
def test_a_lights_map_peaks_where_it_shines(volume: CamWidget, target: str, middle: tuple[int, ...]) -> None:
    volume.target = target
    heat = volume.heatmap
    assert volume.cam.shape == (4, 12, 16) and heat.shape == (waves.DEPTH, waves.HEIGHT, waves.WIDTH)
    found = np.unravel_index(heat.argmax(), heat.shape)
    assert np.abs(np.array(found) - middle).max() <= 4  # a cell of the last layer
    signed = torch.from_numpy(volume.cam)[None, None]
    due = F.interpolate(signed, heat.shape, mode="trilinear")[0, 0]
    np.testing.assert_allclose(heat, due.numpy(), atol=1e-6)


def test_signs_variants_and_layers_work_on_both(signal: CamWidget, volume: CamWidget) -> None:
    for w in (signal, volume):
        for layer in [known["name"] for known in w.layers]:
            w.layer = layer
            for variant in VARIANTS:
                w.variant = variant
                for sign in protocol.SIGNS:
                    w.sign = sign
                    assert np.isfinite(w.heatmap).all(), (layer, variant, sign)
        assert w.status["state"] != "error"


def test_a_page_that_asks_is_answered(signal: CamWidget, volume: CamWidget) -> None:
    for w in (signal, volume):
        page = FrontEnd(w)
        reply = page.request(1, want="variants")
        assert page.replies()[0] == reply
        assert w.target == 1
        menus = [data for data, _ in page.messages if data.get("method") == "custom"]
        grids = {m["variant"]: m["grid"] for data in menus for m in data["content"].get("maps", [])}
        due = {v.id: w.meta["input"] if v.at_input else w.stack["grid"] for v in VARIANTS.values()}
        assert "gradcam" in grids and all(grid == due[variant] for variant, grid in grids.items())


def test_both_have_a_still_picture(signal: CamWidget, volume: CamWidget) -> None:
    for w in (signal, volume):
        found = []
        for target in (0, 1):
            w.target = target
            data, _ = w._repr_mimebundle_()
            found.append(np.asarray(Image.open(io.BytesIO(base64.b64decode(data["image/jpeg"]))), float))
        assert found[0].shape == found[1].shape
        assert np.abs(found[0] - found[1]).max() > 60


def test_a_model_that_was_trained_on_keeps_what_it_shows() -> None:
    model = waves.Tones()
    with CamWidget(model, waves.tones(), rate=waves.RATE) as w:
        page = FrontEnd(w)
        with torch.no_grad():
            model.head.weight.mul_(2)
        page.request(1)
        assert w.meta["image"] == 2 and w.meta["kind"] == "signal" and w.meta["rate"] == waves.RATE
    settle()


def test_the_wake_word_is_seen_three_times(shared_data: Path) -> None:
    sys.path.insert(0, str(shared_data))
    try:
        from models import load_wav, log_mel, wakeword_1d
    finally:
        sys.path.pop(0)
    model, info = wakeword_1d(pool="mean")
    wave, rate = load_wav(f"{shared_data}/audio/marvin_3x_10s.wav")
    said = json.loads((shared_data / "audio" / "annotations.json").read_text(encoding="utf-8"))["windows"]
    display = {"waveform": (wave, rate)}
    frames = log_mel(wave)
    with CamWidget(model, frames, labels=info["classes"], target="marvin", rate=31.25, display=display) as w:
        assert w.layer == "features.3" and w.stack["grid"] == [282]
        assert [band["label"] for band in w.bands] == ["waveform", "40 channels"]
        assert w.meta["span"] / 31.25 == pytest.approx(10)
        # each step is centred 15 frames after its own number: its network is not padded
        time = (np.arange(282) + 15) / 31.25
        for start, end in said:
            inside = w.cam[(time > start - 0.1) & (time < end + 0.1)].max()
            assert inside > 0.2 * w.cam.max()
        near = np.any([(time > start - 0.5) & (time < end + 0.3) for start, end in said], axis=0)
        assert w.cam[~near].sum() < 0.05 * w.cam.sum()
    settle()
