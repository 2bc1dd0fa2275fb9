"""Recordings that are kept leave room for one more; the longest unused go first."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from camwidget import kept
from camwidget.atlas import Atlas
from camwidget.engine import CamEngine
from camwidget.scene import Scene


@pytest.fixture
def batch() -> Tensor:
    return torch.randn(12, 3, 32, 32)


def atlas_of(model: nn.Module, batch: Tensor, memory: int | None) -> tuple[Atlas, list[int]]:
    """An atlas of these pictures, and those that were recorded."""
    engine, recorded = CamEngine(model, memory=memory), []

    def inputs(scene: Scene) -> Tensor:
        recorded.append(scene.picture)
        return batch[scene.picture, None]

    return Atlas(engine, engine.record(batch[:1]), inputs=inputs), recorded


def size_of(model: nn.Module, batch: Tensor) -> int:
    return CamEngine(model).record(batch[:1]).bytes


def test_going_back_asks_for_no_forward_pass(cnn: nn.Module, batch: Tensor) -> None:
    atlas, recorded = atlas_of(cnn, batch, None)
    first = atlas.recording
    made = atlas.map("last", "gradcam", 2)
    assert atlas.look(Scene(1)) and not atlas.look(Scene(1))
    generation = atlas.generation
    assert atlas.look(Scene(0)) and atlas.recording is first
    assert atlas.generation == generation + 1, "what the browser has is of the other picture"
    assert recorded == [1]
    assert (atlas.map("last", "gradcam", 2) == made).all()


def test_so_many_are_kept_at_most(cnn: nn.Module, batch: Tensor) -> None:
    atlas, recorded = atlas_of(cnn, batch, None)
    for index in range(1, 12):
        atlas.look(Scene(index))
    assert len(atlas._kept) == kept.MOST
    for index in range(11, 11 - kept.MOST - 1, -1):
        atlas.look(Scene(index))
    assert len(recorded) == 11
    atlas.look(Scene(0))
    assert recorded[11:] == [0]


@pytest.mark.parametrize(("sizes", "stay"), [(1, 0), (2.5, 0), (3.5, 1), (5.5, 3)])
def test_memory_bounds_all_together(cnn: nn.Module, batch: Tensor, sizes: float, stay: int) -> None:
    """The one on screen, those kept and one that is being made are never more than that; one alone always is."""
    size = size_of(cnn, batch)
    atlas, recorded = atlas_of(cnn, batch, int(sizes * size))
    for index in range(1, 8):
        atlas.look(Scene(index))
        assert len(atlas._kept) <= stay
    assert len(atlas._kept) == stay
    assert atlas.recording.left_out == ""
    for back in range(1, stay + 1):
        atlas.look(Scene(7 - back))
    assert recorded == [1, 2, 3, 4, 5, 6, 7]


def test_of_a_changed_model_none_is_left(cnn: nn.Module, batch: Tensor) -> None:
    atlas, recorded = atlas_of(cnn, batch, None)
    atlas.look(Scene(1))
    with torch.no_grad():
        cnn.fc.weight.mul_(2)
    atlas.look(Scene(0))
    assert (recorded, len(atlas._kept), atlas.changes) == ([1, 0], 0, 1)
    assert not atlas.recording.stale
    torch.testing.assert_close(atlas.recording.scores, CamEngine(cnn).record(batch[:1]).scores)


def test_a_picture_that_fails_leaves_what_is_looked_at(cnn: nn.Module, batch: Tensor) -> None:
    atlas, _ = atlas_of(cnn, batch, None)
    before = atlas.recording, atlas.scene, atlas.generation
    with pytest.raises(IndexError):
        atlas.look(Scene(99))
    assert (atlas.recording, atlas.scene, atlas.generation) == before
