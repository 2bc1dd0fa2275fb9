"""Losses, counts and confusion are those of a plain loop over the data."""

from __future__ import annotations

import threading
import time

import numpy as np
import pandas as pd
import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, Dataset, TensorDataset

from tests.unit.gallery.conftest import Made
from tests.wire.front_end import NAMES, settle


def plain_loop(model: nn.Module, x: torch.Tensor, y: torch.Tensor) -> dict[str, np.ndarray]:
    """What anybody would write."""
    losses, confidences, margins, predictions = [], [], [], []
    with torch.no_grad():
        for images, labels in DataLoader(TensorDataset(x, y), batch_size=7):
            scores = model(images)
            losses.append(F.cross_entropy(scores, labels, reduction="none"))
            top = scores.softmax(1).topk(2)
            predictions.append(top.indices[:, 0])
            confidences.append(top.values[:, 0])
            margins.append(top.values[:, 0] - top.values[:, 1])
    found = {"loss": losses, "confidence": confidences, "margin": margins, "predicted": predictions}
    return {name: torch.cat(parts).numpy() for name, parts in found.items()}


def test_numbers_are_those_of_a_plain_loop(gallery: Made, cnn: nn.Module, data) -> None:
    x, y = data
    due = plain_loop(cnn, x, y)
    assert len(np.unique(due["predicted"])) > 1, "a test of classes needs several"
    frame = gallery((x, y)).frame
    for name in ("loss", "confidence", "margin"):
        np.testing.assert_allclose(frame[name], due[name], rtol=1e-5, atol=1e-6)
    assert frame["predicted"].tolist() == [NAMES[k] for k in due["predicted"]]
    assert frame["truth"].tolist() == [NAMES[k] for k in y]
    assert frame["index"].tolist() == list(range(40)) and frame["error"].isna().all()


def test_confusion_is_that_of_a_plain_loop(gallery: Made, cnn: nn.Module, data) -> None:
    x, y = data
    due = np.zeros((6, 6), int)
    for truth, predicted in zip(y, plain_loop(cnn, x, y)["predicted"], strict=True):
        due[truth, predicted] += 1
    table = gallery((x, y)).confusion
    assert table.to_numpy().tolist() == due.tolist()
    assert table.index.tolist() == table.columns.tolist() == list(NAMES)
    assert (table.index.name, table.columns.name) == ("truth", "predicted")


