"""Everything that crosses the wire between kernel and browser: names, shapes, limits.

This file and ``js/src/protocol.js`` are mirrors; a test compares the names. Rules:

* What the first paint or a saved notebook needs is a *trait*; the rest is a *custom message*.
* A trait that carries several values is one dict, replaced whole, so that no half-updated state is ever drawn.
* Numbers travel as little-endian C-contiguous bytes, never as JSON lists.
* Every request of the browser is answered exactly once with its ``[nonce, seq]``: by ``stack`` or by ``status``.

Kernel -> browser traits
    picture    bytes    the picture that the network saw, PNG or JPEG, sent once an image; of a volume the sheet of its
                        slices, row by row; empty for a signal
    edited     dict     what is painted over the picture: edits [dict] (EDIT_KEYS), covered (share of its pixels), data
                        (PNG of the input's size: the covered pixels as the network saw them, all others transparent);
                        empty where nothing is painted
    bands      [dict]   rows of a signal's view, the uppermost first: label, form BANDS, grid [rows, columns], low and
                        high (values at the ends of its scale), start and step (place of the columns, in samples of the
                        input), data: of a trace f32, one row of values or two, the least and the largest of each
                        column; of an image u8, 0..255 from low to high, the first channel first
    meta       dict     image (int id, new for every image), index (of a film its picture), model, device, preprocessing
                        (how the picture became the input, in words), kind KINDS, input: the grid of the network's
                        input, call [str]: keywords of the constructor that no trait carries, as they are written in
                        code; of linked widgets group (str): those of one group on a page share the pointer.
                        picture: picture [h, w] in pixels. volume: picture [h, w] of a slice; tile [h, w] of its place
                        on the sheet; columns: slices in a row of it; axis ("slice" | "frame"). signal: rate (samples
                        per second | None), span (end of the time axis, in samples)
    classes    dict     names [str] * K, scores f32[K] (dense ones: means over the pixels that are explained),
                        probabilities f32[K], before (f32[K] | None: the probabilities before anything was painted over
                        the picture), unit,
                        probability ("softmax" | "sigmoid" | "none" | "share": of the picture, of dense scores),
                        truth (int | None). unit is of the maps: ("logits" | "probability" | "log-probability")
    listed     [int]    classes of the list, in its order: the top k, then a class that was searched for
    layers     [dict]   name, grid, channels, stage (bool: has a thumbnail; the others are dots between), kind, sees and
                        place; in order of execution. sees: [[centre, step, size], ...] | None, one an axis, in
                        samples of the input (sample i spans [i, i + 1)): the centre of cell 0's receptive field, the
                        step to the next cell's, how far a cell sees (None: everywhere); None as a whole where it is not
                        known. place: the same where cells are to be placed by it, else None: then they are spread
                        evenly over the input, which is right within half a cell
    variants   [dict]   id, name, summary, cost, slow (bool: made only when it is chosen; no thumbnails), relu (bool:
                        negative values are cut at the end), weights ("channel" | "cell" | "none": what of a layer has a
                        weight of its own; none: the map is no weighted sum), unit ("score": values are in the score's
                        unit per cell | "relative"), linear (bool: the map of a - gamma b is that of a less gamma times
                        that of b)
    stack      dict     image, layer, variant, targets [int] * T (None: every class, in order), grid, dtype,
                        scale, data [T, *grid], done (bool: all listed classes are in), ms (float: compute time), note
                        (str | None), reply. Values are *signed*: before the variant's final ReLU. value = stored *
                        scale. Where the maps of all classes cost little, they follow the listed ones of the same view.
    nearby     dict     image, maps [{target, layer, variant, grid, dtype, scale, data}]: what may be chosen next, sent
                        unasked: the selected class at other stages and by other variants
    strip      dict     image, target, variant, maps [{layer, grid, scale, data int8}]: thumbnails of the stages for the
                        selected class, pooled to at most THUMB cells a side ([h, w]; of a volume the largest magnitude
                        over its depth) or THUMB_STEPS steps ([l]); value = stored * scale
    channels   dict     image, views [{target, layer, variant, grid, count, per_cell, rectifiers, value, total,
                        strongest, weights, plain, sums, dtype, scale, data, activations, weight_maps}]: what the
                        strongest channels of a layer add to a map, sent after a request with want="inside"; a page
                        without a kernel has several views. count: all channels of the layer; per_cell: each cell has
                        its own weight; rectifiers above the layer; value: of what is explained; total: of all channels,
                        summed over the grid. Of T channels: strongest [int] * T, their numbers; weights, plain, sums
                        f32[T]: alpha (where each cell has its own weight, the mean), the same by the standard rule of
                        rectifiers (None: that is the rule), contribution summed over the grid; data: contributions
                        [T, *grid], which with those of all others add up to the map; activations, weight_maps (None:
                        one number a channel): T thumbnails {grid, scale, data int8}. T is CHANNELS, or as many as fit
                        into CHANNEL_BYTES, but at least FEWEST_CHANNELS (or all that there are)
    trust      dict     image, views [{target, layer, variant, fractions, curves, modules, similarity, maps, variants,
                        areas, faults, done}]: whether a map can be trusted, sent as it is found out after a request
                        with tests; a page without a kernel may have several views. fractions f32[S]: of the pixels that
                        are replaced, or put back; curves f32[2, 3, n]: the probability at the first n of these, by
                        deletion and by insertion, in the order of the map, of random cells, of single pixels. modules
                        [str] * L: the last one that is drawn at random at each step; similarity f32[l]: rank
                        correlation with the map of the trained network after the first l steps; guided f32[l]: the
                        same of guided backpropagation, for comparison (NaN: there is none); maps: that one and one for
                        each of these, l + 1 thumbnails {grid, scale, data int8} of at most TRUST_THUMB cells a side.
                        variants [str]: the others; areas f32[v, 2]: below the curves of the first v of them.
                        faults {curves, layers: str}: why there is nothing (more) of these; done: nothing is missing. A
                        newer request ends it; asked again, it goes on
    exact      [[str]]  (layer, variant) pairs known so far whose maps add up: the sum over all cells of a class's map
                        is its score less a constant, the bias. Of any other, sums over cells are first-order
                        estimates. Holds while what is explained is a score in logits
    visited    dict     where one has been: at (the place of the state on screen), states, the oldest first, at most
                        HISTORY_LENGTH, of each its values in the order of HISTORY_KEYS. A committed change cuts off
                        what lies ahead of ``at`` and is added; going back or forward moves ``at``. The browser keeps
                        its own by the same rule and takes this one where it ends at what is shown
    luts       dict     colormap name -> uint8[256, 4] RGBA; holds every map on offer, the current one, RdBu_r and Blues
    status     dict     state ("ready" | "busy" | "warning" | "error"), text, hint, about, reply. ``hint`` says the way
                        out. about: {target, layer, variant} of the map of which something is said, such as why it is
                        blank, else None. Where all is ready the text says what is explained, if that is not the plain
                        score, and the hint what is good to know of the map. "busy": a slow map is made, and text says
                        which and how far it is; it answers the request at once, and the stack follows without a reply

    reel       dict     of a film strip, else empty; a value each picture: truth (class | None), called (the class that
                        the network gives it | None: not known yet), probability (of that | None), faults (bool: it
                        could not be read or run)
    frames     [bytes]  of a film strip, its pictures as small JPEGs; empty bytes: not made yet
    heats      dict     layer, variant, maps [{grid, scale, data int8} | None]: of each picture of a film the map of the
                        class that it is called, packed as a thumbnail of ``strip``; None: not made yet

A grid is the number of cells along each axis: [h, w] of a picture, [l] of a signal, [d, h, w] of a volume.

Two-way traits (plain scalars: set them in Python, or ``link`` them)
    target int, layer str, variant str, opacity 0..1, colormap str, threshold 0..1 (share of the colour limit below
    which nothing is painted), sign SIGNS, shading SHADINGS, scale SCALES, interpolation INTERPOLATIONS,
    region None | [x0, y0, x1, y1] | [[x, y], ...] (of a picture: a box, or an outline of 3 to REGION_POINTS points, in
    pixels of the network's input)

    limit float > 0 | None (the colour limit, whatever is drawn; None: by ``scale``), levels [float] (shares of the
    limit at which contours are drawn, at most MOST_LEVELS of them, rising)

    contrast CONTRASTS: two classes are drawn, A the target and B the rival: A - gamma B left of a divider and
    B - gamma A right of it, or as one signed map. rival int | None (None, or the target itself: the true
    class, or the first other listed), gamma 0..MOST_GAMMA (at 0 both maps are drawn as they are)

    against int | None (the class that all are seen against), score ("logit" | "softmax" | "log_softmax"): what of a
    class is explained. A change makes all maps anew, under a new image id

    index int: of a film strip the picture on screen. A change renews meta, picture, classes, listed and, where it
    follows, target, under a new image id

Custom message browser -> kernel
    {"type": "request", "request": {nonce (str, one a view), seq (int, rises), target, layer, variant, keep (bool:
    nobody has chosen these; they are the kernel's own, or were), want (None |
    "variants" | "inside"), rows (None | ROWS: of the matrix that is shown and lacks some), whole (bool: the page holds
    every class of this layer and variant), visit (None | {at, and the rest of a state that was gone back or forward
    to}; at None: where it was left again before this was sent, or a stroke is done), edits (None: as they are | [dict]
    of EDIT_KEYS: what is painted over the picture from now on; all of it, so that the newest request is enough),
    contrast (None | {rival, gamma}: a contrast of the target that the page cannot draw from what it has), tests (bool:
    the map is put to the test, see ``trust``), index (int, the picture; None: the one that was chosen before)}}
    An edit: tool BRUSHES, mode MODES, fill FILLS, points [[x, y], ...] in pixels of the input (of a box
    [x0, y0, x1, y1]), radius in such pixels (of a stroke).
    target, layer and variant come back in the scalar traits once accepted. This is no trait: hosts send one change of
    a model at a time and merge those that wait, so that one view's request would replace another's.

    {"type": "probe"}: is not answered. Hosts refuse to send it to a kernel that was restarted; so a page that waits for
    a slow map learns of that.

Custom message kernel -> browser, after a request with want="variants"
    {"type": "maps", image, maps: [{target, layer, variant, grid, dtype, scale}]}, buffers: one a map, in order

Custom messages kernel -> browser after a request with rows: one a row, the selected one first; a newer request ends it
    {"type": "thumbs", image, maps: [{target, layer, variant, grid, scale}]}, buffers: one a map, in order: int8, pooled
    to at most CELL_THUMB cells a side or THUMB_STEPS steps, as those of the strip. Rows are the listed classes by this
    variant, or this class by each variant that is not slow; a map for each stage, less those that cannot be made

Custom message kernel -> browser, after a request with a contrast
    of a linear variant, "maps" as above with those of both classes, else
    {"type": "contrast", image, layer, variant, target, rival, gamma, grid, dtype, scale}, one buffer [2, *grid]: the
    signed maps of target - gamma rival and of rival - gamma target
"""

