"""Ray: many machines. Only this file imports it, and only when it is asked for: `pip install -r requirements-ray.txt`."""

from __future__ import annotations

import socket
import time
from collections.abc import Sequence
from pathlib import Path

from core.settings.fields import ConfigError, short
from core.settings.numbers import read_number
from core.sweep.executor.protocol import ExecutorLost, ShardOutcome
from core.sweep.plan import Shard

LOCAL, AUTO = "local", "auto"
CORE = Path(__file__).resolve().parents[2]
ANSWER_SECONDS = 5.0
EXCLUDED = ["**/*.npz", "**/__pycache__"]  # of what travels: no worker needs what is shipped as data


class Ray:
    """A Ray cluster, one CPU per shard. `address`: 'auto' or HOST:PORT of a running one, ray://HOST:PORT of one elsewhere, 'local' for one
    that is started on this machine and ends with this program. The package `core` travels to the nodes; what is in requirements.txt must
    be installed there. ConfigError if Ray is not installed, or no cluster answers."""

    def __init__(self, address: str = AUTO, workers: int | None = None):
        try:
            import ray
        except ImportError:
            raise ConfigError("--ray needs Ray, which is not installed; run pip install -r requirements-ray.txt") from None
        self._ray = ray
        self._mine = not ray.is_initialized()
        if self._mine:
            self._connect(address, workers)
        self._address = address
        remote = ray.remote(num_cpus=1, max_retries=0)  # retries are counted and told by core.sweep.run
        self._work = remote(_work)
        self._running: dict[object, Shard] = {}

    def _connect(self, address: str, workers: int | None) -> None:
        _check_answers(address)
        environment = {"py_modules": [str(CORE)], "excludes": EXCLUDED, "env_vars": {"OMP_NUM_THREADS": "1"}}
        where = {"num_cpus": workers, "include_dashboard": False} if address == LOCAL else {"address": address}
        try:
            self._ray.init(**where, runtime_env=environment, log_to_driver=False, logging_level="ERROR")
        except (ConnectionError, ValueError, RuntimeError, OSError) as error:
            raise ConfigError(_no_cluster(address, error)) from None

    @property
    def name(self) -> str:
        nodes = sum(node["Alive"] for node in self._ray.nodes())
        return f"{self.workers} cores of {nodes} Ray node{'s' if nodes > 1 else ''}"

    @property
    def workers(self) -> int:
        """It changes as nodes come and go."""
        return max(int(self._ray.cluster_resources().get("CPU", 0)), 1)

    def submit(self, shard: Shard) -> None:
        self._running[self._work.remote(shard.texts)] = shard

    def collect(self, timeout: float) -> list[ShardOutcome]:
        if not self._running:
            return []
        done, _ = self._ray.wait(list(self._running), num_returns=1, timeout=timeout)
        if done:  # and whatever else has ended by now
            done, _ = self._ray.wait(list(self._running), num_returns=len(self._running), timeout=0)
        return [self._outcome(reference) for reference in done]

    def _outcome(self, reference: object) -> ShardOutcome:
        shard, errors = self._running.pop(reference), self._ray.exceptions
        try:
            numbers, seconds = self._ray.get(reference)
            return ShardOutcome(shard, numbers, seconds)
        except errors.RayTaskError as error:  # the shard's own
            cause = error.cause
            return ShardOutcome(shard, error=str(cause) or type(cause).__name__)
        except errors.LocalRayletDiedError:  # every other shard would be lost, too, and each new attempt
            raise ExecutorLost(
                "the Ray node of this machine, by which the command reaches the cluster, has ended; start it again with `ray start`: "
                "what was measured is kept, and the same command goes on from there"
            ) from None
        except errors.RayError as error:  # a worker or a node went away
            return ShardOutcome(shard, error=f"a worker or node was lost ({type(error).__name__})", lost=True)

    def close(self) -> None:
        for reference in self._running:
            self._ray.cancel(reference, force=True)
        self._running.clear()
        if self._mine and self._ray.is_initialized():
            self._ray.shutdown()

    def __enter__(self) -> Ray:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def _check_answers(address: str) -> None:
    """ConfigError if nothing listens at HOST:PORT: Ray itself would try for minutes."""
    host, colon, port = address.removeprefix("ray://").rpartition(":")
    if not colon:
        return
    try:
        socket.create_connection((host, read_number("--ray port", port, low=1, high=65535)), ANSWER_SECONDS).close()
    except OSError as error:
        raise ConfigError(_no_cluster(address, error)) from None


def _no_cluster(address: str, error: Exception) -> str:
    first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    return (
        f"--ray must be {AUTO}, {LOCAL} or the address of a running cluster, got {short(repr(address))} ({first}); start one with "
        "`ray start --head`"
    )


def _work(texts: Sequence[str]) -> tuple[list[bytes], float]:
    """On a node."""
    from core.sweep.work import train_texts

    began = time.process_time()
    numbers = train_texts(texts)
    return numbers, time.process_time() - began
