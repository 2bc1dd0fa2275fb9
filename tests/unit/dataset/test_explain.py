"""Everything that holds images gives the same maps; what does not fit together is an error that says so."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils.data import DataLoader, Dataset, IterableDataset

from camwidget import CamEngine, Explanations, Target, demo, explain
from camwidget.dataset.loading import windows
from camwidget.dataset.sources import Job
from camwidget.demo import DemoNet
from tests.conftest import TinyCnn
from tests.promises.snapshot import as_before
from tests.unit.dataset.conftest import scene

PICTURES = [scene(seed) for seed in range(5)]
CLASSES = [3, 0, 11, 5, 5]


def tensors() -> torch.Tensor:
    return torch.stack([demo.preprocess()(Image.fromarray(picture)) for picture in PICTURES])


def small(picture: Any) -> torch.Tensor:
    """A picture for a small network, which is quickly asked."""
    return demo.preprocess()(picture)[:, ::4, ::4]


def small_tensors() -> torch.Tensor:
    return torch.stack([small(Image.fromarray(picture)) for picture in PICTURES])


class Pairs(Dataset[Any]):
    """(picture, label), and (picture, label, more)."""

    def __len__(self) -> int:
        return 5

    def __getitem__(self, i: int) -> Any:
        return (Image.fromarray(PICTURES[i]), CLASSES[i], "more")[: 2 + i % 2]


class Dicts:
    """As Hugging Face's data sets: no Dataset of torch."""

    def __len__(self) -> int:
        return 5

    def __getitem__(self, i: int) -> dict[str, Any]:
        return {"image": Image.fromarray(PICTURES[i]), "label": CLASSES[i]}


class Endless(IterableDataset[Any]):
    def __iter__(self) -> Iterator[Any]:
        return iter(zip(small_tensors(), CLASSES, strict=True))


def generator() -> Iterator[Any]:
    yield from PICTURES


FORMS = {
    "arrays": lambda _: PICTURES,
    "one array": lambda _: np.stack(PICTURES),
    "floats": lambda _: np.stack(PICTURES) / 255,
    "PIL": lambda _: [Image.fromarray(picture) for picture in PICTURES],
    "tensor": lambda _: small_tensors(),
    "tensors": lambda _: list(small_tensors()),
    "paths": lambda folder: sorted(folder.glob("*.png")),
    "texts": lambda folder: [str(path) for path in sorted(folder.glob("*.png"))],
    "folder": lambda folder: folder,
    "Dataset": lambda _: Pairs(),
    "dicts": lambda _: Dicts(),
    "DataLoader": lambda _: DataLoader([*zip(small_tensors(), CLASSES, strict=True)], batch_size=2),
    "DataLoader without labels": lambda _: DataLoader(small_tensors(), batch_size=3),
    "DataLoader, one by one": lambda _: DataLoader([*zip(small_tensors(), CLASSES, strict=True)], batch_size=None),
    "DataLoader, endless": lambda _: DataLoader(Endless(), batch_size=2),
    "generator": lambda _: generator(),
    "IterableDataset": lambda _: Endless(),
    "mixed": lambda folder: [PICTURES[0], Image.fromarray(PICTURES[1]), *sorted(folder.glob("*.png"))[2:]],
}
LABELLED = ("Dataset", "dicts", "DataLoader", "DataLoader, one by one", "DataLoader, endless", "IterableDataset")


@pytest.fixture(scope="module")
def expected(net: DemoNet) -> Explanations:
    return CamEngine(net).explain(tensors(), CLASSES, size="grid")


@pytest.fixture(scope="module")
def small_net() -> TinyCnn:
    torch.manual_seed(0)
    return TinyCnn(12).eval()


@pytest.fixture(scope="module")
def due(small_net: TinyCnn) -> Explanations:
    return CamEngine(small_net).explain(small_tensors(), CLASSES, size="grid")


