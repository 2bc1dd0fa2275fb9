"""Prints what the maps of real networks show: ``python -m tests.real.report [variant ...]``."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from itertools import groupby

import torch

from tests.real import measures
from tests.real.measures import Cover, Hit
from tests.registry import ALL, GRADIENT


def table(title: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    print(f"\n### {title}\n")
    print("| " + " | ".join(head) + " |")
    print("|" + "---|" * len(head))
    for row in rows:
        print("| " + " | ".join(row) + " |")


def hits(title: str, found: Iterable[Hit], variants: Sequence[str]) -> None:
    """A row each picture and class: whether the peak is inside, and what share of the positive evidence is."""
    found = list(found)
    rows = []
    for (picture, label), group in groupby(found, lambda h: (h.picture, h.label)):
        mine = list(group)
        marks = [f"{'yes' if h.inside else 'NO'} {h.share:.2f}" for h in mine]
        rows.append([picture, label, str(mine[0].rank + 1), f"{mine[0].chance:.2f}", *marks])
    totals = [f"{sum(h.inside for h in found if h.variant == v)} of {len(rows)}" for v in variants]
    table(title, ["picture", "class", "rank", "chance", *variants], [*rows, ["all", "", "", "", *totals]])


def covers(title: str, found: Iterable[Cover], variants: Sequence[str]) -> None:
    """A row each variant: mean fall of the score, and in how many pictures the strongest count more."""
    found = list(found)
    rows = []
    for variant in variants:
        mine = [c for c in found if c.variant == variant]
        means = [sum(getattr(c, name) for c in mine) / len(mine) for name in ("strongest", "elsewhere", "weakest")]
        more = sum(c.strongest > c.weakest for c in mine), sum(c.strongest > c.elsewhere for c in mine)
        rows.append([variant, *(f"{m:.2f}" for m in means), *(f"{m} of {len(mine)}" for m in more)])
    head = [
        "variant",
        "strongest fifth",
        "the same elsewhere",
        "weakest fifth",
        "more than weakest",
        "more than elsewhere",
    ]
    table(title, head, rows)


def precision(variants: Sequence[str]) -> None:
    rows = []
    for dtype in (torch.bfloat16, torch.float16):
        each = [measures.agreement(picture, dtype, variants) for picture in measures.boxed()]
        rows.append([str(dtype).removeprefix("torch."), *(f"{min(e[v] for e in each):.4f}" for v in variants)])
    table("SqueezeNet under autocast: least correlation with float32 over the pictures", ["dtype", *variants], rows)


def main(variants: Sequence[str]) -> None:
    boxes = (hit for picture in measures.boxed() for hit in measures.box_hits(picture, variants))
    hits("SqueezeNet 1.0: peak inside the box, and the share of the positive evidence there", boxes, variants)
    hits("DeepLabV3-MobileNetV2: peak inside the mask", measures.mask_hits(variants), variants)
    spoken = list(measures.words(variants))
    hits("Wake word: centre of the peak's cell within the word", (w.hit for w in spoken), variants)
    rows = [
        [w.hit.variant, f"{w.start:.2f} to {w.end:.2f}", f"{w.centre:.2f}", f"{w.sees[0]:.2f} to {w.sees[1]:.2f}"]
        for w in spoken
    ]
    table("Wake word, in seconds", ["variant", "the word", "centre of the cell", "what the cell sees"], rows)
    for network in ("resnet20_cifar10", "vit_cifar10"):
        title = f"{network}: by how much the score falls when pixels are covered, 30 pictures"
        covers(title, measures.cover_drops(network, variants), variants)
    precision(variants)


if __name__ == "__main__":
    unknown = set(sys.argv[1:]) - set(ALL)
    if unknown:
        sys.exit(f"no such variant: {', '.join(sorted(unknown))}; accepted: {', '.join(ALL)}")
    main(sys.argv[1:] or GRADIENT)
