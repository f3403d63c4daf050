"""Imports point one way, and ``import tipsearch`` is light."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT

SOURCE = ROOT / "src" / "tipsearch"
FLOORS = {
    "types": 0, "errors": 0, "settings": 0, "corpus": 1, "retrieval": 1, "stores": 2,
    "embedding": 3, "bulk": 4, "index": 5, "answering": 6, "evaluation": 7, "web": 8, "cli": 9,
    "__init__": 10, "__main__": 10,
}  # fmt: skip
HEAVY = {"torch", "transformers", "sentence_transformers", "gradio"}
FILES = sorted(SOURCE.rglob("*.py"))


def part(module: str) -> str:
    """Name the part of the house a module of tipsearch belongs to."""
    return module.split(".")[1] if "." in module else "__init__"


def imports(tree: ast.AST) -> Iterator[str]:
    """Yield every module named in an import, also late ones and those for types alone."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, "a relative import"
            if node.module == "tipsearch":
                yield from (f"tipsearch.{alias.name}" for alias in node.names)
            else:
                yield node.module


def at_import(tree: ast.Module) -> Iterator[str]:
    """Yield the modules imported when the file is: not in functions, not for types alone."""
    blocks: list[ast.stmt] = list(tree.body)
    while blocks:
        node = blocks.pop()
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from imports(node)
        elif isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            blocks += node.orelse
        elif isinstance(node, ast.ClassDef):
            blocks += node.body
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            blocks += [
                child for child in ast.walk(node) if isinstance(child, ast.Import | ast.ImportFrom)
            ]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.relative_to(SOURCE).as_posix())
def test_imports_never_climb(file: Path) -> None:
    here = file.relative_to(SOURCE).with_suffix("").parts[0]
    public = {"Assistant", "Index", "__version__"}  # names `tipsearch` itself gives
    for module in imports(ast.parse(file.read_text("utf-8"))):
        if module.split(".")[0] == "tipsearch" and part(module) not in public:
            there = part(module)
            assert FLOORS[there] <= FLOORS[here], f"{here} imports {module}"
            assert FLOORS[there] < FLOORS[here] or there == here or FLOORS[here] == 0, (
                f"{here} and {there} should not know each other"
            )


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.relative_to(SOURCE).as_posix())
def test_heavy_modules_are_imported_late(file: Path) -> None:
    tops = {module.split(".")[0] for module in at_import(ast.parse(file.read_text("utf-8")))}
    assert tops.isdisjoint(HEAVY)


def test_the_readers_of_imports_see_them() -> None:
    tree = ast.parse(
        "import torch.nn\nif TYPE_CHECKING:\n    import gradio\n"
        "try:\n    from transformers import x\nexcept ImportError:\n    pass\n"
        "def late():\n    from tipsearch import index\n    from tipsearch.web.page import y\n"
    )
    assert sorted(at_import(tree)) == ["torch.nn", "transformers"]
    assert sorted(imports(tree)) == [
        "gradio", "tipsearch.index", "tipsearch.web.page", "torch.nn", "transformers"
    ]  # fmt: skip


def test_every_part_has_a_floor() -> None:
    parts = {file.relative_to(SOURCE).with_suffix("").parts[0] for file in FILES}
    assert parts <= FLOORS.keys()
    assert {"corpus", "retrieval", "stores", "index"} <= parts


@pytest.mark.parametrize("module", ["tipsearch", "tipsearch.index"])
def test_import_is_light(module: str) -> None:
    code = f"import sys, {module}; print(sorted({HEAVY!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
