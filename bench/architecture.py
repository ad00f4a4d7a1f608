"""Which package imports which, drawn from the imports: the picture and the table of docs/architecture.md, and the tree of README.md.

python -m bench.architecture     writes them again; tests/test_documents.py fails when they have drifted
"""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

import grimp

from bench.marked import replace_section

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("core", "pages", "hosting", "bench")
NOT_PYTHON = {
    "app.py": "The Compare page, the first one.",
    "pages/": "One short file per page; Streamlit finds them here.",
    "tests/": "Mirrors core/ and pages/; browser/ drives a real Chromium; run.sh runs all there is.",
    "docs/": "What was measured, how it is hosted, what it stands, and the picture of the packages.",
}


def room_of(module: str) -> str:
    """The package of a module as the picture has it: `core.settings`, `pages.shared.common`, `pages`, `hosting`, `bench`."""
    parts = module.split(".")
    if parts[0] == "core" and not parts[1].startswith("__"):
        return ".".join(parts[:2])
    if parts[:2] == ["pages", "shared"]:
        return ".".join(parts[:3])
    return parts[0] if parts[0] != "core" else ".".join(parts)


def exceptions(root: Path = ROOT) -> set[tuple[str, str]]:
    """The imports that a contract of pyproject.toml allows although they go against the order."""
    settings = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    found = (line for contract in settings["contracts"] for line in contract.get("ignore_imports", ()))
    return {tuple(line.split(" -> ")) for line in found}


def imports() -> dict[str, set[str]]:
    """Package -> the packages that its modules import, without the exceptions."""
    graph, skipped = grimp.build_graph(*PACKAGES, cache_dir=None), exceptions()
    modules = [name for name in graph.modules if name not in ("core", "pages.shared")]
    found: dict[str, set[str]] = {room_of(name): set() for name in sorted(modules)}
    for name in modules:
        for other in graph.find_modules_directly_imported_by(name):
            if (name, other) not in skipped and other not in ("core", "pages.shared") and room_of(other) != room_of(name):
                found[room_of(name)].add(room_of(other))
    return found


def reachable(start: str, found: dict[str, set[str]]) -> set[str]:
    """Every package that `start` imports, through others or not."""
    seen, waiting = set(), [start]
    while waiting:
        for name in found[waiting.pop()] - seen:
            seen.add(name)
            waiting.append(name)
    return seen


def reduced(found: dict[str, set[str]]) -> dict[str, set[str]]:
    """Without the arrows that a longer path implies (the transitive reduction). ValueError if packages import each other in a circle."""
    circles = sorted(name for name in found if name in reachable(name, found))
    if circles:
        raise ValueError(
            f"these packages import each other in a circle: {', '.join(circles)}; move what both need into an earlier one"
        )
    return {
        name: {t for t in targets if not any(t in reachable(o, found) for o in targets - {t})} for name, targets in found.items()
    }


def purpose(room: str) -> str:
    """The first sentence of the package's docstring."""
    path = ROOT / room.replace(".", "/")
    source = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    text = ast.get_docstring(ast.parse(source.read_text(encoding="utf-8"))) if source.exists() else None
    if not text:
        raise ValueError(
            f"{source.relative_to(ROOT)} must open with a docstring that says in one sentence what the package is for"
        )
    first = " ".join(text.partition("\n\n")[0].split())
    return re.split(r"(?<=\.)\s", first)[0]


def node(room: str) -> str:
    """A Mermaid identifier."""
    return room.replace(".", "_")


def picture(found: dict[str, set[str]]) -> str:
    """A Mermaid flow chart; an arrow points from a package to one that it imports."""
    lines = ["```mermaid", "flowchart TB"]
    lines += [f'    {node(name)}["{name}"]' for name in sorted(found)]
    lines += [
        f"    {node(name)} --> {node(target)}" for name, targets in sorted(reduced(found).items()) for target in sorted(targets)
    ]
    return "\n".join([*lines, "```"])


def table(found: dict[str, set[str]]) -> str:
    """Every package with what it is for and what it imports directly."""
    lines = ["| package | what it is for | imports |", "| --- | --- | --- |"]
    for name, targets in sorted(found.items()):
        told = NOT_PYTHON["pages/"] if name == "pages" else purpose(name)
        lines.append(f"| `{name}` | {told} | {', '.join(f'`{target}`' for target in sorted(targets)) or 'none of these'} |")
    return "\n".join(lines)


def tree() -> str:
    """What is where, a line per package."""
    rooms = [*(f"core/{path.name}/" for path in ordered_rooms())]
    words = {"app.py": NOT_PYTHON["app.py"], "pages/": NOT_PYTHON["pages/"]}
    words["pages/shared/"] = "What pages are made of: a package per page, and common/ for what they share."
    words["core/"] = purpose("core")
    words |= {f"  {Path(room).name}/": purpose(room.strip("/").replace("/", ".")) for room in rooms}
    words |= {
        "tests/": NOT_PYTHON["tests/"],
        "bench/": purpose("bench"),
        "hosting/": purpose("hosting"),
        "docs/": NOT_PYTHON["docs/"],
    }
    return "```\n" + "\n".join(f"{name:15}{told}" for name, told in words.items()) + "\n```"


def ordered_rooms() -> list[Path]:
    """The packages of core that exist, in the order of the contract: those that import nothing first."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    layers = next(c["layers"] for c in settings["contracts"] if c.get("containers") == ["core"])
    named = (ROOT / "core" / layer.strip("()") for layer in reversed(layers))
    return [path for path in named if path.is_dir()]


def documents() -> dict[Path, str]:
    """Path -> the whole text that the file must have."""
    found = imports()
    architecture, readme = ROOT / "docs" / "architecture.md", ROOT / "README.md"
    drawn = replace_section(architecture.read_text(encoding="utf-8"), "packages", f"{picture(found)}\n\n{table(found)}")
    return {architecture: drawn, readme: replace_section(readme.read_text(encoding="utf-8"), "tree", tree())}


if __name__ == "__main__":
    for path, text in documents().items():
        path.write_text(text, encoding="utf-8")
