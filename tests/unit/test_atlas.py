"""Maps are made once, kept up to a limit, and forgotten with the model that they were made of."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from camwidget import atlas as atlas_module
from camwidget.atlas import Atlas
from camwidget.engine import CamEngine


@pytest.fixture
def atlas(cnn: nn.Module, x: Tensor) -> Atlas:
    engine = CamEngine(cnn)
    return Atlas(engine, engine.record(x[:1]))


def test_maps_are_the_recordings_signed_and_not_to_be_written_to(atlas: Atlas) -> None:
    made = atlas.map("block", "gradcam", 3)
    assert np.array_equal(made, atlas.recording.cams([3], "block")[0, 0].numpy())
    assert (made.dtype, made.shape) == (np.float32, (16, 16))
    with pytest.raises(ValueError, match="read-only"):
        made[0, 0] = 1


def test_each_is_made_once(atlas: Atlas) -> None:
    assert atlas.ms("last", "gradcam", 0) == 0
    made = atlas.map("last", "gradcam", 0)
    took = atlas.ms("last", "gradcam", 0)
    assert took > 0
    assert atlas.map("last", "gradcam", 0) is made
    assert atlas.ms("last", "gradcam", 0) == took
    assert atlas.map("last", "gradcam", 1) is not made


def test_the_longest_unused_go_at_the_limit(atlas: Atlas, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(atlas_module, "ATLAS_BYTES", 2 * 8 * 8 * 4)
    first, second = (atlas.map("last", "gradcam", t) for t in (0, 1))
    assert atlas.map("last", "gradcam", 0) is first  # now 1 is the longest unused
    atlas.map("last", "gradcam", 2)
    assert atlas.map("last", "gradcam", 0) is first
    again = atlas.map("last", "gradcam", 1)
    assert again is not second and np.array_equal(again, second)
    assert atlas._bytes == sum(m.nbytes for m in atlas._maps.values()) <= 2 * 8 * 8 * 4
    assert set(atlas._ms) == set(atlas._maps)
    assert atlas.map("stem", "gradcam", 0).shape == (32, 32)  # larger than the limit, and answered all the same


def test_a_changed_model_is_recorded_again(atlas: Atlas, cnn: nn.Module) -> None:
    before, recording = atlas.map("last", "gradcam", 0), atlas.recording
    assert not atlas.refresh()
    assert atlas.recording is recording
    with torch.no_grad():
        cnn.fc.weight.mul_(2)
    assert atlas.refresh()
    assert not atlas.refresh()
    np.testing.assert_allclose(atlas.map("last", "gradcam", 0), 2 * before, rtol=1e-5)


def test_all_stages_are_prepared_by_one_backward_pass(atlas: Atlas, monkeypatch: pytest.MonkeyPatch) -> None:
    passes, original = [], torch.autograd.grad
    monkeypatch.setattr(torch.autograd, "grad", lambda *a, **k: passes.append(1) or original(*a, **k))
    atlas.prepare(2, "guided_relu")
    for stage in atlas.recording.stages:
        atlas.map(stage, "guided_relu", 2)
    assert len(passes) == 1


def test_what_is_missing_is_made_together(atlas: Atlas, monkeypatch: pytest.MonkeyPatch) -> None:
    copies, original = [], atlas_module.to_numpy
    monkeypatch.setattr(atlas_module, "to_numpy", lambda maps: copies.append(1) or original(maps))
    assert not atlas.has("block", "gradcam", 1)
    first = atlas.map("block", "gradcam", 1)
    assert atlas.has("block", "gradcam", 1) and not atlas.has("block", "gradcam", 0)
    maps = atlas.maps("block", "gradcam", [0, 1, 3])
    assert len(copies) == 2
    assert maps[1] is first
    assert np.array_equal(np.stack(maps), atlas.recording.cams([0, 1, 3], "block")[0].numpy())
    assert all(m.base is None or m.base.nbytes == m.nbytes for m in maps)  # each may be dropped by itself


def test_all_classes_are_made_at_once_and_found_one_by_one(atlas: Atlas) -> None:
    whole = atlas.whole("last", "gradcam")
    assert whole is not None and whole.shape == (6, 8, 8)
    np.testing.assert_allclose(whole, atlas.recording.cams(range(6), "last")[0].numpy(), rtol=1e-4, atol=1e-6)
    assert atlas.has("last", "gradcam", 5)
    assert np.shares_memory(atlas.map("last", "gradcam", 5), whole)
    assert atlas.whole("last", "gradcam") is whole
    assert atlas.whole("block", "gradcam") is None  # the head sees its cells


def test_too_many_values_are_not_made_at_once(atlas: Atlas, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(atlas_module, "WHOLE_CELLS", 6 * 64 - 1)
    assert atlas.whole("last", "gradcam") is None


def test_a_class_is_foreseen_by_one_backward_pass(atlas: Atlas, monkeypatch: pytest.MonkeyPatch) -> None:
    passes, original = [], torch.autograd.grad
    monkeypatch.setattr(torch.autograd, "grad", lambda *a, **k: passes.append(1) or original(*a, **k))
    atlas.foresee(2, "standard")
    for stage in atlas.recording.stages:
        for variant in ("gradcam", "hirescam", "layercam", "gradcam++", "xgradcam", "elementwise"):
            made = atlas.map(stage, variant, 2)
            assert np.array_equal(made, atlas.recording.cams([2], stage, variant)[0, 0].numpy())
    atlas.foresee(2, "standard")
    assert len(passes) == 1


def test_what_was_foreseen_from_an_older_model_is_dropped(
    atlas: Atlas, cnn: nn.Module, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = atlas_module.to_numpy

    def meanwhile(maps: Tensor) -> np.ndarray:
        with torch.no_grad():
            cnn.fc.weight.mul_(2)
        assert atlas.refresh()
        return original(maps)

    monkeypatch.setattr(atlas_module, "to_numpy", meanwhile)
    atlas.foresee(2, "standard")
    assert not atlas._maps and atlas._bytes == 0
