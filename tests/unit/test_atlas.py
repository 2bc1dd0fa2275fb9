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
