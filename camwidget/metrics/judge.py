"""What the model says of inputs that were changed."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from camwidget.engine import VARIANTS, CamEngine
from camwidget.engine.methods.passes import listen
from camwidget.engine.preempt import Stop, check
from camwidget.engine.suggest import unknown
from camwidget.scores import PROBABILITIES, SHARE, find_probability

KINDS = (*PROBABILITIES, "logit", SHARE)


def judged(maps: Tensor, variant: str) -> Tensor:
    """Maps as they are judged: of one that is made at the input, Guided Grad-CAM, the sizes of the values, for the sign
    of a gradient at pixels is no evidence.
    """
    return maps.abs() if VARIANTS[variant].at_input else maps


class Judge:
    """The probability of a class, without a graph, in chunks on the model's device.

    Args:
        model: any classifier, or an engine, whose ``forward`` and ``autocast`` count. It is left untouched: what runs
            is a twin.
        probability: "softmax", "sigmoid", "none" (the scores are probabilities), "logit" (the scores as they are) or
            "share" (of dense scores: of the picture); default: found from the model, as the widget finds it.
        batch_size: inputs in one run.
        stop: asked before each module runs.

    Raises:
        ValueError: unknown ``probability``.
    """

    def __init__(
        self,
        model: nn.Module | CamEngine,
        probability: str | None = None,
        batch_size: int = 64,
        stop: Stop | None = None,
    ) -> None:
        if probability is not None and probability not in KINDS:
            raise ValueError(unknown("probability", probability, KINDS))
        self.engine = model if isinstance(model, CamEngine) else CamEngine(model)
        self._kind, self._batch_size = probability, batch_size
        self._twin, self._stop = self.engine.copy(), stop
        listen(self._twin, stop)

    def placed(self, x: Tensor) -> Tensor:
        """``x`` on the model's device, in its dtype."""
        parameter = next(self._twin.parameters(), None)
        if parameter is None:
            return x.detach()
        return x.detach().to(parameter.device, parameter.dtype if parameter.is_floating_point() else None)

    def table(self, x: Tensor) -> Tensor:
        """``(N, K)`` float32: what is judged by, of each class, for the inputs ``x (N, C, *spatial)``.

        Raises:
            Stopped: ``stop`` said so.
        """
        x = self.placed(x)
        if self._kind is None:
            self._kind = find_probability(
                self.engine.model, self.engine.record(x if self.engine.fixed else x[:1]), None
            )
        rows = len(x) if self.engine.fixed else self._batch_size
        return torch.cat([self._run(part) for part in x.split(rows)])

    def __call__(self, x: Tensor, targets: Tensor | Sequence[int] | int) -> Tensor:
        """``(N,)`` float32, of one class for each input.

        Raises:
            ValueError: there is not one class for each input.
        """
        found = self.table(x)
        index = (
            torch.as_tensor(targets, device=found.device).expand(len(found))
            if isinstance(targets, int)
            else (torch.as_tensor(targets, device=found.device))
        )
        if len(index) != len(found):
            raise ValueError(f"{len(index)} targets for {len(found)} inputs; accepted: one an input, or one for all")
        return found.gather(1, index.long()[:, None])[:, 0]

    def _run(self, x: Tensor) -> Tensor:
        check(self._stop)
        returned = self.engine.run(self._twin, x, len(x))
        check(self._stop)  # a model may have caught what was raised inside of it
        scores = returned.table()
        if self._kind == "softmax":
            return scores.softmax(1)
        if self._kind == "sigmoid":
            return scores.sigmoid()
        return returned.shares() if self._kind == SHARE else scores


Judged = Judge | CamEngine | nn.Module


def judge_of(given: Judged) -> Judge:
    """Itself, or the judge of a model or an engine."""
    return given if isinstance(given, Judge) else Judge(given)
