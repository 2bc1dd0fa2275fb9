"""One request in, its answers out: latest wins, partial answers first, errors answered too. Knows no widget."""

from __future__ import annotations

import logging
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from .atlas import Atlas, Map
from .engine import VARIANTS, Recording
from .engine.recording import StaleRecordingError

log = logging.getLogger("camwidget")

Reply = tuple[str, int]

TRIES = 5
"""How often a model that changes while it is asked is recorded again before we give up."""

TOO_FAST = "the model changes faster than it can be recorded: ask again when its training pauses"

AT_CLOSE, AT_EXIT = 1.0, 5.0
"""Seconds that we wait for a map at hand. Longer at exit, where a thread inside torch would crash the interpreter."""

FIRST_ANSWER = 0.03
"""Seconds: if the listed classes take longer than this, the selected one is sent ahead of them."""


@dataclass(frozen=True)
class View:
    """What is looked at."""

    target: int
    layer: str
    variant: str


@dataclass(frozen=True)
class Request:
    """A view to answer. ``reply`` is what the browser waits for, None if Python asked. ``want``: see protocol.WANTS."""

    view: View
    reply: Reply | None = None
    want: str | None = None


@dataclass(frozen=True)
class Stack:
    """The signed maps ``(T, h, w)`` of ``targets`` at one layer and variant; ``done`` once all listed classes are
    in.
    """

    view: View
    generation: int
    targets: tuple[int, ...]
    maps: tuple[Map, ...]
    done: bool
    ms: float
    note: str | None
    reply: Reply | None


@dataclass(frozen=True)
class Strip:
    """The selected class's map at each stage."""

    view: View
    generation: int
    maps: tuple[tuple[str, Map], ...]


@dataclass(frozen=True)
class Menu:
    """The selected class's map at the selected layer, by each variant."""

    view: View
    generation: int
    maps: tuple[tuple[str, Map], ...]


@dataclass(frozen=True)
class Rescored:
    """The model changed and was recorded again."""

    recording: Recording


@dataclass(frozen=True)
class Done:
    """A request that needs no maps (they were sent before), or that a newer one replaced."""

    reply: Reply


@dataclass(frozen=True)
class Failed:
    """A request that could not be answered, and why."""

    reply: Reply | None
    text: str
    hint: str


Answer = Stack | Strip | Menu | Rescored | Done | Failed