from __future__ import annotations

KINDS = ("picture", "signal", "volume")
BANDS = ("trace", "image")
SIGNS = ("positive", "negative", "signed", "absolute")
SHADINGS = ("smooth", "cells", "contours")
SCALES = ("map", "listed")
CONTRASTS = ("off", "swipe", "difference")
INTERPOLATIONS = ("bicubic", "bilinear")
STATES = ("ready", "busy", "warning", "error")
WANTS = (None, "variants", "inside")
ROWS = ("classes", "variants")

BRUSHES = ("stroke", "box")
MODES = ("cover", "uncover", "keep")
FILLS = ("mean", "blur", "noise")

MOST_EDITS = 256
"""So many strokes and boxes may be painted over a picture …"""
MOST_POINTS = 4096
"""… of so many points in all: the pixels that they cover are found within a tenth of a second."""

COLORMAPS = ("viridis", "cividis", "inferno", "magma", "turbo")
SIGNED_COLORMAP = "RdBu_r"

HISTORY_KEYS = ("target", "layer", "variant", "region", "edits")
"""What makes a state that one can go back to."""

HISTORY_LENGTH = 100

REGION_POINTS = 2000
"""Points of an outline at most."""

REGION_LINES = 512
"""Lines that an outline is cut by, at least, to tell how much of each cell lies in it."""

