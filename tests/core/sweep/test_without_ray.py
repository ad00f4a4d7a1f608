"""Nothing of Ray is imported unless it is asked for, and its absence is told."""

import subprocess
import sys

import pytest

from core.settings.fields import ConfigError
from core.sweep.executor.ray import Ray


def test_the_command_line_and_the_executors_import_nothing_of_ray():
    code = "import sys; import core.__main__, core.runs.sweeps, core.sweep.executor.ray; print('ray' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_asked_for_and_not_installed_it_names_the_remedy(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ConfigError, match=r"not installed; run pip install -r requirements-ray\.txt"):
        Ray()
