"""Nothing of Ray is imported unless it is asked for, and its absence is told."""

import ast
import sys
from pathlib import Path

import pytest

from core.settings.fields import ConfigError
from core.sweep.executor.ray import Ray

CORE = Path(__file__).parents[3] / "core"


def test_no_module_imports_ray_as_it_is_loaded():
    """What is imported when a file is, and not only when one of its functions is called."""
    found = []
    for path in CORE.rglob("*.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            found += [str(path) for name in names if name.split(".")[0] == "ray"]
    assert found == [] and "import ray" in (CORE / "sweep" / "executor" / "ray.py").read_text(encoding="utf-8")


def test_asked_for_and_not_installed_it_names_the_remedy(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ConfigError, match=r"not installed; run pip install -r requirements-ray\.txt"):
        Ray()
