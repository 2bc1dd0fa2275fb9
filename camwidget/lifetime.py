"""How long a widget lives: as long as a cell on the page shows it, or the user holds it.

ipywidgets keeps every widget for ever, because a page that is loaded again asks for all of them; IPython keeps every
result in its output history. For a cell that runs again that is a recording more each time. So each widget notes the
cells that made or showed it. When such a cell makes or shows widgets in a new run, those of its earlier runs lose their
place there, and one that has no place left is loosened: what the libraries hold of it becomes weak, and reference
counting decides. One that is still in a variable, a list or an observer works on as before; any other is gone at once,
with its recording.

No state is kept here: widgets carry their own notes, and are found in the registry of ipywidgets.
"""

from __future__ import annotations

import gc
import logging
import weakref
from collections.abc import Callable, Iterable, Iterator, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from IPython import get_ipython
from ipywidgets import Widget
from ipywidgets.widgets import widget as ipywidgets_widget

from . import late

log = logging.getLogger("camwidget")

NOTES = "_camwidget_notes"
"""The attribute in which a widget carries its notes."""

SURVIVORS = 3
"""So many loosened widgets may wait for the garbage collector before it is called: it takes some tenths of a second."""

LAST_RESULTS = ("_", "__", "___")
"""IPython's names for its last three results."""


@dataclass(frozen=True)
class Run:
    """One run of a cell. It is known by its message: the execution count may stand still."""

    cell: str
    message: str


@dataclass
class Notes:
    """Of one widget: the cells that made or showed it, each with the message of the run; and whether the garbage
    collector has passed since it was loosened.
    """

    places: dict[str, str] = field(default_factory=dict)
    stays: bool = False


@contextmanager
def birth(widget: Widget) -> Iterator[None]:
    """Around what makes ``widget`` known to others: on success it takes its place, on failure it is closed."""
    try:
        yield
    except BaseException:
        widget.close()  # ipywidgets would keep it, half made
        raise
    shown(widget)


def shown(widget: Widget) -> None:
    """The cell at work makes or shows ``widget``: what its earlier runs made or showed loses its place there."""
    try:
        run = _here()
        if run is not None:
            _take_place(widget, run)
        if hasattr(get_ipython(), "events"):
            get_ipython().events.register("post_run_cell", _run_ends)  # a second time, it does nothing
    except Exception:  # of a shell or a registry unlike those we know: more memory is used, and all else works
        log.exception("widgets of the cell's earlier runs are kept")


def weakly(method: Callable[..., None]) -> Callable[..., None]:
    """A bound method that does not keep its object; once that is gone, calls do nothing."""
    reference = weakref.WeakMethod(method)

    def call(*args: Any) -> None:
        alive = reference()
        if alive is not None:
            alive(*args)

    return call


def _here() -> Run | None:
    """The run of the cell that is at work, None where none is: outside notebooks, in the handler of a message, and in
    hosts that do not name their cells. Their text would be no name: two cells may read the same, both on the page.
    """
    message: dict[str, Any] = getattr(get_ipython(), "get_parent", dict)()
    header, metadata = message.get("header", {}), message.get("metadata", {})
    # Colab has a place of its own for it
    cell = metadata.get("cellId") or metadata.get("colab", {}).get("cell_id")
    if header.get("msg_type") != "execute_request" or not cell:
        return None
    return Run(str(cell), str(header["msg_id"]))


def _take_place(widget: Widget, run: Run) -> None:
    notes: Notes = getattr(widget, NOTES, None) or Notes()
    setattr(widget, NOTES, notes)
    notes.places[run.cell] = run.message
    if _is_loose(widget):  # and is shown again
        notes.stays = False
        _registry()[widget.model_id] = widget
    homeless = []
    for other, theirs in _known():
        if theirs.places.get(run.cell, run.message) != run.message:
            del theirs.places[run.cell]
            if not theirs.places:
                homeless.append(other)
    for other in homeless:
        _loosen(other)
        _loosen(other.layout)
    if homeless:
        _forget(get_ipython(), homeless)


def _registry() -> MutableMapping[str, Any]:
    """All open widgets by their id: themselves, or a proxy of one that was loosened."""
    instances: MutableMapping[str, Any] = ipywidgets_widget._instances
    return instances


def _known() -> Iterator[tuple[Any, Notes]]:
    """The open widgets that carry notes, in the order in which they were made."""
    for entry in list(_registry().values()):
        try:
            notes = getattr(entry, NOTES, None)
            if notes is not None:
                yield entry.close.__self__, notes  # the widget itself, also where the entry is a proxy
        except ReferenceError:  # its widget is gone at this moment, on another thread
            continue


def _asking() -> list[Any]:
    """The open widgets that may wait for answers."""
    found = []
    for entry in list(_registry().values()):
        try:
            if hasattr(entry, "wait_for_answers"):
                found.append(entry.close.__self__)
        except ReferenceError:
            continue
    return found


def _loosen(widget: Any) -> None:
    """Make weak what ipywidgets holds of a widget: its entry in the registry, and the listener of its comm."""
    if widget.comm is None or _is_loose(widget):
        return
    registry, key = _registry(), widget.model_id
    widget.comm.on_msg(weakly(widget._handle_msg))

    def gone(proxy: Any) -> None:
        if registry.get(key) is proxy:
            del registry[key]

    # a proxy serves whoever walks the registry; the garbage collector breaks it before the widget can take it out
    registry[key] = weakref.proxy(widget, gone)


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


def _run_ends(_result: Any) -> None:
    """After each run of a cell: note into what boxes it put our widgets; see to loosened widgets that live on."""
    try:
        _adopt(_here())
        _collect()
        late.wait_for(_asking())
    except Exception:  # as above
        log.exception("after a cell")


def _adopt(run: Run | None) -> None:
    """Boxes around our widgets, which nobody has seen before this run, take their place as our widgets do."""
    for entry in list(_registry().values()):  # a box is younger than a box in it
        try:
            fresh = not hasattr(entry, NOTES) and any(hasattr(child, NOTES) for child in getattr(entry, "children", ()))
        except ReferenceError:
            continue
        if fresh:
            setattr(entry, NOTES, Notes())
            if run is not None:
                _take_place(entry, run)


def _collect() -> None:
    """Call the garbage collector where loosened widgets live on: an observer that names its own widget makes a cycle.
    Those that are there after that are the user's.
    """

    def waiting() -> Iterator[Notes]:
        return (notes for widget, notes in _known() if not notes.stays and _is_loose(widget))

    if gc.isenabled() and sum(1 for _ in waiting()) >= SURVIVORS:
        gc.collect()
        for notes in waiting():
            notes.stays = True
