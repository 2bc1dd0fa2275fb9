"""From whatever holds pictures to items by number, with names and true classes."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from torch.utils.data import DataLoader, Dataset

from tests.unit.gallery.conftest import Made
from tests.wire.front_end import NAMES


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Pictures in folders that are called like classes, but for one."""
    rng = np.random.default_rng(0)
    for place in ("cat/a.png", "cat/b.png", "OWL/a.png", "other/c.png", "loose.png"):
        path = tmp_path / "data" / place
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 255, (40, 48, 3), dtype=np.uint8)).save(path)
    return tmp_path / "data"


class Pictures(Dataset):
    def __len__(self) -> int:
        return 5

    def __getitem__(self, i: int):
        if i >= 5:
            raise IndexError(i)
        return torch.randn(3, 32, 32), [0, 5, -1, 99, 2][i]


def truths(found) -> list[str | None]:
    return [None if pd.isna(truth) else str(truth) for truth in found.frame["truth"]]


def test_folders_called_like_classes_are_the_truth(gallery: Made, folder: Path) -> None:
    found = gallery(folder)
    by_name = dict(zip(found.frame["name"], truths(found), strict=True))
    short = {Path(name).relative_to(folder).as_posix(): truth for name, truth in by_name.items()}
    assert short == {"cat/a.png": "cat", "cat/b.png": "cat", "OWL/a.png": "owl", "other/c.png": None, "loose.png": None}
    assert found.known and "cat/a.png" in found.names_of_items


def test_a_flat_folder_and_paths_have_no_truth_unless_given(gallery: Made, folder: Path) -> None:
    flat = gallery(folder / "cat")
    assert truths(flat) == [None, None] and not flat.known
    assert flat.names_of_items == ["a.png", "b.png"] and flat.frame["loss"].isna().all()
    paths = sorted((folder / "cat").iterdir())
    assert truths(gallery(paths, truth=["dog", None])) == ["dog", None]


def test_labels_of_a_data_set_are_the_truth_and_strange_ones_are_told(gallery: Made) -> None:
    found = gallery(Pictures())
    assert not found.known
    assert truths(found) == ["cat", "crane", None, None, "owl"]
    assert found.known and found.status["state"] == "warning"
    assert found.status["text"] == "1 of 5 items have a label that is no class of this network"


@pytest.mark.parametrize("given", ["array", "list", "tensor"])
def test_pictures_without_labels(gallery: Made, given: str) -> None:
    tensors = torch.rand(2, 3, 32, 32)
    arrays = (tensors.permute(0, 2, 3, 1).numpy() * 255).astype(np.uint8)
    dataset = {"array": arrays, "list": [Image.fromarray(one) for one in arrays], "tensor": tensors}[given]
    found = gallery(dataset)
    assert truths(found) == [None, None] and found.frame["predicted"].notna().all()
    assert found.names_of_items == [] and found.frame["name"].tolist() == ["image 0", "image 1"]


def test_parquet_of_a_run_is_known_before_it_is_scored(gallery: Made, folder: Path, tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    paths = [str(path) for path in sorted((folder / "cat").iterdir())]
    columns = {"path": paths, "predicted": [4, 1], "confidence": [0.75, 0.5], "label": [1, -1], "error": ["", ""]}
    (tmp_path / "run").mkdir()
    pd.DataFrame(columns).to_parquet(tmp_path / "run" / "part.parquet")
    found = gallery(tmp_path / "run")
    scores = found._desk.scoring.scores
    assert scores.predicted.tolist() == [4, 1] and scores.confidence.tolist() == [0.75, 0.5] and scores.done == 0
    assert truths(found) == ["dog", None]
    assert found.frame["loss"].notna().tolist() == [True, False]
    pd.DataFrame({"path": paths}).to_parquet(tmp_path / "lacking.parquet")
    with pytest.raises(ValueError, match="accepted: Parquet with the columns path, predicted"):
        gallery(tmp_path / "lacking.parquet")


@pytest.mark.parametrize(
    ("dataset", "keywords", "error", "words"),
    [
        (DataLoader(torch.rand(4, 3, 32, 32)), {}, TypeError, r"in order only.*such as loader\.dataset"),
        (torch.rand(0, 3, 32, 32), {}, ValueError, "no image to explain"),
        (torch.rand(2, 3, 32, 32), {"truth": ["cat"]}, ValueError, "truth is 1 entries for 2 items"),
        (torch.rand(2, 3, 32, 32), {"truth": ["cat", "crain"]}, ValueError, r"truth\[1\].*did you mean 'crane'"),
        (torch.rand(2, 3, 32, 32), {"truth": [0, 6]}, ValueError, r"truth\[1\] is 6; accepted: 0 to 5"),
        (torch.rand(2, 3, 32, 32), {"variant": "scorecam"}, ValueError, "takes seconds an item.*accepted: gradcam"),
        (torch.rand(2, 3, 32, 32), {"layer": "lst"}, ValueError, "did you mean 'last'"),
        (torch.rand(2, 3, 32, 32), {"ordr": "loss"}, TypeError, "did you mean 'order'"),
        (torch.rand(2, 3, 32, 32), {"order": "los"}, ValueError, "did you mean 'loss'"),
        (["nowhere.png"], {}, ValueError, "none of the first 1 items can be read; the first: no file"),
        ("nowhere", {}, ValueError, "no file"),
        (5, {}, TypeError, "a int holds no images"),
    ],
)
def test_errors_say_what_is_accepted(gallery: Made, dataset, keywords, error, words) -> None:
    with pytest.raises(error, match=f"(?s){words}"):
        gallery(dataset, **keywords)


def test_names_are_text(gallery: Made) -> None:
    found = gallery(torch.rand(2, 3, 32, 32), labels=["<b>x</b>", *NAMES[1:]])
    assert found.names[0] == "<b>x</b>"


def test_pairs_of_pictures_and_labels(gallery: Made) -> None:
    grey = np.random.default_rng(0).integers(0, 255, (6, 32, 32), np.uint8)
    listed = [Image.fromarray(one).convert("RGB") for one in grey]
    for pair in ((listed, [0, 1, 2, 3, 4, 5]), (grey, np.arange(6))):
        assert gallery(pair).frame["truth"].tolist() == list(NAMES)
    assert len(gallery(((listed[0], 3), (listed[1], 4)))._items) == 2, "two items"
    with pytest.raises(ValueError, match="5 labels for 6 items"):
        gallery((torch.rand(6, 3, 32, 32), [0] * 5))


def test_parquet_of_another_network_or_of_lost_files(gallery: Made, tmp_path: Path) -> None:
    pictures = [str(tmp_path / f"{i}.png") for i in range(4)]
    for path in pictures[:3]:
        Image.new("RGB", (32, 32), "red").save(path)
    columns = {"path": pictures, "predicted": [0, 900, -1, 3], "confidence": np.float32([0.5] * 4), "label": [0] * 4}
    pd.DataFrame(columns).to_parquet(tmp_path / "found.parquet")
    found = gallery(tmp_path / "found.parquet")
    assert [made.failed for made in found._desk.make([1], found._desk.look, time.monotonic() + 60)] == [None]
    frame = found.frame
    assert frame["predicted"].isna().tolist() == frame["confidence"].isna().tolist() == [False, False, False, True]
    assert int(found.confusion.to_numpy().sum()) == 3
