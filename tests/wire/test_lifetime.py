"""What a widget holds and what holds it, without a kernel. The garbage collector is off: it could hide a cycle."""

from __future__ import annotations

import gc
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from ipywidgets import Layout, Widget
from ipywidgets.widgets import widget as ipywidgets_widget
from torch import Tensor, nn

from camwidget import CamWidget, lifetime
from camwidget.atlas import Atlas
from camwidget.session import Session
from tests.conftest import TinyCnn
from tests.wire.front_end import FrontEnd, settle

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60


@pytest.fixture(autouse=True)
def no_garbage_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.fixture(autouse=True)
def nothing_is_raised_unseen(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What a destructor raises is printed only."""
    raised: list[Any] = []
    monkeypatch.setattr(sys, "unraisablehook", raised.append)
    monkeypatch.setattr(threading, "excepthook", raised.append)
    yield
    assert raised == []


@pytest.fixture
def registry() -> dict[str, Any]:
    """The widgets that ipywidgets knows, without those of earlier tests."""
    Widget.close_all()
    return ipywidgets_widget._instances


def parts(w: CamWidget) -> dict[str, weakref.ref[Any]]:
    """The heavy things that hang on a widget."""
    session, atlas = w._session, w._atlas
    things = {"session": session, "atlas": atlas, "recording": atlas.recording, "tape": atlas.recording._tape,
              "graph": atlas.recording._scores, "maps": next(iter(atlas._maps.values()))}  # fmt: skip
    return {name: weakref.ref(thing) for name, thing in things.items()}


def alive(references: dict[str, weakref.ref[Any]]) -> list[str]:
    return [name for name, reference in references.items() if reference() is not None]


def loosen(w: CamWidget) -> None:
    lifetime._loosen(w)
    lifetime._loosen(w.layout)


def until(check: Callable[[], Any]) -> None:
    end = time.monotonic() + PATIENCE
    while not check():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.001)


# ---------------------------------------------------------------------- closed


@pytest.mark.parametrize("busy", [False, True])
def test_a_closed_widget_that_is_held_holds_nothing(busy: bool, photo: Tensor, registry: dict[str, Any]) -> None:
    model = TinyCnn().eval()
    w = CamWidget(model, photo)
    if not busy:
        settle()
    references = parts(w) | {"model": weakref.ref(model)}
    del model
    w.close()
    settle()
    assert alive(references) == []
    assert registry == {}
    assert repr(w) == "CamWidget(closed)"
    w.close()


# ---------------------------------------------------------------------- freed


@pytest.mark.parametrize("busy", [False, True])
def test_a_loosened_widget_is_freed_with_its_last_reference(
    busy: bool, cnn: nn.Module, photo: Tensor, registry: dict[str, Any]
) -> None:
    w = CamWidget(cnn, photo)
    w.layer, w.variant, w.target = "block", "layercam", 1
    if not busy:
        settle()
    comm = w.comm
    references = {"widget": weakref.ref(w), "layout": weakref.ref(w.layout)}
    heavy = parts(w)
    loosen(w)
    assert len(registry) == 2
    del w
    assert alive(references) == []
    assert registry == {} and comm._closed
    settle()
    assert alive(heavy) == []


def test_what_is_at_work_does_not_keep_a_widget_nor_is_it_waited_for(
    cnn: nn.Module, photo: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    w = CamWidget(cnn, photo)
    settle()
    entered, go_on = threading.Event(), threading.Event()
    work = Atlas.map

    def slow(*given: Any) -> Any:
        entered.set()
        assert go_on.wait(PATIENCE)
        return work(*given)

    waited: list[float] = []
    close = Session.close

    def noted(session: Session, patience: float) -> None:
        waited.append(patience)
        close(session, patience)

    monkeypatch.setattr(Atlas, "map", slow)
    monkeypatch.setattr(Session, "close", noted)
    w.layer = "stem"
    assert entered.wait(PATIENCE)
    heavy = {"recording": weakref.ref(w._atlas.recording)}
    gone = weakref.ref(w)
    loosen(w)
    del w
    assert gone() is None and waited == [0]  # while the worker is inside of a map
    assert alive(heavy) == ["recording"]
    go_on.set()
    settle()
    assert alive(heavy) == []


def test_the_last_reference_may_go_on_the_workers_thread(cnn: nn.Module, photo: Tensor) -> None:
    w = CamWidget(cnn, photo)
    settle()
    entered, go_on = threading.Event(), threading.Event()
    died_on: list[threading.Thread] = []

    def wait(_change: Any) -> None:
        entered.set()
        assert go_on.wait(PATIENCE)

    w.observe(wait, "stack")
    w.layer = "block"
    assert entered.wait(PATIENCE)
    gone = weakref.ref(w, lambda _: died_on.append(threading.current_thread()))
    heavy = parts(w)
    loosen(w)
    del w
    assert gone() is not None  # it is delivering an answer
    go_on.set()
    settle()
    assert gone() is None and [thread.name for thread in died_on] == ["camwidget"]
    assert alive(heavy) == []


def test_the_garbage_collector_takes_a_cycle_of_the_user_out_of_the_registry(
    cnn: nn.Module, photo: Tensor, registry: dict[str, Any]
) -> None:
    w = CamWidget(cnn, photo)
    w.observe(lambda change, w=w: w.heatmap, "target")
    gone = weakref.ref(w)
    loosen(w)
    settle()
    del w
    assert gone() is not None and len(registry) == 2
    gc.collect()
    assert gone() is None and registry == {}


def test_a_layout_that_another_widget_uses_is_not_closed(make: Callable[..., CamWidget], cnn: nn.Module) -> None:
    other = make()
    w = CamWidget(cnn, torch.randn(3, 28, 28))
    other.layout = w.layout
    loosen(w)
    settle()
    del w
    assert isinstance(other.layout, Layout) and other.layout.comm is not None
    shared = other.layout
    other.close()
    assert shared.comm is None


# ---------------------------------------------------------------------- loose, and still in use


def test_a_loosened_widget_answers_as_before(make: Callable[..., CamWidget]) -> None:
    w = make()
    settle()
    loosen(w)
    loosen(w)  # a third run of the cell finds it again
    page = FrontEnd(w)
    asked = {"nonce": "page", "seq": 1, "target": w.listed[1], "layer": "block", "variant": "gradcam"}
    data = {"method": "custom", "content": {"type": "request", "request": asked}}
    w.comm.handle_msg({"content": {"data": data}, "buffers": []})
    settle()
    assert page.replies()[-1] == ["page", 1]
    assert (w.target, w.layer) == (w.listed[1], "block")
    key = w.model_id
    w.close()
    assert key not in ipywidgets_widget._instances


def test_a_page_that_is_loaded_again_is_told_of_the_living_only(
    make: Callable[..., CamWidget],
    cnn: nn.Module,
    photo: Tensor,
    registry: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    strong, held, gone = make(), make(), CamWidget(cnn, photo)
    loosen(held)
    loosen(gone)
    settle()
    told: list[dict[str, Any]] = []
    monkeypatch.setattr(Widget, "_control_comm", SimpleNamespace(send=lambda data, buffers: told.append(data)))
    ask = {"content": {"data": {"method": "request_states"}}}
    Widget._handle_control_comm_msg(ask)
    assert set(told[-1]["states"]) == {part.model_id for w in (strong, held, gone) for part in (w, w.layout)}
    left = {part.model_id for w in (strong, held) for part in (w, w.layout)}
    del gone
    Widget._handle_control_comm_msg(ask)
    assert set(told[-1]["states"]) == left
    assert told[-1]["states"][held.model_id]["state"]["target"] == held.target


# ---------------------------------------------------------------------- cells


@pytest.mark.parametrize(
    ("message", "cell"),
    [
        ({"header": {"msg_type": "execute_request", "msg_id": "m"}, "metadata": {"cellId": "c"}}, "c"),
        ({"header": {"msg_type": "execute_request", "msg_id": "m"}, "metadata": {"colab": {"cell_id": "c"}}}, "c"),
        ({"header": {"msg_type": "execute_request", "msg_id": "m"}, "metadata": {}}, None),
        ({"header": {"msg_type": "comm_msg", "msg_id": "m"}, "metadata": {"cellId": "c"}}, None),
        ({}, None),
        (None, None),
    ],
    ids=["Jupyter and VS Code", "Colab", "no cells", "a handler", "nothing runs", "no notebook"],
)
def test_the_cell_at_work_is_found(message: Any, cell: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    shell = None if message is None else SimpleNamespace(get_parent=lambda: message)
    monkeypatch.setattr(lifetime, "get_ipython", lambda: shell)
    assert lifetime._here() == (None if cell is None else lifetime.Run("c", "m"))


def test_a_shell_unlike_those_we_know_does_no_harm(
    make: Callable[..., CamWidget], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for count in range(2):
        message = {"header": {"msg_type": "execute_request", "msg_id": str(count)}, "metadata": {"cellId": "c"}}
        shell = SimpleNamespace(get_parent=lambda message=message: message)
        monkeypatch.setattr(lifetime, "get_ipython", lambda shell=shell: shell)
        w = make()
    assert w.heatmap.shape == (28, 28)
    assert "are kept" in caplog.text


# ---------------------------------------------------------------------- constructors that fail


def test_a_constructor_that_fails_leaves_nothing_behind(
    cnn: nn.Module, photo: Tensor, registry: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_given: Any, **_more: Any) -> None:
        raise MemoryError

    for owner, name in ((Session, "answer_now"), (Session, "__init__"), (Widget, "open"), (CamWidget, "get_state")):
        with monkeypatch.context() as patch:
            patch.setattr(owner, name, fail)
            with pytest.raises(MemoryError):
                CamWidget(cnn, photo)
        assert registry == {}, name
    with pytest.raises(TypeError, match="model"):
        CamWidget()
    assert registry == {}
    settle()


# ---------------------------------------------------------------------- processes of their own

FIRST = """
import gc, threading, torch, weakref
from camwidget import CamWidget, lifetime
from tests.conftest import TinyCnn
gc.disable()
w = CamWidget(TinyCnn().eval(), torch.randn(3, 32, 32))
[thread.join() for thread in threading.enumerate() if thread.name == "camwidget"]
references = [weakref.ref(part) for part in (w, w._atlas.recording)]
lifetime._loosen(w)
del w
print([reference() for reference in references])
"""

EXIT = """
import torch
from camwidget import CamWidget, lifetime
from tests.conftest import TinyCnn
strong, loose, cycle, closed = (CamWidget(TinyCnn().eval(), torch.randn(3, 32, 32)) for _ in range(4))
for w in (loose, cycle):
    lifetime._loosen(w)
cycle.observe(lambda change, w=cycle: w.heatmap)
closed.close()
for w in (strong, loose, cycle):
    w.layer, w.variant = "stem", "layercam"
del cycle, w
"""


def run(code: str) -> str:
    """What a process of its own prints; it must end soon, and by itself."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.strip()


def test_the_first_widget_of_a_process_is_freed_too() -> None:
    """Libraries that are loaded late leave frames behind, and in them what their callers held."""
    assert run(FIRST) == "[None, None]"


def test_a_process_ends_in_peace_while_widgets_live_and_work() -> None:
    assert run(EXIT) == ""
