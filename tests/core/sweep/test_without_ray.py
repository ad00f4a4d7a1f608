"""Nothing of Ray is imported unless it is asked for, and its absence is told."""

import ast
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from core.settings.fields import ConfigError
from core.sweep.executor import ExecutorLost
from core.sweep.executor.ray import Ray
from core.sweep.plan import Shard

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


class RayError(Exception):
    pass


class RayTaskError(RayError):
    def __init__(self, cause: Exception):
        self.cause = cause


class WorkerCrashedError(RayError):
    pass


class LocalRayletDiedError(RayError):
    pass


@pytest.fixture
def ends_in(monkeypatch):
    """An executor over a stand-in for Ray, in which getting the result of a shard raises this."""

    def made(error: Exception) -> Ray:
        def get(reference):
            raise error

        errors = SimpleNamespace(RayError=RayError, RayTaskError=RayTaskError, LocalRayletDiedError=LocalRayletDiedError)
        ray = SimpleNamespace(exceptions=errors, is_initialized=lambda: True, get=get, cancel=lambda reference, force: None)
        ray.remote = lambda **options: lambda function: SimpleNamespace(remote=lambda texts: "reference")
        ray.wait = lambda references, num_returns, timeout: (references[:num_returns], references[num_returns:])
        monkeypatch.setitem(sys.modules, "ray", ray)
        return Ray()

    return made


@pytest.mark.parametrize(
    ("error", "lost", "told"),
    [
        (RayTaskError(ValueError("the learning rate is nan")), False, "the learning rate is nan"),
        (WorkerCrashedError(), True, "a worker or node was lost (WorkerCrashedError)"),
    ],
)
def test_an_error_of_the_shard_is_told_from_a_worker_that_was_lost(ends_in, error, lost, told):
    with ends_in(error) as executor:
        executor.submit(Shard(()))
        (outcome,) = executor.collect(0.1)
    assert (outcome.numbers, outcome.lost, outcome.error) == (None, lost, told)


def test_without_its_own_node_no_shard_is_tried_in_vain(ends_in):
    with ends_in(LocalRayletDiedError()) as executor:
        executor.submit(Shard(()))
        with pytest.raises(ExecutorLost, match=r"has ended; start it again with `ray start`: what was measured is kept"):
            executor.collect(0.1)
