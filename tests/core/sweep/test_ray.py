"""Ray with several nodes on this machine, one of which is killed in the middle: the same bits as in this thread. Thorough, and left out where
Ray is not installed: it is an optional requirement (requirements-ray.txt)."""

import os
import warnings
from contextlib import closing

import pytest

from core.settings.fields import ConfigError
from core.sweep.executor.ray import Ray
from core.sweep.run import Sweep
from core.sweep.store import SweepStore
from tests.core.sweep.made import Inline, grid_of
from tests.processes import eventually

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.filterwarnings("ignore"),  # Ray's own, of files and processes that it leaves to its end
]


@pytest.fixture
def cluster():
    pytest.importorskip("ray", reason="Ray is not installed: pip install -r requirements-ray.txt")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from ray.cluster_utils import Cluster

        made = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
        made.add_node(num_cpus=1)
        made.wait_for_nodes()
    yield made
    made.shutdown()


def test_a_node_that_is_killed_is_told_and_the_map_is_the_same_to_the_last_bit(cluster, tmp_path):
    doomed = cluster.add_node(num_cpus=2)
    cluster.wait_for_nodes()
    grid = grid_of("learning_rate=1e-3:1e-1:log8", "task.noise=0,0.1,0.2,0.3", updates=64)
    lost = []

    def kill_a_node(progress) -> None:
        if progress.runs >= 2 and not lost:
            lost.append(doomed)
            cluster.remove_node(doomed, allow_graceful=False)

    with closing(SweepStore(tmp_path / "ray.sqlite")) as store, Ray(cluster.address) as executor:
        assert executor.workers == 4 and "3 Ray nodes" in executor.name
        sweep = Sweep(grid, store)
        progress = sweep.run(executor, on_progress=kill_a_node)
        # Ray takes a node for dead when it has missed some health checks; a task that was on it fails at once.
        eventually(lambda: executor.workers == 2 and "2 Ray nodes" in executor.name, 90)
    assert lost and progress.done and progress.failed == 0
    assert any("are trained again: a worker or node was lost" in trouble for trouble in progress.troubles)
    with closing(SweepStore(tmp_path / "inline.sqlite")) as store:
        wanted = Sweep(grid, store)
        wanted.run(Inline())
    assert {place: found.to_bytes() for place, found in sweep.plan.measured.items()} == {
        place: found.to_bytes() for place, found in wanted.plan.measured.items()
    }


def test_an_address_at_which_no_cluster_answers_is_refused_in_one_line():
    pytest.importorskip("ray", reason="Ray is not installed: pip install -r requirements-ray.txt")
    with pytest.raises(ConfigError) as error:
        Ray("127.0.0.1:1")
    assert "--ray must be auto, local or the address of a running cluster, got '127.0.0.1:1'" in str(error.value)
    assert "\n" not in str(error.value)
