"""Sanity check by randomised weights: a map that stays the same says nothing of what the model has learnt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from camwidget.engine import CamEngine

STEPS = 8


@dataclass(frozen=True)
class Randomisation:
    """What becomes of maps while weights are randomised from the top.

    Attributes:
        modules: the names of the modules that were randomised last at each of S steps; after the last all are.
        similarity: ``(S, N)`` float32, Spearman's rank correlation of each image's map with that of the trained model.
    """

    modules: tuple[str, ...]
    similarity: Tensor


def randomisation(
    model: nn.Module | CamEngine,
    x: Tensor,
    targets: Any,
    layer: str | None = None,
    variant: str = "gradcam",
    *,
    steps: int = STEPS,
    seed: int = 0,
) -> Randomisation:
    """Cascading randomisation of parameters (Adebayo et al., Sanity Checks for Saliency Maps, NeurIPS 2018, section 3):
    modules are given new weights from the scores down to the input, all above staying randomised, and the map of the
    same class is compared with that of the trained model. Near 1: the map does not depend on what was learnt there. The
    model is left untouched: what is randomised is a twin, with parameters of its own.

    Args:
        x: ``(N, C, *spatial)``. targets, layer, variant: as of ``Recording.cam``.
        steps: at most so many, with equal numbers of modules between them, in the order in which the model runs them.
        seed: of the new weights, by a generator of our own.

    Raises: as ``Recording.cam``; ValueError: the model has no parameters.
    """
    engine = model if isinstance(model, CamEngine) else CamEngine(model)
    recording = engine.record(x)
    place = recording.resolve(layer)
    trained = recording.cam(targets, place, variant)
    names = modules_from_the_top(engine, recording.x)
    each = -(-len(names) // max(1, steps))
    ends = sorted({*range(each, len(names), each), len(names)})
    found = []
    for end in ends:
        other = engine.like(randomised(engine, names[:end], seed))
        found.append(spearman(trained, other.record(recording.x, [place]).cam(targets, place, variant)))
    return Randomisation(tuple(names[end - 1] for end in ends), torch.stack(found))


def modules_from_the_top(engine: CamEngine, x: Tensor) -> list[str]:
    """Names of the modules with parameters of their own, those that run last first; those that do not run at the end.

    Raises:
        ValueError: there are none.
    """
    twin = engine.copy()
    order: dict[str, int] = {}
    for name, module in twin.named_modules():
        module.register_forward_pre_hook(lambda _module, _args, name=name: order.update({name: len(order)}))
    engine.run(twin, x, len(x))
    names = [name for name, module in twin.named_modules() if [*module.parameters(recurse=False)]]
    if not names:
        raise ValueError("the model has no parameters, so there is nothing to randomise")
    return sorted(names, key=lambda name: -order.get(name, -1))


def randomised(model: nn.Module | CamEngine, modules: Sequence[str] | None = None, seed: int = 0) -> nn.Module:
    """A twin of the model in which these modules (default: all) have new weights: as ``reset_parameters`` draws them,
    and, where a module has no such method, normal with the deviation of the trained ones. One ``seed``, one twin; the
    model and torch's own random numbers are left as they were.

    Raises:
        ValueError: there is no such module.
    """
    engine = model if isinstance(model, CamEngine) else CamEngine(model)
    twin = engine.copy()
    every = dict(twin.named_modules())
    wanted = list(every) if modules is None else list(modules)
    missing = [name for name in wanted if name not in every]
    if missing:
        raise ValueError(f"the model has no module {missing[0]!r}")
    devices = {p.device for p in twin.parameters() if p.device.type == "cuda"}
    with torch.random.fork_rng(devices=sorted(d.index or 0 for d in devices)), torch.no_grad():
        torch.manual_seed(seed)
        for name in wanted:
            _renew(every[name])
    return twin


def _renew(module: nn.Module) -> None:
    """New weights for what a module itself holds; the old ones belong to the user's model and are not written to."""
    own = {
        name: nn.Parameter(p.detach().clone(), p.requires_grad) for name, p in module.named_parameters(recurse=False)
    }
    for name, fresh in own.items():
        module.register_parameter(name, fresh)
    reset = getattr(module, "reset_parameters", None) or getattr(module, "_reset_parameters", None)
    if own and callable(reset) and not parametrize.is_parametrized(module):
        reset()
        return
    for fresh in own.values():
        fresh.normal_(0, float(fresh.float().std()) if fresh.numel() > 1 else 1.0)


def spearman(a: Tensor, b: Tensor) -> Tensor:
    """Spearman's rank correlation of maps ``(N, *grid)`` image by image, ``(N,)`` float32; equal values share the mean
    of their ranks, and a map that is the same everywhere correlates with nothing: 0.
    """
    ranks = [_ranks(t.flatten(1).double()) for t in (a, b)]
    first, second = (r - r.mean(1, keepdim=True) for r in ranks)
    size = first.norm(dim=1) * second.norm(dim=1)
    return ((first * second).sum(1) / torch.where(size > 0, size, 1)).float()


def _ranks(flat: Tensor) -> Tensor:
    in_order = flat.sort(1).values.contiguous()
    below = torch.searchsorted(in_order, flat.contiguous())
    until = torch.searchsorted(in_order, flat.contiguous(), right=True)
    return (below + until - 1).double() / 2
