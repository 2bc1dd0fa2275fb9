"""Maps by Ray Data: what an actor makes of a batch, and a cluster of two of which one is killed."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from camwidget import demo, explain
from camwidget.ray import CamMapper, explain_files

N = 48


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "pictures"
    made.mkdir()
    for i in range(6):
        demo.scene(i, size=96).image.save(made / f"{i}.png")
    (made / "broken.jpg").write_text("no picture")
    return made


def as_files(paths: list[Path]) -> dict[str, Any]:
    """A batch as ``read_binary_files`` gives it."""
    return {
        "bytes": np.array([path.read_bytes() for path in paths], dtype=object),
        "path": np.array(list(map(str, paths)), dtype=object),
    }


def test_a_batch_of_files(folder: Path) -> None:
    paths = sorted(folder.iterdir())
    found = CamMapper(demo.model)(as_files(paths))
    expected = explain(demo.model(), paths, size="grid", on_error="skip", progress=False)
    np.testing.assert_array_equal(found["map"], expected.array)
    assert found["map"].dtype == np.float32 and found["map"].shape == (7, 12, 12)
    for name, other in {
        "predicted": "predicted",
        "confidence": "confidence",
        "target": "targets",
        "score": "scores",
    }.items():
        np.testing.assert_array_equal(found[name], getattr(expected, other))
    assert found["path"].tolist() == list(map(str, paths))
    assert [bool(error) for error in found["error"]] == [path.name == "broken.jpg" for path in paths]
    assert "broken.jpg" in found["error"][6]


def test_columns_of_other_kinds(folder: Path) -> None:
    paths = sorted(folder.glob("*.png"))
    mapper = CamMapper(demo.model(), layer=["stage2", "stage3"], variant="layercam", targets="label", batch_size=4)
    arrays = {"image": np.stack([np.asarray(Image.open(path)) for path in paths]), "label": np.arange(6)}
    by_array, by_path = mapper(arrays), mapper({"path": paths, "label": np.arange(6)})
    assert by_array["map stage2 layercam"].shape == (6, 24, 24)
    np.testing.assert_array_equal(by_array["map stage3 layercam"], by_path["map stage3 layercam"])
    assert by_array["target"].tolist() == by_array["label"].tolist() == list(range(6))
    with pytest.raises(ValueError, match="a batch has the columns text; accepted"):
        mapper({"text": ["a"]})


def test_a_batch_of_which_nothing_can_be_read(folder: Path) -> None:
    found = CamMapper(demo.model(), targets="label")(as_files([folder / "broken.jpg"]) | {"label": [3]})
    assert found["map"].shape == (1, 12, 12) and np.isnan(found["map"]).all()
    assert {name: len(values) for name, values in found.items()} == dict.fromkeys(found, 1)
    assert "is no picture" in found["error"][0]


# ------------------------------------------------------------------ on a cluster of this machine


def scratch() -> Path:
    """A folder with a short name, since Ray's sockets have names of its length and more."""
    return Path(tempfile.mkdtemp(prefix="ray"))


@pytest.fixture(scope="module")
def ray() -> Iterator[Any]:
    # before Ray is loaded: a busy machine starts it slowly, and nobody's machine reports to anybody
    os.environ |= {"RAY_agent_register_timeout_ms": "300000", "RAY_USAGE_STATS_ENABLED": "0"}
    found = pytest.importorskip("ray", reason="Ray is not installed (extra: ray)")
    pytest.importorskip("ray.data", reason="Ray Data is not installed (extra: ray)")
    place = scratch()
    found.init(
        num_cpus=4, include_dashboard=False, log_to_driver=False, object_store_memory=2**28, _temp_dir=str(place)
    )
    yield found
    found.shutdown()
    shutil.rmtree(place, ignore_errors=True)


class Killed(CamMapper):
    """The first actor that comes to its second batch is killed in the middle of it."""

    def __init__(self, model: Any, marks: str, **keywords: Any) -> None:
        super().__init__(model, **keywords)
        self._marks, self._calls = Path(marks), 0

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        made = super().__call__(batch)
        self._calls += 1
        (self._marks / str(os.getpid())).touch()
        if self._calls == 2:
            try:
                (self._marks / "killed").touch(exist_ok=False)
            except FileExistsError:
                return made
            os.kill(os.getpid(), signal.SIGKILL)
        return made


def test_one_of_two_is_killed_and_every_image_is_there_once(ray: Any, tmp_path: Path) -> None:
    pictures, marks, out = (tmp_path / name for name in ("pictures", "marks", "maps"))
    pictures.mkdir()
    marks.mkdir()
    for i in range(N):
        demo.scene(i, size=64).image.save(pictures / f"{i:03}.png")
    (pictures / "cut.png").write_bytes((pictures / "000.png").read_bytes()[:300])
    files = ray.data.read_binary_files(str(pictures), include_paths=True)
    files.map_batches(
        Killed, fn_constructor_args=(demo.model, str(marks)), batch_size=4, concurrency=2, num_cpus=1
    ).write_parquet(str(out))
    assert (marks / "killed").exists(), "no actor was killed, so nothing was tried"
    assert len(list(marks.iterdir())) >= 3, "another one took its place"
    found = ray.data.read_parquet(str(out)).to_pandas().sort_values("path")
    paths = sorted(pictures.iterdir())
    assert found["path"].tolist() == list(map(str, paths))
    expected = explain(demo.model(), paths, size="grid", on_error="skip", progress=False)
    assert found["predicted"].tolist() == expected.predicted.tolist()
    np.testing.assert_allclose(np.stack(found["map"].tolist()), expected.array, rtol=1e-3, atol=1e-4)
    assert [path for path, error in zip(found["path"], found["error"], strict=True) if error] == [
        str(pictures / "cut.png")
    ]


def test_in_one_call(ray: Any, folder: Path, tmp_path: Path) -> None:
    found = explain_files(demo.model(), folder, tmp_path / "out", workers=1, variant="layercam", targets="star")
    rows = found.to_pandas().sort_values("path")
    assert len(rows) == 7 and set(rows["target"]) == {9, -1}
    expected = explain(demo.model(), folder, "star", variant="layercam", size="grid", on_error="skip", progress=False)
    np.testing.assert_allclose(np.stack(rows["map"].tolist()), expected.array, rtol=1e-3, atol=1e-4)


def test_without_ray_there_is_a_way_out(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ray", "ray.data"):
        monkeypatch.setitem(__import__("sys").modules, name, None)
    with pytest.raises(ImportError, match=r"pip install 'camwidget\[ray\]'"):
        explain_files(demo.model(), folder, tmp_path / "out")
