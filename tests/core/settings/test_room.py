"""What the room of settings may need: nothing else of core, and nothing that computes."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
CODE = """
import importlib, json, pkgutil, sys
import core.settings
for module in pkgutil.iter_modules(core.settings.__path__):
    importlib.import_module("core.settings." + module.name)
print(json.dumps(sorted(sys.modules)))
"""


def test_settings_need_nothing_else_of_core_and_nothing_that_computes():
    done = subprocess.run([sys.executable, "-c", CODE], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = json.loads(done.stdout)
    assert [name for name in loaded if name.startswith("core.") and not name.startswith("core.settings")] == []
    assert not {"torch", "numpy", "pandas", "streamlit"} & set(loaded)
    assert "core.settings.scenarios" in loaded
