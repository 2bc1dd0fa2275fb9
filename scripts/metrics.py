"""How good the maps are on the embedded scenes, whose truth is known.

``python scripts/metrics.py`` writes docs/metrics.md and the table of README.md.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import torch

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT)]

from camwidget import VARIANTS, demo  # noqa: E402
from camwidget.metrics import measure, randomised  # noqa: E402
from tests.marks import between  # noqa: E402
from tests.registry import GRADIENT  # noqa: E402
from tests.scenes import sample  # noqa: E402

BEGIN, END = "<!-- make metrics writes from here -->", "<!-- to here, metrics -->"
MEASURES = ("pointing game", "energy in box", "deletion", "insertion", "average drop")
OF_RANDOMISED = ("pointing game", "deletion")

HEAD = """# How good the maps are

Written by `make metrics`: {questions} questions (a scene and the class of one sticker on it) from {scenes} scenes of
`camwidget.demo` that no training has drawn; {steps} steps of deletion and insertion.

**Pointing game**: the map's highest point lies in the sticker's box. **Energy in box**: share of the map there.
**Deletion**, **insertion**: area below the probability while pixels go, or come back, the strongest first (low is good,
high is good). **Average drop**: what the probability loses when only what the map shows is shown (low is good).
**Randomised**: the same of the maps that {networks} networks with random weights make; deletion and all else is always
what the trained network says. Their maps find what stands out, so *a* sticker more often than chance does, not the one
that is asked for. The random maps are drawn cell by cell, the uniform ones delete pixel by pixel in any order. Of
Guided Grad-CAM, which is made at the pixels, the sizes of the values are taken.
"""


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenes", type=int, default=8)
    parser.add_argument("--networks", type=int, default=3, help="networks with random weights")
    parser.add_argument("--steps", type=int, default=10)
    given = parser.parse_args()
    torch.manual_seed(0)
    questions, net = sample(given.scenes), demo.model()
    asked = (net, questions.x, questions.targets, questions.boxes, GRADIENT)
    found = measure(*asked, measures=MEASURES, steps=given.steps)
    print("the trained network is measured", flush=True)
    others = []
    for seed in range(given.networks):
        maker = randomised(net, seed=seed)
        others.append(measure(*asked, measures=OF_RANDOMISED, steps=given.steps, maps_of=maker))
        print(f"randomised network {seed + 1} of {given.networks}", flush=True)
    rows = []
    for method, by in found.items():
        known = [float(np.mean(by[name])) for name in MEASURES]
        lost = [float(np.mean([other[method][name] for other in others])) for name in OF_RANDOMISED]
        rows.append((method, known, lost if method in VARIANTS else None))
    head = HEAD.format(
        questions=len(questions.targets), scenes=given.scenes, steps=given.steps, networks=given.networks
    )
    (ROOT / "docs" / "metrics.md").write_text(f"{head}\n{table(rows)}\n", encoding="utf-8")
    put(table(rows))
    print(table(rows))


def table(rows: list[tuple[str, list[float], list[float] | None]]) -> str:
    """As Markdown. Shares as percentages, areas as they are."""
    titles = ["", *MEASURES, *(f"{name}, randomised" for name in OF_RANDOMISED)]
    lines = [titles, [":--", *["--:"] * (len(titles) - 1)]]
    for method, known, lost in rows:
        name = f"`{method}`" if method in VARIANTS else f"*{method} maps*"
        cells = [written(*pair) for pair in zip(MEASURES, known, strict=True)]
        cells += ["–"] * len(OF_RANDOMISED) if lost is None else map(written, OF_RANDOMISED, lost)
        lines.append([name, *cells])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def written(name: str, value: float) -> str:
    """A number of a measure."""
    return f"{value:.3f}" if name in ("deletion", "insertion") else f"{100 * value:.0f}%"


def put(made: str) -> None:
    """Replace what stands between the two marks of README.md."""
    readme = ROOT / "README.md"
    readme.write_text(between(readme.read_text(encoding="utf-8"), BEGIN, END, f"{made}\n"), encoding="utf-8")


if __name__ == "__main__":
    main()
