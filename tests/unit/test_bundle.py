"""The bundles that the tests and the notebooks load are those that js/src makes; and the hook that makes them."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import zlib
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def hook() -> ModuleType:
    spec = spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A checkout with nothing but a front end of two files."""
    (tmp_path / "js" / "src" / "lib").mkdir(parents=True)
    (tmp_path / "js" / "build.mjs").write_text("build")
    (tmp_path / "js" / "src" / "index.js").write_text("export default {};")
    (tmp_path / "js" / "src" / "lib" / "style.css").write_text("p {}")
    (tmp_path / "camwidget" / "static").mkdir(parents=True)
    return tmp_path


def put_bundle(hook: ModuleType, tree: Path) -> Path:
    bundles = [tree / "camwidget" / "static" / name for name in hook.BUNDLES]
    for bundle in bundles:
        bundle.write_text(f"{hook.STAMP}{hook.source_hash(tree / 'js')}\nexport default {{}};\n")
    return bundles[0]


def make(hook: ModuleType, tree: Path):
    return hook.BundleHook(str(tree), {}, None, None, str(tree / "dist"), "wheel")


BUNDLES = [ROOT / "camwidget" / "static" / name for name in ("widget.js", "gallery.js")]


@pytest.mark.parametrize("bundle", BUNDLES, ids=lambda bundle: bundle.name)
def test_bundle_is_not_stale(hook, bundle):
    assert hook.bundle_hash(bundle) == hook.source_hash(), f"{bundle.name} is stale or missing: run `make bundle`"


# nine instruments in one file; a gallery, which shows the other one in it
@pytest.mark.parametrize(("bundle", "most"), [(BUNDLES[0], 100_000), (BUNDLES[1], 40_000)], ids=["widget", "gallery"])
def test_bundle_is_small(bundle, most):
    size = bundle.stat().st_size
    assert size < most, f"{size} bytes travel with every saved widget"


def unpacked(outer: str) -> str:
    """What the bundle unpacks: two letters hold 13 bits, the lowest first."""
    letters, packed = (re.search(rf'const {name} = "(.*)"', outer)[1] for name in ("letters", "packed"))
    value = {letter: i for i, letter in enumerate(letters)}
    bits = count = 0
    made = bytearray()
    for first, second in zip(packed[::2], packed[1::2], strict=True):
        bits |= (value[first] * len(letters) + value[second]) << count
        count += 13
        while count >= 8:
            made.append(bits & 255)
            bits, count = bits >> 8, count - 8
    return zlib.decompress(made, -zlib.MAX_WBITS).decode()


@pytest.mark.parametrize("bundle", BUNDLES, ids=lambda bundle: bundle.name)
def test_bundle_needs_nothing_from_elsewhere(bundle):
    outer = bundle.read_text(encoding="utf-8")
    inner = unpacked(outer)
    assert "export{" in inner  # it is the front end
    # but the full widget, which a gallery shows where the host does not do so itself: of that model's own text
    assert inner.count("import(") == (bundle.name == "gallery.js") and 'from"' not in inner
    assert "import(url)" in outer and outer.count("import(") == 1  # of what was unpacked
    assert "https://" not in outer + inner


@pytest.mark.parametrize("change", ["index.js", "lib/style.css", "../build.mjs"])
def test_hash_sees_every_source(hook, tree, change):
    before = hook.source_hash(tree / "js")
    path = tree / "js" / "src" / change
    path.write_text(path.read_text() + " ")
    assert hook.source_hash(tree / "js") != before


def test_hash_sees_names_and_ignores_other_files(hook, tree):
    before = hook.source_hash(tree / "js")
    (tree / "js" / "src" / "note.md").write_text("not bundled")
    assert hook.source_hash(tree / "js") == before
    (tree / "js" / "src" / "index.js").rename(tree / "js" / "src" / "other.js")
    assert hook.source_hash(tree / "js") != before


def test_no_bundle_or_one_without_a_hash_has_none(hook, tree):
    assert hook.bundle_hash(tree / "camwidget" / "static" / "widget.js") is None
    bundle = put_bundle(hook, tree)
    assert hook.bundle_hash(bundle) == hook.source_hash(tree / "js")
    bundle.write_text("export default {};")
    assert hook.bundle_hash(bundle) is None


