"""How well a widget's text stands out from its ground."""

from __future__ import annotations

import re

from gallery_page import Gallery
from view import View

COLOURS = """(root, part) => [root, root.querySelector(part)].map((node, i) =>
    getComputedStyle(node)[i ? "color" : "backgroundColor"])"""


def contrast(view: View | Gallery, part: str) -> float:
    """Of the text of a part with the widget's ground: 1 to 21, as in WCAG."""
    ground, text = (_rgba(css) for css in view.root.evaluate(COLOURS, part))
    alpha = text[3]
    mixed = [alpha * t + (1 - alpha) * g for t, g in zip(text[:3], ground[:3], strict=True)]
    lights = sorted(_luminance(values) for values in (ground[:3], mixed))
    return (lights[1] + 0.05) / (lights[0] + 0.05)


def _rgba(css: str) -> list[float]:
    """Red, green, blue and alpha, 0 to 1, of a computed colour: ``rgb(…)`` or ``color(srgb …)``."""
    values = [float(part) for part in re.findall(r"[\d.]+", css)]
    unit = 1 if css.startswith("color(") else 255
    return [*(value / unit for value in values[:3]), *(values[3:] or [1])]


def _luminance(values: list[float]) -> float:
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in values]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
