"""How long each variant takes on one network, and how often the network runs: ``python -m tests.benchmarks.slow``.

Beside Score-CAM and Ablation-CAM stand those of pytorch-grad-cam on the same machine, in the same run.
"""

from __future__ import annotations

import argparse
import copy
import time
from collections.abc import Callable

import torch
import torchvision
from torch import Tensor, nn

from camwidget.engine import VARIANTS, CamEngine

PEERS = {"ablationcam": "AblationCAM", "scorecam": "ScoreCAM"}


class Count:
    """How many times a network runs, and on how many images in all."""

    def __init__(self, model: nn.Module) -> None:
        self.runs = self.images = 0
        model.conv1.register_forward_pre_hook(self._see)

    def _see(self, _module: nn.Module, args: tuple[Tensor, ...]) -> None:
        self.runs += 1
        self.images += len(args[0])


def timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def peer(kind: str, model: nn.Module, layer: str, x: Tensor) -> tuple[float, Count]:
    import pytorch_grad_cam
    import tqdm
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    tqdm.tqdm = lambda each: each
    model = copy.deepcopy(model)
    count = Count(model)
    cam = getattr(pytorch_grad_cam, kind)(model=model, target_layers=[model.get_submodule(layer)])
    return timed(lambda: cam(input_tensor=x, targets=[ClassifierOutputTarget(7)])), count


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="resnet50")
    parser.add_argument("--side", type=int, default=224)
    parser.add_argument("--layer", default="layer4")
    parser.add_argument("--peers", action="store_true")
    parser.add_argument("variants", nargs="*", default=list(VARIANTS))
    given = parser.parse_args()
    torch.manual_seed(0)
    model = torchvision.models.get_model(given.model, weights=None).eval()
    x = torch.randn(1, 3, given.side, given.side)
    count = Count(model)
    engine = CamEngine(model)
    engine.record(x)
    print(f"forward {1e3 * min(timed(lambda: model(x)) for _ in range(3)):.0f} ms, {torch.get_num_threads()} threads")
    for variant in given.variants:
        recording = engine.record(x)
        recording.activations(given.layer)
        count.runs = count.images = 0
        seconds = timed(lambda r=recording, v=variant: r.cam(7, given.layer, v))
        again = timed(lambda r=recording, v=variant: r.cam(8, given.layer, v))
        runs, images = count.runs, count.images
        print(
            f"{variant:17} {1e3 * seconds:9.1f} ms, another class {1e3 * again:8.1f} ms, runs {runs} of {images} images"
        )
        if given.peers and variant in PEERS:
            took, theirs = peer(PEERS[variant], model, given.layer, x)
            print(f"  pytorch-grad-cam {1e3 * took:9.1f} ms, runs {theirs.runs} of {theirs.images} images")


if __name__ == "__main__":
    main()