def test_loss_of_a_multi_label_network_is_that_of_the_true_class(gallery: Made, cnn: nn.Module, data) -> None:
    x, y = data
    with torch.no_grad():
        scores = cnn(x)
    due = F.binary_cross_entropy_with_logits(scores, torch.ones(40, 6), reduction="none").gather(1, y[:, None])[:, 0]
    frame = gallery((x, y), probability="sigmoid").frame
    np.testing.assert_allclose(frame["loss"], due, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(frame["confidence"], scores.sigmoid().amax(1), rtol=1e-5)


def test_loss_of_probabilities_is_their_logarithm(gallery: Made, cnn: nn.Module, data) -> None:
    x, y = data
    frame = gallery((x, y), model=nn.Sequential(cnn, nn.Softmax(1)).eval()).frame
    np.testing.assert_allclose(frame["loss"], plain_loop(cnn, x, y)["loss"], rtol=1e-4, atol=1e-5)


def test_what_cannot_be_read_or_run_says_why_and_the_rest_is_scored(gallery: Made, cnn: nn.Module, data) -> None:
    x, y = data
    items = [(picture, int(label)) for picture, label in zip(x, y, strict=True)]
    items[3] = ("nowhere/at_all.png", 1)
    items[20] = (torch.full((3, 32, 32), torch.nan), 2)
    items[21] = (torch.randn(3, 1, 1), 2)  # the network fails on it
    found = gallery(items)
    frame = found.frame
    bad = [3, 20, 21]
    assert np.flatnonzero(frame["error"].notna()).tolist() == bad
    assert "nowhere" in frame["error"][3] and "NaN" in frame["error"][20]
    assert frame["loss"][bad].isna().all() and frame["predicted"][bad].isna().all()
    good = frame.drop(index=bad)
    np.testing.assert_allclose(good["loss"], np.delete(plain_loop(cnn, x, y)["loss"], bad), rtol=1e-5, atol=1e-6)
    assert int(found.confusion.to_numpy().sum()) == 37
    assert found.status["state"] == "warning" and found.status["text"].startswith("3 of 40 items")


def test_inputs_of_several_sizes_are_scored(gallery: Made, cnn: nn.Module) -> None:
    pictures = [torch.randn(3, side, side) for side in (32, 32, 40, 40, 32, 48)]
    with torch.no_grad():
        due = [float(cnn(picture[None]).softmax(1).max()) for picture in pictures]
    np.testing.assert_allclose(gallery(pictures).frame["confidence"], due, rtol=1e-5)


def test_a_network_whose_scores_depend_on_company_is_run_one_by_one(gallery: Made, data) -> None:
    class Centred(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(3, 6, 3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            scores = self.conv(x).mean((2, 3))
            return scores + scores.mean(0)

    model = Centred().eval()
    x, y = data
    with torch.no_grad():
        due = torch.cat([model(picture[None]) for picture in x])
    frame = gallery((x, y), model=model).frame
    np.testing.assert_allclose(frame["loss"], F.cross_entropy(due, y, reduction="none"), rtol=1e-4, atol=1e-6)


def test_a_changed_model_is_scored_anew(gallery: Made, cnn: nn.Module, data) -> None:
    x, y = data
    found = gallery((x, y))
    before = found.frame["loss"]
    with torch.no_grad():
        cnn.fc.weight.mul_(-3)
    after = found.frame["loss"]
    assert found.generation == 2 and not np.allclose(before, after)
    np.testing.assert_allclose(after, plain_loop(cnn, x, y)["loss"], rtol=1e-5, atol=1e-6)
    cnn.fc.weight.data *= -1  # which no version counts
    assert np.array_equal(found.frame["loss"], after)
    found.refresh()
    np.testing.assert_allclose(found.frame["loss"], plain_loop(cnn, x, y)["loss"], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("classes", [3, 10])
def test_a_model_that_has_other_classes_by_now_is_said(gallery: Made, cnn: nn.Module, data, classes: int) -> None:
    x, y = data
    found = gallery((x, y))
    before, head = found.frame["loss"], cnn.fc
    cnn.fc = nn.Linear(16, classes)
    with pytest.raises(ValueError, match=f"has {classes} classes by now, and this was made for 6"):
        _ = found.frame
    found.refresh()
    settle()
    assert (found.status["state"], "classes by now" in found.status["text"]) == ("error", True), found.status
    cnn.fc = head
    np.testing.assert_allclose(found.frame["loss"], before, rtol=1e-5, atol=1e-6)


def test_an_interrupted_run_goes_on(gallery: Made, cnn: nn.Module, data, monkeypatch: pytest.MonkeyPatch) -> None:
    x, y = data
    found = gallery((x, y), workers=0)
    answer, calls = found._desk._engine.answer, []

    def interrupted(*given):
        calls.append(1)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return answer(*given)

    monkeypatch.setattr(found._desk._engine, "answer", interrupted)
    with pytest.raises(KeyboardInterrupt):
        _ = found.frame
    np.testing.assert_allclose(found.frame["loss"], plain_loop(cnn, x, y)["loss"], rtol=1e-5, atol=1e-6)


def test_selection_is_in_the_frame(gallery: Made, data) -> None:
    found = gallery(data)
    found.selection = [7, 2, 7]
    assert found.selection == [2, 7]
    assert found.frame.query("selected")["index"].tolist() == [2, 7]
    assert isinstance(found.frame, pd.DataFrame)


def test_labels_by_name_count_as_those_by_number(gallery: Made, data) -> None:
    x, y = data
    by_name = gallery([(picture, NAMES[int(label)]) for picture, label in zip(x, y, strict=True)])
    assert by_name.frame["truth"].tolist() == [NAMES[int(label)] for label in y]
    assert by_name.confusion.to_numpy().tolist() == gallery(data).confusion.to_numpy().tolist()


def test_labels_that_are_no_class_cost_no_picture(gallery: Made, data) -> None:
    found = gallery([(picture, torch.eye(6)[0]) for picture in data[0]] + [(data[0][0], float("inf"))])
    assert [made.failed for made in found._desk.make([0, 40], found._desk.look, time.monotonic() + 60)] == [None, None]
    assert found.frame["error"].isna().all() and found.frame["loss"].isna().all()
    assert found.status["text"].startswith("41 of 41 items have a label that is no class")


@pytest.mark.parametrize("workers", [0, 2])
def test_closed_while_it_waits_for_an_item(gallery: Made, data, workers: int) -> None:
    """A slow disk: neither close() fails, nor is the rest read."""
    waits, go, read = threading.Event(), threading.Event(), []

    class Slow(Dataset):
        def __len__(self) -> int:
            return 40

        def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
            read.append(index)
            if index:
                waits.set()
                assert go.wait(60)
            return data[0][index], 0

    found = gallery(Slow(), workers=workers)
    desk = found._desk
    desk.start()
    assert waits.wait(60)
    worker = desk._mailbox._thread
    desk.close(0)
    go.set()
    worker.join(60)
    assert not worker.is_alive()
    assert len(read) <= 2 + max(1, workers), "no item is begun after that"
    with pytest.raises(RuntimeError, match="closed"):
        desk.finish()
