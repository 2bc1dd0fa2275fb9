"""Networks that make it hard to leave no trace: each is what users really have. Input (N, 3, 28, 28), six classes."""

from __future__ import annotations

import functools
import itertools
import tempfile
import threading
from collections import Counter, OrderedDict, deque
from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils import parametrizations, prune

CLASSES = 6
SIZE = 28


class Net(nn.Module):
    """Grids of 28, 14 and 7 cells a side; a pooled linear head."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), self.rectifier())
        self.block = nn.Sequential(nn.Conv2d(8, 12, 3, padding=1), nn.BatchNorm2d(12), self.rectifier())
        self.last = nn.Sequential(nn.Conv2d(12, 16, 3, padding=1), self.rectifier())
        self.pool = nn.MaxPool2d(2)
        self.drop = nn.Dropout(0.3)
        self.fc = nn.Linear(16, CLASSES)

    def rectifier(self) -> nn.Module:
        return nn.ReLU()

    def features(self, x: Tensor) -> Tensor:
        return self.last(self.pool(self.block(self.pool(self.stem(x)))))

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.drop(self.features(x).mean((2, 3))))


class InPlace(Net):
    """Every rectifier writes over its input, and so do additions."""

    def rectifier(self) -> nn.Module:
        return nn.ReLU(inplace=True)

    def features(self, x: Tensor) -> Tensor:
        x = self.pool(self.block(self.pool(self.stem(x))))
        y = self.last[0](x)
        y += 0.1
        return self.last[1](y.mul_(2))


class Shared(Net):
    """One ReLU module for all of them, and one block that runs twice."""

    def __init__(self) -> None:
        super().__init__()
        self.stem[2] = self.block[2] = self.last[1] = self.act = nn.ReLU(inplace=True)
        self.again = nn.Conv2d(12, 12, 3, padding=1)

    def features(self, x: Tensor) -> Tensor:
        x = self.pool(self.block(self.pool(self.stem(x))))
        return self.last(self.act(self.again(self.act(self.again(x)))))


class Functional(Net):
    """No module is a rectifier."""

    def rectifier(self) -> nn.Module:
        return nn.Identity()

    def features(self, x: Tensor) -> Tensor:
        x = self.pool(F.relu6(self.stem(x)))
        x = self.pool(torch.relu_(self.block(x)))
        return F.relu(self.last(x), inplace=True)


class Tied(Net):
    """A parameter that belongs to two modules, and a module that has two names."""

    def __init__(self) -> None:
        super().__init__()
        self.mirror = nn.Conv2d(8, 8, 3, padding=1)
        self.second = nn.Conv2d(8, 8, 3, padding=1)
        self.second.weight = self.mirror.weight
        self.alias = self.second

    def features(self, x: Tensor) -> Tensor:
        x = self.second(self.mirror(self.stem(x)))
        return self.last(self.pool(self.block(self.pool(x))))


class Keeper(Net):
    """Holds what cannot be copied, and writes to all it holds in each forward pass."""

    def __init__(self) -> None:
        super().__init__()
        self.lock, self.file = threading.Lock(), tempfile.TemporaryFile()  # noqa: SIM115 - the model holds it open
        self.numbers = itertools.count()
        self.register_buffer("calls", torch.zeros(()))
        self.register_buffer("mean", torch.zeros(16))
        self.tensor, self.array = torch.zeros(3), np.zeros(3)
        self.lists, self.losses, self.nested = [], [0.5], {"deep": [torch.zeros(2)]}
        self.seen, self.recent, self.counts = {"a"}, deque([1], maxlen=4), Counter()
        self.hidden = [nn.BatchNorm2d(16)]
        self.table = OrderedDict(norm=nn.BatchNorm2d(16))
        self.count = 0
        self.feature: Tensor | None = None

    def forward(self, x: Tensor) -> Tensor:
        with self.lock:
            self.calls += 1
            self.count += 1
            self.tensor += 1
            self.array += 1
            self.lists.append(x)
            self.losses.append(1.0)
            self.nested["deep"][0].add_(1)
            self.nested["new"] = 1
            self.seen.add("b")
            self.recent.append(2)
            self.counts["x"] += 1
            x.mul_(1.0)
            self.feature = self.features(x)
            h = self.table["norm"](self.hidden[0](self.feature))
            self.mean = h.mean((0, 2, 3)).detach()
            self.block.train()
            return self.fc(self.drop(h.mean((2, 3))))


class Drawing(Net):
    """Draws random numbers in evaluation mode, too."""

    def features(self, x: Tensor) -> Tensor:
        return super().features(x + 1e-3 * torch.randn_like(x))


class Wrapped(Net):
    """Compiled and parallel parts inside."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.DataParallel(self.stem)
        self.block = torch.compile(self.block, backend="eager")


