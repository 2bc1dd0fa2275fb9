"""One request in, its answers out: latest wins, partial answers first, errors answered too. Knows no widget."""

from __future__ import annotations

import logging
import time
import weakref
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import TypeVar

import numpy as np

from . import foresight, remarks
from .aim import Aim
from .answers import Answer, Done, Failed, Menu, Nearby, Request, Rescored, Stack, Strip, Told, View, Working
from .atlas import Atlas, Map
from .engine import VARIANTS, Recording
from .engine.preempt import Stopped
from .engine.stale import StaleRecordingError
from .mailbox import Mailbox, Readers

log = logging.getLogger("camwidget")

T = TypeVar("T")

TRIES = 5
"""How often a model that changes while it is asked is recorded again before we give up."""

TOO_FAST = "the model changes faster than it can be recorded: ask again when its training pauses"

AT_CLOSE, AT_EXIT = 1.0, 5.0
"""Seconds that we wait for a map at hand. Longer at exit, where a thread inside torch would crash the interpreter."""

FIRST_ANSWER = 0.002
"""Seconds: if the listed classes may take longer than this, the selected one is sent ahead of them."""

TOGETHER = 0.03
"""Seconds: if they may take longer than this, they are made one by one, so that a newer request ends it sooner."""

COMPANY = 2**18
"""Cells: the map of a class at a finer layer comes without those of the others, which would be tens of megabytes."""

BETWEEN = 0.2
"""Seconds between two words about how far a slow map is."""

AHEAD = 10.0
"""Seconds that are spent at most after a request on what may be asked next."""


