"""A film strip without a browser: what is sent of its pictures, and how one goes from one to the next."""

from __future__ import annotations

import gc
import importlib
import threading
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from camwidget import CamWidget, protocol
from camwidget.engine import CamEngine
from tests.wire.front_end import NAMES, PATIENCE, FrontEnd, settle, values

COUNT = 8


@pytest.fixture
def pictures() -> list[Tensor]:
    return list(torch.randn(COUNT, 3, 28, 28) * torch.linspace(0.1, 4, COUNT)[:, None, None, None])


def shown(widget: CamWidget) -> FrontEnd:
    """A page that shows the widget."""
    page = FrontEnd(widget)
    widget._repr_mimebundle_()
    settle()
    return page


def recorded(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many pictures each recording from now on has."""
    made: list[int] = []
    original = CamEngine.record
    monkeypatch.setattr(CamEngine, "record", lambda self, x: made.append(len(x)) or original(self, x))
    return made


def test_all_pictures_are_called_in_idle_time(film: Callable[..., CamWidget], due: list[int]) -> None:
    w = film(truth=[due[0], *[NAMES[(k + 1) % 6] for k in due[1:]]])
    assert tuple(w.reel) == protocol.REEL_KEYS
    assert (w.pictures, w.index, w.reel["called"]) == (COUNT, 0, [due[0], *[None] * (COUNT - 1)])
    settle()
    assert w.reel["called"].count(None) == COUNT - 1, "nobody looks"
    page = shown(w)
    assert w.reel["called"] == due and None not in w.reel["probability"]
    assert w.reel["truth"] == [due[0], *[(k + 1) % 6 for k in due[1:]]]
    assert w.reel["faults"] == [False] * COUNT
    assert [frame[:3] for frame in w.frames] == [b"\xff\xd8\xff"] * COUNT
    assert tuple(w.heats) == protocol.HEATS_KEYS
    assert (w.heats["layer"], w.heats["variant"], len(w.heats["maps"])) == (w.layer, "gradcam", COUNT)
    assert page.states("reel"), "it comes in parts"


def test_small_maps_are_the_engines(film: Callable[..., CamWidget], cnn: nn.Module, pictures, due) -> None:
    w = film()
    shown(w)
    for picture, called, sent in zip(pictures, due, w.heats["maps"], strict=True):
        full = CamEngine(cnn).record(picture[None]).cams([called])[0, 0].numpy()
        got = np.frombuffer(sent["data"], "i1").reshape(sent["grid"]) * sent["scale"]
        np.testing.assert_allclose(got, full, atol=np.abs(full).max() / 100)


def test_a_request_may_ask_for_another_picture(
    film: Callable[..., CamWidget], cnn: nn.Module, pictures, due, monkeypatch: pytest.MonkeyPatch
) -> None:
    w = film(truth=list(due))
    page = shown(w)
    there = next(i for i in range(COUNT) if due[i] != due[0])
    made = recorded(monkeypatch)
    before, picture = w.meta["image"], w.picture
    reply = page.request(w.target, index=there)
    assert reply in page.replies()
    assert made == [1], "one forward pass"
    assert (w.index, w.meta["index"], w.target) == (there, there, due[there])
    assert w.meta["image"] > before and w.picture != picture
    recording = CamEngine(cnn).record(pictures[there][None])
    np.testing.assert_allclose(np.frombuffer(w.classes["scores"], "<f4"), recording.scores[0], rtol=1e-5)
    assert w.classes["truth"] == due[there]
    stack = page.states("stack")[-1]
    assert stack["image"] == w.meta["image"]
    np.testing.assert_allclose(w.cam, recording.cam(due[there])[0], rtol=1e-4, atol=1e-6)
    listed = recording.cams(stack["targets"] or range(6))[0].numpy()
    np.testing.assert_allclose(values(stack), listed, rtol=1e-3, atol=1e-5)
    made.clear()
    page.request(w.target, index=0)
    assert (w.index, w.target, made) == (0, due[0], []), "going back asks for none"


def test_one_picture_and_its_numbers_come_in_one_message(film: Callable[..., CamWidget]) -> None:
    w = film()
    page = shown(w)
    page.messages.clear()
    page.request(w.target, index=3)
    (state,) = [data["state"] for data, _ in page.messages if "meta" in data.get("state", {})]
    assert {"meta", "classes", "target"} <= state.keys() | {"target"}
    assert "classes" in state


def test_layer_variant_and_sign_stay_and_a_class_chosen_by_hand_too(film: Callable[..., CamWidget], due) -> None:
    w = film(layer="block", variant="layercam", sign="signed")
    page = shown(w)
    there = next(i for i in range(COUNT) if due[i] != due[0])
    third = next(k for k in range(6) if k not in (due[0], due[there]))
    page.request(due[0], "block", "layercam", index=there)
    assert (w.target, w.layer, w.variant, w.sign) == (due[there], "block", "layercam", "signed")
    page.request(third, "block", "layercam")
    page.request(third, "block", "layercam", index=0)
    assert (w.index, w.target) == (0, third)


def test_from_python(film: Callable[..., CamWidget], cnn: nn.Module, pictures, due) -> None:
    w = film()
    for index in (3, 5):
        w.index = index
        recording = CamEngine(cnn).record(pictures[index][None])
        np.testing.assert_allclose(w.scores, recording.scores[0], rtol=1e-5)  # at once, not when the worker is ready
        np.testing.assert_allclose(w.cam, recording.cam(due[index])[0], rtol=1e-4, atol=1e-6)
        assert w.heatmap.shape == (28, 28)
        assert (w.target, w.meta["index"]) == (due[index], index)
    settle()
    assert w.stack["image"] == w.meta["image"]


def test_what_is_read_while_the_worker_looks_is_of_the_new_picture(film: Callable[..., CamWidget], cnn, pictures, due):
    w = film()
    made = [CamEngine(cnn).record(p[None]).cam(k)[0].numpy() for p, k in zip(pictures, due, strict=True)]
    for index in [*range(COUNT), *range(COUNT)][::3]:
        w.index = index
        np.testing.assert_allclose(w.cam, made[index], rtol=1e-3, atol=1e-5)


def test_only_the_newest_of_many_is_recorded(film: Callable[..., CamWidget], monkeypatch: pytest.MonkeyPatch) -> None:
    w = film()
    settle()
    made, inside, go = [], threading.Event(), threading.Event()
    original = CamEngine.record

    def slow(self: CamEngine, x: Tensor) -> Any:
        made.append(len(x))
        inside.set()
        assert go.wait(PATIENCE)
        return original(self, x)

    monkeypatch.setattr(CamEngine, "record", slow)
    w.index = 1
    assert inside.wait(PATIENCE)
    for index in range(2, COUNT):
        w.index = index
    go.set()
    settle()
    assert len(made) == 2
    assert (w.index, w.meta["index"]) == (COUNT - 1, COUNT - 1)


def test_a_wrong_request_while_a_picture_is_recorded_changes_nothing(
    film: Callable[..., CamWidget], monkeypatch: pytest.MonkeyPatch
) -> None:
    w = film()
    page = FrontEnd(w)
    inside, go = threading.Event(), threading.Event()
    original = CamEngine.record

    def slow(self: CamEngine, x: Tensor) -> Any:
        inside.set()
        assert go.wait(PATIENCE)
        return original(self, x)

    monkeypatch.setattr(CamEngine, "record", slow)
    w.index = 5
    assert inside.wait(PATIENCE)
    page.send({"nonce": "page", "seq": 1, "target": "nobody", "layer": w.layer, "variant": "gradcam", "index": 2})
    assert ["page", 1] in page.replies()
    go.set()
    settle()
    assert (w.index, w.meta["index"]) == (5, 5)


def test_a_request_goes_before_the_rest_of_the_film(film: Callable[..., CamWidget], monkeypatch) -> None:
    w = film()
    page = FrontEnd(w)
    inside, go = threading.Event(), threading.Event()
    original = CamEngine.answer

    def slow(self: CamEngine, x: Tensor, stop: Any = None) -> Any:
        inside.set()
        assert go.wait(PATIENCE)
        return original(self, x, stop)

    monkeypatch.setattr(CamEngine, "answer", slow)
    w._repr_mimebundle_()
    assert inside.wait(PATIENCE)
    page.send({"nonce": "page", "seq": 1, "target": 4, "layer": "block", "variant": "gradcam"})
    go.set()
    settle()
    orders = [
        name
        for data, _ in page.messages
        for name in ("stack", "reel")
        if name in str(data.get("buffer_paths")) or name in data.get("state", {})
    ]
    assert ["page", 1] in page.replies()
    assert orders.index("stack") < orders.index("reel")
    assert None not in w.reel["called"], "and the film is finished after it"


def test_the_label_of_a_mistake_is_listed(film: Callable[..., CamWidget], cnn: nn.Module, pictures) -> None:
    with torch.no_grad():
        last = int(cnn(pictures[0][None]).argmin())
    w = film(truth=[last, *[None] * (COUNT - 1)], topk=2)
    assert w.listed[2:] == [last] and w.classes["truth"] == last
    w.index = 1
    settle()
    assert len(w.listed) == 2 and w.classes["truth"] is None


def test_the_table(film: Callable[..., CamWidget], due: list[int], make: Callable[..., CamWidget]) -> None:
    w = film(truth=[NAMES[due[0]], (due[1] + 1) % 6, *[None] * (COUNT - 2)])
    rows = w.film
    assert [row["called"] for row in rows] == [NAMES[k] for k in due]
    assert [row["wrong"] for row in rows] == [False, True, *[None] * (COUNT - 2)]
    assert rows[1]["truth"] == NAMES[(due[1] + 1) % 6] and 0 < rows[1]["probability"] <= 1
    assert {row["error"] for row in rows} == {None}
    one = make(truth="owl")
    assert (one.pictures, one.reel, one.frames) == (1, {}, [])
    (row,) = one.film
    assert (row["truth"], row["called"]) == ("owl", NAMES[int(one.scores.argmax())])


def test_after_training_all_are_called_anew(film: Callable[..., CamWidget], cnn: nn.Module, pictures) -> None:
    w = film()
    page = shown(w)
    w.index = 2
    settle()
    with torch.no_grad():
        cnn.fc.weight.neg_()
        cnn.fc.bias.neg_()
    page.request(w.target)
    with torch.no_grad():
        assert w.reel["called"] == [int(cnn(picture[None]).argmax()) for picture in pictures]


@pytest.mark.parametrize(
    ("index", "says"),
    [(COUNT, "picture 8 is out of range"), (-1, "out of range"), ("3", "given by its number"), (True, "a bool"),
     (1.5, "given by its number"), ([1], "given by its number"), (float("nan"), "given by its number")],
)  # fmt: skip
def test_what_is_no_picture_is_refused(film: Callable[..., CamWidget], index: Any, says: str) -> None:
    w = film()
    page = FrontEnd(w)
    with pytest.raises((TypeError, ValueError), match=says):
        w.index = index
    reply = page.request(w.target, index=index)
    assert reply in page.replies()
    assert w.status["state"] == "error" and says in w.status["text"]
    w.set_state({"index": index})
    assert (w.index, w.meta["index"]) == (0, 0)


def test_bad_input_at_the_start(cnn: nn.Module, pictures: list[Tensor]) -> None:
    with pytest.raises(ValueError, match="truth has 2 entries for 8 pictures"):
        CamWidget(cnn, pictures, truth=[0, 1])
    with pytest.raises(ValueError, match=r"truth\[1\]: .*did you mean 'newt'"):
        CamWidget(cnn, pictures, labels=NAMES, truth=["cat", "newtt", *[None] * 6])
    with pytest.raises(ValueError, match="an empty list was given as the image"):
        CamWidget(cnn, [])
    with pytest.raises(ValueError, match="rate= is for signals"):
        CamWidget(cnn, pictures, rate=3)
    with pytest.raises(FileNotFoundError, match=r"picture 2 of 2: no file 'nothing\.png'"):
        CamWidget(cnn, [pictures[0], "nothing.png"])


def test_a_picture_that_cannot_be_read_is_said_and_the_one_on_screen_stays(cnn: nn.Module, tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (28, 28, 3), np.uint8)
    for name in "abc":
        Image.fromarray(noise).save(tmp_path / f"{name}.png")
    broken = tmp_path / "b.png"
    broken.write_bytes(broken.read_bytes()[:900])
    with CamWidget(cnn, sorted(tmp_path.glob("*.png")), labels=NAMES) as w:
        page = shown(w)
        assert w.reel["faults"] == [False, True, False]
        assert "b.png" not in str(w.reel), "no paths in what is saved"
        reply = page.request(w.target, index=1)
        assert reply in page.replies()
        assert w.status["state"] == "error" and w.status["text"].startswith("ValueError: picture 2 of 3:")
        assert (w.index, w.meta["index"]) == (0, 0)
        assert [row["error"] is None for row in w.film] == [True, False, True]
        page.request(w.target, index=2)
        assert (w.index, w.meta["index"]) == (2, 2)


def test_closing_gives_everything_back(film: Callable[..., CamWidget]) -> None:
    w = film()
    for index in range(4):
        w.index = index
        _ = w.cam
    settle()
    atlas = w._atlas
    assert len(atlas._kept) == 3
    kept = [weakref.ref(one) for one in [atlas.recording, *atlas._kept._recordings.values()]]
    film_ = weakref.ref(w._film)
    del atlas
    w.close()
    gc.collect()
    assert [ref() for ref in kept] == [None] * 4
    assert film_() is None


def test_memory_bounds_what_is_kept(film: Callable[..., CamWidget], cnn: nn.Module, pictures) -> None:
    size = CamEngine(cnn).record(pictures[0][None]).bytes
    w = film(memory=int(3.5 * size))
    for index in range(COUNT):
        w.index = index
        _ = w.cam
        assert len(w._atlas._kept) <= 1


def test_a_real_network_makes_ten_mistakes_in_thirty_pictures(
    shared_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(shared_data))
    network, info = importlib.import_module("models").resnet20_cifar10()
    paths = sorted((shared_data / "images" / "cifar10").glob("*.jpg"))
    truth = [path.stem.split("_")[0] for path in paths]
    with CamWidget(network, paths, labels=info["classes"], preprocess=info["transform"], truth=truth) as w:
        wrong = [row for row in w.film if row["wrong"]]
        assert (w.pictures, len(wrong)) == (30, 10)
        assert {row["truth"] for row in wrong} == set(info["classes"]), "one a class"
        w.index = next(row["index"] for row in wrong if row["truth"] == "ship")
        assert (w.labels[int(w.scores.argmax())], w.cam.shape) == ("airplane", (8, 8))
    settle()
