"""One request in, its answers out: latest wins, partial answers first, errors answered too. Knows no widget."""

from __future__ import annotations

import logging
import time
import weakref
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from .aim import Aim
from .answering import TRIES, Answering
from .answers import Answer, Done, Request, Rescored, Served, Stack, Tested, View
from .atlas import Atlas, Map
from .contrasting import Contrast, pair
from .engine import Channels, Recording
from .engine.preempt import Stopped
from .engine.stale import StaleRecordingError
from .failing import TOO_FAST, failed, lacks_memory
from .following import Follower
from .freed import Freed
from .mailbox import Mailbox, Readers
from .scene import Scene

log = logging.getLogger("camwidget")

T = TypeVar("T")

AT_CLOSE, AT_EXIT = 1.0, 5.0
"""Seconds that we wait for a map at hand. Longer at exit, where a thread inside torch would crash the interpreter."""


class Session:
    """Answers requests on a worker thread that lives only while there is work.

    Args:
        atlas: where maps come from.
        listed: the classes that come along in every stack.
        deliver: called with each answer, on the worker thread (or in ``answer_now`` on the caller's).
        names: of the classes, for sentences about them.
        follower: where there are several pictures. Where it is a ``Screening``, they are run while nobody asks for
            anything.
        probability: how scores become probabilities, see ``scores.find_probability``; None: found when it is wanted.
    """

    def __init__(
        self,
        atlas: Atlas,
        listed: Sequence[int],
        deliver: Callable[[Answer], None],
        names: Sequence[str] = (),
        follower: Follower | None = None,
        probability: str | None = None,
    ) -> None:
        self.atlas, self._deliver = atlas, deliver
        self.scene: Scene | None = None
        """What is looked at from the next answer on; may be assigned. None: what was looked at before."""
        self._mailbox, self._readers = Mailbox[Request](), Readers()
        self._asked: Request | None = None
        self._served: Request | None = None
        self._freed = Freed()
        self._answering = Answering(atlas, listed, names, self._mailbox, self._readers, deliver, follower, probability)
        # at interpreter exit, or when the session is gone, no thread is left inside torch
        self._finalizer = weakref.finalize(self, self._mailbox.shut, AT_EXIT)

    @property
    def listed(self) -> Sequence[int]:
        """The classes that come along in every stack; may be assigned."""
        return self._answering.listed

    @listed.setter
    def listed(self, value: Sequence[int]) -> None:
        self._answering.listed = value

    def answer_now(self, request: Request) -> None:
        """Deliver the first answer on this thread, then the rest on the worker. Errors are raised, not delivered."""
        for answer in self._answering.steady(request):
            if isinstance(answer, Served):
                break
            self._deliver(answer)
            self._answering.remember(answer)
            if not isinstance(answer, Rescored):
                break
        for told in self._answering.news(request.view, self._answering.sent_stack):
            self._deliver(told)
            self._answering.remember(told)
        self.ask(request)

    def ask(self, request: Request) -> None:
        """Answer soon; a request that still waits is replaced by this one, and told so."""
        request = self._asked = self._filled(request)
        self.scene = request.scene
        replaced = self._mailbox.put(request, self._work)
        if replaced is not None and replaced.reply is not None:
            self._answering.send(Done(replaced.reply))

    def serve(self) -> None:
        """Return when what was asked for last is delivered, see ``Served``, or when nobody is at work on it."""
        while self._served is not self._asked and self._mailbox.busy:
            time.sleep(0.002)

    def in_sight(self, request: Request) -> None:
        """A page shows it: from now on idle time is used for what may be asked next."""
        if not self._answering.in_sight:
            self._answering.in_sight = True
            self.ask(request)

    def look(self, request: Request) -> View:
        """Look at the scene of a request at once, on this thread. Returns what is shown of it.

        Raises: as ``Atlas.look``.
        """
        with self._readers.reading():
            request, anew = self._answering.looked(self._filled(request))
            if anew:
                self._answering.send(Rescored(self.atlas.recording))
                if not self._mailbox.newer():
                    self.ask(request)
        return request.view

    def moved(self, view: View, known: int) -> tuple[View, int]:
        """As ``Following.moved``."""
        return self._answering.following.moved(view, known)

    def _filled(self, request: Request) -> Request:
        # so that no scene is lost with a request that is replaced
        return replace(request, scene=self.scene) if request.scene is None else request

    def at_once(self, step: Callable[[], bool]) -> None:
        """Take the steps of a work on this thread while there are any."""
        with self._readers.reading():
            while step():
                pass

    def recording(self, view: View) -> Recording:
        """The recording of the model as it is now. One that changed is recorded again and ``view`` answered anew."""
        if self._answering.refreshed():
            self._answering.send(Rescored(self.atlas.recording))
            if not self._mailbox.newer():  # a click that waits is answered from the new recording anyway
                self.ask(Request(view))
        return self.atlas.recording

    def map(self, view: View) -> Map:
        """The signed map of a view, of the model as it is now, at once and on this thread."""
        return self.read(view, lambda atlas: atlas.map(view.layer, view.variant, view.target))

    def contrast(self, view: View, contrast: Contrast) -> Map:
        """The two signed maps of a contrast ``(2, *grid)``, see ``pair``, as ``map`` gives one.

        Raises:
            ValueError: see ``Aim.contrast``.
        """
        return self.read(view, lambda atlas: pair(atlas, view.layer, view.variant, view.target, contrast))

    def channels(self, view: View, top: int) -> Channels:
        """As ``Recording.inside``, of a view and the model as it is now, at once and on this thread."""
        target = self.atlas.aim.target(view.target)
        return self.read(view, lambda atlas: atlas.recording.inside(target, view.layer, view.variant, top))

    def tested(self) -> list[Tested]:
        """What was found of the views whose maps were put to the test, of the model and scene as they are now."""
        with self._readers.reading(), self.atlas.lock:
            return list(self._answering.trials.finished())

    def read(self, view: View, work: Callable[[Atlas], T]) -> T:
        """What ``work`` makes of the maps of the model as it is now, at once and on this thread."""
        with self._readers.reading():
            for _ in range(TRIES):
                self.recording(view)
                try:
                    return work(self.atlas)
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
                self._answering.send(Done(request.reply))
            self._served = request
            if not self._mailbox.newer():
                self._freed.hand_over(self.atlas.generation)

    def _answer(self, request: Request) -> bool:
        """Send the answers of a request until a newer one waits; of these, the first carries the reply. Returns
        whether the request itself was answered.
        """
        answered = request.reply is None
        try:
            for answer in self._answering.steady(request):
                if isinstance(answer, Served):
                    self._served = request
                    continue
                # that the model changed is said only once, so it must not be dropped
                if self._mailbox.newer() and not isinstance(answer, Rescored):
                    break
                replies = getattr(answer, "reply", None) is not None
                if not (answered and isinstance(answer, Done)):
                    self._answering.send(
                        replace(answer, reply=None) if answered and isinstance(answer, Stack) else answer
                    )
                answered = answered or replies
        except Stopped:  # by a newer request; what was made is kept
            return answered
        except BaseException as error:
            log.exception("request %s", request)
            if request.scene is not None and self.scene == request.scene:
                self.scene = self.atlas.scene  # the last one that it could look at
            if lacks_memory(error):
                self.atlas.lighten()
            self._answering.send(failed(error, None if answered else request.reply))
            return True
        return answered
