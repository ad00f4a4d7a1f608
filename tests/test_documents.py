"""What the documents and docstrings name is there: paths, modules, commands; and what a command writes in them is what it would write now."""

from __future__ import annotations

import ast
import io
import os
import re
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from bench import architecture

ROOT = Path(__file__).parent.parent
SKIPPED = {
    ".git",
    ".venv",
    "runs",
    "out",
    "static",
    "__pycache__",
    ".pytest_cache",
    ".ruff_cache",
    ".hypothesis",
    ".import_linter_cache",
}
ENDINGS = "py|js|css|md|json|npz|toml|txt|sh|yaml|cff|sqlite|png|svg|lock"
FILE = re.compile(rf"(?<![\w./:-])(?:\.{{0,2}}/)?(?:[\w.-]+/)*[\w-]+\.(?:{ENDINGS})(?![\w/])")
MODULE = re.compile(r"(?<![\w./-])(?:core|pages|bench|hosting|tests)(?:\.\w+)+(?!\w|/)")
COMMAND = re.compile(r"python3? -m ([\w.]+)")
ADDRESS = re.compile(r"https?://\S+")
OTHERS = {"venv", "compileall", "pip", "streamlit", "pytest"}  # modules of Python and of packages
# What the program writes, and files of other projects that texts cite.
WRITTEN = {
    "config.json",
    "summary.json",
    "report.md",
    "factorial.json",
    "factorial.md",
    "ladder.json",
    "ladder.md",
    "map.csv",
    "map.json",
    "map.md",
    "results.sqlite",
    "runs.sqlite",
    "sweeps.sqlite",
    "ci.md",
    "ci-thorough.md",
    "log.txt",
}
CITED = {"cluster.yaml", "trainer_state.json", "dapo_ray_trainer.py", "grpo_trainer.py", "metric_utils.py", "dp_actor.py"}
CAPITALS = {"README", "CONTRIBUTING", "CHANGELOG", "CITATION", "LICENSE"}


@cache
def files() -> tuple[Path, ...]:
    """Every file of the project, relative to its root."""
    found = []
    for folder, folders, names in os.walk(ROOT):
        folders[:] = set(folders) - SKIPPED  # not even looked into: .venv holds forty thousand files
        found += [Path(folder, name).relative_to(ROOT) for name in set(names) - SKIPPED]
    return tuple(found)


def prose(path: Path) -> str:
    """What a person reads in the file: all of a document, the docstrings and comments of a module."""
    text = (ROOT / path).read_text(encoding="utf-8")
    if path.suffix != ".py":
        return text
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docstrings = (ast.get_docstring(node) for node in ast.walk(ast.parse(text)) if isinstance(node, documented))
    comments = (token.string for token in tokenize.generate_tokens(io.StringIO(text).readline) if token.type == tokenize.COMMENT)
    return "\n".join([*filter(None, docstrings), *comments])


def readable() -> Iterator[Path]:
    return (path for path in files() if path.suffix in (".py", ".md") or path.name in ("Dockerfile", "run.sh", "pyproject.toml"))


def exists(name: str, beside: Path) -> bool:
    """Whether the project has this file: from the root, from the folder of the file that names it, or as the end of one path."""
    words = [Path(part).stem for part in Path(name).parts]
    placeholder = any(word not in CAPITALS and word.upper() == word != word.lower() for word in words)  # PAGE.py, RUN/meta.yaml
    if Path(name).name in WRITTEN | CITED or placeholder:
        return True
    wanted = name.removeprefix("./")
    if (ROOT / wanted).exists() or (ROOT / beside.parent / wanted).exists():
        return True
    return any(f"/{path}".endswith(f"/{wanted}") for path in files())


def module_exists(name: str) -> bool:
    """Whether there is this module, or this name in the longest part that is one."""
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        path = ROOT.joinpath(*parts[:length])
        source = path.with_suffix(".py") if path.with_suffix(".py").exists() else path / "__init__.py"
        if source.exists():
            rest = parts[length:]
            return not rest or bool(re.search(rf"\b{re.escape(rest[0])}\b", source.read_text(encoding="utf-8")))
    return path.is_dir() and ROOT.joinpath(*parts).is_dir()


def missing(path: Path, text: str) -> list[str]:
    text = ADDRESS.sub("", text).replace("\\_", "_")  # Markdown escapes it
    found = [name for name in FILE.findall(text) if not exists(name, path)]
    found += [name for name in COMMAND.findall(text) if name not in OTHERS and not module_exists(name)]
    found += [name for name in MODULE.findall(text) if not FILE.fullmatch(name) and not module_exists(name)]
    return found


def test_files_modules_and_commands_that_are_named_exist():
    """Reads all of the project, which takes seconds; a test for each of the eight hundred files took twice as long."""
    assert {str(path): found for path in sorted(readable()) if (found := missing(path, prose(path)))} == {}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("see core/config.py", ["core/config.py"]),
        ("see `core.config`, and core.settings.run.RunConfig", ["core.config"]),
        ("core.settings.run.Configuration", ["core.settings.run.Configuration"]),
        ("    python -m bench.nothing --quick", ["bench.nothing", "bench.nothing"]),
        ("[that](docs/nothing.md), [this](https://x.example/docs/nothing.md), pages/NAME.py, metrics.csv", ["docs/nothing.md"]),
    ],
)
def test_a_name_of_what_is_not_there_is_found(text, found):
    assert missing(Path("README.md"), text) == found


def test_the_picture_of_the_packages_and_the_tree_are_what_the_imports_say():
    for path, text in architecture.documents().items():
        assert path.read_text(encoding="utf-8") == text, f"{path.name} has drifted: run python -m bench.architecture"


def test_an_arrow_is_left_out_only_if_a_path_implies_it_and_circles_are_told():
    assert architecture.reduced({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == {"a": {"b"}, "b": {"c"}, "c": set()}
    with pytest.raises(ValueError, match="circle: a, b"):
        architecture.reduced({"a": {"b"}, "b": {"a"}, "c": {"a"}})
