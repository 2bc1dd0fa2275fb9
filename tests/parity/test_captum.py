"""Raw maps and rectifier rules against Captum, on the networks that people use.

Weights are random but seeded, and batch norms are given the statistics of their inputs: without that, activations of
deep untrained networks vanish or explode, and a comparison would say little. Inputs of 64 pixels a side leave two cells
at the deepest layer, which is enough for every network here.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from functools import cache

import pytest
import torch
import torchvision
from torch import Tensor, nn

from camwidget.engine import CamEngine, Recording

captum = pytest.importorskip("captum.attr", reason="captum is not installed (extra: test)")

LIMIT = 1e-5
SIDE = 64
TARGETS = [7, 400]

NETWORKS = {
    # name: a middle layer. The last layer is the engine's default
    "resnet18": "layer2",
    "resnet50": "layer3",
    "vgg16": "features.21",  # a convolution whose output the next rectifier overwrites
    "densenet121": "features.denseblock2",
    "mobilenet_v3_large": "features.6",
    "efficientnet_b0": "features.4",
    "convnext_tiny": "features.3",
}


def relative_error(made: Tensor, reference: Tensor) -> float:
    """Largest difference, as a share of the reference's largest value."""
    assert made.shape == reference.shape
    scale = float(reference.detach().abs().max())
    assert scale > 0
    return float((made - reference).detach().abs().max()) / scale


@cache
def network(name: str) -> nn.Module:
    # VGG's own initialisation takes seconds and is not needed
    keywords = {"init_weights": False} if name.startswith("vgg") else {}
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = torchvision.models.get_model(name, weights=None, **keywords)
        norms = [module for module in model.modules() if isinstance(module, nn.BatchNorm2d)]
        for norm in norms:
            norm.momentum = None  # the running statistics become those of the one batch
            nn.init.uniform_(norm.weight, 0.5, 1.5)
            nn.init.uniform_(norm.bias, -0.2, 0.2)
        if norms:
            with torch.no_grad():
                model.train()(torch.randn(4, 3, SIDE, SIDE))
    return model.eval()


@cache
def image() -> Tensor:
    return torch.randn(2, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(1))


@cache
def recorded(name: str) -> Recording:
    return CamEngine(network(name)).record(image())


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Captum's, about the hooks that it sets
        yield


@pytest.mark.parametrize("where", ["last", "middle"])
@pytest.mark.parametrize("name", NETWORKS)
def test_raw_maps(name: str, where: str) -> None:
    recording = recorded(name)
    layer = recording.default_layer if where == "last" else NETWORKS[name]
    theirs = captum.LayerGradCam(network(name), network(name).get_submodule(layer))
    expected = theirs.attribute(image(), target=TARGETS, relu_attributions=False)[:, 0]
    made = recording.cams([TARGETS], layer)[:, 0]
    if where == "middle":
        assert (expected < 0).any()  # signed, or else half of it would go untested
    assert relative_error(made, expected) <= LIMIT


# ---------------------------------------------------------------------- guided and deconv

CAPTUM_RULES = {"guided": "GuidedBackprop", "deconv": "Deconvolution"}


class Entrance(nn.Module):
    """The network behind a first layer that changes nothing: gradients at that layer are gradients at the input."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.entrance = nn.Identity()
        self.network = network

    def forward(self, x: Tensor) -> Tensor:
        return self.network(self.entrance(x) * 1.0)


def tail(name: str) -> tuple[str, nn.Module]:
    """A middle layer, and the rest of the network behind it as one module."""
    model = network(name)
    if name == "vgg16":
        return "features.15", nn.Sequential(model.features[16:], model.avgpool, nn.Flatten(), model.classifier)
    return "layer2", nn.Sequential(model.layer3, model.layer4, model.avgpool, nn.Flatten(), model.fc)


@pytest.mark.parametrize("rule", CAPTUM_RULES)
@pytest.mark.parametrize("name", ["resnet18", "vgg16"])
def test_rectifier_rules_down_to_the_input(name: str, rule: str) -> None:
    expected = getattr(captum, CAPTUM_RULES[rule])(network(name)).attribute(image(), target=TARGETS)
    recording = CamEngine(Entrance(network(name))).record(image())
    made = recording.gradients(TARGETS, ["entrance"], rule)["entrance"]
    assert relative_error(made, expected) <= LIMIT
    assert relative_error(recording.gradients(TARGETS, ["entrance"])["entrance"], expected) > 0.1


@pytest.mark.parametrize("rule", CAPTUM_RULES)
@pytest.mark.parametrize("name", ["resnet18", "vgg16"])
def test_rectifier_rules_down_to_a_middle_layer(name: str, rule: str) -> None:
    recording = recorded(name)
    layer, rest = tail(name)
    values = recording.activations(layer)
    gradient = getattr(captum, CAPTUM_RULES[rule])(rest).attribute(values.clone(), target=TARGETS)
    assert relative_error(recording.gradients(TARGETS, [layer], rule)[layer], gradient) <= LIMIT
    expected = (gradient.mean((2, 3), keepdim=True) * values).sum(1)
    assert relative_error(recording.cams([TARGETS], layer, f"{rule}_relu")[:, 0], expected) <= LIMIT


def test_functional_rectifiers_follow_the_rule_too() -> None:
    """DenseNet's last rectifier is ``F.relu``: Captum, which replaces modules, does not see it; the graph does."""
    recording = recorded("densenet121")
    layer = recording.default_layer
    head = network("densenet121").classifier
    values = recording.activations(layer)
    weights = head.weight[TARGETS].detach() / values[0, 0].numel()
    arriving = weights[:, :, None, None]
    by_hand = {"guided": arriving.clamp(min=0) * (values > 0), "deconv": arriving.clamp(min=0).expand_as(values)}
    for rule, expected in by_hand.items():
        assert relative_error(recording.gradients(TARGETS, [layer], rule)[layer], expected) <= LIMIT
