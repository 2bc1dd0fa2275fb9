"""Matplotlib figures for papers and slides: one panel, a row or a grid of them, by the rules of the screen.

What is drawn into a panel is in ``figure_parts.py``; here are the panels' order, sizes and titles.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib
import numpy as np
from torch import nn

from .answers import View
from .atlas import Map
from .checks import one_of
from .engine.fields import Place
from .figure_look import Look, folded, reach
from .figure_parts import draw_bar, draw_panel, unit_words
from .inputs import Subject
from .protocol import SHADINGS
from .text import line

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["Frame", "Look", "Panel", "Words", "arranged", "check_shading", "draw", "figure", "reach", "write"]

PANEL = {1: 0.8, 2: 0.6, 3: 0.5}
"""Width of a panel by the number of columns, as a share of the width of a plain figure; of more columns, FURTHER."""
FURTHER = 0.42

BAR = 0.75
"""Room for a colour bar with its numbers, in inches …"""
UNIT = 0.25
"""… and for its unit, which stands beside the last of a row where all are the same."""
TITLE = 0.35
NAME = 80
"""Letters of a name in a title at most: Matplotlib breaks no line, and would make the picture as wide as it is."""
BETWEEN = 20
"""Of these what stands around two of them: "right: A − 1.00 × B"."""
GAP = 0.12
"""Between rows."""
FLAT = 0.5
"""Height of a signal's panel, as a share of its width."""


@dataclass(frozen=True)
class Words:
    """What a panel shows: names of class, layer and variant."""

    target: str
    layer: str
    variant: str


@dataclass(frozen=True)
class Panel:
    """One map to be drawn.

    Attributes:
        map: signed, on its own grid. place: see ``Field.place``. unit: of its values.
        limit: the value of the strongest colour; None: its own largest.
        right: another of the same grid, drawn right of a divider; None: there is none.
    """

    map: Map
    place: Place | None
    unit: str
    words: Words
    limit: float | None
    right: Map | None = None


@dataclass(frozen=True)
class Frame:
    """What is around the maps, see ``CamWidget.figure``; ``heading`` stands above all panels of a new figure."""

    ax: Axes | Sequence[Axes] | None = None
    colorbar: bool = True
    titles: bool = True
    figsize: tuple[float, float] | None = None
    heading: str = ""


def figure(
    model: nn.Module,
    image: Any,
    targets: Any = None,
    layers: Any = None,
    variants: Any = None,
    *,
    ax: Any = None,
    colorbar: bool = True,
    titles: bool = True,
    index: int | None = None,
    figsize: tuple[float, float] | None = None,
    **how: Any,
) -> Figure:
    """A Matplotlib figure without a widget: the picture with the heatmap of a class, a row of several classes, layers
    or variants, or a grid of two of these.

    Args:
        model, image: see ``CamWidget``. targets, layers, variants, ax, colorbar, titles, index, figsize: see
            ``CamWidget.figure``; the default class is the one with the highest score.
        how: further keywords of ``CamWidget``: ``labels``, ``preprocess``, ``sign``, ``shading``, ``scale``, …

    Raises: as ``CamWidget`` and its ``figure``.
    """
    from .widget import CamWidget

    with CamWidget(model, image, **how) as widget:
        made: Figure = widget.figure(
            targets, layers, variants, ax=ax, colorbar=colorbar, titles=titles, index=index, figsize=figsize
        )
    return made


def check_shading(shading: Any, kind: str) -> str:
    """The shading; of a signal, whose heat has no contours, "smooth" stands for them."""
    one_of("shading", shading, SHADINGS)
    return "smooth" if kind == "signal" and shading == "contours" else str(shading)


def arranged(several: Mapping[str, Sequence[Any]]) -> list[list[View]]:
    """Rows of views: along the last of the lists with several entries, and down the one before it.

    Raises:
        ValueError: all three have several entries.
    """
    long = [name for name, entries in several.items() if len(entries) > 1]
    if len(long) > 2:
        counts = ", ".join(f"{len(entries)} {name}" for name, entries in several.items())
        raise ValueError(f"a figure has rows and columns, and was given {counts}; give one of one of them")
    down, along = [None, None, *long][-2:]
    first = [entries[0] for entries in several.values()]
    names = list(several)

    def view(row: int, column: int) -> View:
        picked = [*first]
        for name, at in ((down, row), (along, column)):
            if name is not None:
                picked[names.index(name)] = several[name][at]
        return View(*picked)

    rows, columns = (1 if name is None else len(several[name]) for name in (down, along))
    return [[view(row, column) for column in range(columns)] for row in range(rows)]


