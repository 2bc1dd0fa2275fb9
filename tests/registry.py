"""Which variants a test is for, read from the registry so that new ones are covered."""

from __future__ import annotations

from camwidget.engine import VARIANTS


def _needs(variant: str) -> str:
    return getattr(VARIANTS[variant], "needs", "gradients")


ALL = list(VARIANTS)

GRADIENT = [v for v in ALL if _needs(v) in ("gradients", "second derivatives")]
"""Made from gradients of a class: no passes of the network, and not the same for all classes."""
