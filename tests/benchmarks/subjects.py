"""What is measured: torchvision's networks with random weights, one picture, one input. The same in every run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import cycle
from pathlib import Path

import torch
import torchvision
from PIL import Image
from torch import Tensor, nn

from camwidget import CamEngine
from camwidget.engine import Recording
from tests.benchmarks.by_hand import ByHand

SIDE = 224
PHOTO = Path(__file__).parents[2] / "camwidget" / "demo" / "pictures" / "picnic.jpg"


@dataclass(frozen=True)
class Model:
    """One network. ``peers``: how many times slower each peer's ordinary call for another class must be, None where
    that is only reported.
    """

    name: str
    builder: str
    peers: float | None


MODELS = (
    Model("ResNet-50", "resnet50", 100),
    Model("VGG-16", "vgg16", 5),
    Model("DenseNet-121", "densenet121", 100),
    Model("MobileNetV3", "mobilenet_v3_large", 50),
    Model("ConvNeXt-T", "convnext_tiny", 50),
    Model("ViT-B/16", "vit_b_16", None),
)


def build(builder: str, **keywords: int) -> nn.Module:
    """A torchvision network with random weights of a fixed seed, in evaluation mode."""
    torch.manual_seed(0)
    model = torchvision.models.get_model(builder, weights=None, **keywords).eval()
    if isinstance(model, torchvision.models.VisionTransformer):
        # its head starts at zero: all scores would be 0, and all gradients
        torch.nn.init.normal_(model.heads.head.weight, std=0.02)
    return model


def image(side: int = SIDE, batch: int = 1) -> Tensor:
    """An input ``(batch, 3, side, side)`` of a fixed seed."""
    torch.manual_seed(1)
    return torch.randn(batch, 3, side, side)


def photo() -> Image.Image:
    """A photograph's size, 500x375, and a picture's content."""
    with Image.open(PHOTO) as picture:
        return picture.convert("RGB").resize((500, 375), Image.Resampling.BICUBIC)


class Subject:
    """A network at work: the layers at which all are asked, and the graph by hand beside our recording."""

    def __init__(self, model: Model) -> None:
        self.name, self.peers = model.name, model.peers
        self.model = build(model.builder)
        self.x = image()
        self.engine = CamEngine(self.model)
        recording = self.engine.record(self.x)
        self.classes = recording.scores.shape[1]
        self.layer, self.stages = recording.default_layer, recording.stages
        self.early = self.stages[0]
        self.other = self.stages[-2] if len(self.stages) > 1 else None
        """The stage before the last: what a user sees by one press of a key. None where there is but one."""

    @cached_property
    def by_hand(self) -> ByHand:
        """The graph that a careful user keeps by hand, with the activations of all stages."""
        return ByHand(self.model, self.x, self.stages)

    @cached_property
    def target(self) -> int:
        """A class whose maps are not blank after the ReLU, so that comparing them means something."""
        layers = [self.layer, *([self.other] if self.other else [])]
        for target in range(20):
            if all((self.by_hand.gradcam(target, layer) > 0).float().mean() > 0.1 for layer in layers):
                return target
        raise AssertionError("no class has a map with positive values")

    def record(self) -> Recording:
        """A new recording, by an engine that knows the layout of the model already."""
        return self.engine.record(self.x)

    def clicks(self) -> Iterator[int]:
        """Another class at every call."""
        return cycle(range(self.classes))
