"""The view on screen as code that makes it again. ``js/src/lib/python.js`` writes the same text from the same traits,
so that the button needs no kernel; a test compares the two.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from .protocol import CONTRASTS, INTERPOLATIONS, LEVELS, OPACITY, SCALES, SHADINGS, SIGNS

YOURS = ("labels", "preprocess", "forward", "display")
"""What cannot be written as text: the code takes them by these names, as it takes ``model`` and ``image``."""

DEFAULTS: Mapping[str, Any] = {
    "opacity": OPACITY,
    "colormap": "viridis",
    "threshold": 0.0,
    "sign": SIGNS[0],
    "shading": SHADINGS[0],
    "scale": SCALES[0],
    "interpolation": INTERPOLATIONS[0],
    "region": None,
    "limit": None,
    "levels": LEVELS,
    "contrast": CONTRASTS[0],
    "rival": None,
    "gamma": 1.0,
}

WITHOUT_TRAIT: Mapping[str, Any] = {
    **dict.fromkeys(("labels", "truth", "preprocess")),
    "topk": 9,
    **dict.fromkeys(("probability", "autocast", "memory", "forward", "pixels", "kind", "rate", "display")),
}
"""Keywords of ``CamWidget`` that no trait carries, with their defaults."""

UNFIT = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
"""Letters that would end a comment, or turn its writing."""


def call(given: Mapping[str, Any]) -> list[str]:
    """The keywords of a constructor that no trait carries, as they are written in the code, out of all that was given.
    Those with their default are left out.
    """
    values = {name: given.get(name, usual) for name, usual in WITHOUT_TRAIT.items()}
    return [f"{name}={_written(name, value)}" for name, value in values.items() if not _usual(name, value)]


def with_pixels(words: Sequence[str], pixels: Any) -> list[str]:
    """The same keywords with other pixels."""
    return [word for word in words if not word.startswith("pixels=")] + call({"pixels": pixels})


def _written(name: str, value: Any) -> str:
    if name == "autocast":
        return str(value)
    if name in YOURS or not isinstance(value, (int, float, str, tuple)):
        return name
    return repr(value) if isinstance(value, tuple) else literal(value)


def literal(value: Any) -> str:
    """A number or a text, or lists and dicts of them, the same in Python and in the browser."""
    if isinstance(value, (list, tuple)):
        return f"[{','.join(map(literal, value))}]"
    if isinstance(value, Mapping):
        return f"{{{','.join(f'{literal(name)}:{literal(item)}' for name, item in value.items())}}}"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 2**53 else repr(value)
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)


def code(traits: Mapping[str, Any]) -> str:
    """Code that makes a widget with the same view, by the values of its traits."""
    names: Sequence[str] = traits["classes"]["names"]
    words = list(traits["meta"].get("call", []))
    lines = [f"{word}," for word in words]
    lines.append(f"target={traits['target']},  # {_comment(names[traits['target']])}")
    lines += [f"{name}={literal(traits[name])}," for name in ("layer", "variant")]
    if traits["against"] is not None:
        lines.append(f"against={traits['against']},  # {_comment(names[traits['against']])}")
    if traits["score"] != "logit":
        lines.append(f"score={literal(traits['score'])},")
    if traits.get("index", 0):
        lines.append(f"index={traits['index']},")
    lines += [f"{name}={literal(traits[name])}," for name, usual in DEFAULTS.items() if _differs(traits[name], usual)]
    edits = traits.get("edited", {}).get("edits", [])
    painted = [f"w.edits = {literal(edits)}"] if edits else []
    yours = ["model", "image", *(word.split("=")[0] for word in words if _taken(word))]
    torch = ["import torch"] if any(word.startswith("autocast=") for word in words) else []
    return "\n".join([
        *torch, "from camwidget import CamWidget", "",
        f"# {', '.join(yours[:-1])} and {yours[-1]} are yours",
        "w = CamWidget(", *(f"    {line}" for line in ("model,", "image,", *lines)), ")", *painted, "w", "",
    ])  # fmt: skip


def _usual(name: str, value: Any) -> bool:
    usual = WITHOUT_TRAIT[name]
    return value is None if usual is None else bool(value == usual)


def _differs(value: Any, usual: Any) -> bool:
    return bool((tuple(value) if isinstance(value, list) else value) != usual)


def _taken(word: str) -> bool:
    """Whether a keyword takes a value of its own name."""
    name, _, value = word.partition("=")
    return name == value


def _comment(name: str) -> str:
    return UNFIT.sub(" ", name)
