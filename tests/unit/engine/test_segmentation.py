"""Real weights: a segmentation's classes, pixels and masks, and the steps of a signal; torchvision's own outputs."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
import torchvision
from PIL import Image
from torch import Tensor, nn

from camwidget.engine import CamEngine, Recording, Target, upsample

VARIANTS = ("gradcam", "gradcam++", "hirescam", "layercam", "elementwise")
"""XGrad-CAM is not among them: it assumes activations that are not negative, and the last layer here comes before its
rectifier, which is a function. Its maps of bird and dog peak outside.
"""
SIZE = 513


class Scene(NamedTuple):
    recording: Recording
    size: tuple[int, int]
    """Of the picture, height and width."""


@pytest.fixture(scope="module")
def networks(shared_data: Path) -> ModuleType:
    """The builders of the pretrained networks."""
    spec = importlib.util.spec_from_file_location("shared_models", shared_data / "models.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def scenes(networks: ModuleType, shared_data: Path) -> dict[str, Scene]:
    model, info = networks.deeplabv3_mnv2()
    engine, made = CamEngine(model, labels=info["classes"]), {}
    for name in ("crow_seg", "samoyed_seg", "cat_dog"):
        image = Image.open(shared_data / "images" / f"{name}.png").convert("RGB")
        made[name] = Scene(engine.record(info["transform"](image)[None]), image.size[::-1])
    return made


def peak(scene: Scene, cam: Tensor) -> tuple[int, int]:
    """Row and column in the picture where a map is strongest."""
    row, column = divmod(int(upsample(cam, (SIZE, SIZE))[0].argmax()), SIZE)
    return row * scene.size[0] // SIZE, column * scene.size[1] // SIZE


def mask(folder: Path, name: str) -> np.ndarray:
    return np.array(Image.open(folder / "images" / f"{name}_mask.png")) > 0


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize(("name", "label"), [("crow_seg", "bird"), ("samoyed_seg", "dog")])
def test_the_map_of_a_class_peaks_inside_its_mask(
    name: str, label: str, variant: str, scenes: dict[str, Scene], shared_data: Path
) -> None:
    scene = scenes[name]
    assert mask(shared_data, name)[peak(scene, scene.recording.cam(label, variant=variant))]


@pytest.mark.parametrize("variant", VARIANTS)
def test_dog_and_cat_peak_in_their_boxes(variant: str, scenes: dict[str, Scene], shared_data: Path) -> None:
    scene = scenes["cat_dog"]
    objects = json.loads((shared_data / "images" / "annotations.json").read_text())["images"]["cat_dog.png"]["objects"]
    for thing in objects:
        x0, y0, x1, y1 = thing["box"]
        row, column = peak(scene, scene.recording.cam(thing["voc"], variant=variant))
        assert y0 <= row < y1 and x0 <= column < x1, thing["voc"]


@pytest.mark.parametrize("keywords", [{"score": "softmax"}, {"score": "log_softmax"}, {"against": "background"}])
def test_so_it_does_by_other_scores(keywords: dict[str, Any], scenes: dict[str, Scene], shared_data: Path) -> None:
    scene = scenes["crow_seg"]
    assert mask(shared_data, "crow_seg")[peak(scene, scene.recording.cam("bird", **keywords))]


def test_one_pixel_is_explained_by_what_lies_about_it(scenes: dict[str, Scene]) -> None:
    """HiResCAM, since the channel weights of Grad-CAM are the same all over the picture."""
    recording = scenes["samoyed_seg"].recording
    for row, column in ((150, 250), (400, 380)):
        found = recording.cam("dog", variant="hirescam", region=(row, column))[0]
        cell = divmod(int(found.argmax()), found.shape[1])
        assert abs(cell[0] - row * 33 / SIZE) < 1.5 and abs(cell[1] - column * 33 / SIZE) < 1.5


def test_shares_say_how_much_of_the_picture_a_class_has(scenes: dict[str, Scene], shared_data: Path) -> None:
    recording = scenes["crow_seg"].recording
    shares = recording.shares()[0]
    assert float(shares.sum()) == pytest.approx(1, abs=1e-4)
    assert float(shares[3]) == pytest.approx(mask(shared_data, "crow_seg").mean(), abs=0.03)  # 3 is "bird"


def test_the_steps_of_the_wake_word(networks: ModuleType, shared_data: Path) -> None:
    """Three times it is said; at such a step the map is near it, and elsewhere there is less."""
    model, info = networks.wakeword_1d(pool=None)
    frames = info["transform"](shared_data / "audio" / "marvin_3x_10s.wav")
    recording = CamEngine(model, labels=info["classes"]).record(frames[None])
    scores = recording._scores[0].detach()
    step = int(scores[0].argmax())
    at = recording.cam("marvin", "features.3", "hirescam", region=step)[0]
    assert int(at.argmax()) == step
    assert at[(torch.arange(len(at)) - step).abs() > 0].abs().max() == 0  # the head sees one step at a time
    won = scores.argmax(0) == 0
    whole = recording.cam("marvin", "features.3", "hirescam")[0]
    assert won.any() and whole[won].max() > 0 and not whole[~won].any()


# ---------------------------------------------------------------------- torchvision's own forms


@pytest.mark.parametrize("name", ["fcn_resnet50", "deeplabv3_mobilenet_v3_large", "lraspp_mobilenet_v3_large"])
def test_segmentations_of_torchvision(name: str) -> None:
    model = getattr(torchvision.models.segmentation, name)(weights=None, weights_backbone=None, num_classes=4)
    recording = CamEngine(model.train()).record(torch.randn(2, 3, 64, 80))
    assert (recording.scores.shape, recording.output_grid) == ((2, 4), (64, 80))
    for target in (1, [1, 2], Target(1, region=(3, 4)), Target(2, against=0, score="softmax")):
        assert recording.cam(target, variant="layercam").isfinite().all()
    assert recording.cams([0]).any()


def test_auxiliary_outputs_as_in_training() -> None:
    """GoogLeNet returns a named tuple of three scores while it is in training."""
    model = torchvision.models.googlenet(weights=None, aux_logits=True, init_weights=False)
    x = torch.randn(2, 3, 64, 64)
    training = CamEngine(model, forward=lambda twin, x: twin.train()(x)).record(x)
    assert isinstance(training._returned.output, torchvision.models.GoogLeNetOutputs)
    assert torch.equal(training.scores, training._returned.output.logits.detach())
    assert training.cam(lambda output: output.aux_logits2[:, 5], "inception4a").any()
    assert model.training
    assert CamEngine(model).record(x).scores.shape == (2, 1000)


def test_a_regression_has_one_number_an_image() -> None:
    class Regression(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.fc = nn.Conv2d(3, 4, 3), nn.Linear(4, 1)

        def forward(self, x: Tensor) -> Tensor:
            return self.fc(self.conv(x).relu().mean((2, 3)))[:, 0]

    model, x = Regression(), torch.randn(3, 3, 12, 12)
    recording = CamEngine(model).record(x)
    assert recording.scores.shape == (3, 1)
    a = model.conv(x).detach()
    expected = torch.einsum("c,nchw->nhw", model.fc.weight[0].detach() / 100, a.relu())
    torch.testing.assert_close(recording.cam(0, variant="hirescam"), expected)
