"""Variants that need more than a layer's gradient, against the libraries that have them and are right: each test says
what of a peer is compared, since none ends in the raw map.
"""

from __future__ import annotations

import copy
import warnings
from collections.abc import Iterator
from functools import cache, partial

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from camwidget.engine import CamEngine, Recording
from tests.parity.test_captum import SIDE, TARGETS, image, network, recorded, relative_error

LIMIT = 1e-4


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@cache
def confident(name: str) -> nn.Module:
    """The network with scores that are positive for the classes asked: pytorch-grad-cam divides by them with their
    sign.
    """
    model = copy.deepcopy(network(name))
    head = [module for module in model.modules() if isinstance(module, nn.Linear)][-1]
    with torch.no_grad():
        head.bias += 1 - model(image())[range(2), TARGETS].min()
    return model.double()  # of the small losses of many channels, in float32 but three digits are right


def weighed(recording: Recording, layer: str, weights: Tensor) -> Tensor:
    a = recording.activations(layer)
    return torch.einsum("nc,nchw->nhw", weights.to(a), a)


# ------------------------------------------------------------------------------------------------ Captum


@pytest.mark.parametrize("name", ["resnet18", "vgg16"])
def test_guided_gradcam_of_captum(name: str) -> None:
    attr = pytest.importorskip("captum.attr", reason="captum is not installed (extra: test)")
    layer = {"resnet18": "layer4", "vgg16": "features.29"}[name]
    model = copy.deepcopy(network(name))
    for module in model.modules():
        if isinstance(module, nn.ReLU):
            module.inplace = False
    theirs = attr.GuidedGradCam(model, model.get_submodule(layer))
    product = theirs.attribute(image(), target=TARGETS, interpolate_mode="bilinear")
    recording = CamEngine(model).record(image())
    assert relative_error(recording.cams([TARGETS], layer, "guided_gradcam")[:, 0], product.sum(1)) <= LIMIT


@pytest.mark.parametrize(
    ("name", "layer"), [("resnet18", "layer3.0.conv1"), ("densenet121", "features.denseblock2.denselayer2.conv1")]
)
@pytest.mark.slow
def test_ablation_of_captum(name: str, layer: str) -> None:
    """LayerFeatureAblation gives ``y - y_k`` at every cell of channel k."""
    attr = pytest.importorskip("captum.attr", reason="captum is not installed (extra: test)")
    recording = recorded(name)
    a = recording.activations(layer)
    mask = torch.arange(a.shape[1]).reshape(1, -1, 1, 1).expand(1, *a.shape[1:])
    theirs = attr.LayerFeatureAblation(network(name), network(name).get_submodule(layer))
    options = {"layer_baselines": 0, "layer_mask": mask, "perturbations_per_eval": 16}
    pairs = zip(image().split(1), TARGETS, strict=True)
    lost = torch.cat([theirs.attribute(one, target=target, **options) for one, target in pairs])
    scores = recording.value(TARGETS)
    assert (scores < 0).any(), "or else dividing by the score instead of its size would go unnoticed"
    expected = weighed(recording, layer, lost[:, :, 0, 0] / scores.abs()[:, None])
    assert relative_error(recording.cams([TARGETS], layer, "ablationcam")[:, 0], expected) <= LIMIT


# ------------------------------------------------------------------------------------------------ pytorch-grad-cam


def pytorch_grad_cam(kind: str, model: nn.Module, layer: str) -> Tensor:
    """The weights of the channels ``(N, C)``."""
    peer = pytest.importorskip("pytorch_grad_cam", reason="pytorch-grad-cam is not installed (extra: bench)")
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    model = copy.deepcopy(model)  # it fills the gradients of the parameters, and may leave another mode
    for module in model.modules():
        if isinstance(module, nn.ReLU):
            module.inplace = False
    seen = []
    cam = getattr(peer, kind)(model=model, target_layers=[model.get_submodule(layer)])
    weights = cam.get_cam_weights
    cam.get_cam_weights = lambda *args: seen.append(weights(*args)) or seen[-1]
    dtype = next(model.parameters()).dtype
    cam(input_tensor=image().to(dtype), targets=[ClassifierOutputTarget(target) for target in TARGETS])
    return torch.as_tensor(seen[0])


@pytest.mark.slow
def test_ablation_of_pytorch_grad_cam() -> None:
    model = confident("resnet18")
    recording = CamEngine(model).record(image().double())
    assert (recording.value(TARGETS) > 0).all()
    expected = weighed(recording, "layer4", pytorch_grad_cam("AblationCAM", model, "layer4"))
    assert relative_error(recording.cams([TARGETS], "layer4", "ablationcam")[:, 0], expected) <= LIMIT


@pytest.mark.slow
def test_score_of_pytorch_grad_cam(monkeypatch: pytest.MonkeyPatch) -> None:
    """With its masks stretched as ours are: it takes ``align_corners=True``, which moves them by up to half a cell."""
    stretch = partial(partial, F.interpolate, mode="bilinear", align_corners=False)
    monkeypatch.setattr(nn, "UpsamplingBilinear2d", lambda size: stretch(size=size))
    recording = recorded("resnet18")
    flat = recording.activations("layer3").flatten(2)
    assert (flat.amax(2) > flat.amin(2)).all(), "of constant channels it makes a black picture, and we nothing"
    expected = weighed(recording, "layer3", pytorch_grad_cam("ScoreCAM", network("resnet18"), "layer3"))
    assert relative_error(recording.cams([TARGETS], "layer3", "scorecam")[:, 0], expected) <= LIMIT


def test_shapley_of_pytorch_grad_cam() -> None:
    recording = recorded("convnext_tiny")
    expected = weighed(recording, "features.5", pytorch_grad_cam("ShapleyCAM", network("convnext_tiny"), "features.5"))
    found = recording.cams([TARGETS], "features.5", "shapleycam")[:, 0]
    assert relative_error(found, expected) <= LIMIT
    assert relative_error(recording.cams([TARGETS], "features.5")[:, 0], expected) > 1e-3


# ------------------------------------------------------------------------------------------------ torchcam


@pytest.mark.parametrize("layer", ["layer2", "layer4"])
def test_finer_of_torchcam(layer: str) -> None:
    """With gamma 1; its map is divided by its maximum after the ReLU."""
    methods = pytest.importorskip("torchcam.methods", reason="torchcam is not installed (extra: bench)")
    with methods.FinerCAM(network("resnet18"), layer, input_shape=(3, SIDE, SIDE), gamma=1.0) as extractor:
        scores = network("resnet18")(image())
        theirs = extractor(TARGETS, scores, normalized=False)[0]
    found = recorded("resnet18").cam(TARGETS, layer, "finercam")
    assert relative_error(found, theirs) <= LIMIT
