"""Hosts that lose what a kernel sends while it works for nobody.

In Colab a page gets what is sent while a cell runs or a message is handled; what a thread sends after that does not
arrive (googlecolab/colabtools#3373). There cells and handlers end only when what they asked for is answered, so answers
come as late as they would anyway, and the kernel is busy until then.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any


def lost() -> bool:
    """Whether this kernel works for such a host."""
    return "google.colab" in sys.modules


def wait_for(widgets: Iterable[Any]) -> None:
    """Where late answers are lost, return when those of these widgets are sent."""
    if lost():
        for widget in widgets:
            widget.wait_for_answers()
