"""Files as they come: read right, or reported with their path while the run goes on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from camwidget import demo, explain
from camwidget.dataset import BadImage
from camwidget.demo import DemoNet
from tests.unit.dataset.conftest import scene


def truncated(path: Path) -> None:
    Image.fromarray(scene(1)).save(path)
    path.write_bytes(path.read_bytes()[:700])


def text(path: Path) -> None:
    path.write_text("this is no picture")


def empty(path: Path) -> None:
    path.write_bytes(b"")


def transparent(path: Path) -> None:
    Image.new("RGBA", (40, 40), (255, 0, 0, 40)).save(path)


def without_white(path: Path) -> None:
    Image.fromarray(np.full((40, 40), 700, np.uint16)).save(path)


BAD = {
    "cut.jpg": (truncated, "truncated"),
    "text.png": (text, "is no picture that Pillow can read"),
    "empty.jpg": (empty, "is no picture that Pillow can read"),
    "clear.png": (transparent, "are transparent"),
    "deep.tif": (without_white, "no fixed white point"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_reported_with_its_path_and_the_run_goes_on(name: str, folder: Path, net: DemoNet) -> None:
    make, why = BAD[name]
    bad = folder / "below" / name
    make(bad)
    found = explain(net, folder, progress=False, on_error="skip", batch_size=3)
    assert len(found) == 7
    [skipped] = found.skipped
    assert (skipped.name, found.names[skipped.index]) == (str(bad), str(bad))
    assert why in skipped.reason and str(bad) in str(skipped)
    broken = np.arange(7) == skipped.index
    assert np.isnan(found.array[broken]).all() and np.isfinite(found.array[~broken]).all()
    assert (found.predicted[broken], found.targets[broken], found.labels[broken]) == (-1, -1, -1)
    bad.unlink()
    good = explain(net, folder, progress=False, batch_size=3)
    np.testing.assert_allclose(found.array[~broken], good.array, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("workers", [0, 2])
def test_a_bad_file_is_raised_by_default(workers: int, folder: Path, net: DemoNet) -> None:
    text(folder / "b2.png")
    with pytest.raises(BadImage, match=r"b2\.png.*is no picture") as caught:
        explain(net, folder, progress=False, workers=workers)
    assert (caught.value.index, caught.value.name) == (2, str(folder / "b2.png"))


def test_nothing_but_bad_files_is_an_error(tmp_path: Path, net: DemoNet) -> None:
    text(tmp_path / "a.png")
    with pytest.raises(ValueError, match=r"none of 1 images could be read; the first: .*a\.png"):
        explain(net, tmp_path, progress=False, on_error="skip")


def test_an_empty_folder_and_one_without_pictures(tmp_path: Path, net: DemoNet) -> None:
    for _ in range(2):
        with pytest.raises(ValueError, match=r"the folder .* holds no picture: no file in it ends in .*\.jpg"):
            explain(net, tmp_path)
        (tmp_path / "notes.txt").write_text("no picture")


def test_a_folder_that_is_not_there(folder: Path, net: DemoNet) -> None:
    with pytest.raises(FileNotFoundError, match="did you mean"):
        explain(net, folder.with_name("picturs"))


def maps(net: DemoNet, path: Path) -> np.ndarray:
    return explain(net, [path], 3, size="grid", progress=False).array


def expected(net: DemoNet, picture: np.ndarray) -> np.ndarray:
    made = demo.preprocess()(Image.fromarray(picture))
    return explain(net, made[None], 3, size="grid", progress=False).array


def test_one_pixel(tmp_path: Path, net: DemoNet) -> None:
    Image.new("RGB", (1, 1), (200, 30, 30)).save(tmp_path / "a.png")
    flat = torch.tensor([200, 30, 30]) / 255
    x = ((flat - torch.tensor(net.mean)) / torch.tensor(net.std))[:, None, None].expand(3, 192, 192)
    found = explain(net, x[None], 3, size="grid", progress=False).array
    np.testing.assert_allclose(maps(net, tmp_path / "a.png"), found, atol=1e-4)


def test_cmyk(tmp_path: Path, net: DemoNet) -> None:
    Image.fromarray(scene(2)).convert("CMYK").save(tmp_path / "a.jpg", quality=100, subsampling=0)
    read = np.asarray(Image.open(tmp_path / "a.jpg").convert("RGB"))
    assert np.abs(read.astype(int) - scene(2)).mean() < 4
    np.testing.assert_allclose(maps(net, tmp_path / "a.jpg"), expected(net, read), atol=1e-4)


def test_sixteen_bits(tmp_path: Path, net: DemoNet) -> None:
    grey = np.asarray(Image.fromarray(scene(3)).convert("L"))
    Image.fromarray(grey.astype(np.uint16) * 257).save(tmp_path / "a.png")
    assert Image.open(tmp_path / "a.png").mode.startswith("I")
    np.testing.assert_allclose(maps(net, tmp_path / "a.png"), expected(net, np.stack([grey] * 3, 2)), atol=1e-4)


def test_a_picture_that_is_turned_by_its_exif(tmp_path: Path, net: DemoNet) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned to the right
    Image.fromarray(np.rot90(scene(4))).save(tmp_path / "a.png", exif=exif)
    np.testing.assert_allclose(maps(net, tmp_path / "a.png"), expected(net, scene(4)), atol=1e-4)


def test_the_first_picture_of_an_animation(tmp_path: Path, net: DemoNet) -> None:
    first, second = (Image.fromarray(scene(seed)).quantize(64) for seed in (5, 6))
    first.save(tmp_path / "a.gif", save_all=True, append_images=[second], duration=80)
    read = np.asarray(Image.open(tmp_path / "a.gif").convert("RGB"))
    np.testing.assert_allclose(maps(net, tmp_path / "a.gif"), expected(net, read), atol=1e-4)
    assert np.abs(maps(net, tmp_path / "a.gif") - expected(net, np.asarray(second.convert("RGB")))).max() > 0.1
