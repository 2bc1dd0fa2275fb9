"""What the tests of a map found, as it crosses the wire. The tests are in ``trials.py``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from . import wire
from .answers import Tested
from .payload import Choice
from .protocol import TRUST_THUMB
from .session import Session


def trait(generation: int, views: Iterable[Tested]) -> dict[str, Any]:
    """The ``trust`` trait."""
    return {"image": generation, "views": [_entry(view) for view in views]}


def page(session: Session, choice: Choice) -> dict[str, Any]:
    """The ``trust`` trait of a page without a kernel: of the maps that it holds, those that were put to the test."""
    image, views = session.atlas.generation, set(choice.views())
    return trait(image, [found for found in session.tested() if found.view in views and found.generation == image])


def _entry(found: Tested) -> dict[str, Any]:
    return {
        **asdict(found.view),
        "fractions": wire.floats(found.fractions),
        "curves": wire.floats(found.curves),
        "modules": list(found.modules),
        "similarity": wire.floats(found.similarity),
        "guided": wire.floats(found.guided),
        "maps": [wire.thumbnail(map_, TRUST_THUMB) for map_ in found.maps],
        "variants": list(found.variants),
        "areas": wire.floats(found.areas),
        "faults": dict(found.faults),
        "done": found.done,
    }