class TestHook:
    def test_fresh_bundle_is_left_alone(self, hook, tree, monkeypatch):
        monkeypatch.setattr(hook, "build", lambda _root: pytest.fail("built"))
        monkeypatch.setattr(hook, "has_node", lambda: False)
        put_bundle(hook, tree)
        assert make(hook, tree).dependencies() == []
        make(hook, tree).initialize("standard", {})

    def test_stale_bundle_is_built(self, hook, tree, monkeypatch):
        built = []
        monkeypatch.setattr(hook, "build", built.append)
        put_bundle(hook, tree)
        (tree / "js" / "src" / "index.js").write_text("export default { render() {} };")
        make(hook, tree).initialize("standard", {})
        assert built == [tree]

    def test_one_of_two_bundles_is_not_enough(self, hook, tree, monkeypatch):
        built = []
        monkeypatch.setattr(hook, "build", built.append)
        put_bundle(hook, tree)
        (tree / "camwidget" / "static" / hook.BUNDLES[1]).unlink()
        make(hook, tree).initialize("standard", {})
        assert built == [tree]

    def test_node_is_asked_for_only_where_there_is_none(self, hook, tree, monkeypatch):
        monkeypatch.setattr(hook, "has_node", lambda: False)
        assert make(hook, tree).dependencies() == [hook.NODE_FROM_PYPI]
        monkeypatch.setattr(hook, "has_node", lambda: True)
        assert make(hook, tree).dependencies() == []

    def test_bundle_of_an_sdist_is_final(self, hook, tree, monkeypatch):
        monkeypatch.setattr(hook, "build", lambda _root: pytest.fail("built"))
        monkeypatch.setattr(hook, "has_node", lambda: False)
        (tree / "PKG-INFO").write_text("Name: camwidget")
        for name in hook.BUNDLES:
            (tree / "camwidget" / "static" / name).write_text("// another version's")
        assert make(hook, tree).dependencies() == []
        make(hook, tree).initialize("standard", {})

    def test_without_any_node_the_error_says_what_to_do(self, hook, tree, monkeypatch):
        monkeypatch.setattr(hook, "has_node", lambda: False)
        monkeypatch.setattr(hook, "find_spec", lambda _name: None)
        with pytest.raises(RuntimeError, match="Install Node"):
            make(hook, tree).initialize("standard", {})

    @pytest.mark.parametrize(("said", "good"), [("v18.2.0", False), ("v20.0.0", True), ("v24.1.0", True), ("", False)])
    def test_an_old_node_is_none(self, hook, monkeypatch, said, good):
        monkeypatch.setattr(hook.shutil, "which", lambda name: f"/somewhere/{name}")
        answer = subprocess.CompletedProcess([], 0, stdout=said)
        monkeypatch.setattr(hook.subprocess, "run", lambda *_a, **_k: answer)
        assert hook.has_node() is good

    def test_a_failing_command_is_shown(self, hook, tmp_path):
        with pytest.raises(RuntimeError, match=r"(?s)ended with 3.*broken"):
            hook.run([sys.executable, "-c", "print('broken'); raise SystemExit(3)"], tmp_path)

    def test_what_is_in_place_is_kept_where_it_is_all_that_is_locked(self, hook, tree):
        js = tree / "js"
        assert not hook.has_packages(js)
        locked = {"": {"dependencies": {"esbuild": "1.2.3", "@of/other": "4.5.6"}}}
        locked |= {"node_modules/esbuild": {"version": "1.2.3"}, "node_modules/@of/other": {"version": "4.5.6"}}
        (js / "package-lock.json").write_text(json.dumps({"packages": locked}))
        for name, version, kept in [
            ("esbuild", "1.2.3", False),  # the other is missing
            ("@of/other", "4.5.6", True),
            ("esbuild", "1.2.4", False),
        ]:
            (js / "node_modules" / name).mkdir(parents=True, exist_ok=True)
            (js / "node_modules" / name / "package.json").write_text(json.dumps({"version": version}))
            assert hook.has_packages(js) is kept


@pytest.mark.skipif(shutil.which("node") is None, reason="no Node on PATH")
def test_python_and_build_script_agree_on_the_hash(hook, tmp_path):
    """Also on names whose order differs between languages."""
    shutil.copytree(ROOT / "js", tmp_path / "js", ignore=shutil.ignore_patterns("node_modules", "test"))
    for name in ["Z.js", "a.js", "a-b.js", "a_b.css", "lib/é.js"]:
        (tmp_path / "js" / "src" / name).write_text(name, encoding="utf-8")
    (tmp_path / "js" / "node_modules").symlink_to(ROOT / "js" / "node_modules", target_is_directory=True)
    subprocess.run(["node", "build.mjs"], cwd=tmp_path / "js", check=True, capture_output=True)
    assert hook.bundle_hash(tmp_path / "camwidget" / "static" / "widget.js") == hook.source_hash(tmp_path / "js")
