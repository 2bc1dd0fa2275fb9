"""Sanity check by randomised weights: a map that stays the same says nothing of what the model has learnt."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from camwidget.engine import VARIANTS, CamEngine, Recording
from camwidget.engine.inside import Inside
from camwidget.engine.methods.passes import listen
from camwidget.engine.modules import named, shown
from camwidget.engine.preempt import Stop, check

from .judge import judged
from .seeded import seeded

STEPS = 8


@dataclass(frozen=True)
class Randomisation:
    """What becomes of maps while weights are randomised from the top.

    Attributes:
        modules: the names of the modules that were randomised last at each of S steps; after the last all are.
        similarity: ``(S, N)`` float32, Spearman's rank correlation of each image's map with that of the trained model.
        guided: ``(S, N)`` float32, for comparison, the same of guided backpropagation, whose map looks right and in the
            paper hardly changes; NaN where the model has no graph down to its input.
    """

    modules: tuple[str, ...]
    similarity: Tensor
    guided: Tensor


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
    cascade = Cascade(engine, engine.record(x), targets, layer, variant, steps=steps, seed=seed)
    found = [cascade.step(step) for step in range(len(cascade))]
    similarity, guided = (torch.stack([getattr(one, name) for one in found]) for name in ("similarity", "guided"))
    return Randomisation(cascade.modules, similarity, guided)


@dataclass(frozen=True)
class Step:
    """The maps ``(N, *grid)`` of a network with some layers drawn at random; ``similarity`` and ``guided`` ``(N,)`` are
    as of ``Randomisation``.
    """

    maps: Tensor
    similarity: Tensor
    guided: Tensor


class Cascade:
    """The steps of ``randomisation``, each to be taken when it is wanted.

    Args:
        recording: of the trained model, by ``engine``. targets, layer, variant, steps, seed: as of ``randomisation``.
        stop: asked before each module runs.

    Attributes:
        modules: the name of the module that is randomised last at each step.
        trained: the maps of the trained model, ``(N, *grid)`` float32; of a variant at the input their magnitudes.

    Raises: as ``randomisation``; Stopped: ``stop`` said so.
    """

    def __init__(
        self,
        engine: CamEngine,
        recording: Recording,
        targets: Any,
        layer: str | None = None,
        variant: str = "gradcam",
        *,
        steps: int = STEPS,
        seed: int = 0,
        stop: Stop | None = None,
    ) -> None:
        self._engine, self._x, self._seed = engine, recording.x, seed
        self._targets, self._layer, self._variant = targets, recording.resolve(layer), variant
        self.trained = judged(recording.cam(targets, self._layer, variant, stop=stop), variant)
        self._guided = None if recording.left_out else guided_backpropagation(recording, targets, stop)
        self._names = modules_from_the_top(engine, recording.x, stop)
        each = -(-len(self._names) // max(1, steps))
        self._ends = sorted({*range(each, len(self._names), each), len(self._names)})
        self.modules = tuple(self._names[end - 1] for end in self._ends)

    def __len__(self) -> int:
        return len(self._ends)

    def step(self, step: int, stop: Stop | None = None) -> Step:
        """What is found at a step.

        Raises: as ``Recording.cam``; Stopped: ``stop`` said so.
        """
        other = self._engine.like(randomised(self._engine, self._names[: self._ends[step]], self._seed, stop))
        check(stop)
        down = self._guided is not None or VARIANTS[self._variant].at_input
        recording = other.record(self._x, [self._layer], down)
        maps = judged(recording.cam(self._targets, self._layer, self._variant, stop=stop), self._variant)
        beside = maps.new_full((len(maps),), torch.nan)
        if self._guided is not None:
            beside = spearman(self._guided, guided_backpropagation(recording, self._targets, stop))
        return Step(maps, spearman(self.trained, maps), beside)


def guided_backpropagation(recording: Recording, targets: Any, stop: Stop | None = None) -> Tensor:
    """Guided backpropagation (Springenberg et al., ICLR workshop 2015) to the pixels: ``(N, *spatial)`` float32, the
    magnitudes, summed over the channels of the input. Without rectifiers it is the plain gradient.

    Args, Raises: as ``Recording.cam``.
    """
    return Inside(recording).input_gradient(recording.resolve_target(targets), "guided", stop).float().abs().sum(1)


def modules_from_the_top(engine: CamEngine, x: Tensor, stop: Stop | None = None) -> list[str]:
    """Names of the modules with parameters of their own, those that run last first; those that do not run at the end.

    Raises:
        ValueError: there are none. Stopped: ``stop`` said so.
    """
    twin = engine.copy()
    listen(twin, stop)
    order: dict[str, int] = {}
    every = _modules(twin)
    for name, module in every.items():
        module.register_forward_pre_hook(lambda _module, _args, name=name: order.update({name: len(order)}))
    engine.run(twin, x, len(x))
    names = [name for name, module in every.items() if [*module.parameters(recurse=False)]]
    if not names:
        raise ValueError("the model has no parameters, so there is nothing to randomise")
    return sorted(names, key=lambda name: -order.get(name, -1))


def randomised(
    model: nn.Module | CamEngine, modules: Sequence[str] | None = None, seed: int = 0, stop: Stop | None = None
) -> nn.Module:
    """A twin of the model in which these modules (default: all) have new weights: as ``reset_parameters`` draws them,
    and, where a module has no such method, normal with the deviation of the trained ones. One ``seed``, one twin; the
    model and torch's own random numbers are left as they were.

    Raises:
        ValueError: there is no such module. Stopped: ``stop``, asked before each of them, said so.
    """
    engine = model if isinstance(model, CamEngine) else CamEngine(model)
    twin = engine.copy()
    every = _modules(twin)
    wanted = list(every) if modules is None else [shown(name) for name in modules]
    missing = [name for name in wanted if name not in every]
    if missing:
        raise ValueError(f"the model has no module {missing[0]!r}")
    with seeded(seed, {p.device for p in twin.parameters()}), torch.inference_mode(False), torch.no_grad():
        for name in wanted:
            check(stop)
            _renew(every[name])
    return twin


def _modules(model: nn.Module) -> dict[str, nn.Module]:
    """The model itself, too, under no name."""
    return {"": model, **dict(named(model))}


def _renew(module: nn.Module) -> None:
    """New weights for what a module itself holds; the old ones belong to the user's model and are not written to."""
    own = {
        name: nn.Parameter(p.detach().clone(), p.requires_grad) for name, p in module.named_parameters(recurse=False)
    }
    for name, fresh in own.items():
        module.register_parameter(name, fresh)
    reset = getattr(module, "reset_parameters", None) or getattr(module, "_reset_parameters", None)
    # weight norm, pruning and the like keep a weight that they make of others, and it may be the user's own tensor
    made = parametrize.is_parametrized(module) or any(isinstance(held, Tensor) for held in vars(module).values())
    if own and callable(reset) and not made:
        with _others_kept(module):
            reset()
        return
    for fresh in own.values():
        fresh.normal_(0, float(fresh.float().std()) if fresh.numel() > 1 else 1.0)


@contextmanager
def _others_kept(module: nn.Module) -> Iterator[None]:
    """Within the block the modules below have parameters of their own: some that reset themselves write to those, as
    ``nn.MultiheadAttention`` does, and they may be the user's.
    """
    kept = [
        (below, name, p)
        for below in module.modules()
        for name, p in below.named_parameters(recurse=False, remove_duplicate=False)
        if below is not module
    ]
    for below, name, p in kept:
        below.register_parameter(name, nn.Parameter(p.detach().clone(), p.requires_grad))
    try:
        yield
    finally:
        for below, name, p in kept:
            below.register_parameter(name, p)


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