NEGATIVE_COLORMAP = "Blues"
"""Of what speaks against a class alone: the hue that it has among signed values."""

OPACITY = 0.62
"""Default opacity of the hottest cell; see the look: the hottest spot must not be painted over."""

MOST_GAMMA = 2

LEVELS = (0.25, 0.5, 0.75)
"""Shares of the colour limit at which contours are drawn unless others are chosen."""

MOST_LEVELS = 9

THUMB = 28
"""Longest side of a thumbnail's map, in cells."""

CELL_THUMB = 24
"""The same of a map in the matrix, where there are many: at most 576 bytes each."""

TRUST_THUMB = 48
"""The same of the maps of networks with layers drawn at random."""

THUMB_STEPS = 96
"""Length of a signal's thumbnail, in steps."""

CHANNELS = 12
"""So many channels of a layer are shown."""

FEWEST_CHANNELS = 4

CHANNEL_BYTES = 393_216
"""Contributions of channels are sent on all cells, for the map without a channel to be exact; up to this size."""

HALF_ABOVE = 16_384
"""Stacks of more bytes than this in float32 travel as float16 scaled to [-1, 1], unless their maps differ too much in
size for one scale."""

TRAITS_TO_BROWSER = (
    "picture", "edited", "bands", "meta", "classes", "listed", "layers", "variants", "stack", "strip", "nearby",
    "exact", "channels", "trust", "visited", "luts", "status", "reel", "frames", "heats",
)  # fmt: skip
TRAITS_TWO_WAY = (
    "target", "layer", "variant", "opacity", "colormap", "threshold", "sign", "shading", "scale", "interpolation",
    "region", "limit", "levels", "contrast", "rival", "gamma",
)  # fmt: skip

