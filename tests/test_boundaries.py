"""Which package may import which, and that no code of core asks for an algorithm by its name."""

import ast
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import pytest

from tests.processes import TORCH

ROOT = Path(__file__).parent.parent
MODULES = sorted((ROOT / "core").rglob("*.py"))
NAMES = {"grpo", "dapo", "dr_grpo", "dr. grpo", "ppo"}


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def nodes_of(path: Path) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(tree_of(path)))


@pytest.fixture(scope="module", autouse=True)
def forgotten():
    """Trees of hundreds of files would slow every garbage collection of the tests that follow."""
    yield
    tree_of.cache_clear()
    nodes_of.cache_clear()


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def test_importing_all_of_core_never_imports_streamlit_or_scipy_stats_or_draws_random_numbers():
    """`scipy.stats` would add 57 MB and 0.7 s to every process. pandas, Plotly and `scipy.special`, 0.7 s together, are for tables, charts and
    intervals: neither a worker of a sweep nor a command imports them before there is something to write."""
    names = [module_name(p) for p in MODULES if p.stem != "__main__"]
    assert {"core.engine.trainer", "core.engine.policies.gpt", "core.engine.tasks.chain"} <= set(names)
    code = f"""{TORCH}
import importlib, json, sys
torch.manual_seed(31337)
state = torch.get_rng_state()
for name in ("core.sweep.executor.processes", "core.sweep.work", "core.__main__"):
    importlib.import_module(name)
late = sorted({{"pandas", "plotly", "scipy.special"}} & set(sys.modules))
for name in {names!r}:
    importlib.import_module(name)
print(json.dumps([late, sorted({{"streamlit", "scipy.stats"}} & set(sys.modules)), torch.get_rng_state().equal(state)]))
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [[], [], True]


def test_what_computes_starts_no_threads():
    """The packages that the docstring of core names, which all do what they are asked in the thread that asks."""
    core = (ROOT / "core" / "__init__.py").read_text()
    named = re.search(r"random state\. (.+) start no threads", " ".join(core.split())).group(1)
    rooms = re.findall(r"\w+", named.lower().replace(" and ", ", "))
    assert len(rooms) == 7
    makers = {"Thread", "Timer", "ThreadPoolExecutor", "ServiceThread", "start_new_thread"}
    found = {
        str(path)
        for room in rooms
        for path in (ROOT / "core" / room).rglob("*.py")
        for node in nodes_of(path)
        if (node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")) in makers
    }
    assert not found


def algorithm_names_compared(nodes: Iterable[ast.AST]) -> list[int]:
    """Lines on which a comparison, a match case or a look-up by key mentions an algorithm's name."""
    lines = []
    for node in nodes:
        parts: list[ast.expr] = []
        if isinstance(node, ast.Compare):
            parts = [node.left, *node.comparators]
        elif isinstance(node, ast.MatchValue):
            parts = [node.value]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("startswith", "endswith"):
            parts = node.args
        constants = [c.value for part in parts for c in ast.walk(part) if isinstance(c, ast.Constant)]
        if any(isinstance(c, str) and c.lower() in NAMES for c in constants):
            lines.append(node.lineno if hasattr(node, "lineno") else 0)
    return lines


def test_no_module_of_core_asks_for_an_algorithm_by_name():
    assert {module_name(path): lines for path in MODULES if (lines := algorithm_names_compared(nodes_of(path)))} == {}


@pytest.mark.parametrize(
    "source",
    [
        "if name == 'dapo': pass",
        "x = 1 if 'GRPO' != label else 2",
        "if name in ('DAPO', 'x'): pass",
        "match a:\n case 'Dapo': pass",
        "n.startswith('grpo')",
    ],
)
def test_the_search_for_names_would_find_one(source):
    assert algorithm_names_compared(ast.walk(ast.parse(source)))


def contracts(folder: Path) -> subprocess.CompletedProcess:
    """The contracts of pyproject.toml, checked on the packages in `folder`."""
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run(['--no-cache'])"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_packages_import_only_what_the_contracts_of_pyproject_allow():
    done = contracts(ROOT)
    assert done.returncode == 0, done.stdout


