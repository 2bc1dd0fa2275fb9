"""How long a widget lives: a cell that runs again lets go of the widgets of its earlier run, unless the user holds
them.

ipywidgets keeps every widget for ever, because a page that is loaded again asks for all of them; IPython keeps every
result in its output history. For a cell that runs again that is a recording more each time. So the new widget loosens
its predecessors: what the libraries hold of them becomes weak, and reference counting decides. One that is still in a
variable, a list or an observer works on as before; any other is gone at once, with its recording.

No state is kept here: widgets carry their own birth, and are found in the registry of ipywidgets.
"""

from __future__ import annotations

import gc
import logging
import weakref
from collections.abc import Callable, Iterable, Iterator, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from IPython import get_ipython
from ipywidgets import Widget
from ipywidgets.widgets import widget as ipywidgets_widget

log = logging.getLogger("camwidget")

BIRTH = "_camwidget_birth"
"""The attribute in which a widget carries its birth."""

SURVIVORS = 3
"""So many loosened widgets may wait for the garbage collector before it is called: it takes some tenths of a second."""

LAST_RESULTS = ("_", "__", "___")
"""IPython's names for its last three results."""


@dataclass(frozen=True)
class Birth:
    """The cell that made a widget, and the run of it: the execution count will not do, since it may stand still."""

    cell: str
    run: str


@contextmanager
def birth(widget: Widget) -> Iterator[None]:
    """Around what makes ``widget`` known to others: on success its predecessors are let go, on failure it is closed."""
    born = _here()
    setattr(widget, BIRTH, born)
    try:
        yield
    except BaseException:
        widget.close()  # ipywidgets would keep it, half made
        raise
    try:
        if born is not None:
            _replace(born)
            _when_run_ends(born)
    except Exception:  # of a shell or a registry unlike those we know: more memory is used, and all else works
        log.exception("widgets of the cell's earlier run are kept")


def weakly(method: Callable[..., None]) -> Callable[..., None]:
    """A bound method that does not keep its object; once that is gone, calls do nothing."""
    reference = weakref.WeakMethod(method)

    def call(*args: Any) -> None:
        alive = reference()
        if alive is not None:
            alive(*args)

    return call


def _here() -> Birth | None:
    """The run of the cell that is at work, None where none is: outside notebooks, in the handler of a message, and in
    hosts that do not name their cells. Their text would be no name: two cells may read the same, both on the page.
    """
    message: dict[str, Any] = getattr(get_ipython(), "get_parent", dict)()
    header, metadata = message.get("header", {}), message.get("metadata", {})
    # Colab has a place of its own for it
    cell = metadata.get("cellId") or metadata.get("colab", {}).get("cell_id")
    if header.get("msg_type") != "execute_request" or not cell:
        return None
    return Birth(str(cell), str(header["msg_id"]))


def _registry() -> MutableMapping[str, Any]:
    """All open widgets by their id: themselves, or a proxy of one that was loosened."""
    instances: MutableMapping[str, Any] = ipywidgets_widget._instances
    return instances


def _replace(born: Birth) -> None:
    """Loosen the widgets that an earlier run of the same cell made."""
    predecessors = _earlier(born)
    for widget in predecessors:
        _loosen(widget)
        _loosen(widget.layout)
    if predecessors:
        _forget(get_ipython(), predecessors)


def _earlier(born: Birth) -> list[Widget]:
    """The open widgets of earlier runs of the same cell."""
    return [w for w, theirs in _born() if theirs.cell == born.cell and theirs.run != born.run]


def _born() -> Iterator[tuple[Widget, Birth]]:
    """The open widgets that carry a birth, in the order in which they were made."""
    for entry in list(_registry().values()):
        try:
            theirs = getattr(entry, BIRTH, None)
            if theirs is not None:
                yield entry.close.__self__, theirs  # the widget itself, also where the entry is a proxy
        except ReferenceError:  # its widget is gone at this moment, on another thread
            continue


def _loosen(widget: Any) -> None:
    """Make weak what ipywidgets holds of a widget: its entry in the registry, and the listener of its comm."""
    if widget.comm is None or _is_loose(widget):
        return
    registry, key = _registry(), widget.model_id
    widget.comm.on_msg(weakly(widget._handle_msg))
    # a proxy serves whoever walks the registry; the garbage collector breaks it before the widget can take it out
    registry[key] = weakref.proxy(widget, lambda _proxy: registry.pop(key, None))


def _is_loose(widget: Any) -> bool:
    return widget.comm is not None and isinstance(_registry().get(widget.model_id), weakref.ProxyTypes)


def _forget(shell: Any, results: Iterable[Widget]) -> None:
    """Drop results from IPython's output history. What the user assigned, also to a name such as ``_``, stays."""
    gone = {id(result) for result in results}
    hidden, names, hook = shell.user_ns_hidden, shell.user_ns, shell.displayhook
    # what IPython itself put into the user's namespace, it noted here under the same name
    for name, value in list(hidden.items()):
        if id(value) in gone:
            for space in (hidden, names):
                if space.get(name) is value:
                    space[name] = ""
                    if name not in LAST_RESULTS:  # those are empty before the first result, the others are not there
                        del space[name]
    for name in LAST_RESULTS:
        if id(getattr(hook, name, None)) in gone:
            setattr(hook, name, "")
    history = shell.history_manager.output_hist
    for count, value in list(history.items()):
        if id(value) in gone:
            del history[count]
    last = shell.last_execution_result
    if last is not None and id(last.result) in gone:
        last.result = None


def _when_run_ends(born: Birth) -> None:
    """After the cell: note what it put its widgets into, and find out what became of their predecessors."""
    events = get_ipython().events

    def look(_result: Any) -> None:
        events.unregister("post_run_cell", look)
        if _here() == born:
            _adopt(born)
            _collect(born)

    events.register("post_run_cell", look)


def _adopt(born: Birth) -> None:
    """Boxes around a widget of this run are of this run too, if they are younger."""
    family: set[int] = set()
    for entry in list(_registry().values()):
        try:
            if any(id(child) in family for child in getattr(entry, "children", ())):
                setattr(entry, BIRTH, born)
            if getattr(entry, BIRTH, None) == born:
                family.add(id(entry))
        except ReferenceError:
            continue


def _collect(born: Birth) -> None:
    """Call the garbage collector where loosened widgets live on: an observer that names its own widget makes a cycle.
    Those that stay after that are the user's, and are no longer looked after.
    """
    if gc.isenabled() and sum(map(_is_loose, _earlier(born))) >= SURVIVORS:
        gc.collect()
        for widget in _earlier(born):
            if _is_loose(widget):
                setattr(widget, BIRTH, None)