TRAITS_OF_AIM = ("against", "score")
TRAITS_OF_SCENE = ("index",)

STACK_KEYS = (
    "image", "layer", "variant", "targets", "grid", "dtype", "scale", "data", "done", "ms", "note", "reply",
)  # fmt: skip
LAYER_KEYS = ("name", "grid", "channels", "stage", "kind", "sees", "place")
STRIP_KEYS = ("image", "target", "variant", "maps")
STATUS_KEYS = ("state", "text", "hint", "about", "reply")
BAND_KEYS = ("label", "form", "grid", "low", "high", "start", "step", "data")
NEARBY_KEYS = ("image", "maps")
EDIT_KEYS = ("tool", "mode", "fill", "points", "radius")
EDITED_KEYS = ("edits", "covered", "data")
CHANNELS_KEYS = (
    "target", "layer", "variant", "grid", "count", "per_cell", "rectifiers", "value", "total", "strongest", "weights",
    "plain", "sums", "dtype", "scale", "data", "activations", "weight_maps",
)  # fmt: skip
TRUST_KEYS = (
    "target", "layer", "variant", "fractions", "curves", "modules", "similarity", "guided", "maps", "variants", "areas",
    "faults", "done",
)  # fmt: skip
REEL_KEYS = ("truth", "called", "probability", "faults")
HEATS_KEYS = ("layer", "variant", "maps")
REQUEST_KEYS = (
    "nonce", "seq", "target", "layer", "variant", "keep", "want", "rows", "tests", "whole", "visit", "edits",
    "contrast", "index",
)  # fmt: skip
VISIT_KEYS = ("at", "region")
CONTRAST_KEYS = ("rival", "gamma")
