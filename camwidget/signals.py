"""One signal in: the network's input ``(1, C, L)``, and the rows that show it over time.

What is drawn is bounded: a trace has at most COLUMNS columns, each with the least and the largest of its samples, so
that no peak is lost; a picture of many channels has at most ROWS by COLUMNS means.
"""

from __future__ import annotations

import numbers
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
import torch.nn.functional as F

from camwidget.atlas import Map
from camwidget.engine.fields import Place
from camwidget.preprocessing import plain_tensor
from camwidget.ready import Form, check_finite, check_whole, described, single
from camwidget.signal_still import draw
from camwidget.still import Look
from camwidget.text import line

ACCEPTED = "a float tensor or array (L,), (C, L) or (1, C, L), as the network takes it"
FORM = Form("signal", "samples", 1, ACCEPTED)

TRACES = 6
"""At most so many channels are drawn as traces, one below the other; more of them as one picture."""

COLUMNS = 2048
ROWS = 128

LABEL = 60
"""Letters of a row's name at most."""

OUTLIERS = 0.5
"""Percent of a picture's values at each end that do not set its scale."""


@dataclass(frozen=True)
class Band:
    """One row of the view, on the time axis of all.

    Attributes:
        label: what it shows.
        form: "trace" or "image".
        grid: of a trace ``(1, columns)``, or ``(2, columns)`` of least and largest values; of an image its rows, the
            first channel first, and columns.
        values: float32, as ``grid`` says; of an image 0..1 between ``low`` and ``high``.
        low, high: the values at the two ends of its scale.
        start, step: its first column begins at this sample of the network's input, and so wide is each, in samples.
    """

    label: str
    form: str
    values: Map
    low: float
    high: float
    start: float
    step: float

    @property
    def grid(self) -> tuple[int, int]:
        """Rows and columns of ``values``."""
        return self.values.shape[0], self.values.shape[1]

    def state(self) -> dict[str, Any]:
        """As it crosses the wire."""
        image = self.form == "image"
        data = np.rint(self.values * 255).astype("u1") if image else np.ascontiguousarray(self.values, dtype="<f4")
        return {
            "label": self.label,
            "form": self.form,
            "grid": list(self.grid),
            "low": self.low,
            "high": self.high,
            "start": self.start,
            "step": self.step,
            "data": data.tobytes(),
        }


@dataclass(frozen=True)
class Signal:
    """The network's input and the rows that show it.

    Attributes:
        input: float32 (1, C, L), on the device on which it was given.
        rate: samples of the input per second, None where that was not said.
        span: the end of the time axis, in samples of the input: what is shown beside it may be longer.
    """

    kind: ClassVar[str] = "signal"

    input: torch.Tensor
    words: str
    rate: float | None
    span: float
    bands: tuple[Band, ...]

    def meta(self) -> dict[str, Any]:
        """What the ``meta`` trait says of it."""
        return {"rate": self.rate, "span": self.span}

    def state(self) -> dict[str, Any]:
        """The traits that show it."""
        return {"bands": [band.state() for band in self.bands]}

    def still(self, cam: Map, lut: bytes, look: Look, place: Place | None = None) -> bytes:
        """It with a map ``(l,)`` along it, as JPEG."""
        length = int(self.input.shape[2])
        centre, step = (0.5 / len(cam), 1 / len(cam)) if place is None else place[0]
        axis = (length * centre, length * step)
        return draw(self.bands, self.span, self.rate, cam, axis, lut, look)


def read(signal: object, rate: float | None = None, display: object = None) -> Signal:
    """Read one signal.

    Args:
        signal: see ``ACCEPTED``.
        rate: samples of ``signal`` per second.
        display: a signal to draw above it on the same time axis, array or tensor ``(L',)`` or ``(C', L')``; it covers
            the same time, unless it is a pair of samples and their number per second. A dict gives it a name.

    Raises:
        TypeError, ValueError: with what was given and what is accepted.
    """
    rate = _rate("rate", rate)
    batch = _input(signal)
    length = int(batch.shape[2])
    bands = _bands(batch[0].cpu().numpy(), "signal", 0.0, 1.0)
    above: list[Band] = []
    span = float(length)
    if display is not None:
        above, end = _display(display, length, rate)
        span = max(span, end)
    return Signal(batch, "given as a signal", rate, span, (*above, *bands))


