"""How costs grow, drawn: one panel an axis, log over log, exponents beside the lines."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tests.benchmarks.results import Growth

COLOURS = ("#1f5fa8", "#c2571a", "#2d7d46", "#7a4fa3")
INK, FAINT = "#333333", "#dddddd"


def draw(growths: Sequence[Growth], path: Path) -> None:
    """Write the picture as PNG."""
    axes_of = list(dict.fromkeys(growth.of for growth in growths))
    figure = Figure(figsize=(2.6 * len(axes_of) + 0.4, 2.9), dpi=110, layout="constrained", facecolor="white")
    panels = figure.subplots(1, len(axes_of), sharey=True, squeeze=False)[0]
    for panel, of in zip(panels, axes_of, strict=True):
        _panel(panel, [growth for growth in growths if growth.of == of])
    panels[0].set_ylabel("milliseconds", color=INK)
    figure.savefig(path, metadata={"Software": None})


def _panel(panel: Axes, growths: Sequence[Growth]) -> None:
    panel.set_xscale("log")
    panel.set_yscale("log")
    for growth, colour in zip(growths, COLOURS, strict=False):
        label = f"{growth.case}, p = {growth.exponent:.2f}"
        panel.plot(growth.sizes, growth.ms, "o-", color=colour, markersize=3.5, linewidth=1.4, label=label)
    panel.set_xlabel(f"{growths[0].of} ({growths[0].model})", color=INK)
    panel.set_xticks(growths[0].sizes, [_short(size) for size in growths[0].sizes])
    panel.tick_params(which="minor", bottom=False)
    panel.tick_params(labelsize=8, colors=INK)
    panel.grid(color=FAINT, linewidth=0.6)
    panel.set_axisbelow(True)
    panel.spines[["top", "right"]].set_visible(False)
    # above the panel, where no line can pass behind it
    panel.legend(fontsize=7, frameon=False, loc="lower left", bbox_to_anchor=(0, 1), borderaxespad=0, labelcolor=INK)


def _short(size: int) -> str:
    return f"{size / 1000:.3g}k" if size >= 1000 and size % 1024 else str(size)