def draw(subject: Subject, panels: Sequence[Sequence[Panel]], look: Look, frame: Frame) -> Figure:
    """Draw rows of panels, all over the same input.

    Raises:
        ValueError: ``ax`` has not one axes for each panel.
    """
    made: Figure
    axes, made = _axes(subject, panels, frame)
    for panel, ax in zip(_flat(panels), axes, strict=True):
        limit = reach(panel.map, look.sign) if panel.limit is None else panel.limit
        right = None if panel.right is None else folded(panel.right, look.sign)
        drawn = draw_panel(ax, subject, folded(panel.map, look.sign), panel.place, limit, look, right)
        if frame.colorbar:
            row = panels[_row(panel, panels)]
            said = panel is row[-1] or len({one.unit for one in row}) > 1
            draw_bar(ax, panel.map, limit, unit_words(panel.unit, subject.kind) if said else "", look)
        if frame.titles:
            _title(ax, panel, panels, drawn)
    if frame.titles and frame.heading and frame.ax is None:
        made.suptitle(_lines(frame.heading), parse_math=False)
    return made


def write(figure: Figure, path: str | Path) -> Path:
    """Save a figure, and see to it that no path or name of this machine goes along."""
    path = Path(path)
    kept = {".pdf": {"Creator": "camwidget", "Producer": None, "CreationDate": None}, ".svg": {"Date": None}}
    figure.savefig(path, bbox_inches="tight", metadata=kept.get(path.suffix.lower()))
    return path


def _flat(panels: Sequence[Sequence[Panel]]) -> list[Panel]:
    return [panel for row in panels for panel in row]


def _axes(subject: Subject, panels: Sequence[Sequence[Panel]], frame: Frame) -> tuple[list[Axes], Any]:
    """One axes a panel, the given ones or those of a new figure, and the figure."""
    count = len(_flat(panels))
    if frame.ax is not None:
        given: list[Axes] = list(np.ravel(np.asarray(frame.ax, dtype=object)))
        if len(given) != count:
            raise ValueError(f"ax is {len(given)} axes for {count} panels; give one for each")
        return given, given[0].figure
    import matplotlib.pyplot as plt

    made = plt.figure(figsize=frame.figsize or _size(subject, panels, frame), layout="constrained")
    # notebooks show the figure that a cell ends with, and would show one that pyplot holds once more
    plt.close(made)
    engine: Any = made.get_layout_engine()
    engine.set(wspace=0.04)
    grid = made.subplots(len(panels), len(panels[0]), squeeze=False)
    return list(grid.ravel()), made


def _size(subject: Subject, panels: Sequence[Sequence[Panel]], frame: Frame) -> tuple[float, float]:
    """Width and height of a new figure, in inches."""
    columns = len(panels[0])
    width = matplotlib.rcParams["figure.figsize"][0] * PANEL.get(columns, FURTHER)
    tall = FLAT if subject.kind == "signal" else subject.input.shape[-2] / subject.input.shape[-1]
    if subject.kind == "signal" and columns == 1:
        width = matplotlib.rcParams["figure.figsize"][0]
    bars = (BAR * columns + UNIT) * frame.colorbar
    return width * columns + bars, (width * tall + GAP) * len(panels) + TITLE * frame.titles * (1 + bool(frame.heading))


def _title(ax: Axes, panel: Panel, panels: Sequence[Sequence[Panel]], drawn: str) -> None:
    """What differs along the columns stands above the first row, what differs down the rows beside the first column;
    with one panel alone, its class.
    """
    row = _row(panel, panels)
    above = _differing(panel, panels[0]) if len(panels[0]) > 1 else []
    beside = _differing(panel, [others[0] for others in panels]) if len(panels) > 1 else []
    if not above and not beside:
        above = [panel.words.target]
    above, beside = ([_lines(part) for part in parts] for parts in (above, beside))
    title = ", ".join([*above, drawn] if drawn else above)
    # a name is text: a dollar sign in it begins no formula
    if row == 0 and title:
        ax.set_title(title, parse_math=False)
    if beside and panel is panels[row][0]:
        ax.set_ylabel(", ".join(beside), parse_math=False)


def _lines(text: str) -> str:
    return "\n".join(line(part, NAME) for part in text.split("\n"))


def side_by_side(a: str, b: str) -> tuple[str, str]:
    """Two names that stand in one line of a title: where it is too long for both, the longer one ends in "…"."""
    room = NAME - BETWEEN
    return line(a, max(room // 2, room - len(b))), line(b, max(room // 2, room - len(a)))


def _row(panel: Panel, panels: Sequence[Sequence[Panel]]) -> int:
    return next(i for i, row in enumerate(panels) if any(panel is one for one in row))


def _differing(panel: Panel, others: Sequence[Panel]) -> list[str]:
    names = [field.name for field in fields(Words)]
    return [
        getattr(panel.words, name) for name in names if len({getattr(other.words, name) for other in others}) > 1
    ]  # fmt: skip
