"""Pages taken apart: what was put on them."""

from __future__ import annotations

import json
import re
import zlib
from base64 import b64decode
from typing import Any

import numpy as np

DTYPES = {"float32": "<f4", "float16": "<f2", "int8": "i1"}


def unpack(block: bytes) -> dict[str, Any]:
    """The traits in a block, with the binary parts put back."""
    data = zlib.decompress(block, -zlib.MAX_WBITS)
    length = int.from_bytes(data[:4], "little")
    rest = data[4 + length :]

    def put(pairs: dict[str, Any]) -> Any:
        if "$bytes" not in pairs:
            return pairs
        offset, size = pairs["$bytes"]
        return rest[offset : offset + size]

    return json.loads(data[4 : 4 + length], object_hook=put)


def blocks_of(html: str) -> list[bytes]:
    """The packed widgets of a page or fragment."""
    found = re.search(r'<script type="application/json">(.*?)</script>', html, re.DOTALL)
    assert found is not None
    return [b64decode(text) for text in json.loads(found[1])["widgets"]]


def values(item: dict[str, Any]) -> np.ndarray:
    """The map of one entry of ``nearby`` or of a stack of one."""
    stored = np.frombuffer(item["data"], DTYPES[item["dtype"]]).astype(np.float64)
    return stored.reshape(item["grid"]) * item["scale"]


def maps_of(page: dict[str, Any]) -> dict[tuple[int, str, str], dict[str, Any]]:
    """Every map of a page by class, layer and variant."""
    stack = page["stack"]
    found = {(item["target"], item["layer"], item["variant"]): item for item in page["nearby"]["maps"]}
    return {**found, (stack["targets"][0], stack["layer"], stack["variant"]): stack}
