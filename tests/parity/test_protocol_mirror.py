"""``js/src/protocol.js`` says what ``camwidget/protocol.py`` says; and the gallery's, what the gallery's says."""

from __future__ import annotations

import json
import re
from pathlib import Path
from types import ModuleType

import pytest

from camwidget import protocol
from camwidget.gallery import protocol as of_gallery

SCRIPT = Path(__file__).resolve().parents[2] / "js" / "src" / "protocol.js"
OF_GALLERY = SCRIPT.parent / "gallery" / "protocol.js"

ONLY_PYTHON = {"CELLS", "CHOICES", "LONGEST_NAME", "MOST_VIEWS", "NAMES_AT_ONCE", "SIDE", "SIGNS"}
"""Of the gallery: what the browser need not know, or knows from elsewhere."""


def exported(script: Path = SCRIPT) -> dict[str, object]:
    """Constants of a script: plain literals, which are JSON but for casts, trailing commas and 16_384. No others."""
    text = re.sub(r"/\*\*.*?\*/", "", script.read_text(encoding="utf-8"), flags=re.DOTALL)
    found = {}
    for name, literal in re.findall(r"export const (\w+) =\s*(.*?);", text, flags=re.DOTALL):
        plain = literal.strip().removeprefix("(").removesuffix(")")
        plain = re.sub(r",\s*\]", "]", plain)
        if plain.startswith("Object.freeze") or "=>" in plain:
            continue
        found[name] = json.loads(re.sub(r"(?<=\d)_(?=\d)", "", plain))
    return found


def constants(module: ModuleType = protocol) -> dict[str, object]:
    return {name: getattr(module, name) for name in dir(module) if name.isupper()}


def test_the_same_names():
    assert set(exported()) == set(constants())


@pytest.mark.parametrize("name", sorted(constants()))
def test_the_same_values(name):
    value = constants()[name]
    assert exported()[name] == (list(value) if isinstance(value, tuple) else value)


def test_the_gallery_says_the_same():
    here, there = constants(of_gallery), exported(OF_GALLERY)
    assert set(there) - set(here) == {"ITEM_BYTES"}
    assert set(here) - set(there) == ONLY_PYTHON
    plain = {name: list(value) if isinstance(value, tuple) else value for name, value in here.items()}
    assert {name: there[name] for name in set(there) & set(here)} == {
        name: plain[name] for name in set(there) & set(here)
    }
