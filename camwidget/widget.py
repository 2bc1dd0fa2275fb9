"""CamWidget: the picture, its classes and their heatmaps, live in the notebook. Traits and observers only; no tensor
maths.
"""

from __future__ import annotations

import logging
import threading
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
import traitlets
from torch import nn

from . import colormaps, inputs, lifetime, preprocessing, scores, wire
from .answers import Answer, Done, Failed, Menu, Nearby, Reply, Request, Rescored, Stack, Strip, Told, View, Working
from .atlas import Atlas
from .checks import Incoming, count, keywords, one_of, read_request, share
from .engine import CamEngine
from .engine.engine import Forward
from .engine.variants import find_variant
from .labels import find as find_labels
from .labels import index_of
from .protocol import SIGNED_COLORMAP, TRAITS_OF_AIM, TRAITS_TWO_WAY
from .readings import Readings
from .saying import Saying
from .session import AT_CLOSE, Session
from .still import Look
from .traits import CHOICES, bundle

log = logging.getLogger("camwidget")

DISPLAY = ("opacity", "threshold", *CHOICES)
SELECTION = ("target", "layer", "variant")


class CamWidget(Readings):
    """Ask a vision model "why?": the picture with its heatmap; click a class, hover a cell, walk the layers, switch
    the variant.

    Args:
        model: a classifier, ``nn.Module``. It is left untouched and run in evaluation mode.
        image: a path, ``PIL.Image``, ``uint8`` or float array ``(H, W[, 3])``, or preprocessed tensor ``(C, H, W)`` or
            ``(1, C, H, W)``; a signal ``(L,)`` or ``([1, ]C, L)``; a volume or video clip ``([1, ]C, D, H, W)``.
        labels: names of the classes: sequence, dict, or ``weights.meta["categories"]``; default: found from the model.
        truth: the true class, by name or index; it is marked in the list.
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
        region: of a segmentation, the pixels that are explained, see ``Target``; default: those where a class has the
            highest score.
        kind: "picture", "signal" or "volume"; default: told from the model's convolutions and the shape of ``image``.
        rate: of a signal, its samples (for features: frames) per second; its time axis is then in seconds.
        display: another signal to draw above it on that axis, or a pair of it and its samples per second; as a dict
            with a name, such as ``{"waveform": (wave, 16000)}``.

    Traits, all two-way (set them, ``observe`` them, ``link`` them): ``target`` int (a name may be assigned),
    ``against`` int | None (likewise), ``score``, ``layer``, ``variant``, ``opacity`` 0..1, ``colormap``, ``threshold``
    0..1 (values below this share of the limit are not painted), ``sign`` "positive" | "signed" | "absolute",
    ``shading`` "smooth" | "cells" | "contours", ``scale`` "map" | "listed", ``interpolation`` "bicubic" | "bilinear".
    ``region`` may be assigned, too. Read: ``heatmap``, ``cam``, ``scores``, ``probabilities``, ``labels``, ``status``.

    Raises:
        TypeError, ValueError: with what was given, what is accepted, and the nearest right name.
    """

    def __init__(
        self,
        model: nn.Module,
        image: Any,
        labels: Sequence[Any] | Mapping[int, Any] | None = None,
        truth: int | str | None = None,
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
        region: Any = None,
        kind: str | None = None,
        rate: float | None = None,
        display: Any = None,
        **look: Any,
    ) -> None:
        self._lock = threading.RLock()
        keywords(CamWidget.__init__, look, DISPLAY)
        look = {name: self._checked(name, value) for name, value in look.items()}
        self._accepting, self._saying = False, Saying()
        engine = CamEngine(model, autocast, memory, forward)
        found = preprocessing.find(engine.model, preprocess)
        self._subject = inputs.read(image, engine.model, found, kind, rate, display)
        recording = inputs.record(engine, self._subject)
        self._probability = scores.find_probability(engine.model, recording, probability)
        self._names = find_labels(engine.model, labels, recording.scores.shape[1])
        self._truth, self._topk = None if truth is None else self._index(truth), count("topk", topk)
        self._top = scores.strongest(recording, self._probability, self._topk)
        first = scores.first(self._top, self._names, self._probability) if target is None else self._index(target)
        view = View(first, recording.resolve(layer), find_variant(variant).id)
        self._atlas = Atlas(engine, recording)
        self._atlas.aim = self._read_aim(against, score, region)
        with lifetime.birth(self):
            super().__init__(
                _esm=bundle(),
                **self._subject.state(),
                meta=inputs.meta(self._subject, engine.model),
                classes=self._classes(),
                listed=self._listed_with(first),
                layers=wire.layers(recording, view.layer),
                variants=wire.variants(),
                luts=colormaps.luts(colormap),
                status=wire.status("ready", self._words(first)),
                against=self._atlas.aim.against,
                score=self._atlas.aim.score,
                target=view.target,
                layer=view.layer,
                variant=view.variant,
                colormap=colormap,
                **look,
            )
            self._session = Session(self._atlas, self.listed, lifetime.weakly(self._show), self._names)
            self._session.answer_now(Request(view))

    # ------------------------------------------------------------------ life and looks

    def close(self) -> None:
        """End the view and let go of model, graph and maps. Safe to call twice."""
        self._let_go(AT_CLOSE)
        if self.trait_has_value("layout"):
            self.layout.close()
        super().close()

    def __del__(self) -> None:
        # on any thread: whoever drops the last reference must not wait, nor run observers; the layout may have others
        self.unobserve_all()
        self._let_go(0)
        super().close()

    def _let_go(self, patience: float) -> None:
        session = self._session
        if session is not None:
            with self._lock:
                self._session = None
            session.close(patience)
        self._atlas = None

    def __enter__(self) -> CamWidget:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """The live view, and a still picture for wherever no widget runs."""
        bundle = super()._repr_mimebundle_(**kwargs)
        if bundle is None or self._session is None:
            return bundle
        lifetime.shown(self)
        self._session.in_sight(self._view())
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
        lut = self.luts[SIGNED_COLORMAP if self.signed else self.colormap]
        look = Look(signed=self.signed, opacity=self.opacity, threshold=self.threshold, mode=self.interpolation)
        cam = self.cam
        return self._subject.still(cam, lut, look, self._place(cam))

    def __repr__(self) -> str:
        # the default would print every trait, picture and maps included
        if self._session is None:
            return "CamWidget(closed)"
        view = f"target={self._names[self.target]!r}, layer={self.layer!r}, variant={self.variant!r}"
        return f"CamWidget({self.meta['model']}, {view})"

    # ------------------------------------------------------------------ checks of what is assigned

    @traitlets.validate(*TRAITS_TWO_WAY, *TRAITS_OF_AIM)
    def _check(self, proposal: Mapping[str, Any]) -> Any:
        return self._checked(proposal["trait"].name, proposal["value"])

    def _checked(self, name: str, value: Any) -> Any:
        """The value as the trait keeps it. Raises TypeError or ValueError that names what is accepted."""
        match name:
            case "target":
                value = self._index(value)
            case "layer":
                value = self._recording.resolve(value)
            case "variant":
                value = find_variant(value).id
            case "against":
                value = self._read_against(value)
            case "score":
                value = self._read_score(value)
            case "colormap":
                colormaps.lut(value)
            case "opacity" | "threshold":
                value = share(name, value)
            case _ if name in CHOICES:
                value = one_of(name, value, CHOICES[name])
        return value

    # ------------------------------------------------------------------ from Python and from the browser

    @traitlets.observe("target", "layer", "variant")
    def _view_changed(self, _change: Any) -> None:
        with self._lock:
            if self._session is not None and not self._accepting:
                self._ask(Request(self._view()))

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

    def _requested(self, value: Any) -> None:
        """A request of the browser: checked, mirrored to the public traits, answered. Never raises."""
        with self._lock:
            asked = read_request(value)
            try:
                self._accept(asked)
            except (TypeError, ValueError, traitlets.TraitError) as error:
                self._show(Failed(asked.reply, str(error), "the last good map stays on screen"))
            except Exception as error:  # of a user's observer; unanswered, the browser would wait for ever
                log.exception("request %s", asked)
                self._show(Failed(asked.reply, f"{type(error).__name__}: {error}", "the last good map stays on screen"))

    def _accept(self, asked: Incoming) -> None:
        if asked.error is not None:
            raise ValueError(asked.error)
        view = View(
            self._index(asked.target), self._recording.resolve(asked.layer), find_variant(asked.variant).id
        )  # checked as a whole before any of it is taken
        self._accepting, self._saying.complaint = True, None
        try:
            for name in SELECTION:
                self._take(name, getattr(view, name))
        finally:
            self._accepting = False
        self._ask(Request(view, asked.reply, asked.want, asked.whole))

    def _take(self, name: str, value: Any) -> None:
        try:
            setattr(self, name, value)
        except Exception as error:  # the trait is set all the same; the click must not be left half done
            log.exception("an observer of %s", name)
            self._saying.complaint = f"an observer of {name!r} raised {type(error).__name__}: {error}"

    def _ask(self, request: Request) -> None:
        session, view = self._open(), request.view
        if view.target not in self.listed:
            self.listed = self._listed_with(view.target)
            session.listed = self.listed
        if all(view.layer != known["name"] for known in self.layers):
            self.layers = wire.layers(self._recording, view.layer)
        session.ask(request)

    # ------------------------------------------------------------------ answers of the session

    def _show(self, answer: Answer) -> None:
        """Put an answer on the wire. Runs on the session's thread as well as on the kernel's."""
        with self._lock:
            match answer:
                case Stack():
                    self.stack = wire.stack(answer)
                    stale = self.status["state"] == "ready" and self.status["text"] != self._words(self.target)
                    if stale or self._saying.complaint is not None or self.status["state"] in ("error", "busy"):
                        self._say()
                case Working():
                    self.status = wire.working(answer)
                case Strip():
                    self.strip = wire.strip(answer)
                case Nearby():
                    self.nearby = wire.nearby(answer)
                case Menu():
                    self.send(*wire.menu(answer))
                case Rescored():
                    self._rescore()
                case Told():
                    self._saying.told = answer
                    self._say()
                case Done():
                    self._say(answer.reply)
                case Failed():
                    self.status = wire.status("error", answer.text, answer.hint, answer.reply)

    def _say(self, to: Reply | None = None) -> None:
        """What stands to be said, in answer to a request or of itself; what an observer did wrong comes last."""
        complaint = self._saying.complaint
        if to is not None or complaint is None:
            self.status = self._saying.status(self._view(), self.sign, self._words(self.target), to)
        if complaint is not None:
            self.status = wire.status("error", complaint)

    def _rescore(self) -> None:
        """The model was trained on meanwhile: a new image id makes the browser drop the maps it has."""
        k = self._recording.scores.shape[1]
        if k != len(self._names):
            text = f"the model has {k} classes by now, and this widget was made for {len(self._names)}"
            self.status = wire.status("error", text, "make a new CamWidget")
            return
        self._top = scores.strongest(self._recording, self._probability, self._topk)
        self.meta = {**self.meta, "image": self._open().atlas.generation}
        self.classes = self._classes()
        if self.layer in self._recording.layers:  # with less memory there may be fewer by now
            self.layers = wire.layers(self._recording, self.layer)
        self.listed = self._open().listed = self._listed_with(self.target)

    # ------------------------------------------------------------------ parts of the state

    def _view(self) -> View:
        return View(self.target, self.layer, self.variant)

    def _index(self, target: Any) -> int:
        return index_of(self._names, target)

    def _listed_with(self, target: int) -> list[int]:
        """The top k, then a class that was searched for."""
        return self._top if target in self._top else [*self._top, target]

    def _classes(self) -> dict[str, Any]:
        table = scores.table(self._recording, self._probability, self._aim)
        return {"names": list(self._names), "truth": self._truth, **table}
