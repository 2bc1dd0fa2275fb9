"""CamWidget: the picture, its classes and their heatmaps, live in the notebook. Traits and observers only; no tensor
maths.
"""

from __future__ import annotations

import logging
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import torch
import traitlets
from torch import nn

from . import answers, as_python, beside, checks, colormaps, history, inputs, lifetime, preprocessing, scores, wire
from .answers import Answer, Reply, Request, View
from .asked import Asked
from .checks import count, keywords, one_of, share
from .engine import CamEngine
from .engine.engine import Forward
from .engine.forks import Lock
from .engine.variants import find_variant
from .labels import find as find_labels
from .protocol import NEGATIVE_COLORMAP, SIGNED_COLORMAP, TRAITS_OF_AIM, TRAITS_OF_SCENE, TRAITS_TWO_WAY
from .publishing import Publishing
from .saying import Saying
from .session import Session
from .still import Look
from .traits import CHOICES, bundle

if TYPE_CHECKING:
    from .compare import Comparison

log = logging.getLogger("camwidget")

DISPLAY = ("opacity", "threshold", "limit", "levels", "rival", "gamma", "region", *CHOICES)


class CamWidget(Publishing, Asked):
    """Ask a vision model "why?": the picture with its heatmap; click a class, hover a cell, walk the layers, switch
    the variant.

    Args:
        model: a classifier, ``nn.Module``. It is left untouched and run in evaluation mode.
        image: a path, ``PIL.Image``, ``uint8`` or float array ``(H, W[, 3])``, or preprocessed tensor ``(C, H, W)`` or
            ``(1, C, H, W)``; a signal ``(L,)`` or ``([1, ]C, L)``; a volume or video clip ``([1, ]C, D, H, W)``. A list
            of pictures, of any sizes, is a film strip: each is read when it is first wanted.
        labels: names of the classes: sequence, dict, or ``weights.meta["categories"]``; default: found from the model.
        truth: the true class, by name or index; it is marked in the list. Of a film a list with one each, or None where
            it is not known: mistakes are marked.
        preprocess: PIL image -> tensor, such as ``weights.transforms()``; default: found from the model, else
            ImageNet's.
        target: the class to explain, by name or index; default: the one with the highest score.
        layer: a module name of ``model.named_modules()``; default: the deepest layer that still has a grid.
        variant: an id in ``camwidget.VARIANTS``.
        topk: how many classes are listed.
        colormap: any Matplotlib colormap.
        probability: "softmax", "sigmoid" (several classes may be right) or "none"; default: found from the model.
        autocast, memory, forward: see ``CamEngine``. Other inputs that ``forward`` passes are for a batch of one.
        score: what of a class is explained: "logit" (the score as it is), "softmax" or "log_softmax".
        against: a class, by name or index, that all others are seen against: their score less its score.
        pixels: of a segmentation, those that are explained, as the ``region`` of a ``Target``; default: those where a
            class has the highest score.
        index: of a film, the picture that is on screen first.
        kind: "picture", "signal" or "volume"; default: told from the model's convolutions and the shape of ``image``.
        rate: of a signal, its samples (for features: frames) per second; its time axis is then in seconds.
        display: another signal to draw above it on that axis, or a pair of it and its samples per second; as a dict
            with a name, such as ``{"waveform": (wave, 16000)}``. look: of the traits below, how maps are drawn.

    Traits, all two-way (set them, ``observe`` them, ``link`` them): ``target`` int (a name may be assigned),
    ``index`` int (of a film, the picture on screen; the class follows it, see ``Screening.follow``), ``against``
    int | None (as ``target``), ``score``, ``layer``, ``variant``, ``opacity`` 0..1, ``colormap``, ``threshold`` 0..1
    (values below this share of the limit are not painted), ``sign`` "positive" | "negative" | "signed" | "absolute",
    ``shading`` "smooth" | "cells" | "contours", ``scale`` "map" | "listed", ``limit`` float | None (the value of the
    strongest colour, locked for all classes and layers), ``levels`` of the contours, shares of the limit,
    ``interpolation`` "bicubic" | "bilinear". ``contrast`` "off" | "swipe" | "difference" sets the target against
    ``rival`` int | None (a name may be assigned), which counts ``gamma`` 0..2 times, see ``contrast_map``.
    ``region``: None, a box ``[x0, y0, x1, y1]`` or an outline ``[[x, y], ...]`` of the picture, in pixels of the
    network's input; see ``region_scores``.
    ``edits``: strokes and boxes painted over the picture before the network looks at it, a list of dicts ``{"tool":
    "stroke" | "box", "mode": "cover" | "uncover" | "keep", "fill": "mean" | "blur" | "noise", "points": [[x, y], ...],
    "radius": r}`` in pixels of the network's input (a box has the points ``[x0, y0, x1, y1]`` and no radius). Assign a
    new list: what is changed in the old one is not noticed. Of a single picture, not of a film.
    ``pixels`` may be assigned, too. Read: ``heatmap``, ``cam``, ``scores``, ``probabilities``, ``labels``, ``status``,
    ``picture_edited``, all of the picture on screen, and so is ``history``; ``pictures``, ``film``.

    Raises:
        TypeError, ValueError: with what was given, what is accepted, and the nearest right name.
    """

    def __init__(
        self,
        model: nn.Module,
        image: Any,
        labels: Sequence[Any] | Mapping[int, Any] | None = None,
        truth: Any = None,
        preprocess: Callable[..., Any] | None = None,
        target: int | str | None = None,
        layer: str | None = None,
        variant: str = "gradcam",
        topk: int = 9,
        colormap: str = "viridis",
        probability: str | None = None,
        autocast: torch.dtype | None = None,
        memory: int | None = None,
        forward: Forward | None = None,
        score: str = "logit",
        against: int | str | None = None,
        pixels: Any = None,
        index: int = 0,
        kind: str | None = None,
        rate: float | None = None,
        display: Any = None,
        **look: Any,
    ) -> None:
        self._lock = Lock()
        keywords(CamWidget.__init__, look, DISPLAY)
        self._accepting, self._saying = False, Saying()
        engine = CamEngine(model, autocast, memory, forward)
        found = preprocessing.find(engine.model, preprocess)
        self._subject = self._read_subject(image, engine, found, kind, index, rate=rate, display=display)
        recording = inputs.record(engine, self._subject)
        self._probability = scores.find_probability(engine.model, recording, probability)
        self._names = find_labels(engine.model, labels, recording.scores.shape[1])
        self._read_truths(truth)
        self._topk = count("topk", topk)
        self._top = scores.strongest(recording, self._probability, self._topk)
        look = {name: self._checked(name, value) for name, value in look.items()}
        first = scores.first(self._top, self._names, self._probability) if target is None else self._index(target)
        view = View(first, recording.resolve(layer), find_variant(variant).id)
        self._atlas, screening = self._start_atlas(engine, recording)
        self._atlas.aim = self._read_aim(against, score, pixels)
        call = as_python.call({**locals(), "truth": self._known_truth, "pixels": self.pixels})
        meta = {**inputs.meta(self._subject, engine.model, self._first), "call": call}
        with lifetime.birth(self):
            super().__init__(
                _esm=bundle(),
                meta=meta,
                luts=colormaps.luts(colormap),
                colormap=colormap,
                **self._opening(view),
                **look,
            )
            show = lifetime.weakly(self._show)
            self._session = Session(self._atlas, self.listed, show, self._names, screening, self._probability)
            self._screened()
            self._session.answer_now(Request(view))

    def _opening(self, view: View) -> dict[str, Any]:
        """The traits of the first view."""
        return {
            **self._subject.state(),
            **asdict(view),
            "classes": self._classes(),
            "listed": self._listed_with(view.target),
            "layers": wire.layers(self._recording, view.layer),
            "variants": wire.variants(),
            "status": wire.status("ready", self._words(view.target)),
            "against": self._aim.against,
            "score": self._aim.score,
            "index": self._first,
            "visited": history.begun({**asdict(view), "region": None, "edits": []}),
        }

    @staticmethod
    def compare(models: Mapping[str, nn.Module], image: Any, **keywords: Any) -> Comparison:
        """Widgets of several models, or of one before and after training, on one picture, linked: see ``Comparison``.

        Args:
            models: by the names that they are shown under.
            image, keywords: as of ``CamWidget``.
        """
        from .compare import Comparison

        return Comparison(models, image, **keywords)

    # ------------------------------------------------------------------ life and looks

    def _let_go(self, patience: float) -> None:
        session = self._session
        if session is not None:
            with self._lock:
                self._session = None
            session.close(patience)
        self._atlas = None
        self._drop_film()

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """The live view, and a still picture for wherever no widget runs."""
        bundle = super()._repr_mimebundle_(**kwargs)
        if bundle is None or self._session is None:
            return bundle
        lifetime.shown(self)
        self._session.in_sight(self._request())
        data, metadata = bundle
        view = self._view()
        atlas = self._session.atlas
        if find_variant(view.variant).slow and not atlas.has(view.layer, view.variant, view.target):
            return bundle  # the cell must not wait for it
        try:
            picture = self._still()
        except Exception:  # a model that fails by now: the live view says so, and still has the last good map
            log.exception("no still picture")
            return bundle
        return {**data, "image/jpeg": b64encode(picture).decode()}, metadata

    def _still(self) -> bytes:
        lut = self.luts[{"signed": SIGNED_COLORMAP, "negative": NEGATIVE_COLORMAP}.get(self.sign, self.colormap)]
        look = Look(
            signed=self.signed,
            opacity=self.opacity,
            threshold=self.threshold,
            mode=self.interpolation,
            limit=self.limit,
        )
        cam = self.cam
        return self._shown.still(cam, lut, look, self._place(cam))

    def __repr__(self) -> str:
        # the default would print every trait, picture and maps included
        if self._session is None:
            return "CamWidget(closed)"
        view = f"target={self._names[self.target]!r}, layer={self.layer!r}, variant={self.variant!r}"
        return f"CamWidget({self.meta['model']}, {view})"

    # ------------------------------------------------------------------ checks of what is assigned

    @traitlets.validate(*TRAITS_TWO_WAY, *TRAITS_OF_AIM, *TRAITS_OF_SCENE, "edits")
    def _check(self, proposal: Mapping[str, Any]) -> Any:
        return self._validated(proposal["trait"].name, proposal["value"])

    def _checked(self, name: str, value: Any) -> Any:
        """The value as the trait keeps it. Raises TypeError or ValueError that names what is accepted."""
        match name:
            case "target":
                value = self._index(value)
            case "layer":
                value = self._recording.resolve(value)
            case "variant":
                value = find_variant(value).id
            case "colormap":
                colormaps.lut(value)
            case "opacity" | "threshold":
                value = share(name, value)
            case "limit":
                value = checks.limit(name, value)
            case "levels":
                value = checks.levels(name, value)
            case _ if name in CHOICES:
                value = one_of(name, value, CHOICES[name])
            case _:
                value = super()._checked(name, value)
        return value

    # ------------------------------------------------------------------ from Python and from the browser

    @traitlets.observe("sign")
    def _sign_changed(self, _change: Any) -> None:
        # what is all negative is blank only while negative values are cut
        with self._lock:
            if self._session is not None and self.status["state"] in ("ready", "warning"):
                self._say()

    @traitlets.observe("colormap")
    def _colormap_changed(self, change: Any) -> None:
        if change["new"] not in self.luts:
            self.luts = colormaps.luts(change["new"])

    # ------------------------------------------------------------------ answers of the session

    def _show(self, answer: Answer) -> None:
        """Put an answer on the wire. Runs on the session's thread as well as on the kernel's."""
        with self._lock:
            match answer:
                case answers.Stack():
                    self.stack = wire.stack(answer)
                    stale = self.status["state"] == "ready" and self.status["text"] != self._words(self.target)
                    if stale or self._saying.complaint is not None or self.status["state"] in ("error", "busy"):
                        self._say()
                case answers.Working():
                    self.status = wire.working(answer)
                case answers.Rescored():
                    self._rescore()
                case answers.Told():
                    self._saying.told = answer
                    self._say()
                case answers.Done():
                    self._say(answer.reply)
                case answers.Failed():
                    self._edits_settled()
                    self._stay()
                    self.status = wire.status("error", answer.text, answer.hint, answer.reply)
                case _:
                    self._put(answer)

    def _put(self, answer: Answer) -> None:
        """What comes beside the map that was asked for."""
        match answer:
            case answers.Screened():
                self._screened()
            case answers.Strip() | answers.Nearby() | answers.Unfolded() | answers.Tested():
                setattr(self, *beside.trait(answer))
            case answers.Sums():
                self.exact = [*self.exact, [answer.view.layer, answer.view.variant]]
            case answers.Menu() | answers.Row() | answers.Contrasted():
                self.send(*wire.message(answer))
                if self.status["state"] in ("error", "busy"):
                    self._say()

    def _say(self, to: Reply | None = None) -> None:
        """What stands to be said, in answer to a request or of itself; what an observer did wrong comes last."""
        complaint = self._saying.complaint
        if to is not None or complaint is None:
            self.status = self._saying.status(self._view(), self.sign, self._words(self.target), to)
        if complaint is not None:
            self.status = wire.status("error", complaint)

    def _rescore(self) -> None:
        """The model was trained on meanwhile, or looks at another scene: a new image id makes the browser drop the maps
        it has. All in one message, so that no frame shows one picture with the numbers of another.
        """
        self._top = scores.strongest(self._recording, self._probability, self._topk, self._open().atlas.before)
        with self.hold_sync():
            self._edits_settled()
            before = self.meta
            self.meta = {**before, **self._new_picture(), "image": self._open().atlas.generation}
            self._follow(before)
            self.classes = self._classes()
            if self.layer in self._recording.layers:  # with less memory there may be fewer by now
                self.layers = wire.layers(self._recording, self.layer)
            self.listed = self._open().listed = self._listed_with(self.target)
            self._screened()

    # ------------------------------------------------------------------ parts of the state

    def _listed_with(self, target: int) -> list[int]:
        """The top k, then what a mistake should have been called, then classes that were searched for."""
        return list(dict.fromkeys([*self._with_truth(self._top), target, *self._also_listed()]))

    def _classes(self) -> dict[str, Any]:
        before = None if self._atlas is None else self._atlas.before
        table = scores.table(self._recording, self._probability, self._aim, before)
        return {"names": list(self._names), "truth": self._truth, **table}
