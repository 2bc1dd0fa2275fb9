"""Hosts that lose what a kernel sends while it works for nobody.

In Colab a page gets what is sent while a cell runs or a message is handled; what a thread sends after that does not
arrive (googlecolab/colabtools#3373). Where a notebook is run without a page, as by nbconvert, papermill and Jupyter
Book, what is sent after a cell is not written down. There cells and handlers end only when what they asked for is
answered: the answers come no later than they would anyway, and the kernel is busy until then.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

from IPython import get_ipython


def lost() -> bool:
    """Whether this kernel works for such a host at the moment."""
    return "google.colab" in sys.modules or nobody_is_there()


def nobody_is_there() -> bool:
    """Whether a cell is at work that could not ask for input: what runs notebooks without a page forbids it."""
    message: dict[str, Any] = getattr(get_ipython(), "get_parent", dict)()
    asked = message.get("header", {}).get("msg_type") == "execute_request"
    return asked and message.get("content", {}).get("allow_stdin") is False


def wait_for(widgets: Iterable[Any]) -> None:
    """Where late answers are lost, return when those of these widgets are sent."""
    if lost():
        for widget in widgets:
            widget.wait_for_answers()