FORBIDDEN = (  # file, what is written below it, the contract that breaks, the import that breaks it
    ("core/settings/diff.py", "import core.runs.manager", "A package of core imports only what stands before it",
     "core.settings.diff -> core.runs.manager"),
    ("core/analysis/stats.py", "def f():\n    import streamlit", "core knows nothing of the dashboard",
     "core.analysis.stats -> streamlit"),
    ("pages/shared/runs/names.py", "import pages.shared.compare.sidebar", "A page's package imports no other page's",
     "pages.shared.runs.names -> pages.shared.compare.sidebar"),
    ("core/newcomer/__init__.py", "", "A package of core imports only what stands before it", "core.newcomer"),
)  # fmt: skip


def test_an_import_that_is_not_allowed_is_found(tmp_path):
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for package in ("core", "pages", "hosting", "bench"):
        shutil.copytree(
            ROOT / package, tmp_path / package, ignore=lambda _, names: [n for n in names if Path(n).suffix not in ("", ".py")]
        )
    for file, line, _, _ in FORBIDDEN:
        (tmp_path / file).parent.mkdir(exist_ok=True)
        with (tmp_path / file).open("a") as source:
            source.write(f"\n{line}\n")
    done = contracts(tmp_path)
    assert done.returncode == 1
    for _, _, contract, found in FORBIDDEN:
        assert re.search(rf"^{re.escape(contract)}.* BROKEN$", done.stdout, re.MULTILINE), contract
        assert found in done.stdout


def may_import(docstring: str, rooms: set[str]) -> set[str]:
    """The packages of core that the docstring of one of them allows: "May import settings and engine.", "May import every package of core
    but data.", "Imports no other package of core."."""
    told = re.search(r"(?i)May import ((?:core\.|[^.])*)\.|imports no(?:thing else| other package) of core", docstring)
    assert told, "the docstring must say what the package may import"
    named = set(re.findall(r"\w+", told.group(1) or "")) & rooms
    return rooms - named if (told.group(1) or "").startswith("every") else named


def imported(room: Path, rooms: set[str]) -> set[str]:
    nodes = [node for path in room.rglob("*.py") for node in nodes_of(path)]
    modules = [a.name for n in nodes if isinstance(n, ast.Import) for a in n.names]
    modules += [f"{n.module}.{a.name}" for n in nodes if isinstance(n, ast.ImportFrom) and n.module for a in n.names]
    return ({parts[1] for parts in (m.split(".") for m in modules) if parts[0] == "core" and len(parts) > 1} & rooms) - {
        room.name
    }


@pytest.mark.parametrize("room", sorted(p.parent for p in (ROOT / "core").glob("*/__init__.py")), ids=lambda room: room.name)
def test_a_package_imports_only_what_its_docstring_names(room):
    rooms = {p.parent.name for p in (ROOT / "core").glob("*/__init__.py")}
    docstring = ast.get_docstring(tree_of(room / "__init__.py")) or ""
    assert imported(room, rooms) <= may_import(" ".join(docstring.split()), rooms - {room.name})


def test_the_reading_of_docstrings_would_find_too_much():
    rooms = {"a", "b", "c"}
    assert may_import("X. May import a and b. Y.", rooms) == {"a", "b"}
    assert may_import("X. May import every other package of core but c.", rooms) == {"a", "b"}
    assert may_import("Imports no other package of core.", rooms) == set()


def test_a_class_name_means_one_thing():
    """A public class is the only one of its name in the program."""
    found: dict[str, list[str]] = {}
    for package in ("core", "pages", "hosting", "bench"):
        for path in sorted((ROOT / package).rglob("*.py")):
            for node in tree_of(path).body:
                if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                    found.setdefault(node.name, []).append(str(path.relative_to(ROOT)))
    assert {name: places for name, places in found.items() if len(places) > 1} == {}


def test_every_connection_to_a_database_is_closed_by_its_block():
    """`with sqlite3.connect(…)` ends a transaction and leaves the connection open, which Python 3.13 warns of."""
    left = []
    for path in [p for folder in ("core", "pages", "tests", "bench", "hosting") for p in (ROOT / folder).rglob("*.py")]:
        for node in nodes_of(path) if "sqlite3" in path.read_text(encoding="utf-8") else ():
            if isinstance(node, ast.With):
                left += [
                    f"{path}:{node.lineno}"
                    for item in node.items
                    if ast.unparse(item.context_expr).startswith("sqlite3.connect(")
                ]
    assert left == []
