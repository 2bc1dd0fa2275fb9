"""``js/src/protocol.js`` says what ``camwidget/protocol.py`` says."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from camwidget import protocol

SCRIPT = Path(__file__).resolve().parents[2] / "js" / "src" / "protocol.js"


def exported() -> dict[str, object]:
    """The constants of the script: plain literals, which are JSON but for casts, trailing commas and 16_384."""
    text = re.sub(r"/\*\*.*?\*/", "", SCRIPT.read_text(encoding="utf-8"), flags=re.DOTALL)
    found = {}
    for name, literal in re.findall(r"export const (\w+) =\s*(.*?);", text, flags=re.DOTALL):
        plain = literal.strip().removeprefix("(").removesuffix(")")
        plain = re.sub(r",\s*\]", "]", plain)
        found[name] = json.loads(re.sub(r"(?<=\d)_(?=\d)", "", plain))
    return found


def constants() -> dict[str, object]:
    return {name: getattr(protocol, name) for name in dir(protocol) if name.isupper()}


def test_the_same_names():
    assert set(exported()) == set(constants())


@pytest.mark.parametrize("name", sorted(constants()))
def test_the_same_values(name):
    value = constants()[name]
    assert exported()[name] == (list(value) if isinstance(value, tuple) else value)