class Hooked(Net):
    """Hooks of every kind, and ones that matter: one of them doubles what its layer returns."""

    def __init__(self) -> None:
        super().__init__()
        heard: list[str] = []
        self.heard = lambda: heard  # what hooks do is the user's: the list is not looked at as a part of the model
        note = functools.partial(_note, heard)
        self.stem.register_forward_pre_hook(functools.partial(note, "pre"))
        self.stem.register_forward_hook(functools.partial(note, "forward"), with_kwargs=True)
        self.last.register_forward_hook(lambda _module, _args, output: output * 2)
        for name in ("register_full_backward_hook", "register_full_backward_pre_hook"):
            getattr(self.block, name)(functools.partial(note, "backward"))
        self.fc.register_state_dict_pre_hook(functools.partial(note, "state"))
        self.fc.register_load_state_dict_post_hook(functools.partial(note, "load"))
        self.fc.weight.register_hook(lambda g: g * 1)
        self.block[0].weight.register_post_accumulate_grad_hook(functools.partial(note, "accumulated"))


def _note(heard: list[str], kind: str, *_: object) -> None:
    heard.append(kind)


def _weight_norm() -> Net:
    net = Net()
    net.block[0] = parametrizations.weight_norm(net.block[0])
    net.last[0] = nn.utils.weight_norm(net.last[0])
    return net


def _spectral_norm() -> Net:
    net = Net().train()
    net.block[0] = parametrizations.spectral_norm(net.block[0])
    net.last[0] = nn.utils.spectral_norm(net.last[0])
    return net


def _pruned() -> Net:
    net = Net()
    prune.l1_unstructured(net.last[0], "weight", 0.2)
    return net


def _lazy() -> nn.Module:
    net = nn.Sequential(
        OrderedDict(
            block=nn.LazyConv2d(8, 3, padding=1),
            act=nn.ReLU(),
            pool=nn.MaxPool2d(4),
            last=nn.LazyConv2d(16, 3, padding=1),
            end=nn.Sequential(nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.LazyLinear(CLASSES)),
        )
    )
    net(torch.zeros(1, 3, SIZE, SIZE))
    return net


def _frozen() -> Net:
    net = Net().requires_grad_(False).eval()
    net.fc.requires_grad_(True)
    net(torch.ones(2, 3, SIZE, SIZE)).sum().backward()
    return net


def _replaced() -> Net:
    """``forward`` put on the instance, around the old one, as libraries that adapt outputs are used."""
    net = Net()
    old = net.forward
    net.forward = lambda x: old(x) * 1.0
    return net


SUBJECTS: dict[str, Callable[[], nn.Module]] = {
    "in place": InPlace,
    "dropout and batch norm in training": lambda: Net().train(),
    "shared modules": Shared,
    "functional rectifiers": Functional,
    "tied weights": Tied,
    "keeps what cannot be copied": Keeper,
    "draws numbers": Drawing,
    "hooks of every kind": Hooked,
    "weight norm": _weight_norm,
    "spectral norm in training": _spectral_norm,
    "pruned": _pruned,
    "lazy, materialised": _lazy,
    "frozen, with a gradient": _frozen,
    "forward replaced": _replaced,
    "compiled and parallel parts": lambda: Wrapped().train(),
}
