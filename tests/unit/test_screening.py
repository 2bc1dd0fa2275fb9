"""What a film's pictures are called, and their maps: the engine's own, in batches, and no newer wish waits for them."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from camwidget import screening as module
from camwidget.aim import Aim
from camwidget.answers import View
from camwidget.atlas import Atlas
from camwidget.engine import CamEngine
from camwidget.engine.preempt import Stopped
from camwidget.film import Film
from camwidget.preprocessing import find
from camwidget.scene import Scene
from camwidget.screening import Screening

NAMES = ("cat", "dog", "owl", "fox", "newt", "crane")


@pytest.fixture
def pictures() -> list[Tensor]:
    return list(torch.randn(10, 3, 32, 32) * torch.linspace(0.1, 3, 10)[:, None, None, None])


def screen(model: nn.Module, pictures: list[Tensor], **engine_options: object) -> Screening:
    engine = CamEngine(model, **engine_options)  # type: ignore[arg-type]
    film = Film(pictures, find(model, None))
    atlas = Atlas(engine, engine.record(film.input(Scene())), inputs=film.input)
    return Screening(engine, atlas, film, "softmax", NAMES)


def finish(found: Screening) -> None:
    while found.predict():
        pass


def warm_up(found: Screening, variant: str = "gradcam") -> None:
    while found.look_warm(variant):
        pass


def test_predictions_are_those_of_each_picture_alone(cnn: nn.Module, pictures: list[Tensor]) -> None:
    found = screen(cnn, pictures)
    assert found.called.count(None) == 9, "the one on screen is known"
    finish(found)
    with torch.no_grad():
        alone = torch.cat([cnn(picture[None]) for picture in pictures]).softmax(1)
    assert found.called == alone.argmax(1).tolist()
    assert len(set(found.called)) > 1
    np.testing.assert_allclose(found.probability, alone.max(1).values, rtol=1e-4)
    assert all(found._film.smalls)


def test_maps_are_those_of_each_picture_alone(cnn: nn.Module, pictures: list[Tensor]) -> None:
    found = screen(cnn, pictures)
    found._atlas.aim = Aim(against=5, score="log_softmax")
    finish(found)
    assert not found.done
    warm_up(found, "hirescam")
    assert found.done
    for index, picture in enumerate(pictures):
        recording = CamEngine(cnn).record(picture[None])
        due = recording.cams([found.called[index]], variant="hirescam", against=5, score="log_softmax")[0, 0]
        np.testing.assert_allclose(found.maps[index], due, rtol=1e-3, atol=1e-6)
    warm_up(found, "gradcam")
    assert found.warm is not None and found.warm.variant == "gradcam" and len(found.maps) == 10


def test_of_a_slow_variant_only_what_was_looked_at(cnn: nn.Module, pictures: list[Tensor]) -> None:
    found = screen(cnn, pictures)
    finish(found)
    warm_up(found, "scorecam")
    assert found.maps == {} and found.done
    made = found._atlas.map(found._atlas.recording.default_layer, "scorecam", found.called[0])
    warm_up(found, "scorecam")
    assert list(found.maps) == [0] and (found.maps[0] == made).all()


def test_batches_grow_while_they_are_quick(
    cnn: nn.Module, pictures: list[Tensor], monkeypatch: pytest.MonkeyPatch
) -> None:
    rows: list[int] = []
    original = CamEngine.answer
    monkeypatch.setattr(CamEngine, "answer", lambda self, x, stop=None: rows.append(len(x)) or original(self, x, stop))
    monkeypatch.setattr(module, "TOGETHER", 1e9)
    finish(screen(cnn, pictures))
    assert rows == [1, 2, 2, 4, 2], "one, a look at whether company matters, then more and more"
    rows.clear()
    monkeypatch.setattr(module, "TOGETHER", 0)
    finish(screen(cnn, pictures))
    assert rows == [1] * 9


class Company(nn.Module):
    """Its scores depend on which pictures are run together."""

    def __init__(self, inner: nn.Module, alone: bool = False) -> None:
        super().__init__()
        self.inner, self.alone = inner, alone

    def forward(self, x: Tensor) -> Tensor:
        if self.alone and len(x) > 1:
            raise RuntimeError("one at a time")
        return self.inner((x - x.mean()) / x.std())


@pytest.mark.parametrize("alone", [True, False])
def test_models_that_mind_their_company_run_alone(cnn: nn.Module, pictures: list[Tensor], alone: bool) -> None:
    with torch.no_grad():
        cnn.fc.weight.mul_(30)  # so that it matters
    model = Company(cnn, alone).eval()
    found = screen(model, pictures)
    finish(found)
    warm_up(found)
    with torch.no_grad():
        due = torch.cat([model(picture[None]) for picture in pictures])
    assert found.called == due.argmax(1).tolist()
    assert found.faults == {}
    recording = CamEngine(model).record(pictures[7][None])
    np.testing.assert_allclose(found.maps[7], recording.cams([found.called[7]])[0, 0], rtol=1e-3, atol=1e-6)


def test_pictures_of_several_sizes(cnn: nn.Module) -> None:
    found = screen(cnn, [torch.randn(3, side, side) for side in (32, 32, 40, 40, 32)])
    finish(found)
    warm_up(found)
    assert None not in found.called
    assert [found.maps[i].shape for i in range(5)] == [(8, 8), (8, 8), (10, 10), (10, 10), (8, 8)]


def test_one_that_cannot_be_read_is_left_out(cnn: nn.Module, pictures: list[Tensor]) -> None:
    bad = pictures[3].clone()
    bad[0, 0, 0] = torch.nan
    found = screen(cnn, [*pictures[:3], bad, *pictures[4:]])
    finish(found)
    warm_up(found)
    assert found.called[3] is None and found.called.count(None) == 1
    assert list(found.faults) == [3] and "picture 4 of 10" in found.faults[3]
    assert found.done and 3 not in found.maps


def test_a_newer_wish_ends_it_at_once_and_nothing_is_lost(cnn: nn.Module, pictures: list[Tensor]) -> None:
    found = screen(cnn, pictures)
    found.predict()
    known = list(found.called)
    with pytest.raises(Stopped):
        found.predict(lambda: True)
    asked = iter([False] * 6 + [True] * 99)
    with pytest.raises(Stopped):  # in the middle of a forward pass
        found.predict(lambda: next(asked))
    assert found.called == known and found.faults == {}
    finish(found)
    assert None not in found.called


def test_a_changed_model_is_asked_anew(cnn: nn.Module, pictures: list[Tensor]) -> None:
    found = screen(cnn, pictures)
    finish(found)
    before = list(found.called)
    with torch.no_grad():
        cnn.fc.weight.neg_()
        cnn.fc.bias.neg_()
    found._atlas.refresh()
    finish(found)
    with torch.no_grad():
        due = [int(cnn(picture[None]).argmax()) for picture in pictures]
    assert found.called == due != before


def test_the_class_follows_unless_it_was_chosen_to_be_followed(cnn: nn.Module, pictures: list[Tensor]) -> None:
    found = screen(cnn, pictures)
    finish(found)
    there = next(i for i, called in enumerate(found.called) if called != found.called[0])
    other = next(k for k in range(6) if k not in (found.called[0], found.called[there]))
    third = next(k for k in range(6) if k not in (found.called[0], found.called[there], other))
    found._film.truth = (other, *[None] * 9)
    atlas = found._atlas
    layer = atlas.recording.default_layer
    left, before = atlas.scene, atlas.recording
    atlas.look(Scene(there))

    def follow(target: int) -> int:
        return found.follow(View(target, layer, "gradcam"), left, before).target

    own = found.called[there]
    assert follow(found.called[0]) == own, "the prediction"
    assert follow(other) == own, "the label"
    assert follow(third) == third, "chosen by hand"


def test_the_model_is_left_as_it_was(cnn: nn.Module, pictures: list[Tensor]) -> None:
    cnn.train()
    before = {name: value.clone() for name, value in cnn.state_dict().items()}
    state = torch.get_rng_state()
    found = screen(cnn, pictures)
    finish(found)
    warm_up(found)
    assert cnn.training and all(module.training for module in cnn.modules())
    assert all(torch.equal(value, before[name]) for name, value in cnn.state_dict().items())
    assert all(p.grad is None for p in cnn.parameters())
    assert torch.equal(torch.get_rng_state(), state)