@pytest.fixture
def files(tmp_path: Path) -> Path:
    for i, picture in enumerate(PICTURES):
        Image.fromarray(picture).save(tmp_path / f"{i}.png")
    return tmp_path


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("workers", [0, 3])
def test_every_form_gives_the_same_maps(
    form: str, workers: int, files: Path, small_net: TinyCnn, due: Explanations
) -> None:
    images = FORMS[form](files)
    found = explain(
        small_net, images, CLASSES, size="grid", batch_size=2, workers=workers, progress=False, preprocess=small
    )
    np.testing.assert_allclose(found.array, due.array, rtol=1e-3, atol=1e-4)
    assert found.targets.tolist() == CLASSES
    assert found.labels.tolist() == (CLASSES if form in LABELLED else [-1] * 5)
    np.testing.assert_allclose(found.scores, due.scores, rtol=1e-4, atol=1e-4)


def test_targets_of_every_kind(net: DemoNet, expected: Explanations) -> None:
    names, x = demo.labels(), tensors()

    def of(targets: Any, images: Any = x) -> Explanations:
        return explain(net, images, targets, size="grid", progress=False, batch_size=3)

    by_label = of("label", Pairs())
    np.testing.assert_allclose(by_label.array, expected.array, rtol=1e-3, atol=1e-4)
    np.testing.assert_array_equal(of([names[k] for k in CLASSES]).array, of(CLASSES).array)
    np.testing.assert_array_equal(of(torch.tensor(CLASSES)).array, of(np.array(CLASSES)).array)
    np.testing.assert_array_equal(of("star").array, of([names.index("star")] * 5).array)
    assert of(None).targets.tolist() == of(None).predicted.tolist() == expected.predicted.tolist()
    assert of([None, *CLASSES[1:]]).targets.tolist() == [expected.predicted[0], *CLASSES[1:]]
    against = of(Target("star", against="ring"))
    np.testing.assert_allclose(against.array, of(lambda out: out[:, 9] - out[:, 7]).array, rtol=1e-4, atol=1e-5)
    assert of(lambda out: out[:, 9]).targets.tolist() == [-1] * 5


def test_probabilities_are_those_of_the_model(net: DemoNet) -> None:
    found = explain(net, tensors(), progress=False)
    np.testing.assert_allclose(found.confidence, net(tensors()).sigmoid().amax(1).detach(), rtol=1e-4)
    single = TinyCnn().eval()
    x = torch.randn(3, 3, 32, 32)
    np.testing.assert_allclose(
        explain(single, x, progress=False).confidence, single(x).softmax(1).amax(1).detach(), rtol=1e-4
    )


def test_layers_and_variants_in_one_pass(net: DemoNet) -> None:
    found = explain(net, tensors(), 2, ["stage2", None], ["gradcam", "layercam"], size="grid", progress=False)
    assert {key: array.shape for key, array in found.maps.items()} == {
        ("stage2", "gradcam"): (5, 24, 24),
        ("stage2", "layercam"): (5, 24, 24),
        ("stage3", "gradcam"): (5, 12, 12),
        ("stage3", "layercam"): (5, 12, 12),
    }
    alone = explain(net, tensors(), 2, "stage2", "layercam", size="grid", progress=False)
    np.testing.assert_allclose(found["stage2", "layercam"], alone.array, rtol=1e-4, atol=1e-5)


def test_pictures_of_several_sizes(net: DemoNet) -> None:
    x = [torch.randn(3, side, side) for side in (64, 96, 64, 96)]
    found = explain(net, x, 0, size=(50, 60), progress=False)
    assert found.shape == (4, 50, 60)
    alone = explain(net, [x[3]], 0, size=(50, 60), progress=False)
    np.testing.assert_allclose(found[3], alone[0], rtol=1e-4, atol=1e-5)
    with pytest.raises(ValueError, match=r"the inputs differ in size; accepted: .* size= with numbers"):
        explain(net, x, 0, progress=False)


def test_signals_and_their_maps() -> None:
    model = torch.nn.Sequential(torch.nn.Conv1d(2, 8, 5, 2, 2), torch.nn.ReLU(), torch.nn.Conv1d(8, 8, 5, 2, 2),
                                torch.nn.ReLU(), torch.nn.AdaptiveAvgPool1d(1), torch.nn.Flatten(),
                                torch.nn.Linear(8, 4)).eval()  # fmt: skip
    x = torch.randn(6, 2, 128)
    found = explain(model, x, 1, size="grid", progress=False, batch_size=4)
    torch.testing.assert_close(torch.from_numpy(found.array), CamEngine(model).record(x).cam(1), rtol=1e-4, atol=1e-6)
    assert explain(model, iter(x.numpy()), 1, progress=False).shape == (6, 128)


