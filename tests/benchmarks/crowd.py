"""Many images through one network, by us, by hand and by other libraries. ``python -m tests.benchmarks.crowd COUNT``
prints the peak of memory while we explain so many.

Each library is asked as its users do: batch after batch, one class an image, the one that is predicted.
"""

from __future__ import annotations

import json
import resource
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils.data import Dataset

from camwidget import explain
from tests.benchmarks.by_hand import gradcam
from tests.benchmarks.subjects import SIDE, build

BATCH = 16
LAYER = "layer4"
DIFFERENT = 32
"""So many images are drawn; more are these again."""


class Crowd(Dataset[Tensor]):
    """So many inputs, and the network."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.model = build("resnet50")
        chance = torch.Generator().manual_seed(1)
        self.drawn = torch.randn(min(count, DIFFERENT), 3, SIDE, SIDE, generator=chance)

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, i: int) -> Tensor:
        if i >= self.count:
            raise IndexError
        return self.drawn[i % len(self.drawn)]

    def batches(self) -> Iterator[Tensor]:
        """``(BATCH, 3, SIDE, SIDE)``, one after another."""
        for start in range(0, self.count, BATCH):
            yield torch.stack([self[i] for i in range(start, min(start + BATCH, self.count))])

    @staticmethod
    def agree(maps: Tensor, reference: Tensor) -> bool:
        """Whether maps are those of the reference, whatever a library scales or enlarges."""
        expected = unit(reference.relu())
        if maps.shape != expected.shape:
            expected = F.interpolate(expected[:, None], maps.shape[1:], mode="bilinear")[:, 0]
        return bool((unit(maps.relu()) - unit(expected)).abs().max() < 1e-3)


def unit(maps: Tensor) -> Tensor:
    """Each map from 0 to 1."""
    least = maps - maps.amin((1, 2), keepdim=True)
    return least / least.amax((1, 2), keepdim=True).clamp(min=1e-12)


def ours(crowd: Crowd) -> Tensor:
    """``explain``, in the layer's own cells."""
    return torch.from_numpy(explain(crowd.model, crowd, batch_size=BATCH, size="grid", progress=False).array)


def bare(crowd: Crowd) -> Tensor:
    """Forward, ``autograd.grad`` to the layer, two lines of arithmetic: what a careful user writes."""
    seen: list[Tensor] = []
    handle = crowd.model.layer4.register_forward_hook(lambda _module, _args, output: seen.append(output))
    maps = []
    for x in crowd.batches():
        scores = crowd.model(x)
        (gradient,) = torch.autograd.grad(scores.amax(1).sum(), [seen[-1]])
        maps.append(gradcam(seen.pop().detach(), gradient).relu())
    handle.remove()
    return torch.cat(maps)


def captum(crowd: Crowd) -> Tensor:
    from captum.attr import LayerGradCam

    peer = LayerGradCam(crowd.model, crowd.model.layer4)
    maps = []
    for x in crowd.batches():
        with torch.no_grad():
            target = crowd.model(x).argmax(1)
        maps.append(peer.attribute(x, target, relu_attributions=True)[:, 0].detach())
    return torch.cat(maps)


def pytorch_grad_cam(crowd: Crowd) -> Tensor:
    from pytorch_grad_cam import GradCAM

    with GradCAM(model=crowd.model, target_layers=[crowd.model.layer4]) as peer:
        return torch.cat([torch.from_numpy(peer(input_tensor=x, targets=None)) for x in crowd.batches()])


def torchcam(crowd: Crowd) -> Tensor:
    from torchcam.methods import GradCAM

    maps = []
    with GradCAM(crowd.model, LAYER) as peer:
        for x in crowd.batches():
            scores = crowd.model(x)
            maps.append(peer(scores.argmax(1).tolist(), scores)[0])
    return torch.cat(maps)


LIBRARIES: dict[str, Callable[[Crowd], Tensor]] = {
    "captum": captum,
    "pytorch-grad-cam": pytorch_grad_cam,
    "torchcam": torchcam,
}


def main(count: int) -> None:
    """Print the largest resident set in MB, maps being streamed to disk."""
    torch.set_num_threads(2)
    crowd = Crowd(count)
    with tempfile.TemporaryDirectory() as folder:
        explain(crowd.model, crowd, batch_size=BATCH, out=Path(folder) / "maps.npy", progress=False)
    print(json.dumps({"peak": peak()}))


def peak() -> float:
    """The largest resident set of this process so far, in MB. Linux hands ``ru_maxrss`` of the process that started it
    on to a new one, so that it may tell that one's.
    """
    status = Path("/proc/self/status")
    if status.is_file():
        return (
            int(next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:")).split()[1]) / 1000
        )
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


if __name__ == "__main__":
    main(int(sys.argv[1]))