def _input(signal: object) -> torch.Tensor:
    tensor, given = _float("signal", signal)
    batch = single(tensor[None] if tensor.ndim == 1 else tensor, FORM, given)
    return batch.to(torch.float32, copy=True)  # what the user later does to it must not change what is explained


def _float(name: str, value: object) -> tuple[torch.Tensor, str]:
    """A finite float tensor, and what was given in words."""
    if not isinstance(value, (torch.Tensor, np.ndarray)):
        raise TypeError(f"a {type(value).__name__} is no {name}; give {ACCEPTED}")
    given = described(value, name)
    if isinstance(value, np.ndarray):
        if value.dtype.kind not in "iuf":
            raise TypeError(f"{given}; accepted is {ACCEPTED}")
        # a copy: arrays may be read-only, or run backwards
        value = torch.from_numpy(np.array(value, value.dtype.newbyteorder("=")))
    tensor = plain_tensor(value)
    if not tensor.is_floating_point():
        remedy = ", for 16 bits: signal / 32768" if tensor.dtype == torch.int16 else ", such as signal.float()"
        raise TypeError(f"{given}; accepted is {ACCEPTED}{remedy}")
    check_whole(tensor, FORM.parts, given)
    check_finite(torch.isfinite(tensor), given)
    return tensor, given


def _rate(name: str, rate: Any) -> float | None:
    if rate is None:
        return None
    if isinstance(rate, bool) or not isinstance(rate, numbers.Real):
        raise TypeError(f"{name} is {rate!r}; accepted: the number of samples per second")
    number = float(rate)
    if not 0 < number < float("inf"):
        raise ValueError(f"{name} is {rate}; accepted: the number of samples per second, above 0")
    return number


def _display(display: Any, length: int, rate: float | None) -> tuple[list[Band], float]:
    """The rows of what is drawn above, and where it ends, in samples of the input."""
    label = "display"
    if isinstance(display, Mapping):
        if len(display) != 1:
            raise ValueError(f"display names {len(display)} signals; accepted: one, such as {{'waveform': wave}}")
        ((label, display),) = display.items()
    own = None
    if isinstance(display, tuple):
        if len(display) != 2:
            raise ValueError(f"display is a tuple of {len(display)}; accepted: (samples, samples per second)")
        display, own = display[0], _rate("the rate of display", display[1])
        if rate is None:
            raise ValueError("display has a rate of its own, so that of the signal must be given too: rate=")
    tensor, given = _float("display", display)
    if tensor.ndim > 2:
        raise ValueError(f"{given}; accepted are the shapes (L,) and (C, L)")
    values = tensor.float().cpu().numpy()
    values = values[None] if values.ndim == 1 else values
    step = length / values.shape[1] if own is None or rate is None else rate / own
    return _bands(values, line(str(label), LABEL) or "display", 0.0, step), step * values.shape[1]


def _bands(values: Map, label: str, start: float, step: float) -> list[Band]:
    """Rows for channels ``(C, L)`` whose samples are ``step`` samples of the input apart."""
    channels = len(values)
    if channels > TRACES:
        name = f"{channels} channels" if label == "signal" else f"{label}, {channels} channels"
        return [_image(values, name, start, step)]
    prefix = "" if label == "signal" else f"{label}, "
    names = [label] if channels == 1 else [f"{prefix}channel {i}" for i in range(channels)]
    return [_trace(row, name, start, step) for row, name in zip(values, names, strict=True)]


def _trace(row: Map, label: str, start: float, step: float) -> Band:
    low, high, width = float(row.min()), float(row.max()), step
    values = row[None]
    if row.size > COLUMNS:
        edges = np.arange(COLUMNS) * row.size // COLUMNS
        values = np.stack([np.minimum.reduceat(row, edges), np.maximum.reduceat(row, edges)])
        width = step * row.size / COLUMNS
    return Band(label, "trace", values.astype(np.float32), low, high, start, width)


def _image(values: Map, label: str, start: float, step: float) -> Band:
    size = min(len(values), ROWS), min(values.shape[1], COLUMNS)
    small = F.adaptive_avg_pool2d(torch.from_numpy(np.ascontiguousarray(values))[None], size)[0].numpy()
    low, high = (float(end) for end in np.percentile(small, [OUTLIERS, 100 - OUTLIERS]))
    shown = np.clip((small - low) / (high - low), 0, 1) if high > low else np.full_like(small, 0.5)
    return Band(label, "image", shown.astype(np.float32), low, high, start, step * values.shape[1] / size[1])
