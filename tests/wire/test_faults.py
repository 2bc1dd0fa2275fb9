"""What goes wrong around a widget: it says so, keeps the last good picture, and answers again when it can."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from IPython.core.formatters import DisplayFormatter
from torch import Tensor, nn

from camwidget import CamWidget
from camwidget.engine import CamEngine
from camwidget.text import LONGEST
from tests.conftest import TinyCnn
from tests.promises.snapshot import of_module
from tests.wire.front_end import FrontEnd, expected_maps, settle, values

ROOT = Path(__file__).resolve().parents[2]


def answered(
    w: CamWidget, page: FrontEnd, cnn: nn.Module, photo: Tensor, target: int = 2, layer: str = "block"
) -> None:
    """A right request has its answer, and the right maps."""
    reply = page.request(target, layer=layer)
    assert reply in page.replies()
    assert (w.target, w.layer, w.status["state"]) == (target, layer, "ready")
    due = expected_maps(w, cnn, photo, w.stack["targets"] or [*range(6)])
    np.testing.assert_allclose(values(w.stack), due, rtol=2e-3, atol=1e-3 * np.abs(due).max())


def fails(w: CamWidget, page: FrontEnd, says: str) -> None:
    """A request is answered with what went wrong, and what was shown stays."""
    before = {name: getattr(w, name) for name in ("picture", "stack", "strip", "classes")}
    reply = page.request(3, layer="stem")
    assert reply in page.replies()
    assert w.status["state"] == "error" and says in w.status["text"], w.status
    assert {name: getattr(w, name) for name in before} == before


# ---------------------------------------------------------------------- the model


class Fault:
    """Has a network raise, as long as ``error`` is set."""

    def __init__(self, model: nn.Module) -> None:
        self.error: BaseException | None = None
        self.runs, self.after = 0, 0
        forward = model.forward

        def failing(x: Tensor) -> Tensor:
            self.runs += 1
            if self.error is not None and self.runs > self.after:
                raise self.error
            return forward(x)

        model.forward = failing  # type: ignore[method-assign]


@pytest.fixture
def fault(cnn: TinyCnn) -> Fault:
    return Fault(cnn)


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"), "not enough memory"),
        (MemoryError(), "not enough memory"),
        (RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory"), "not enough memory"),
        (KeyError("<b>"), "KeyError: '<b>'"),
        (RuntimeError("a\n\ud800\u202e<img src=x>\x00" + "x" * 10**5), "a   <img src=x> xxx"),
        (SystemExit("stop"), "SystemExit: stop"),
        (KeyboardInterrupt(), "KeyboardInterrupt"),
    ],
)
def test_a_model_that_raises_is_told_of_and_asked_again(
    fault: Fault, w: CamWidget, page: FrontEnd, cnn: TinyCnn, photo: Tensor, error: BaseException, says: str
) -> None:
    page.messages.clear()
    fault.error = error
    with torch.no_grad():
        cnn.fc.weight.mul_(2)  # it must be run again
    fails(w, page, says)
    assert len(w.status["text"]) <= LONGEST and w.status["hint"].startswith("the last good map stays")
    fault.error = None
    answered(w, page, cnn, photo)


def test_a_part_that_is_gone_and_comes_back(w: CamWidget, page: FrontEnd, cnn: TinyCnn, photo: Tensor) -> None:
    last = cnn.last
    del cnn.last
    fails(w, page, "last")
    cnn.last = last
    answered(w, page, cnn, photo)


def test_a_model_that_is_deleted_by_its_user_is_still_explained(photo: Tensor) -> None:
    model = TinyCnn().eval()
    with CamWidget(model, photo) as w:
        page, again = FrontEnd(w), TinyCnn().eval()
        again.load_state_dict(model.state_dict())
        del model
        answered(w, page, again, photo)


def test_a_model_that_goes_to_another_device_and_comes_back(
    w: CamWidget, page: FrontEnd, cnn: TinyCnn, photo: Tensor
) -> None:
    weights = {name: value.clone() for name, value in cnn.state_dict().items()}
    cnn.to("meta")
    fails(w, page, "meta device")
    cnn.to_empty(device="cpu")
    cnn.load_state_dict(weights)
    answered(w, page, cnn, photo)
    cnn.double()
    answered(w, page, cnn, photo, target=3, layer="last")


def test_a_mode_that_is_switched_is_the_users_own(w: CamWidget, page: FrontEnd, cnn: TinyCnn, photo: Tensor) -> None:
    due = expected_maps(w, cnn, photo, [0])
    for training in (True, False):
        cnn.train(training)
        before = str(of_module(cnn))
        page.request(0, layer="stem")
        page.request(0, layer="last")
        np.testing.assert_allclose(w.cam, np.maximum(due[0], 0), rtol=1e-4, atol=1e-6)
        assert cnn.training is training and str(of_module(cnn)) == before
        assert w.status["state"] == "ready"


# ---------------------------------------------------------------------- interrupts


@pytest.mark.parametrize("variant", ["scorecam", "ablationcam", "smoothgradcam++"])
def test_an_interrupt_in_a_long_variant_leaves_all_as_it_was(
    variant: str, fault: Fault, w: CamWidget, page: FrontEnd, cnn: TinyCnn, photo: Tensor
) -> None:
    w.variant = variant
    settle()
    due = w.cam
    w.refresh()
    settle()
    with torch.no_grad():
        cnn.fc.bias.add_(0)  # all maps are made anew
    before, fault.error, fault.runs, fault.after = str(of_module(cnn)), KeyboardInterrupt(), 0, 1
    with pytest.raises(KeyboardInterrupt):
        _ = w.cam
    fault.error = None
    assert str(of_module(cnn)) == before
    np.testing.assert_allclose(w.cam, due, rtol=1e-4, atol=1e-6)
    answered(w, page, cnn, photo)


# ---------------------------------------------------------------------- closed


def test_display_before_and_after_close(make: Callable[..., CamWidget]) -> None:
    w = make()
    before, _ = DisplayFormatter().format(w)
    assert before["application/vnd.jupyter.widget-view+json"]["model_id"] == w.model_id
    for _ in range(2):
        w.close()
        # as a notebook asks: a view whose model is gone would be an error on the page
        assert DisplayFormatter().format(w) == ({"text/plain": "CamWidget(closed)"}, {})


def test_a_closed_widget_says_so_and_takes_no_message(make: Callable[..., CamWidget]) -> None:
    w = make()
    page = FrontEnd(w)
    comm, read = w.comm, ("heatmap", "cam", "scores", "probabilities", "film")
    w.close()
    for name in read:
        with pytest.raises(RuntimeError, match="this widget is closed; make a new one"):
            getattr(w, name)
    before = len(page.messages)
    request = {"nonce": "page", "seq": 1, "target": 1, "layer": "last", "variant": "gradcam"}
    late = (
        {"method": "custom", "content": {"type": "request", "request": request}},
        {"method": "update", "state": {"opacity": 0.1}},
    )
    for data in late:  # on their way while it was closed
        comm.handle_msg({"content": {"data": data}, "buffers": []})
    settle()
    assert len(page.messages) == before


# ---------------------------------------------------------------------- forks


def child_of(work: Callable[[], None]) -> int:
    """The exit code of a forked process in which work is done; it must end by itself, and soon."""
    pid = os.fork()
    if pid == 0:
        threading.Timer(20, os._exit, (9,)).start()
        try:
            work()
        except BaseException:  # noqa: BLE001
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


@pytest.fixture
def busy(monkeypatch: pytest.MonkeyPatch, w: CamWidget) -> Iterator[threading.Event]:
    """The worker is at work, and holds the engine's lock, until the event is set."""
    entered, go_on = threading.Event(), threading.Event()
    record = CamEngine.record

    def slow(*given: Any, **how: Any) -> Any:
        with given[0].lock:
            if threading.current_thread().name == "camwidget":
                entered.set()
                assert go_on.wait(30)
            return record(*given, **how)

    monkeypatch.setattr(CamEngine, "record", slow)
    settle()
    w._session.atlas.expire()
    w.layer = "stem"
    assert entered.wait(30)
    yield go_on
    go_on.set()
    settle()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_fork_while_the_worker_holds_everything(w: CamWidget, cnn: TinyCnn, busy: threading.Event) -> None:
    def work() -> None:
        assert w._atlas is not None
        with w._lock, w._atlas.lock:  # free in the child
            pass
        w.close()

    assert child_of(work) == 0
    busy.set()
    settle()
    assert w.stack["layer"] == "stem" and w.status["state"] == "ready"
    assert w.heatmap.shape == (28, 28)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_forked_process_does_not_use_its_parents_graph(w: CamWidget) -> None:
    settle()
    assert w._atlas is not None
    recording = w._atlas.recording

    def work() -> None:
        assert recording.stale  # so it is recorded anew: where the parent was at work, its graph waits for ever

    assert child_of(work) == 0
    assert not recording.stale


FORKED = """
import os, sys, torch
from torch.utils.data import DataLoader, TensorDataset
from camwidget import CamWidget
from tests.conftest import TinyCnn
torch.set_num_threads(1)
w = CamWidget(TinyCnn().eval(), torch.randn(3, 32, 32))
for count in range(5):
    w.layer, w.variant = ("stem", "block", "last")[count % 3], "scorecam"
    pid = os.fork()
    if pid == 0:
        sys.exit()  # with all that a process does at its end
    assert os.waitpid(pid, 0)[1] == 0
    for batch in DataLoader(TensorDataset(torch.zeros(4, 3)), num_workers=2):
        pass
print(w.heatmap.shape, w.status["state"])
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_processes_that_are_forked_meanwhile_end_in_peace() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", FORKED],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "(32, 32) ready\n"
