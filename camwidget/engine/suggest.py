"""One sentence for every wrong name: what was given, the nearest right one, what is accepted.

Needs nothing but the standard library, so that every part may use it, the engine too.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

SHOWN = 12
"""So many accepted names are written out; the rest is counted."""

CLOSE = 0.55
"""Least likeness (0..1) of a name that is worth suggesting."""

CONTAINED = 0.9
"""Likeness of a name that holds the given one as it is: "tabby" in "tabby cat"."""


def nearest(given: object, accepted: Iterable[object], n: int = 1) -> list[str]:
    """The ``n`` accepted names most like ``given``, best first; fewer, or none, where nothing is like it.

    >>> nearest("layr4", ["layer1", "layer4"])
    ['layer4']
    """
    wanted = str(given).casefold().strip()
    if not wanted:
        return []
    matcher = difflib.SequenceMatcher(autojunk=False)
    matcher.set_seq2(wanted)  # the matcher keeps what it knows of its second sequence
    rated = []
    for place, name in enumerate(dict.fromkeys(str(name) for name in accepted)):
        likeness = _likeness(matcher, wanted, name.casefold())
        if likeness >= CLOSE:
            rated.append((-likeness, len(name), place, name))
    return [name for *_, name in sorted(rated)[:n]]


def unknown(kind: str, given: object, accepted: Iterable[object]) -> str:
    """The standard sentence for a name that is not there.

    >>> unknown("layer", "layr4", ["layer3", "layer4"])
    "unknown layer 'layr4'; did you mean 'layer4'? Accepted: 'layer3', 'layer4'"
    """
    names = list(accepted)
    found = nearest(given, names)
    hint = f"; did you mean {found[0]!r}?" if found else "."
    return f"unknown {kind} {_short(repr(given))}{hint} Accepted: {listing(names)}"


def listing(names: Sequence[object], shown: int = SHOWN) -> str:
    """Names in one line: all of them when they are few, else the first and how many more.

    >>> listing(["a", "b", "c"], shown=2)
    "'a', 'b' and 1 more"
    """
    if not names:
        return "nothing"
    head = ", ".join(_short(repr(name)) for name in names[:shown])
    more = len(names) - shown
    return f"{head} and {more} more" if more > 0 else head


def _likeness(matcher: difflib.SequenceMatcher[str], wanted: str, name: str) -> float:
    if name == wanted:
        return 1.0
    if len(wanted) >= 3 and wanted in name:
        return CONTAINED
    matcher.set_seq1(name)
    # The quick bounds spare most of the work among thousands of class names.
    if matcher.real_quick_ratio() < CLOSE or matcher.quick_ratio() < CLOSE:
        return 0.0
    return matcher.ratio()


def _short(text: str, limit: int = 60) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
