"""Everything that crosses the wire between kernel and browser: names, shapes, limits.

This file and ``js/src/protocol.js`` are mirrors; a test compares the names. Rules:

* What the first paint or a saved notebook needs is a *trait*; the rest is a *custom message*.
* A trait that carries several values is one dict, replaced whole, so that no half-updated state is ever drawn.
* Numbers travel as little-endian C-contiguous bytes, never as JSON lists.
* Every request of the browser is answered exactly once with its ``[nonce, seq]``: by ``stack`` or by ``status``.

Kernel -> browser traits
    picture    bytes    the picture that the network saw, PNG or JPEG, sent once an image; of a volume the sheet of its
                        slices, row by row; empty for a signal
    bands      [dict]   rows of a signal's view, the uppermost first: label, form BANDS, grid [rows, columns], low and
                        high (values at the ends of its scale), start and step (place of the columns, in samples of the
                        input), data: of a trace f32, one row of values or two, the least and the largest of each
                        column; of an image u8, 0..255 from low to high, the first channel first
    meta       dict     image (int id, new for every image), model, device, preprocessing (how the picture became the
                        input, in words), kind KINDS, input: the grid of the network's input.
                        picture: picture [h, w] in pixels. volume: picture [h, w] of a slice; tile [h, w] of its place
                        on the sheet; columns: slices in a row of it; axis ("slice" | "frame"). signal: rate (samples
                        per second | None), span (end of the time axis, in samples)
    classes    dict     names [str] * K, scores f32[K], probabilities f32[K], unit,
                        probability ("softmax" | "sigmoid" | "none" | "share": of the picture, of dense scores),
                        truth (int | None). unit is of the maps: ("logits" | "probability" | "log-probability")
    listed     [int]    classes of the list, in its order: the top k, then a class that was searched for
    layers     [dict]   name, grid, channels, stage (bool: has a thumbnail; the others are dots between), kind, sees and
                        place; in order of execution. sees: [[centre, step, size], ...] | None, one an axis, in
                        samples of the input (sample i spans [i, i + 1)): the centre of cell 0's receptive field, the
                        step to the next cell's, how far a cell sees (None: everywhere); None as a whole where it is not
                        known. place: the same where cells are to be placed by it, else None: then they are spread
                        evenly over the input, which is right within half a cell
    variants   [dict]   id, name, summary, cost, relu (bool: negative values are cut at the end), unit ("score": values
                        are in the score's unit per cell | "relative")
    stack      dict     image, layer, variant, targets [int] * T (None: every class, in order), grid, dtype,
                        scale, data [T, *grid], done (bool: all listed classes are in), ms (float: compute time), note
                        (str | None), reply. Values are *signed*: before the variant's final ReLU. value = stored *
                        scale. Where the maps of all classes cost little, they follow the listed ones of the same view.
    nearby     dict     image, maps [{target, layer, variant, grid, dtype, scale, data}]: what may be chosen next, sent
                        unasked: the selected class at other stages and by other variants
    strip      dict     image, target, variant, maps [{layer, grid, scale, data int8}]: thumbnails of the stages for the
                        selected class, pooled to at most THUMB cells a side ([h, w]; of a volume the largest magnitude
                        over its depth) or THUMB_STEPS steps ([l]); value = stored * scale
    luts       dict     colormap name -> uint8[256, 4] RGBA; holds every map on offer, the current one and RdBu_r
    status     dict     state ("ready" | "warning" | "error"), text, hint, about, reply. ``hint`` says the way out;
                        about: {target, layer, variant} of the map of which something is said, such as why it is blank,
                        else None. Where all is ready and about is None the text says what is explained, if that is not
                        the plain score

A grid is the number of cells along each axis: [h, w] of a picture, [l] of a signal, [d, h, w] of a volume.

Two-way traits (plain scalars: set them in Python, or ``link`` them)
    target int, layer str, variant str, opacity 0..1, colormap str, threshold 0..1 (share of the colour limit below
    which nothing is painted), sign SIGNS, shading SHADINGS, scale SCALES, interpolation INTERPOLATIONS

    against int | None (the class that all are seen against), score ("logit" | "softmax" | "log_softmax"): what of a
    class is explained. A change makes all maps anew, under a new image id

Custom message browser -> kernel
    {"type": "request", "request": {nonce (str, one a view), seq (int, rises), target, layer, variant, want (None |
    "variants"), whole (bool: the page holds every class of this layer and variant)}}
    target, layer and variant come back in the scalar traits once accepted. This is no trait: hosts send one change of
    a model at a time and merge those that wait, so that one view's request would replace another's.

Custom message kernel -> browser, after a request with want="variants"
    {"type": "maps", image, maps: [{target, layer, variant, grid, dtype, scale}]}, buffers: one a map, in order
"""

from __future__ import annotations

KINDS = ("picture", "signal", "volume")
BANDS = ("trace", "image")
SIGNS = ("positive", "signed", "absolute")
SHADINGS = ("smooth", "cells", "contours")
SCALES = ("map", "listed")
INTERPOLATIONS = ("bicubic", "bilinear")
STATES = ("ready", "warning", "error")
WANTS = (None, "variants")

COLORMAPS = ("viridis", "cividis", "inferno", "magma", "turbo")
SIGNED_COLORMAP = "RdBu_r"

OPACITY = 0.62
"""Default opacity of the hottest cell; see the look: the hottest spot must not be painted over."""

THUMB = 28
"""Longest side of a thumbnail's map, in cells."""

THUMB_STEPS = 96
"""Length of a signal's thumbnail, in steps."""

HALF_ABOVE = 16_384
"""Stacks of more bytes than this in float32 travel as float16 scaled to [-1, 1], unless their maps differ too much in
size for one scale."""

TRAITS_TO_BROWSER = (
    "picture", "bands", "meta", "classes", "listed", "layers", "variants", "stack", "strip", "nearby", "luts", "status",
)  # fmt: skip
TRAITS_TWO_WAY = (
    "target", "layer", "variant", "opacity", "colormap", "threshold", "sign", "shading", "scale", "interpolation",
)  # fmt: skip

TRAITS_OF_AIM = ("against", "score")

STACK_KEYS = (
    "image", "layer", "variant", "targets", "grid", "dtype", "scale", "data", "done", "ms", "note", "reply",
)  # fmt: skip
LAYER_KEYS = ("name", "grid", "channels", "stage", "kind", "sees", "place")
STRIP_KEYS = ("image", "target", "variant", "maps")
STATUS_KEYS = ("state", "text", "hint", "about", "reply")
BAND_KEYS = ("label", "form", "grid", "low", "high", "start", "step", "data")
NEARBY_KEYS = ("image", "maps")
REQUEST_KEYS = ("nonce", "seq", "target", "layer", "variant", "want", "whole")