class Session:
    """Answers requests on a worker thread that lives only while there is work.

    Args:
        atlas: where maps come from.
        listed: the classes that come along in every stack.
        deliver: called with each answer, on the worker thread (or in ``answer_now`` on the caller's).
        names: of the classes, for sentences about them.
    """

    def __init__(
        self, atlas: Atlas, listed: Sequence[int], deliver: Callable[[Answer], None], names: Sequence[str] = ()
    ) -> None:
        self.atlas = atlas
        self.listed: Sequence[int] = listed
        self._deliver, self._names = deliver, names
        self._told: Told | None = None
        # that a map takes its time, or failed, stands where something is told of the map on screen
        self._overwritten = False
        self._sent_stack: Stack | None = None
        self._sent_strip: Strip | None = None
        self._sent_nearby: Nearby | None = None
        # (generation, layer, variant) whose maps of all classes were sent: not again because Python asks
        self._sent_whole: set[tuple[int, str, str]] = set()
        self._in_sight = False
        self._mailbox, self._readers = Mailbox(), Readers()
        # at interpreter exit, or when the session is gone, no thread is left inside torch
        self._finalizer = weakref.finalize(self, self._mailbox.shut, AT_EXIT)

    def answer_now(self, request: Request) -> None:
        """Deliver the first answer on this thread, then the rest on the worker. Errors are raised, not delivered."""
        for answer in self._steady_answers(request):
            self._deliver(answer)
            self._remember(answer)
            if not isinstance(answer, Rescored):
                break
        for told in self._news(request.view, self._sent_stack):
            self._deliver(told)
            self._remember(told)
        self.ask(request)

    def ask(self, request: Request) -> None:
        """Answer soon; a request that still waits is replaced by this one, and told so."""
        replaced = self._mailbox.put(request, self._work)
        if replaced is not None and replaced.reply is not None:
            self._send(Done(replaced.reply))

    def in_sight(self, view: View) -> None:
        """A page shows it: from now on idle time is used for what may be asked next."""
        if not self._in_sight:
            self._in_sight = True
            self.ask(Request(view))

    def recording(self, view: View) -> Recording:
        """The recording of the model as it is now. One that changed is recorded again and ``view`` answered anew."""
        if self._refreshed():
            self._send(Rescored(self.atlas.recording))
            if not self._mailbox.newer():  # a click that waits is answered from the new recording anyway
                self.ask(Request(view))
        return self.atlas.recording

    def map(self, view: View) -> Map:
        """The signed map of a view, of the model as it is now, at once and on this thread."""
        with self._readers.reading():
            for _ in range(TRIES):
                self.recording(view)
                try:
                    return self.atlas.map(view.layer, view.variant, view.target)
                except StaleRecordingError:
                    continue
        raise StaleRecordingError(TOO_FAST)

    def explain(self, aim: Aim) -> bool:
        """Explain something else of each class from now on. Returns whether it is something else."""
        with self._readers.reading():
            return self.atlas.explain(aim)

    def close(self, patience: float = AT_CLOSE) -> None:
        """Stop after the map at hand, for which so many seconds are waited. Safe to call twice and from any thread."""
        self._mailbox.shut(patience)

    def _work(self) -> None:
        while (request := self._mailbox.take()) is not None:
            if not self._answer(request) and request.reply:
                self._send(Done(request.reply))

    def _answer(self, request: Request) -> bool:
        """Send the answers of a request until a newer one waits; of these, the first carries the reply. Returns
        whether the request itself was answered.
        """
        answered = request.reply is None
        try:
            for answer in self._steady_answers(request):
                # that the model changed is said only once, so it must not be dropped
                if self._mailbox.newer() and not isinstance(answer, Rescored):
                    break
                replies = getattr(answer, "reply", None) is not None
                if not (answered and isinstance(answer, Done)):
                    self._send(replace(answer, reply=None) if answered and isinstance(answer, Stack) else answer)
                answered = answered or replies
        except Stopped:  # by a newer request; what was made is kept
            return answered
        except Exception as error:
            log.exception("request %s", request)
            text = TOO_FAST if isinstance(error, StaleRecordingError) else f"{type(error).__name__}: {error}"
            self._send(Failed(None if answered else request.reply, text, "the last good map stays on screen"))
            return True
        return answered

    def _send(self, answer: Answer) -> None:
        if not isinstance(answer, (Rescored, Done, Failed)) and answer.generation != self.atlas.generation:
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
        if isinstance(answer, (Working, Failed, Stack, Told, Done)):
            self._overwritten = isinstance(answer, (Working, Failed))
        match answer:
            case Stack():
                self._sent_stack = answer
                if answer.targets is None:
                    self._sent_whole.add((answer.generation, *_place(answer.view)))
            case Strip():
                self._sent_strip = answer
            case Nearby():
                self._sent_nearby = answer
            case Told():
                self._told = answer

    def _steady_answers(self, request: Request) -> Iterator[Answer]:
        """The answers, begun anew where the model changes meanwhile: it may be in training at this moment."""
        for attempt in range(TRIES):
            try:
                yield from self._answers(request)
                return
            except StaleRecordingError:
                if attempt < TRIES - 1:
                    continue
                if request.want is not None or not self._holds(request.view):
                    raise
                # the map itself was sent, and nobody asked for the rest

    def _answers(self, request: Request) -> Iterator[Answer]:
        if self._refreshed():
            yield Rescored(self.atlas.recording)
        if not self._holds(request.view):
            for answer in self._stacks(request):
                yield answer
                if isinstance(answer, Stack):
                    yield from self._news(request.view, answer)
        else:
            yield from self._news(request.view, self._sent_stack)
            if request.reply is not None:
                yield Done(request.reply)
        try:
            if not (self._holds_strip(request.view) or VARIANTS[request.view.variant].slow):
                yield self._strip(request.view)
            if request.want == "variants":
                yield self._menu(request.view)
            yield from self._unasked(request)
        except Stopped:  # by a newer request; what was made is kept
            return

    def _unasked(self, request: Request) -> Iterator[Answer]:
        """What nobody waits for: its faults are no answer to anything that was asked."""
        try:
            if self._wants_whole(request):
                yield from self._whole(request.view)
            self._in_sight = self._in_sight or request.reply is not None
            # what nobody looks at must not slow a cell that runs meanwhile
            if self._in_sight:
                yield from self._ahead(request.view)
        except Stopped:
            raise
        except StaleRecordingError:  # in training: not our place to record at each of its steps
            return
        except Exception:
            log.exception("ahead of %s", request.view)

    def _refreshed(self) -> bool:
        if not self.atlas.refresh():
            return False
        self._sent_stack = self._sent_strip = self._sent_nearby = None
        return True

    def _stacks(self, request: Request) -> Iterator[Stack | Working]:
        view, generation = request.view, self.atlas.generation
        variant = VARIANTS[view.variant]
        if variant.slow and not self.atlas.has(view.layer, view.variant, view.target):
            # answered at once, so that the browser may change its mind meanwhile
            yield Working(view, generation, 0, 0, request.reply)
            self._undisturbed(partial(self._make_slowly, view))
        maps = {view.target: self.atlas.map(view.layer, view.variant, view.target)}
        ms = self.atlas.ms(view.layer, view.variant, view.target)
        note = remarks.of_layer(self.atlas, view)
        part = Stack(view, generation, (view.target,), np.stack(list(maps.values())), False, ms, note, request.reply)
        alone = variant.alone or part.maps.size > COMPANY
        others = [] if alone else [t for t in self.listed if t != view.target]
        missing = sum(not self.atlas.has(view.layer, view.variant, t) for t in others)
        seconds = missing * ms / 1e3
        if missing and seconds > FIRST_ANSWER:
            yield part
        together = self.atlas.at_once or seconds < TOGETHER
        for group in [others] if together else [[target] for target in others]:
            try:
                made = self.atlas.maps(view.layer, view.variant, group, self._mailbox.newer)
            except Stopped:
                break
            maps.update(zip(group, made, strict=True))
        targets = tuple(sorted(maps, key=self._rank))
        whole = len(maps) == len(others) + 1
        yield replace(part, targets=targets, maps=np.stack([maps[t] for t in targets]), done=whole)

    def _news(self, view: View, stack: Stack | None) -> Iterator[Told]:
        """What is to be said of a map that is in a stack, unless that was said last."""
        if stack is None:
            return
        map_ = stack.maps[view.target if stack.targets is None else stack.targets.index(view.target)]
        try:
            reason = remarks.of_map(self.atlas, self._names, view, map_)
        except StaleRecordingError:
            raise
        except Exception:  # to look for a cause may take what the map did not: memory, or a second derivative
            log.exception("why %s", view)
            return
        last, again = self._told, self._overwritten
        if reason is None and (last is None or last.reason is None) and not again:
            return
        if again or last is None or (last.view, last.reason) != (view, reason):
            # that of the stack: where something else is explained by now, this is not said
            yield Told(view, stack.generation, reason)

    def _make_slowly(self, view: View) -> None:
        """Make a map that takes its time, and say now and then how far it is.

        Raises:
            Stopped: a newer request waits, or another thread wants to read.
        """
        generation, told = self.atlas.generation, time.monotonic()

        def tell(done: int, total: int) -> None:
            nonlocal told
            if time.monotonic() - told >= BETWEEN and not self._mailbox.newer():
                told = time.monotonic()
                self._send(Working(view, generation, done, total))

        self.atlas.maps(view.layer, view.variant, [view.target], self._unwanted, tell)

    def _wants_whole(self, request: Request) -> bool:
        """Whether the maps of all classes are missing in the browser. Only the browser knows; one that asked before
        they came does not know yet, and where Python asks they were sent once.
        """
        if request.reply is None:
            return (self.atlas.generation, *_place(request.view)) not in self._sent_whole
        sent = self._sent_stack
        under_way = sent is not None and sent.targets is None and _place(sent.view) == _place(request.view)
        return not request.whole and not under_way

    def _whole(self, view: View) -> Iterator[Stack]:
        generation = self.atlas.generation
        maps = self._undisturbed(lambda: self.atlas.whole(view.layer, view.variant, self._unwanted))
        # fewer classes than are listed anyway need no second message
        if maps is not None and len(maps) > len(self.listed):
            ms = self.atlas.ms(view.layer, view.variant, view.target)
            yield Stack(view, generation, None, maps, True, ms, remarks.of_layer(self.atlas, view), None)

    def _ahead(self, view: View) -> Iterator[Nearby]:
        """What may be asked next is made ready while nobody asks."""
        end = time.monotonic() + AHEAD
        for target, rule in foresight.order(view, self.listed, self.atlas.recording):
            if time.monotonic() > end or not self.atlas.room:
                return
            if self._mailbox.newer():
                raise Stopped
            self._undisturbed(partial(self.atlas.foresee, target, rule, self._unwanted))
            sent = self._sent_nearby
            if target == view.target and rule == VARIANTS[view.variant].rule and (sent is None or sent.view != view):
                yield Nearby(view, self.atlas.generation, tuple(foresight.nearby(view, self.atlas)))

    def _undisturbed(self, work: Callable[[], T]) -> T:
        """The result of work that gives way to readers on other threads, and is then begun anew.

        Raises:
            Stopped: a newer request waits.
        """
        while True:
            try:
                return work()
            except Stopped:
                if self._mailbox.newer():
                    raise
            self._readers.let_pass()

    def _unwanted(self) -> bool:
        return self._mailbox.newer() or bool(self._readers)

    def _strip(self, view: View) -> Strip:
        generation = self.atlas.generation
        self._undisturbed(lambda: self.atlas.prepare(view.target, view.variant, self._unwanted))
        stages = self.atlas.recording.stages
        return Strip(
            view, generation, tuple((layer, self.atlas.map(layer, view.variant, view.target)) for layer in stages)
        )

    def _menu(self, view: View) -> Menu:
        def made(variant: str) -> Map:
            return self.atlas.maps(view.layer, variant, [view.target], self._unwanted)[0]

        generation = self.atlas.generation
        quick = [v.id for v in VARIANTS.values() if not v.slow]
        return Menu(view, generation, tuple((v, self._undisturbed(partial(made, v))) for v in quick))

    def _holds(self, view: View) -> bool:
        """Whether the stack that the browser has last been sent holds this view, with all listed classes."""
        sent = self._sent_stack
        return (
            sent is not None
            and sent.generation == self.atlas.generation
            and sent.done
            and _place(sent.view) == _place(view)
            and (sent.targets is None or view.target in sent.targets)
        )

    def _holds_strip(self, view: View) -> bool:
        sent = self._sent_strip
        return sent is not None and sent.generation == self.atlas.generation and _row(sent.view) == _row(view)

    def _rank(self, target: int) -> int:
        return self.listed.index(target) if target in self.listed else len(self.listed)


def _row(view: View) -> tuple[int, str]:
    return view.target, view.variant


def _place(view: View) -> tuple[str, str]:
    return view.layer, view.variant
