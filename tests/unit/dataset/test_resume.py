"""Maps on disk: killed in the middle and gone on with, a run leaves what an uninterrupted one does."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from camwidget import CamEngine, Explanations, explain
from camwidget.dataset import fingerprint
from tests.conftest import TinyCnn

KINDS = ["maps.npy", "maps.zarr"]
N = 40

RUN = """
    import itertools, sys, time, torch
    from camwidget import explain
    from tests.conftest import TinyCnn

    torch.set_num_threads(1)
    torch.manual_seed(0)
    model = TinyCnn().eval()
    # the half of it is done soon; for the rest it would need longer than it has
    calls = itertools.count(1)
    model.fc.register_forward_hook(lambda *_: time.sleep(0.02 if next(calls) < 9 else 300))
    images = [torch.randn(3, 32, 32, generator=torch.Generator().manual_seed(i)) for i in range({n})]
    explain(model, images, batch_size=3, variant={variants}, out=sys.argv[1], progress=False)
"""


def network() -> TinyCnn:
    torch.manual_seed(0)
    return TinyCnn().eval()


def images() -> list[torch.Tensor]:
    return [torch.randn(3, 32, 32, generator=torch.Generator().manual_seed(i)) for i in range(N)]


def run(out: Path, given: Any = None, **keywords: Any) -> Explanations:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # as in the other process: to the last bit
    try:
        settings = {"batch_size": 3, "progress": False, "out": out} | keywords
        return explain(network(), images() if given is None else given, **settings)
    finally:
        torch.set_num_threads(threads)


def needs(name: str) -> None:
    if name.endswith("zarr"):
        pytest.importorskip("zarr", reason="zarr is not installed (extra: data)")


def same(a: Explanations, b: Explanations) -> None:
    assert a.maps.keys() == b.maps.keys()
    for key in a.maps:
        np.testing.assert_array_equal(np.asarray(a.maps[key]), np.asarray(b.maps[key]))
    for name in ("targets", "scores", "predicted", "confidence", "labels", "names"):
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name))
    assert list(a.skipped) == list(b.skipped)


def entries(out: Path) -> list[int]:
    """Numbers of the images in the journal, in the order of its lines."""
    lines = [json.loads(line) for line in out.with_name(out.name + ".jsonl").read_text().splitlines()]
    return [entry["i"] for line in lines if isinstance(line, list) for entry in line]


@pytest.mark.parametrize(("name", "variants"), [("maps.npy", "'gradcam'"), ("maps.zarr", "['gradcam', 'layercam']")])
def test_killed_and_resumed_it_is_an_uninterrupted_run(name: str, variants: str, tmp_path: Path) -> None:
    needs(name)
    out, journal = tmp_path / name, tmp_path / f"{name}.jsonl"
    code = textwrap.dedent(RUN.format(n=N, variants=variants))
    env = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with subprocess.Popen([sys.executable, "-c", code, str(out)], env=env) as process:
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline and process.poll() is None:
            if journal.exists() and journal.read_bytes().count(b"\n") >= 4:
                break
            time.sleep(0.002)
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    before = entries(out)
    assert 3 <= len(before) < N and before == list(range(len(before)))
    resumed = run(out, variant=eval(variants))
    assert entries(out) == list(range(N)), "nothing lost, nothing done twice"
    same(resumed, run(tmp_path / f"whole-{name}", variant=eval(variants)))
    if name.endswith("npy"):
        np.testing.assert_array_equal(np.load(out), resumed.array)


@pytest.mark.parametrize("cut", [1, 20, 400])
@pytest.mark.parametrize("name", KINDS)
def test_a_line_that_was_cut_short_is_made_again_as_a_whole(name: str, cut: int, tmp_path: Path) -> None:
    needs(name)
    out, journal = tmp_path / name, tmp_path / f"{name}.jsonl"
    whole = run(out)
    kept = journal.read_bytes()
    journal.write_bytes(kept[:-cut])
    same(run(out), whole)
    assert journal.read_bytes() == kept


def test_what_is_done_is_not_run_again(tmp_path: Path) -> None:
    out = tmp_path / "maps.npy"
    run(out)
    seen: list[int] = []

    class Watched(list[torch.Tensor]):
        def __getitem__(self, i: Any) -> Any:
            seen.append(i)
            return super().__getitem__(i)

    run(out, Watched(images()))
    assert seen == []
    journal = tmp_path / "maps.npy.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join(lines[:-3]))  # the end, and two batches of 3 and 1
    run(out, Watched(images()))
    assert sorted(seen) == [36, 37, 38, 39]


@pytest.mark.parametrize("name", KINDS)
def test_streams_hold_what_memory_would(name: str, tmp_path: Path) -> None:
    needs(name)
    kept = run(tmp_path / name)
    in_memory = run(None)
    same(kept, in_memory)
    assert np.asarray(kept).dtype == np.float32
    same(run(tmp_path / f"unknown-{name}", iter(images())), in_memory)  # nobody says how many come


@pytest.mark.parametrize("name", KINDS)
def test_a_generator_is_gone_on_with(name: str, tmp_path: Path) -> None:
    needs(name)

    def breaking() -> Any:
        yield from images()[:20]
        raise OSError("the wire was cut")

    out = tmp_path / name
    with pytest.raises(OSError, match="the wire was cut"):
        run(out, breaking())
    assert 0 < len(entries(out)) < N
    same(run(out, iter(images())), run(None))
    assert sorted(entries(out)) == list(range(N))


def test_what_cannot_be_read_is_skipped_again(tmp_path: Path) -> None:
    given: list[Any] = images()
    given[4] = given[30] = torch.full((3, 32, 32), torch.nan)
    out = tmp_path / "maps.npy"
    whole = run(out, given, on_error="skip")
    assert [skipped.index for skipped in whole.skipped] == [4, 30]
    journal = tmp_path / "maps.npy.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join(lines[:8]))
    same(run(out, given, on_error="skip"), whole)
    assert np.isnan(np.load(out)[[4, 30]]).all()


def pictures(folder: Path, names: str) -> list[Path]:
    for i, name in enumerate(names):
        shade = Image.linear_gradient("L").rotate(20 * i).resize((32, 32))
        Image.merge("RGB", [shade] * 3).save(folder / f"{name}.png")
    return [folder / f"{name}.png" for name in names]


def test_a_mended_file_and_a_changed_one_are_done_again_and_no_other(tmp_path: Path) -> None:
    paths, out = pictures(tmp_path, "abcdefg"), tmp_path / "maps.npy"
    good = paths[1].read_bytes()
    paths[1].write_bytes(good[:60])
    assert [skipped.index for skipped in run(out, paths, on_error="skip").skipped] == [1]
    paths[1].write_bytes(good)
    Image.new("RGB", (32, 32), "red").save(paths[5])
    again = run(out, paths, on_error="skip")
    fresh = run(None, paths)
    np.testing.assert_allclose(again.array, fresh.array, atol=1e-6)
    np.testing.assert_allclose(again.scores, fresh.scores, rtol=1e-5)
    assert entries(out) == [0, 2, 1, 3, 4, 5, 6, 1, 5]
    run(out, paths)
    assert len(entries(out)) == 9


def test_other_labels_are_another_run(tmp_path: Path) -> None:
    batch, out = torch.stack(images()), tmp_path / "maps.npy"
    labels = torch.arange(N) % 3
    run(out, torch.utils.data.TensorDataset(batch, labels), targets="label")
    with pytest.raises(ValueError, match="another run: other images"):
        run(out, torch.utils.data.TensorDataset(batch, labels + 1), targets="label")


DIFFERENT: dict[str, tuple[dict[str, Any], str]] = {
    "variant": ({"variant": "layercam"}, r"variant was \['gradcam'\], and is \['layercam'\]"),
    "layer": ({"layer": "block"}, r"layer was \[None\], and is \['block'\]"),
    "targets": ({"targets": 2}, "targets was 'predicted', and is '2'"),
    "a callable": ({"targets": lambda out: out[:, 3]}, "targets was 'predicted', and is '<lambda> .*'"),
    "size": ({"size": "grid"}, "size was 'input', and is 'grid'"),
    "images": ({"given": images()[:-1]}, "number of images was 40, and is 39"),
}


@pytest.mark.parametrize("what", DIFFERENT)
def test_another_run_is_refused(what: str, tmp_path: Path) -> None:
    out = tmp_path / "maps.npy"
    before = run(out)
    kept = np.array(before.array)
    keywords, words = DIFFERENT[what]
    with pytest.raises(ValueError, match=f"holds the maps of another run: {words}; accepted: another out"):
        run(out, **keywords)
    np.testing.assert_array_equal(np.load(out), kept)
    del before
    assert len(run(out, overwrite=True, **keywords)) == len(keywords.get("given", images()))


def test_another_model_is_refused(tmp_path: Path) -> None:
    out = tmp_path / "maps.npy"
    run(out)
    model = network()
    with torch.no_grad():
        model.block[0].weight[3, 2, 1, 0] += 1e-6
    with pytest.raises(ValueError, match="holds the maps of another run: another model"):
        explain(model, images(), out=out, progress=False)
    again = explain(CamEngine(network()), images(), out=out, progress=False)
    assert len(again) == N


def test_callables_are_told_apart_by_what_they_do() -> None:
    def of(k: int) -> Any:
        return lambda out: out[:, k]

    several = [of(2), of(3), lambda out: out[:, 2], lambda out: out.mean(1), torch.nn.ReLU(), torch.nn.Tanh()]
    found = [fingerprint.of_callable(function) for function in several]
    assert len(set(found)) == len(several)
    assert fingerprint.of_callable(of(2)) == found[0]
    assert fingerprint.of_callable(CamEngine) == fingerprint.of_callable(CamEngine)
    assert " at 0x" not in "".join(map(fingerprint.of_callable, [object(), of(1), print]))


def test_another_list_of_files_is_refused(tmp_path: Path) -> None:
    a, b, c, d = pictures(tmp_path, "abcd")
    run(tmp_path / "maps.npy", [a, b, c])
    with pytest.raises(ValueError, match="another list of images"):
        run(tmp_path / "maps.npy", [a, b, d])


def test_a_file_that_is_not_ours_is_left_alone(tmp_path: Path) -> None:
    out = tmp_path / "maps.npy"
    np.save(out, np.arange(3))
    with pytest.raises(ValueError, match="is there already, and no journal"):
        run(out)
    assert np.load(out).tolist() == [0, 1, 2]
    (tmp_path / "maps.npy.jsonl").write_text("mine\n")
    with pytest.raises(ValueError, match="is no journal of this version of camwidget"):
        run(out)
    assert (tmp_path / "maps.npy.jsonl").read_text() == "mine\n"


@pytest.mark.skipif(sys.platform == "win32", reason="files are not locked there")
def test_two_runs_do_not_write_to_one_file(tmp_path: Path) -> None:
    out, tried = tmp_path / "maps.npy", []

    def meddling() -> Any:
        for i, image in enumerate(images()):
            if i == 20:
                with pytest.raises(RuntimeError, match="another run is writing to"):
                    run(out, iter(images()))
                tried.append(i)
            yield image

    same(run(out, meddling()), run(None))
    assert tried == [20]


def test_maps_that_are_gone_are_missed(tmp_path: Path) -> None:
    out = tmp_path / "maps.npy"
    run(out)
    out.unlink()
    with pytest.raises(ValueError, match=r"is gone, and its journal says that \d+ images are done"):
        run(out)
    assert np.asarray(run(out, overwrite=True)).any()


def test_files_of_several_maps_are_left_alone_and_missed(tmp_path: Path) -> None:
    mine, out = tmp_path / "maps-block-layercam.npy", tmp_path / "maps.npy"
    np.save(mine, np.arange(3))
    settings: dict[str, Any] = {"layer": "block", "variant": ["gradcam", "layercam"]}
    with pytest.raises(ValueError, match=r"maps-block-layercam\.npy' is there already"):
        run(out, **settings)
    assert np.load(mine).tolist() == [0, 1, 2]
    run(out, **settings, overwrite=True)
    mine.unlink()
    with pytest.raises(ValueError, match=r"maps-block-layercam\.npy' is gone"):
        run(out, **settings)


def test_other_numbers_of_the_same_shape_are_refused(tmp_path: Path) -> None:
    batch = torch.stack(images())
    run(tmp_path / "maps.npy", batch)
    with pytest.raises(ValueError, match="another run: other images"):
        run(tmp_path / "maps.npy", batch + 1)


def test_a_shuffled_loader_cannot_be_gone_on_with(tmp_path: Path) -> None:
    loader = torch.utils.data.DataLoader(images(), shuffle=True)
    with pytest.raises(ValueError, match="shuffle=False"):
        run(tmp_path / "maps.npy", loader)
