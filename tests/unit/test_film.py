"""Several pictures: read when they are first wanted, named where something is wrong with one of them."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from camwidget import film, images
from camwidget.film import Film, read_truth
from camwidget.preprocessing import Preprocessing, find
from camwidget.scene import Scene


@pytest.fixture
def known(cnn: nn.Module) -> Preprocessing:
    return find(cnn, lambda picture: torch.from_numpy(np.array(picture.resize((32, 32)))).permute(2, 0, 1) / 255)


@pytest.fixture
def paths(tmp_path: Path) -> list[Path]:
    made = []
    for index, size in enumerate([(40, 30), (30, 40), (200, 100)]):
        made.append(tmp_path / f"{index}.png")
        Image.new("RGB", size, (index, 80 * index, 200)).save(made[-1])
    return made


def test_of_any_form_and_size(known: Preprocessing, paths: list[Path]) -> None:
    grey = np.full((20, 50), 0.5)
    strip = Film([str(paths[0]), paths[1], Image.open(paths[2]), grey, torch.zeros(3, 32, 32)], known)
    assert len(strip) == 5
    assert [strip.picture(i).input.shape for i in range(5)] == [(1, 3, 32, 32)] * 5
    assert torch.equal(strip.input(Scene(2)), images.read(paths[2], known).input)


def test_nothing_is_read_before_it_is_wanted_and_only_the_last_are_kept(
    known: Preprocessing, paths: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    read, original = [], images.read
    monkeypatch.setattr(images, "read", lambda image, *a: read.append(image) or original(image, *a))
    monkeypatch.setattr(film, "KEPT", 2)
    strip = Film(paths, known)
    assert read == []
    strip.picture(0)
    strip.picture(0)
    assert read == [paths[0]]
    for index in (1, 2, 1, 0):
        strip.picture(index)
    assert read == [paths[i] for i in (0, 1, 2, 0)]


def test_small_pictures_are_framed_as_the_network_sees_them(known: Preprocessing, paths: list[Path]) -> None:
    strip = Film(paths, known)
    assert strip.smalls == [b"", b"", b""]
    small = Image.open(io.BytesIO(strip.small(2)))
    assert (small.format, small.size) == ("JPEG", (32, 32)), "not enlarged"
    assert abs(np.asarray(small, int) - (2, 160, 200)).max() < 8
    large = find(nn.Conv2d(3, 1, 1), lambda picture: torch.zeros(3, 300, 150))
    assert Image.open(io.BytesIO(Film(paths, large).small(0))).size == (48, 96)
    assert [len(one) > 0 for one in strip.smalls] == [False, False, True]


@pytest.mark.parametrize("broken", ["missing", "text", "number", "address"])
def test_a_broken_one_among_good_ones_is_named_at_once(
    known: Preprocessing, paths: list[Path], tmp_path: Path, broken: str
) -> None:
    (tmp_path / "text.png").write_text("no picture")
    bad = {"missing": tmp_path / "3.png", "text": tmp_path / "text.png", "number": 7, "address": "https://x/y.png"}
    with pytest.raises((TypeError, ValueError), match=r"^picture 3 of 4: ") as caught:
        Film([*paths[:2], bad[broken], paths[2]], known)
    assert str(caught.value.__cause__) in str(caught.value)
    if broken == "missing":
        assert isinstance(caught.value, FileNotFoundError)


def test_one_that_is_cut_off_is_named_when_it_is_read(known: Preprocessing, paths: list[Path]) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
    Image.fromarray(noise).save(paths[1])
    paths[1].write_bytes(paths[1].read_bytes()[:2000])
    strip = Film(paths, known)
    with pytest.raises(ValueError, match=r"picture 2 of 3: .*1\.png' cannot be read"):
        strip.picture(1)
    assert strip.picture(2).input.shape == (1, 3, 32, 32)


def test_a_single_input_is_no_film(cnn: nn.Module, known: Preprocessing, paths: list[Path]) -> None:
    for one in (paths[0], [paths[0]], torch.zeros(3, 8, 8), []):
        assert film.read(one, cnn, known) is None
    found = film.read(tuple(paths), cnn, known)
    assert found is not None and len(found) == 3


def test_signals_among_pictures_are_refused(known: Preprocessing, paths: list[Path]) -> None:
    both = nn.Sequential(nn.Conv1d(3, 1, 1), nn.Conv2d(3, 1, 1))
    with pytest.raises(
        ValueError, match="film strip of pictures, and number 2 of 2 is a signal: give one signal alone"
    ):
        film.read([paths[0], torch.zeros(3, 50)], both, known)
    with pytest.raises(ValueError, match="and kind='volume' is a volume"):
        film.read(paths, both, known, "volume")


def index_of(given: object) -> int:
    names = ("cat", "dog")
    if given not in (0, 1, *names):
        raise ValueError(f"no class {given!r}")
    return names.index(given) if isinstance(given, str) else int(given)  # type: ignore[call-overload]


def test_truth_is_one_for_all_or_one_each() -> None:
    assert read_truth(None, 3, index_of) == (None, None, None)
    assert read_truth("dog", 2, index_of) == (1, 1)
    assert read_truth(["dog", None, 0], 3, index_of) == (1, None, 0)
    assert read_truth(torch.tensor([1, 0]), 2, index_of) == (1, 0)
    assert read_truth(np.array(["cat", "dog"]), 2, index_of) == (0, 1)
    assert read_truth(np.int64(1), 1, index_of) == (1,)


def test_truth_of_another_length_says_both() -> None:
    with pytest.raises(ValueError, match="truth has 2 entries for 3 pictures; accepted: one an image"):
        read_truth([0, 1], 3, index_of)
    with pytest.raises(ValueError, match="truth has 2 entries for 1 picture;"):
        read_truth([0, 1], 1, index_of)
    with pytest.raises(ValueError, match=r"truth\[1\]: no class 'owl'"):
        read_truth(["cat", "owl"], 2, index_of)
