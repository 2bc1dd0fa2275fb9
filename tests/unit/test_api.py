"""docs/api.md is what the docstrings say, and they say something of everything public."""

from __future__ import annotations

import inspect
import re
import sys
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def load():
    spec = spec_from_file_location("scripts_api", ROOT / "scripts" / "api.py")
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


api = load()


def everything():
    """Each public function, class and member, by its full name."""
    for module, names in api.public().items():
        for name in names:
            found = getattr(import_module(module), name)
            if callable(found):
                yield f"{module}.{name}", found
            if inspect.isclass(found):
                for short, member in api.members(found).items():
                    yield f"{module}.{name}.{short}", member


EVERYTHING = dict(everything())


def test_reference_is_fresh():
    assert api.PAGE.read_text(encoding="utf-8") == api.page(), "docs/api.md is stale: run `make docs`"


def test_the_walk_finds_what_users_call():
    expected = {"CamWidget", "CamWidget.save", "CamWidget.region_scores", "CamWidget.cam", "CamEngine.record"}
    assert {f"camwidget.{name}" for name in expected} <= EVERYTHING.keys()


def unsaid(found) -> list[str]:
    """What a docstring leaves out: an argument, or a field of what is only read."""
    doc = (inspect.getdoc(found) if inspect.isclass(found) else found.__doc__) or ""
    if not doc:
        return ["everything"]
    if isinstance(found, property) or re.search(r"Args\b.*: as ``", doc):
        return []
    if inspect.isclass(found) and not api.is_made_by_users(found):
        due = [name for name in getattr(found, "__dataclass_fields__", ()) if not name.startswith("_")]
    else:
        due = [name for name in inspect.signature(getattr(found, "__func__", found)).parameters if name != "self"]
    return [name for name in due if not re.search(rf"\b{name}\b", doc)]


def test_docstrings_name_every_argument():
    left_out = {name: missing for name, found in EVERYTHING.items() if (missing := unsaid(found))}
    assert left_out == {}


def test_a_gap_would_be_seen():
    def f(x, y):
        """Of x."""

    assert unsaid(f) == ["y"]
    f.__doc__ = None
    assert unsaid(f) == ["everything"]


class TestMarkdown:
    def made(self, doc: str) -> str:
        return api.markdown(type("Documented", (), {"__doc__": doc}))

    def test_sections_become_lists(self):
        made = self.made(
            "Do it.\n\n    Args:\n        x: a ``Tensor``, of\n            any size.\n        y, z: more.\n    "
        )
        assert made == "Do it.\n\n**Args**\n\n* `x`: a `Tensor`, of\n  any size.\n* `y`, `z`: more."

    def test_examples_become_code(self):
        made = self.made("Do it.\n\n    Example:\n        >>> f(1)\n        >>> f(2)\n\n    More.\n    ")
        assert made == "Do it.\n\n**Example**\n\n```python\nf(1)\nf(2)\n```\n\nMore."

    def test_a_section_of_one_line_stays_one(self):
        assert self.made("Do it.\n\n    Raises: as ``cam``.\n    ") == "Do it.\n\n**Raises** as `cam`."
