"""CamGallery: a data set as thumbnails with their maps, sorted by how wrong the model is."""

from __future__ import annotations

import logging
import threading
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import nn

from camwidget import colormaps, images, inputs, lifetime, preprocessing, scores, wire
from camwidget.checks import keywords
from camwidget.engine import CamEngine, Recording
from camwidget.engine.engine import Forward
from camwidget.labels import find as find_labels
from camwidget.protocol import NEGATIVE_COLORMAP, SIGNED_COLORMAP
from camwidget.still import Look
from camwidget.text import line
from camwidget.traits import bundle

from . import sides, tables
from .declared import read_variant
from .desk import Desk
from .items import Items
from .paged import Paged
from .protocol import NAMES_AT_ONCE, UNKNOWN
from .scoring import Scoring
from .thumbs import Thumbs

log = logging.getLogger("camwidget")

LOOKED_AT = 32
"""So many items are tried for one that can be read, when a gallery is made."""

DISPLAY = ("order", "descending", "filter", "selection", "shows", "opacity", "sign")


class CamGallery(Paged):
    """Look through a data set by how wrong a model is on it: thumbnails with the maps of what the model predicts and of
    what is true, sorted and filtered in the browser; a click opens the full ``CamWidget``.

    All items are scored in the background, by forward passes without a graph; maps are made of what is on screen.

    Args:
        model: a classifier, as of ``CamWidget``. It is left untouched and run in evaluation mode.
        dataset: pictures that are asked for by number: a folder (the folders in it may be called like the classes),
            paths, an array ``(N, H, W[, 3])``, a preprocessed tensor ``(N, C, H, W)``, a list of pictures, a pair
            ``(pictures, labels)``, a ``Dataset`` of ``(picture, label)``; or Parquet that ``camwidget.ray`` wrote.
        labels: names of the classes, as of ``CamWidget``. A network with one score has two here, 0 and 1: above a
            score of 0 (a probability of 0.5) an item is called 1. Of these one name is that of 1, two are of both.
        truth: the true class of each item, by name or index, None where it is not known; default: what comes with the
            items, -1 where nothing does.
        preprocess, colormap, probability, autocast, memory, forward: as of ``CamWidget``.
        layer, variant: of the maps. A variant that is slow is refused.
        workers: threads that read pictures ahead, as of ``explain``. look: of the traits below, but layer and variant.

    Traits, all two-way: ``order`` "loss" | "confidence" | "margin" | "index", ``descending``; ``filter``, a dict with
    ``truth`` and ``predicted`` (a class by name or index, None for all) and ``mistakes``; ``selection``, a list of item
    numbers; ``opened``, the number of the item that the full widget shows, or None; ``layer``, ``variant``,
    ``colormap``, ``sign``, ``opacity``; ``shows`` "predicted" | "truth" | "both". Read: ``frame``, ``confusion``,
    ``widget``, ``scored``, ``labels``, ``status``.

    Raises:
        TypeError, ValueError: with what was given, what is accepted, and the nearest right name.
    """

    def __init__(
        self,
        model: nn.Module,
        dataset: Any,
        labels: Sequence[Any] | Mapping[int, Any] | None = None,
        truth: Any = None,
        preprocess: Callable[..., Any] | None = None,
        *,
        layer: str | None = None,
        variant: str = "gradcam",
        colormap: str = "viridis",
        probability: str | None = None,
        autocast: torch.dtype | None = None,
        memory: int | None = None,
        forward: Forward | None = None,
        workers: int | None = None,
        **look: Any,
    ) -> None:
        self._lock = threading.RLock()
        keywords(CamGallery.__init__, look, DISPLAY)
        engine = _of_pictures(CamEngine(model, autocast, memory, forward))
        items = Items(dataset, preprocessing.find(engine.model, preprocess))
        readable, recording = _first(engine, items)
        probability = scores.find_probability(engine.model, recording, probability)
        threshold = sides.threshold_of(recording.scores.shape[1], probability)
        self._two = threshold is not None
        names = self._names = self._read_names(engine, labels, recording.scores.shape[1])
        if self._two:
            items.found = None  # it counts one class
        self._count, self._layer_names = len(items), tuple(recording.layers)
        given = truth is not None or items.labelled
        known = items.truths(truth, names)
        scoring = Scoring(engine, items, probability, names, known, given, workers, self._two)
        self._items, self._model = items, engine.model
        same = {"autocast": autocast, "memory": memory, "forward": forward, "preprocess": preprocess}
        self._child_keywords = {**same, "labels": names[1:] if self._two else names, "probability": probability}
        state = {"layer": recording.resolve(layer), "variant": read_variant(variant), **look}
        listed = (items.names if len(items) <= NAMES_AT_ONCE else None) or ()
        with lifetime.birth(self):
            super().__init__(
                _esm=bundle("gallery.js"),
                count=len(items),
                names=list(names),
                known=bool((known != UNKNOWN).any()),
                names_of_items=[line(name) for name in listed],
                meta={"model": line(type(engine.model).__name__), "device": str(recording.x.device)},
                layers=wire.layers(recording, state["layer"]),
                variants=[one for one in wire.variants() if not one["slow"]],
                luts=colormaps.luts(colormap),
                colormap=colormap,
                status=wire.status("ready", ""),
                **{name: self._checked(name, value) for name, value in state.items()},
            )
            thumbs = Thumbs(engine, items, scoring.learn, threshold=threshold)
            self._desk = Desk(engine, scoring, thumbs, self._look(), lifetime.weakly(self._deliver))
            self._open_ahead(readable)

    def _read_names(self, engine: CamEngine, labels: Any, count: int) -> tuple[str, ...]:
        names = sides.names(engine.model, labels) if self._two else find_labels(engine.model, labels, count)
        if len(names) >= UNKNOWN:
            raise ValueError(f"the network has {len(names)} classes; a gallery takes up to {UNKNOWN - 1}")
        return names

    # ------------------------------------------------------------------ what users read

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the classes."""
        return self._names

    @property
    def frame(self) -> Any:
        """A ``pandas.DataFrame`` with a row an item: index, name, truth, predicted (names of classes, missing where
        not known), loss (minus the logarithm of the true class's probability), confidence (the predicted class's
        probability), margin (that less the next one's), selected, error (why it could not be scored, else missing).
        What is not scored yet is scored first.

        Raises:
            ImportError: pandas is not installed.
        """
        desk = self._desk_or_raise()
        tables.pandas()  # before the work
        desk.finish()
        return tables.frame(desk.scoring.scores, self._items, self._names, self.selection)

    @property
    def confusion(self) -> Any:
        """A ``pandas.DataFrame`` of counts: the true class (rows) by the predicted one. What is not scored yet is
        scored first. Raises: as ``frame``.
        """
        desk = self._desk_or_raise()
        tables.pandas()
        desk.finish()
        return tables.confusion(desk.scoring.scores, self._names)

    def refresh(self) -> None:
        """Score all items anew. A change by an optimiser, and a part or a forward hook that is another, are noticed
        anyway; one through ``.data`` or of a part's settings is not noticed without this.
        """
        desk = self._desk_or_raise()
        desk.look_again(anyway=True)
        desk.start()

    # ------------------------------------------------------------------ life

    def close(self) -> None:
        """End the view, and that of the full widget, and let go of the model. Safe to call twice."""
        super().close()
        if self._child is not None:
            self._child.close()

    def _let_go(self, patience: float) -> None:
        desk = self._desk
        if desk is not None:
            with self._lock:
                self._desk = None
            desk.close(patience)

    def __repr__(self) -> str:
        if self._desk is None:
            return "CamGallery(closed)"
        return f"CamGallery({self.meta['model']}, {self._count} items, {self.scored} scored)"

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """The live view, and a page of items for wherever no widget runs."""
        made = super()._repr_mimebundle_(**kwargs)
        if made is None or self._desk is None:
            return made
        lifetime.shown(self)
        data, metadata = made
        try:
            picture = self._still()
        except Exception:  # a model that fails says so in the live view
            log.exception("no still picture")
            return made
        finally:
            self._desk.start()
        return {**data, "image/jpeg": b64encode(picture).decode()}, metadata

    def _still(self) -> bytes:
        colours = {"signed": SIGNED_COLORMAP, "negative": NEGATIVE_COLORMAP}.get(self.sign, self.colormap)
        look = Look(signed=self.sign == "signed", opacity=self.opacity, threshold=0.0, mode="bicubic")
        return tables.still(self._desk_or_raise(), self._names, self.luts[colours], look)


def _first(engine: CamEngine, items: Items) -> tuple[int, Recording]:
    """The first item that can be read, and a recording of it: what classes and layers there are.

    Raises:
        ValueError: none of the first LOOKED_AT items can be read; with the first one's reason.
    """
    fault: Exception | None = None
    for index in range(min(LOOKED_AT, len(items))):
        try:
            x, _, _ = images.prepared(items.given(index)[0], items.known)
        except Exception as error:  # noqa: BLE001  (whatever a file or a user's data set may raise)
            fault = fault or error
            continue
        return index, engine.record(x)
    raise ValueError(f"none of the first {min(LOOKED_AT, len(items))} items can be read; the first: {fault}") from fault


def _of_pictures(engine: CamEngine) -> CamEngine:
    kinds = inputs.kinds_of(engine.model)
    if kinds and "picture" not in kinds:
        raise ValueError(f"a gallery shows pictures, and this network takes a {kinds[0]}")
    return engine
