"""Every kind of finding with its rule, its test, its remedies and where the Lab shows it: docs/diagnosis_kinds.md.

python -m bench.diagnosis_kinds     writes it again; tests/core/diagnosis/test_kinds.py fails when it has drifted
"""

from __future__ import annotations

import ast
from pathlib import Path

from core.diagnosis.tell import FRAMEWORKS, kinds, read_table, read_text

ROOT = Path(__file__).resolve().parent.parent
DOCUMENT = ROOT / "docs" / "diagnosis_kinds.md"
RULES = (*sorted((ROOT / "core" / "diagnosis" / "rules").glob("*.py")), ROOT / "core" / "diagnosis" / "diagnose.py")
INTRODUCTION = """# What the diagnosis can find

Written by `python -m bench.diagnosis_kinds`. One line per kind: the file of its rule, the sentences that it has, what it advises, in whose
settings that is said, and the link that shows the same in the Lab. Each kind has a run with it, one without it and one that cannot tell in
`tests/core/diagnosis/test_rules.py`; every name of a setting is held to those of the recipes by `tests/core/recipes/test_remedies.py`.

| kind | called | rule | variants | advice | in the settings of | in the Lab |
| --- | --- | --- | --- | --- | --- | --- |
"""


def rule_of(kind: str) -> str:
    """The file whose code holds the kind's name."""
    for path in RULES:
        names = {node.value for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Constant)}
        if kind in names:
            return path.name
    raise LookupError(f"{kind} has a text and no rule")


def document() -> str:
    return INTRODUCTION + "".join(f"{_line(kind)}\n" for kind in kinds())


def _line(kind: str) -> str:
    head, sections = read_text(kind)
    advice = [name.strip() for name in head["try"].split(",")]
    variants = [name.removeprefix("seen: ") for name in sections if name.startswith("seen: ")]
    frameworks = [name for name in FRAMEWORKS if any(f"- {name}: " in dict(read_table("settings"))[entry] for entry in advice)]
    lab = f"`?{head['lab']}`" if head.get("lab") else ""
    cells = (f"`{kind}`", head["title"], f"`{rule_of(kind)}`", ", ".join(variants), ", ".join(advice), ", ".join(frameworks), lab)
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    DOCUMENT.write_text(document(), encoding="utf-8")