WRONG: dict[str, tuple[Any, dict[str, Any], type[Exception], str]] = {
    "too few targets": (PICTURES, {"targets": [1, 2]}, ValueError, "2 targets for 5 images"),
    "too many targets": (PICTURES, {"targets": [1] * 6}, ValueError, "6 targets for 5 images"),
    "too few for a generator": (generator, {"targets": [1, 2]}, ValueError, "2 targets, and more images"),
    "too many for a generator": (generator, {"targets": [1] * 6}, ValueError, "6 targets for 5 images"),
    "no label": (PICTURES, {"targets": "label"}, ValueError, "no label came with image 0"),
    "an unknown class": (PICTURES, {"targets": "stare"}, ValueError, "did you mean 'star'"),
    "a class out of range": (PICTURES, {"targets": 12}, ValueError, "class 12 is out of range"),
    "a variant": (PICTURES, {"variant": "grad-cam"}, ValueError, "did you mean 'gradcam'"),
    "a layer": (PICTURES, {"layer": "stage4"}, ValueError, "did you mean 'stage"),
    "on_error": (PICTURES, {"on_error": "ignore"}, ValueError, "unknown on_error 'ignore'"),
    "batch_size": (PICTURES, {"batch_size": 0}, ValueError, "batch_size is 0"),
    "workers": (PICTURES, {"workers": -1}, ValueError, "workers is -1"),
    "no images": ([], {}, ValueError, "an empty list was given"),
    "an empty generator": (lambda: iter(()), {}, ValueError, "no image was given"),
    "a number": (7, {}, TypeError, "a int holds no images; accepted: a folder"),
    "an array of text": ([np.array(["a"])], {}, ValueError, "image 0: .*array of shape"),
    "out": (PICTURES, {"out": "maps.h5"}, ValueError, "accepted: a path that ends in .npy or .zarr"),
    "out's folder": (PICTURES, {"out": "nowhere/maps.npy"}, ValueError, "there is no folder 'nowhere'"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_wrong_questions(wrong: str, net: DemoNet) -> None:
    images, keywords, kind, words = WRONG[wrong]
    with as_before(net), pytest.raises(kind, match=words):
        explain(net, images() if callable(images) else images, progress=False, **keywords)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("reading")]


def test_no_more_is_read_than_a_few_batches() -> None:
    """However slow the network is."""
    reading = []

    def job(i: int) -> Job:
        return Job(i, str(i), lambda: (reading.append(i) or torch.zeros(1), None))

    cut = windows(map(job, range(1000)), 10, 4, ())
    assert [read.index for read in next(cut)] == list(range(10))
    deadline = time.monotonic() + 60
    while len(reading) < 30 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert len(reading) == 30
    cut.close()


def test_a_data_set_is_asked_for_one_item_at_a_time(net: DemoNet) -> None:
    inside = []

    class Careful(Pairs):
        def __getitem__(self, i: int) -> Any:
            inside.append(1)
            assert len(inside) == 1
            time.sleep(0.001)
            inside.pop()
            return super().__getitem__(i)

    assert len(explain(net, Careful(), workers=4, progress=False)) == 5


def test_the_bar_counts_what_is_done(net: DemoNet, capsys: pytest.CaptureFixture[str]) -> None:
    explain(net, PICTURES, progress=True, size="grid")
    assert "5/5" in capsys.readouterr().err
    explain(net, PICTURES, progress=False, size="grid")
    assert capsys.readouterr().err == ""


def test_the_model_is_left_without_a_trace() -> None:
    model = TinyCnn().train()
    x = torch.randn(4, 3, 32, 32)
    with as_before(model, x):
        explain(model, x, layer=[None, "block"], variant=["gradcam", "guided_relu", "smoothgradcam++"], progress=False)
