"""``import camwidget`` loads nothing heavy, and imports run one way: widget -> session -> engine."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import camwidget

PACKAGE = Path(camwidget.__file__).parent
HEAVY = ("torch", "torchvision", "ipywidgets", "anywidget", "traitlets", "numpy", "matplotlib", "PIL")


def run(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.strip()


def test_import_is_light_and_names_come_when_used() -> None:
    loaded = f"[name for name in {HEAVY!r} if name in sys.modules]"
    made = run(
        f"import sys, camwidget; print({loaded}, 'VARIANTS' in dir(camwidget)); "
        "camwidget.CamEngine; print('torch' in sys.modules, 'ipywidgets' in sys.modules)"
    )
    assert made.splitlines() == ["[] True", "True False"]


def test_every_public_name_is_there() -> None:
    for name in camwidget.__all__:
        assert getattr(camwidget, name) is not None
    with pytest.raises(AttributeError, match="has no attribute 'CamWiget'; it has: VARIANTS, CamEngine"):
        _ = camwidget.CamWiget


def test_what_is_not_installed_is_named() -> None:
    said = run(
        "import sys; sys.modules['torch'] = None; import camwidget\n"
        "try: camwidget.CamEngine\n"
        "except ImportError as error: print(error)"
    )
    assert said == "camwidget.CamEngine needs torch, which is not installed here: pip install torch"


def imports(path: Path) -> set[str]:
    """Absolute names of the modules that a file of the package imports, also inside functions."""
    module = path.relative_to(PACKAGE.parent).with_suffix("")
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(module.parts[: -node.level]) if node.level else ""
            start = ".".join(part for part in (base, node.module) if part)
            found |= {start} | {f"{start}.{alias.name}" for alias in node.names}
    return found


def within(package: str, names: set[str]) -> set[str]:
    return {name for name in names if name == package or name.startswith(package + ".")}


@pytest.mark.parametrize("path", sorted((PACKAGE / "engine").glob("*.py")), ids=lambda p: p.name)
def test_the_engine_imports_nothing_of_the_rest(path: Path) -> None:
    names = imports(path)
    assert within("camwidget", names) == within("camwidget.engine", names)
    for foreign in ("traitlets", "ipywidgets", "anywidget", "PIL", "matplotlib", "IPython"):
        assert not within(foreign, names)


@pytest.mark.parametrize("name", ["session", "atlas", "wire", "scores", "checks", "protocol"])
def test_what_is_below_the_widget_knows_no_widget(name: str) -> None:
    names = imports(PACKAGE / f"{name}.py")
    for foreign in ("camwidget.widget", "traitlets", "ipywidgets", "anywidget", "IPython"):
        assert not within(foreign, names)
    if name != "wire":  # the wire packs what the session answers
        assert not within("camwidget.session", names) or name == "session"


@pytest.mark.parametrize(
    "path",
    [*sorted((PACKAGE / "dataset").glob("*.py")), *sorted((PACKAGE / "metrics").glob("*.py")), PACKAGE / "ray.py"],
    ids=lambda p: f"{p.parent.name}/{p.name}",
)
def test_what_is_for_many_images_knows_no_widget(path: Path) -> None:
    names = imports(path)
    for foreign in ("camwidget.widget", "camwidget.session", "traitlets", "ipywidgets", "anywidget", "IPython"):
        assert not within(foreign, names)


def test_many_images_need_no_notebook_and_no_extra() -> None:
    absent = "[n for n in ('ipywidgets', 'traitlets', 'anywidget', 'pandas', 'zarr', 'ray') if n in sys.modules]"
    names = "import sys, camwidget.metrics, camwidget.ray; from camwidget import explain"
    assert run(f"{names}; print(explain.__name__, {absent})") == "explain []"


def test_the_reader_of_imports_sees_them() -> None:
    names = imports(PACKAGE / "widget.py")
    assert {"camwidget.wire", "camwidget.session", "camwidget.engine", "traitlets"} <= names