class Session:
    """Answers requests on a worker thread that lives only while there is work.

    Args:
        atlas: where maps come from.
        listed: the classes that come along in every stack.
        deliver: called with each answer, on the worker thread (or in ``answer_now`` on the caller's).
    """

    def __init__(self, atlas: Atlas, listed: Sequence[int], deliver: Callable[[Answer], None]) -> None:
        self.atlas = atlas
        self.listed: Sequence[int] = listed
        self._deliver = deliver
        self._sent_stack: Stack | None = None
        self._sent_strip: Strip | None = None
        self._mailbox = _Mailbox()
        # at interpreter exit, or when the session is gone, no thread is left inside torch
        self._finalizer = weakref.finalize(self, self._mailbox.shut, AT_EXIT)

    def answer_now(self, request: Request) -> None:
        """Deliver the first answer on this thread, then the rest on the worker. Errors are raised, not delivered."""
        for answer in self._steady_answers(request):
            self._deliver(answer)
            self._remember(answer)
            if not isinstance(answer, Rescored):
                break
        self.ask(request)

    def ask(self, request: Request) -> None:
        """Answer soon; a request that still waits is replaced by this one, and told so."""
        replaced = self._mailbox.put(request, self._work)
        if replaced is not None and replaced.reply is not None:
            self._send(Done(replaced.reply))

    def recording(self, view: View) -> Recording:
        """The recording of the model as it is now. One that changed is recorded again and ``view`` answered anew."""
        if self._refreshed():
            self._send(Rescored(self.atlas.recording))
            if not self._mailbox.newer():  # a click that waits is answered from the new recording anyway
                self.ask(Request(view))
        return self.atlas.recording

    def map(self, view: View) -> Map:
        """The signed map of a view, of the model as it is now, at once and on this thread."""
        for _ in range(TRIES):
            self.recording(view)
            try:
                return self.atlas.map(view.layer, view.variant, view.target)
            except StaleRecordingError:
                continue
        raise StaleRecordingError(TOO_FAST)

    def close(self, patience: float = AT_CLOSE) -> None:
        """Stop after the map at hand, for which so many seconds are waited. Safe to call twice and from any thread."""
        self._mailbox.shut(patience)

    def _work(self) -> None:
        while (request := self._mailbox.take()) is not None:
            try:
                answered = self._answer(request)
            except Exception as error:
                log.exception("request %s", request)
                text = TOO_FAST if isinstance(error, StaleRecordingError) else f"{type(error).__name__}: {error}"
                self._send(Failed(request.reply, text, "the last good map stays on screen"))
                answered = True
            if not answered and request.reply:
                self._send(Done(request.reply))

    def _answer(self, request: Request) -> bool:
        """Send the answers of a request until a newer one waits. Returns whether the request itself was answered."""
        answered = request.reply is None
        for answer in self._steady_answers(request):
            # that the model changed is said only once, so it must not be dropped
            if self._mailbox.newer() and not isinstance(answer, Rescored):
                break
            self._send(answer)
            answered = answered or getattr(answer, "reply", None) == request.reply
        return answered

    def _send(self, answer: Answer) -> None:
        if isinstance(answer, (Stack, Strip, Menu)) and answer.generation != self.atlas.generation:
            # made from a model that has changed since, while another thread recorded it again
            reply = getattr(answer, "reply", None)
            if reply is None:
                return
            answer = Done(reply)
        try:
            self._deliver(answer)
        except Exception:  # a user's observer must not end the worker, nor a widget that was closed meanwhile
            if not self._mailbox.closed:
                log.exception("could not deliver %s", type(answer).__name__)
        else:
            self._remember(answer)

    def _remember(self, answer: Answer) -> None:
        if isinstance(answer, Stack):
            self._sent_stack = answer
        elif isinstance(answer, Strip):
            self._sent_strip = answer

    def _steady_answers(self, request: Request) -> Iterator[Answer]:
        """The answers, begun anew where the model changes meanwhile: it may be in training at this moment."""
        for attempt in range(TRIES):
            try:
                yield from self._answers(request)
                return
            except StaleRecordingError:
                if attempt == TRIES - 1:
                    raise

    def _answers(self, request: Request) -> Iterator[Answer]:
        if self._refreshed():
            yield Rescored(self.atlas.recording)
        if not self._holds(request.view):
            yield from self._stacks(request)
        elif request.reply is not None:
            yield Done(request.reply)
        if not self._holds_strip(request.view):
            yield self._strip(request.view)
        if request.want == "variants":
            yield self._menu(request.view)

    def _refreshed(self) -> bool:
        if not self.atlas.refresh():
            return False
        self._sent_stack = self._sent_strip = None
        return True

    def _stacks(self, request: Request) -> Iterator[Stack]:
        view, start, generation = request.view, time.perf_counter(), self.atlas.generation
        maps = {view.target: self.atlas.map(view.layer, view.variant, view.target)}
        ms = self.atlas.ms(view.layer, view.variant, view.target)
        note = self._note(view)
        part = Stack(view, generation, (view.target,), (maps[view.target],), False, ms, note, request.reply)
        ahead = False
        others = [t for t in self.listed if t != view.target]
        for target in others:
            if not ahead and time.perf_counter() - start > FIRST_ANSWER:
                ahead = True
                yield part
            if self._mailbox.newer():
                break
            maps[target] = self.atlas.map(view.layer, view.variant, target)
        targets = tuple(sorted(maps, key=self._rank))
        whole = len(maps) == len(others) + 1
        yield replace(part, targets=targets, maps=tuple(maps[t] for t in targets), done=whole)

    def _strip(self, view: View) -> Strip:
        generation = self.atlas.generation
        self.atlas.prepare(view.target, view.variant)
        stages = self.atlas.recording.stages
        return Strip(
            view, generation, tuple((layer, self.atlas.map(layer, view.variant, view.target)) for layer in stages)
        )

    def _menu(self, view: View) -> Menu:
        return Menu(
            view, self.atlas.generation, tuple((v, self.atlas.map(view.layer, v, view.target)) for v in VARIANTS)
        )

    def _holds(self, view: View) -> bool:
        """Whether the stack that the browser has last been sent holds this view, with all listed classes."""
        sent = self._sent_stack
        return (
            sent is not None
            and sent.generation == self.atlas.generation
            and sent.done
            and (sent.view.layer, sent.view.variant) == (view.layer, view.variant)
            and view.target in sent.targets
        )

    def _holds_strip(self, view: View) -> bool:
        sent = self._sent_strip
        return sent is not None and sent.generation == self.atlas.generation and _row(sent.view) == _row(view)

    def _rank(self, target: int) -> int:
        return self.listed.index(target) if target in self.listed else len(self.listed)

    def _note(self, view: View) -> str | None:
        recording, variant = self.atlas.recording, VARIANTS[view.variant]
        if variant.rule != "standard" and not recording.rectifiers_above(view.layer):
            return f"No rectifier between {view.layer} and the scores: {variant.name} is plain Grad-CAM here"
        return None


def _row(view: View) -> tuple[int, str]:
    return view.target, view.variant


class _Mailbox:
    """One waiting request, and at most one thread that works. Holds no session, so it cannot keep one alive."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: Request | None = None
        self._thread: threading.Thread | None = None
        self._shut = False

    def put(self, request: Request, work: Callable[[], None]) -> Request | None:
        """Leave a request, start a thread on ``work`` if none works. Returns the request that was replaced."""
        with self._lock:
            if self._shut:
                return request
            replaced, self._waiting = self._waiting, request
            if self._thread is None:
                self._thread = threading.Thread(target=work, name="camwidget", daemon=True)
                self._thread.start()
            return replaced

    def take(self) -> Request | None:
        """The waiting request; None tells the thread to end."""
        with self._lock:
            request, self._waiting = self._waiting, None
            if request is None:
                self._thread = None
            return request

    def newer(self) -> bool:
        """Whether the work at hand is no longer wanted."""
        return self._waiting is not None or self._shut

    @property
    def closed(self) -> bool:
        """Whether nothing more is taken."""
        return self._shut

    def shut(self, patience: float) -> None:
        """Take nothing more; wait so many seconds for the thread, unless this is it."""
        with self._lock:
            self._shut, self._waiting, thread = True, None, self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout=patience)
