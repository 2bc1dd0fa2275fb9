"""A session on an atlas whose maps are made at the pace of the test."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np

from camwidget.aim import Aim
from camwidget.answers import Answer, Request, View
from camwidget.engine import Reason
from camwidget.engine.preempt import check
from camwidget.scene import Scene
from camwidget.session import Session

LISTED = (4, 1, 7)
STAGES = ("first", "last")
PATIENCE = 60  # seconds until a test gives up waiting


class FakeAtlas:
    """Maps that tell their target, made at the test's pace."""

    def __init__(self) -> None:
        self.recording = SimpleNamespace(
            stages=STAGES, rectifiers_above=lambda layer: int(layer == "first"), left_out="", why=self.why
        )
        self.reasons: dict[tuple[int, str], Reason] = {}
        self.asked: list[tuple[int, str, float]] = []
        self.made: list[tuple[str, str, int]] = []
        self.entered = threading.Event()  # somebody waits for a map
        self.free = threading.Event()  # maps may be made
        self.free.set()
        self.stale = False
        self.aim, self.scene = Aim(), Scene()
        self.lock = threading.RLock()
        self.generation = 1
        self.broken: set[str] = set()
        self.at_once = False
        self.classes: int | None = None  # how many the head tells at once
        self.room = False  # for what nobody has asked for
        self.foreseen: list[tuple[int, str]] = []
        self.additive: set[tuple[str, str]] = set()
        self.tried: list[tuple[str, str]] = []

    def why(self, target: int, layer: str, variant: str, *, name: str | None, signed: Any) -> Reason | None:
        self.asked.append((target, layer, float(signed[0, 0])))
        if layer == "baffling":
            raise MemoryError("no room to look for a cause")
        reason = self.reasons.get((target, layer))
        return None if reason is None else Reason(reason.id, f"{name}: {reason.text}", reason.hint)

    def refresh(self) -> bool:
        was, self.stale = self.stale, False
        self.generation += was
        return was

    def map(self, layer: str, variant: str, target: int) -> Any:
        self.entered.set()
        assert self.free.wait(PATIENCE)
        if layer in self.broken:
            raise ValueError(f"no map at {layer}")
        self.made.append((layer, variant, target))
        return np.full((2, 3), target, np.float32)

    def has(self, layer: str, variant: str, target: int) -> bool:
        return False

    def maps(self, layer: str, variant: str, targets: Any, stop: Any = None, progress: Any = None) -> list[Any]:
        check(stop)
        return [self.map(layer, variant, target) for target in targets]

    def whole(self, layer: str, variant: str, stop: Any = None) -> Any:
        check(stop)
        return None if self.classes is None else np.stack([np.full((2, 3), k, np.float32) for k in range(self.classes)])

    def foresee(self, target: int, rule: str, stop: Any = None) -> None:
        self.entered.set()
        while not self.free.wait(0.001):
            check(stop)
        self.foreseen.append((target, rule))

    def adds_up(self, layer: str, variant: str, stop: Any = None) -> bool:
        check(stop)
        self.tried.append((layer, variant))
        return (layer, variant) in self.additive

    def ms(self, layer: str, variant: str, target: int) -> float:
        return 1.5

    def prepare(self, target: int, variant: str, stop: Any = None) -> None:
        pass


class Desk:
    """A session, and what it delivered."""

    def __init__(self) -> None:
        self.atlas = FakeAtlas()
        self.answers: list[Answer] = []
        self.threads: list[threading.Thread] = []
        self.session = Session(self.atlas, LISTED, self.deliver)

    def deliver(self, answer: Answer) -> None:
        self.answers.append(answer)
        self.threads.append(threading.current_thread())

    def ask(self, seq: int | None, target: int = 4, layer: str = "last", variant: str = "gradcam", **more: Any) -> None:
        reply = None if seq is None else ("nonce", seq)
        self.session.ask(Request(View(target, layer, variant), reply, **more))

    def settle(self) -> list[Answer]:
        """Wait until the worker is done; what came since the last call."""
        until(lambda: not workers())
        came, self.answers = self.answers, []
        return came


def workers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "camwidget"]


def until(condition: Callable[[], Any]) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.001)


def kinds(answers: list[Answer]) -> list[type]:
    return [type(answer) for answer in answers]


def replies(answers: list[Answer]) -> list[int]:
    return [a.reply[1] for a in answers if getattr(a, "reply", None) is not None]


def served(session: Session) -> bool:
    """Whether ``serve`` returns, however long it takes."""
    waiting = threading.Thread(target=session.serve, daemon=True)
    waiting.start()
    waiting.join(PATIENCE)
    return not waiting.is_alive()
