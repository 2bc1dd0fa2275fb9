"""The embedded demo: scenes that tell the truth, a network that knows them, figures that hold."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from camwidget import demo
from camwidget.demo import grounds, network, pictures, report, scenes, train

FOLDER = Path(demo.__file__).parent


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Threads of torch wait for each other busily: on a machine with other work one is many times faster."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def net() -> network.DemoNet:
    return demo.model()


def probabilities(net: network.DemoNet, image: Image.Image) -> dict[str, float]:
    with torch.no_grad():
        scores = torch.sigmoid(net(demo.preprocess()(image)[None])[0])
    return dict(zip(net.categories, scores.tolist(), strict=True))


def inside(point: tuple[int, int], box: tuple[int, int, int, int]) -> bool:
    return box[0] <= point[0] < box[2] and box[1] <= point[1] < box[3]


# --- the network -----------------------------------------------------------------------------------------------


def test_weights_are_small_and_come_back_as_float32_in_eval_mode(net: network.DemoNet) -> None:
    assert network.WEIGHTS.stat().st_size < 2_000_000
    assert not net.training
    assert all(value.dtype == torch.float32 for value in net.parameters())
    assert all(value.requires_grad and value.device.type == "cpu" for value in net.parameters())
    assert all(not value.is_meta for value in net.buffers())


def test_loading_leaves_the_random_numbers_alone() -> None:
    before = torch.get_rng_state()
    demo.model()
    assert torch.equal(before, torch.get_rng_state())


def test_the_network_says_what_it_is(net: network.DemoNet) -> None:
    assert net.multi_label is True
    assert list(net.categories) == demo.labels()
    assert len(set(net.categories)) == len(net.categories) >= 8
    assert (net.input_size, net.mean, net.std) == (192, network.MEAN, network.STD)


def test_the_stages_go_from_96_to_12_cells(net: network.DemoNet) -> None:
    sides, x = [], torch.zeros(1, 3, 192, 192)
    with torch.no_grad():
        for stage in (net.stem, net.stage1, net.stage2, net.stage3):
            x = stage(x)
            sides.append(tuple(x.shape[2:]))
    assert sides == [(96, 96), (48, 48), (24, 24), (12, 12)]


def test_the_closed_form_of_the_last_map_is_the_gradient_times_the_activation(net: network.DemoNet) -> None:
    batch = demo.preprocess()(demo.image())[None]
    grids = net.stage3(net.stage2(net.stage1(net.stem(batch)))).detach().requires_grad_()
    net.head(net.pool(grids).flatten(1))[0, 3].backward()
    assert grids.grad is not None
    expected = (grids.grad.mean((2, 3), keepdim=True) * grids).sum(1)[0]
    torch.testing.assert_close(train.class_maps(net, batch)[1][0, 3], expected.detach())


def test_saving_and_loading_again_changes_nothing(net: network.DemoNet, tmp_path: Path) -> None:
    network.save(net, tmp_path / "again.safetensors")
    again = network.load(tmp_path / "again.safetensors").state_dict()
    assert all(torch.equal(value, again[name]) for name, value in net.state_dict().items())


# --- the preprocessing -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P"])
def test_any_mode_and_size_becomes_the_networks_input(mode: str) -> None:
    prepare = demo.preprocess()
    out = prepare(demo.image().convert(mode).resize((300, 200)))
    assert out.shape == (3, 192, 192) and out.dtype == torch.float32 and bool(out.isfinite().all())
    assert "192" in repr(prepare)


def test_the_middle_square_is_cut_out_and_normalised() -> None:
    wide = Image.new("RGB", (400, 200), (255, 0, 0))
    wide.paste((0, 255, 0), (100, 0, 300, 200))
    prepare = demo.preprocess()
    out = prepare(wide) * torch.tensor(prepare.std).view(3, 1, 1) + torch.tensor(prepare.mean).view(3, 1, 1)
    torch.testing.assert_close(out.mean((1, 2)), torch.tensor([0.0, 1.0, 0.0]), atol=1e-3, rtol=0)
    assert prepare.crop(wide).size == (192, 192)


# --- the pictures ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", pictures.names())
def test_the_network_sees_what_is_on_each_picture_and_nothing_else(net: network.DemoNet, name: str) -> None:
    drawn = demo.example(name)
    found = {kind for kind, p in probabilities(net, drawn.image).items() if p > 0.5}
    assert found == set(drawn.names)


@pytest.mark.parametrize("name", pictures.names())
def test_each_class_map_peaks_on_its_own_object(net: network.DemoNet, name: str) -> None:
    drawn = demo.example(name)
    _, maps = train.class_maps(net, demo.preprocess()(drawn.image)[None])
    for thing in drawn.objects:
        point = train.peak(maps[0, net.categories.index(thing.name)], drawn.image.size)
        assert inside(point, thing.box), (thing, point)


def test_the_first_picture_has_a_star_and_a_ring_far_apart(net: network.DemoNet) -> None:
    drawn = demo.example(0)
    centres = {t.name: np.array([t.box[0] + t.box[2], t.box[1] + t.box[3]]) / 2 for t in drawn.objects}
    assert 4 <= len(centres) <= 5
    assert np.hypot(*(centres["star"] - centres["ring"])) > 0.5 * drawn.image.width
    seen = probabilities(net, drawn.image)
    assert min(seen["star"], seen["ring"]) > 0.9


def test_pictures_are_small_and_found_by_name_and_number() -> None:
    assert 4 <= len(demo.images()) <= 6
    for number, name in enumerate(demo.images()):
        assert (pictures.FOLDER / f"{name}.jpg").stat().st_size < 60_000
        assert demo.image(number).tobytes() == demo.image(name).tobytes()
    with pytest.raises(ValueError, match="table"):
        demo.image("tabel")
    with pytest.raises(ValueError, match="from 0"):
        demo.image(99)


def test_the_shipped_pictures_are_what_the_recipes_draw(tmp_path: Path) -> None:
    pictures.write(tmp_path)
    for name in demo.images():
        with Image.open(tmp_path / f"{name}.jpg") as new:
            gap = np.abs(np.asarray(new, dtype=float) - np.asarray(demo.image(name), dtype=float)).mean()
        assert gap < 2, name


# --- the scenes ------------------------------------------------------------------------------------------------


def test_the_same_seed_draws_the_same_scene_and_another_seed_another() -> None:
    one, same, other = demo.scene(5, size=160), demo.scene(5, size=160), demo.scene(6, size=160)
    assert one.image.tobytes() == same.image.tobytes() and one.objects == same.objects
    assert one.image.tobytes() != other.image.tobytes()


def test_a_scene_is_the_same_at_any_size() -> None:
    small, large = demo.scene(11, size=128), demo.scene(11, size=256)
    assert small.names == large.names
    for a, b in zip(small.objects, large.objects, strict=True):
        assert np.abs(np.array(a.box) * 2 - np.array(b.box)).max() <= 4


def test_boxes_hold_the_masks_and_objects_do_not_overlap() -> None:
    for seed in range(30):
        drawn = demo.scene(seed, size=160)
        assert 2 <= len(drawn.objects) <= 5
        assert len(set(drawn.names)) == len(drawn.names)
        covered = np.zeros((160, 160), dtype=int)
        for thing in drawn.objects:
            assert thing.mask is not None
            rows, columns = np.nonzero(thing.mask)
            assert thing.box == (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
            assert thing.mask.sum() > 160
            covered += thing.mask
        assert covered.max() == 1


@pytest.mark.parametrize("ground", list(grounds.GROUNDS))
def test_every_ground_is_a_picture(ground: str) -> None:
    drawn = demo.scene(1, ["star", "key"], 96, ground=ground)
    assert drawn.image.size == (96, 96) and drawn.image.mode == "RGB" and drawn.names == ("star", "key")
    assert np.asarray(drawn.image).std() > 3


@pytest.mark.parametrize("kind", scenes.CATEGORIES)
def test_colour_does_not_give_a_class_away(kind: str) -> None:
    means = []
    for seed in range(12):
        drawn = demo.scene(seed, [kind], 64, ground="paper")
        means.append(np.asarray(drawn.image)[drawn.objects[0].mask].mean(0))
    assert np.ptp(np.array(means), axis=0).min() > 40


@pytest.mark.parametrize("classes", [["sun"], ["star", "star"], [], "star"])
def test_bad_classes_are_refused_with_the_right_names(classes: list[str]) -> None:
    with pytest.raises(ValueError, match="names"):
        demo.scene(0, classes)


def test_a_scene_without_pixels_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 48"):
        demo.scene(0, size=0)


def test_an_unknown_ground_is_refused_with_the_right_names() -> None:
    with pytest.raises(ValueError, match="grass"):
        demo.scene(0, ground="lawn")


# --- the figures -----------------------------------------------------------------------------------------------


def test_fresh_scenes_are_read_right_and_pointed_at_right(net: network.DemoNet) -> None:
    fresh, prepare = [demo.scene(seed, size=256) for seed in range(4_000_000, 4_000_040)], demo.preprocess()
    logits, maps = train.class_maps(net, torch.stack([prepare(drawn.image) for drawn in fresh]))
    truth = np.stack([train.labels_of(drawn) for drawn in fresh]) > 0.5
    assert ((logits.numpy() > 0) == truth).mean() >= 0.98
    hits = []
    for drawn, grids in zip(fresh, maps, strict=True):
        peaks = {name: train.peak(grids[i], drawn.image.size) for i, name in enumerate(net.categories)}
        hits.extend(inside(peaks[thing.name], thing.box) for thing in drawn.objects)
    assert np.mean(hits) >= 0.9


def test_the_readme_states_the_figures() -> None:
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    for words, least in (("label accuracy", 98.0), ("pointing game", 95.0)):
        line = next(line for line in text.splitlines() if words in line and line.startswith("|"))
        found = re.search(r"([\d.]+)%", line)
        assert found is not None and float(found[1]) >= least
    assert "python -m camwidget.demo.train --seed" in text
    assert all(f"| {name} |" in text for name in demo.labels())


def test_a_class_map_is_worth_more_than_a_blind_guess() -> None:
    figures = report.Figures(["star"])
    thing = scenes.SceneObject("star", (10, 10, 30, 30), np.pad(np.ones((20, 20), dtype=bool), ((10, 70), (10, 70))))
    figures.add_point(0, (20, 20), thing, (100, 100))
    figures.add_point(0, (60, 60), thing, (100, 100))
    assert figures.pointing() == {"box": 0.5, "sticker": 0.5, "centre": 0.0, "random": pytest.approx(0.04)}


def test_the_readme_is_what_the_script_writes_around_its_figures() -> None:
    run = report.Run.read(network.facts())
    figures = report.Figures(scenes.CATEGORIES)
    for k, name in enumerate(scenes.CATEGORIES):
        figures.add_scores(np.ones(12, dtype=np.float32), np.ones(12, dtype=np.float32))
        figures.add_point(k, (1, 1), scenes.SceneObject(name, (0, 0, 2, 2)), (4, 4))
    text = report.readme(figures, run, network.WEIGHTS.stat().st_size, train.rounds(run.seed, run.share))
    shipped = (FOLDER / "README.md").read_text(encoding="utf-8")

    def bare(words: str) -> list[str]:
        return [line for line in words.splitlines() if not line.startswith("|") and "held-out scenes" not in line]

    assert bare(text) == bare(shipped)


def test_average_precision_counts_the_ranking() -> None:
    figures = report.Figures(["star"])
    for score, label in ((3.0, 1.0), (2.0, 0.0), (1.0, 1.0), (-1.0, 0.0)):
        figures.add_scores(np.array([score], dtype=np.float32), np.array([label], dtype=np.float32))
    assert figures.average_precision(0) == pytest.approx((1 + 2 / 3) / 2)
    assert figures.label_accuracy() == 0.75 and figures.f1(0) == pytest.approx(0.8)


# --- the package -----------------------------------------------------------------------------------------------


def test_importing_the_demo_loads_neither_torch_nor_pillow() -> None:
    # Only this package is asked: the folder is put on the path under a name of its own, past camwidget's own imports.
    code = (
        "import importlib.util, sys;"
        f"spec = importlib.util.spec_from_file_location('demo', {str(FOLDER / '__init__.py')!r});"
        "module = importlib.util.module_from_spec(spec); spec.loader.exec_module(module);"
        "print([name for name in ('torch', 'PIL', 'numpy') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_short_training_learns_and_repeats_itself() -> None:
    plan = train.report.Round(5_000_000, 16, 64, 0.5, 4, 8, 3e-3)
    nets = []
    for _ in range(2):
        torch.manual_seed(3)
        net = network.DemoNet()
        train.learn(net, plan, torch.Generator().manual_seed(3), workers=0)
        nets.append(net.state_dict())
    assert all(torch.equal(nets[0][name], nets[1][name]) for name in nets[0])
    assert not torch.equal(nets[0]["head.weight"], network.DemoNet().state_dict()["head.weight"])
