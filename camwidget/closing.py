"""The end of a widget: closed, left as a context, or dropped by whoever held it last."""

from __future__ import annotations

from abc import abstractmethod
from typing import TypeVar

import anywidget

from .session import AT_CLOSE

Ended = TypeVar("Ended", bound="Closing")


class Closing(anywidget.AnyWidget):
    """A widget that lets go of its model when it ends, in whatever way.

    What this and the other parts of a widget leave to the whole is an ``abstractmethod``: mypy compares the signatures,
    and a test sees to it that no widget lacks one. Python does not look: the metaclass of traits is no ``ABCMeta``.
    """

    @abstractmethod
    def _let_go(self, patience: float) -> None:
        """Stop the worker, for which so many seconds are waited, and drop model and maps. Is called more than once."""

    def close(self) -> None:
        """End the view and let go of model, graph and maps. Safe to call twice."""
        self._let_go(AT_CLOSE)
        if self.trait_has_value("layout"):
            self.layout.close()
        super().close()

    def __del__(self) -> None:
        # on any thread: whoever drops the last reference must not wait, nor run observers; the layout may have others
        self.unobserve_all()
        self._let_go(0)
        super().close()

    def __enter__(self: Ended) -> Ended:  # noqa: PYI019  (typing.Self begins with Python 3.11)
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()
