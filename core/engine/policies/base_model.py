"""The base model of the arithmetic task: a GPT imitating the flawed teacher, built once and kept on disk.

The file's name is a hash of everything that determines its content, so a changed setting gives another file. Building is deterministic.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import tempfile
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from core.engine.optim import ReplicaAdam, clip_by_global_norm
from core.engine.policies.base import never, until_end
from core.engine.policies.gpt import GPTPolicy
from core.engine.rng import seeded
from core.engine.tasks.arithmetic import Arithmetic
from core.engine.types import Stopped

RECIPE = 3  # raise when the way a base model is built changes
PROMPT_FIELDS = ("digits", "extra_tokens", "pool_seed", "width", "layers", "heads")  # besides teacher_* and imitation_*
WAIT_SECONDS = 0.1  # from one look at `should_stop` to the next while another thread builds the same model
_turns: weakref.WeakValueDictionary[Path, threading.Lock] = weakref.WeakValueDictionary()  # one per model that is being built
_turns_lock = threading.Lock()


def cache_directory() -> Path:
    """Where base models are kept: $DAPO_LAB_CACHE, or dapo-lab in the user's cache directory."""
    chosen = os.environ.get("DAPO_LAB_CACHE")
    if chosen:
        return Path(chosen)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "dapo-lab"


def cache_key(task: Arithmetic) -> str:
    """Hash of the settings that determine the base model; the sources of instability do not."""
    settings = {
        name: value
        for name, value in dataclasses.asdict(task.config).items()
        if name in PROMPT_FIELDS or name.startswith(("teacher_", "imitation_"))
    }
    text = json.dumps({"recipe": RECIPE, **settings}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def base_parameters(
    task: Arithmetic, on_progress: Callable[[int, int], None] | None = None, should_stop: Callable[[], bool] = never
) -> Tensor:
    """(P,) parameters of the task's base model, from disk or built now. `on_progress(done, total)` is called while building. Stopped if
    `should_stop()` says so, also while another thread builds the same model.

    A file that cannot be read is built again; a failure to write it is ignored. Reading waits for no lock.
    """
    if (stored := stored_parameters(task)) is not None:
        return stored
    path = _path(task)
    with _turn(path, should_stop):  # of two runs that start together, one builds the model and the other reads it
        if (stored := stored_parameters(task)) is None:
            stored = imitate(task, on_progress, should_stop)
            _write(path, stored.numpy())
        return stored


def stored_parameters(task: Arithmetic) -> Tensor | None:
    """(P,) parameters of the task's base model if they are on disk, else None. Nothing is built."""
    return _read(_path(task), sum(int(np.prod(s)) for s in _policy(task).shapes.values()))


def _path(task: Arithmetic) -> Path:
    return cache_directory() / f"base-{cache_key(task)}.npy"


@contextmanager
def _turn(path: Path, should_stop: Callable[[], bool]) -> Iterator[None]:
    """One thread at a time for each path. Stopped if `should_stop()` says so while this one waits."""
    with _turns_lock:
        turn = _turns.setdefault(path, threading.Lock())
    while not turn.acquire(timeout=WAIT_SECONDS):
        if should_stop():
            raise Stopped
    try:
        yield
    finally:
        turn.release()


def _read(path: Path, size: int) -> Tensor | None:
    """The array at `path`; None if there is none with the shape of this policy's parameters."""
    try:
        stored = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    return torch.from_numpy(stored) if stored.shape == (size,) and stored.dtype == np.float32 else None


def imitate(
    task: Arithmetic, on_progress: Callable[[int, int], None] | None = None, should_stop: Callable[[], bool] = never
) -> Tensor:
    """(P,) parameters after `imitation_steps` of cross-entropy on the teacher's answers; the learning rate falls linearly to 0. Stopped if
    `should_stop()` says so, which is asked before every step."""
    config = task.config
    policy = _policy(task)
    generator = seeded("imitation", config.imitation_seed)
    params = policy.untrained(generator)
    params.flat.requires_grad_()
    optimiser = ReplicaAdam(params.flat.detach(), config.imitation_learning_rate)
    peak = optimiser.learning_rate
    for step in range(config.imitation_steps):
        if should_stop():
            raise Stopped
        prompts, answers = task.teach(config.imitation_batch, generator)
        answers = answers[:, : config.digits + 2]  # no answer and its end token are longer
        logprobs = policy.scores(params, prompts[None], answers[None, :, None], temperature=1.0).logprobs
        mask = until_end(answers, task.end_token)[None, :, None]
        loss = -torch.where(mask, logprobs, 0.0).sum() / mask.sum()
        (gradient,) = torch.autograd.grad(loss, params.flat)
        optimiser.learning_rate = peak * (1 - step / config.imitation_steps)
        optimiser.step(params.flat.detach(), clip_by_global_norm(gradient, 1.0)[0])
        if on_progress is not None:
            on_progress(step + 1, config.imitation_steps)
    return params.flat.detach()[0].clone()


def _policy(task: Arithmetic) -> GPTPolicy:
    return GPTPolicy(task, width=task.config.width, layers=task.config.layers, heads=task.config.heads)


def _write(path: Path, array: np.ndarray) -> None:
    """Write beside and rename, so that no reader sees a partial file."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".tmp", delete=False) as file:
            np.save(file, array)
        os.replace(file.name, path)
    except OSError:
        pass  # on a read-only disk the model is built each time
