"""The part of the widget that leaves the notebook: pages, figures, code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import as_python, export, figures, payload, trust, unfolding, wire
from .answers import View
from .contrasted import ContrastedTraits
from .contrasting import Contrast, less_words
from .engine import VARIANTS, Recording
from .engine.suggest import unknown
from .engine.variants import find_variant
from .payload import Choice
from .protocol import NEGATIVE_COLORMAP, SIGNED_COLORMAP

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FIGURES = (".png", ".svg", ".pdf")
PAGES = (".html", ".htm")

VARIANTS_OF_A_PAGE = ("gradcam", "gradcam++", "hirescam", "layercam", "guided_relu", "deconv_relu")
CLASSES_OF_A_PAGE = 5
LAYERS_OF_A_PAGE = 5


COLOURS = {"signed": SIGNED_COLORMAP, "negative": NEGATIVE_COLORMAP}
"""Signs with colours of their own."""


class Publishing(ContrastedTraits):
    """``CamWidget`` has the input, the session and the view."""

    def save(
        self,
        path: str | Path,
        targets: Any = None,
        layers: Any = None,
        variants: Any = None,
        *,
        title: str | None = None,
        form: str = "page",
        **how: Any,
    ) -> Path:
        """Write the widget as a page or as a figure, by the path's extension; a file that is there is overwritten.

        ``.html``: one file with the picture, the chosen maps and the same front end. It needs no kernel and fetches
        nothing: classes, layers, variants, sign and display work in it. ``estimate_size`` says before how large it
        gets: less than 500 kB for 5 classes, 5 layers and 6 variants of a picture of 224 x 224. To get there, maps of
        more than 1024 cells are rounded to a 127th of their peak, or where that is too much to a 63rd, 31st or 15th;
        coarser ones keep half floats.

        ``.png``, ``.svg``, ``.pdf``: ``figure`` with these ``targets``, ``layers`` and ``variants``, and ``how``.

        Args:
            targets: classes, by name or index, one or several; default of a page: the first five of the list.
            layers: module names, one or several; default of a page: the last five stages.
            variants: ids; default of a page: six. What is on screen always goes along on a page.
            title, form: of a page, see ``to_html``. how: keywords of ``figure``.

        Returns: the path.

        Raises:
            TypeError, ValueError: with what was given, what is accepted, and the nearest right name.
        """
        suffix = Path(path).suffix.lower()
        if suffix in PAGES:
            if how:
                raise TypeError(unknown("keyword of a page", next(iter(how)), ["title", "form"]))
            return export.write(path, self.to_html(targets, layers, variants, title=title, form=form))
        if suffix not in FIGURES:
            raise ValueError(unknown("kind of file", suffix, [*FIGURES, PAGES[0]]))
        if title is not None or form != "page":
            raise TypeError(f"title= and form= are for {PAGES[0]} files, and this is a {suffix[1:]} file")
        return figures.write(self.figure(targets, layers, variants, **how), path)

    def to_html(
        self,
        targets: Any = None,
        layers: Any = None,
        variants: Any = None,
        *,
        title: str | None = None,
        form: str = "fragment",
    ) -> export.Html:
        """The page of ``save`` as text. As the last expression of a cell it is shown, wherever HTML is: in what Quarto
        and Jupyter Book make of a notebook, too.

        Args:
            targets, layers, variants: see ``save``.
            title: of a page or frame, as plain text.
            form: "fragment" (a part to be pasted into another page), "frame" (the same in an ``iframe`` of its own, for
                slides and other hosts with styles of their own) or "page".

        Raises: as ``save``.
        """
        return export.to_html(self, targets, layers, variants, title=title, form=form)

    def estimate_size(self, targets: Any = None, layers: Any = None, variants: Any = None) -> int:
        """About how many bytes ``save`` would write as a page, within a quarter, from the sizes of the layers' grids
        alone: no map is computed.

        Args, Raises: as ``save``.
        """
        choice = self._choice(targets, layers, variants)
        traits = self._page_traits(choice)
        block = payload.estimate({**traits, "channels": {}, "trust": {}}, choice, self._recording, self._budget())
        channels = unfolding.planned(self._recording, self._view(), choice.layers, choice.variants)
        block += sum(size for _, _, size in channels)
        return round(export.overhead() + payload.TEXT * block)

    def figure(
        self,
        targets: Any = None,
        layers: Any = None,
        variants: Any = None,
        *,
        ax: Axes | Sequence[Axes] | None = None,
        shading: str | None = None,
        colorbar: bool = True,
        titles: bool = True,
        index: int | None = None,
        figsize: tuple[float, float] | None = None,
    ) -> Figure:
        """What is on screen as a Matplotlib figure, by the same rules: smoothing, opacity, sign, threshold, scale. A
        contrast is drawn as there, the difference or both sides of a divider in the middle, and the title says of what.

        One of ``targets``, ``layers`` and ``variants`` with several entries makes a row, two a grid; a third is an
        error. Fonts and sizes are Matplotlib's ``rcParams``.

        Args:
            targets: classes, by name or index, one or several; default: the one on screen. layers, variants: likewise.
            ax: where to draw, for one panel; for several, as many of them.
            shading: "smooth", "cells" or "contours"; default: as on screen. A signal has no contours.
            colorbar: whether each panel has one, with its unit at the last of a row.
            titles: whether class, layer and variant are written where they differ.
            index: of a volume, the slice; default: that of the strongest evidence of each map.
            figsize: in inches; default: the width of ``rcParams["figure.figsize"]`` a panel, less the more there are.

        Raises:
            TypeError, ValueError: with what was given, what is accepted, and the nearest right name.
        """
        self._settled()
        contrast = self._drawn_contrast()
        sign = "signed" if contrast == "difference" else self.sign
        look = figures.Look(
            sign=sign, opacity=self.opacity, threshold=self.threshold, mode=self.interpolation,
            shading=figures.check_shading(self.shading if shading is None else shading, self._subject.kind),
            lut=self.luts[COLOURS.get(sign, self.colormap)], levels=tuple(self.levels), index=index,
        )  # fmt: skip
        several: dict[str, list[Any]] = {
            "targets": [self._index(one) for one in _listed(targets, self.target)],
            "layers": [self._recording.resolve(one) for one in _listed(layers, self.layer)],
            "variants": [find_variant(one).id for one in _listed(variants, self.variant)],
        }
        panels = [[self._panel(view, look, contrast) for view in row] for row in figures.arranged(several)]
        # of what is drawn each title tells what differs
        same = contrast != "off" and len(several["targets"]) == 1 and len(panels[0]) + len(panels) > 2
        frame = figures.Frame(ax, colorbar, titles, figsize, panels[0][0].words.target if same else "")
        return figures.draw(self._shown, panels, look, frame)

    def to_code(self) -> str:
        """Python code that makes a widget with the same view: run it where ``model`` and ``image`` (and what else it
        says is yours) are those of this one, and ``w`` shows the same, pixel for pixel.
        """
        return as_python.code(self._page_state())

    def page_data(self, targets: Any = None, layers: Any = None, variants: Any = None) -> bytes:
        """What a page is given of the widget: its traits and the chosen maps, packed; see ``save``, and ``payload.py``
        for the format.

        Raises: as ``save``.
        """
        choice = self._choice(targets, layers, variants)
        session, view = self._open(), self._seen()
        maps = payload.gather(session, view, choice)
        channels = unfolding.page(session, view, choice.layers, choice.variants)
        beside = {"channels": channels, "trust": trust.page(session, choice)}
        return payload.fitting({**self._page_traits(choice), **beside}, choice, maps, self._budget())

    @property
    def page_title(self) -> str:
        """What the widget asks."""
        return f"Why {self._names[self.target]}?"

    # ------------------------------------------------------------------ parts

    def _choice(self, targets: Any, layers: Any, variants: Any) -> Choice:
        """Which maps go along. Raises TypeError or ValueError that names what is accepted."""
        self._open()
        self._settled()
        recording = self._recording
        found = self.listed[:CLASSES_OF_A_PAGE] if targets is None else _listed(targets, None)
        names = recording.stages[-LAYERS_OF_A_PAGE:] if layers is None else _listed(layers, None)
        ids = VARIANTS_OF_A_PAGE if variants is None else _listed(variants, None)
        order = list(recording.layers)
        chosen = payload.chosen([recording.resolve(name) for name in names], self.layer)
        return Choice(
            payload.chosen([self._index(target) for target in found], self.target),
            tuple(sorted(chosen, key=order.index)),
            payload.chosen([find_variant(variant).id for variant in ids], self.variant),
        )

    def _page_state(self) -> dict[str, Any]:
        """The traits of a page, as they are at one moment: of a film those of the picture on screen alone."""
        self._settled()
        with self._lock:
            return {name: {} if name in payload.OF_A_FILM else getattr(self, name) for name in payload.TRAITS}

    def _settled(self) -> None:
        """Wait for the picture and the strokes that were asked for: the class follows the picture."""
        self._seen()

    def _page_traits(self, choice: Choice) -> dict[str, Any]:
        """Those, with the chosen layers, each with a place in the strip."""
        return {**self._page_state(), "layers": _layers(self._recording, choice.layers)}

    def _budget(self) -> float:
        """Bytes that a block may have."""
        return (payload.BUDGET - export.overhead()) / payload.TEXT

    def _panel(self, view: View, look: figures.Look, contrast: str) -> figures.Panel:
        session, name, right = self._open(), self._names[view.target], None
        rival = None if contrast == "off" else self._rival(view.target)
        if rival is None:
            map_ = session.map(view)
        else:
            # what has no such contrast shows both maps as they are, on screen, too
            none = self._aim.against is not None and not VARIANTS[view.variant].linear
            gamma = 0.0 if none else self.gamma
            map_, right = session.contrast(view, Contrast(rival, gamma))
            a, b = figures.side_by_side(name, self._names[rival])
            name = less_words(a, b, gamma)
            if contrast == "difference":
                right = None
            else:
                name = f"left: {name}\nright: {less_words(b, a, gamma)}"
        field = self._recording.fields(view.layer)
        place = None if field is None or field.grid != map_.shape else field.place
        limit = self.limit
        if limit is None and right is not None:
            limit = max(figures.reach(side, look.sign) for side in (map_, right))
        elif limit is None and self.scale == "listed" and rival is None:
            peers = [session.map(replace(view, target=other)) for other in self.listed]
            limit = max(figures.reach(peer, look.sign) for peer in (map_, *peers))
        info = find_variant(view.variant)
        words = figures.Words(name, view.layer, info.name)
        unit = self.classes["unit"] if info.unit == "score" else "relative"
        return figures.Panel(map_, place, unit, words, limit, right)


def _listed(given: Any, default: Any) -> list[Any]:
    """One or several, as a list; Raises ValueError where there are none."""
    if given is None:
        return [default]
    if isinstance(given, str) or not isinstance(given, (list, tuple, range, set, frozenset)):
        return [given]
    if not given:
        raise ValueError("an empty list was given; give at least one class, layer or variant, or leave it out")
    return list(given)


def _layers(recording: Recording, names: Sequence[str]) -> list[dict[str, Any]]:
    found = [next(one for one in wire.layers(recording, name) if one["name"] == name) for name in names]
    return [{**layer, "stage": True} for layer in found]
