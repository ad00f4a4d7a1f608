"""Made-up runs: a healthy one, and what is changed of it."""

from __future__ import annotations

import numpy as np

from core.diagnosis import Evidence
from core.diagnosis.evidence import Series

ROWS = 200


def ramp(first: float, last: float, rows: int = ROWS, noise: float = 0.02, seed: int = 0) -> np.ndarray:
    """From `first` to `last`, with noise relative to the larger of the two."""
    scatter = noise * max(abs(first), abs(last)) * np.random.default_rng(seed).standard_normal(rows)
    return np.linspace(first, last, rows) + scatter


def then(first: np.ndarray | float, last: np.ndarray | float, at: int = 100, rows: int = ROWS) -> np.ndarray:
    """`first` up to row `at`, then `last`."""
    return np.where(np.arange(rows) < at, first, last).astype(float)


def healthy() -> dict[str, np.ndarray]:
    return {
        "reward_mean": ramp(0.2, 0.7, noise=0.05, seed=1),
        "entropy_nats": ramp(0.8, 0.6, seed=2),
        "grad_norm": ramp(0.4, 0.3, noise=0.1, seed=3),
        "loss": ramp(0.02, 0.01, noise=0.5, seed=4),
        "zero_std_fraction": np.clip(ramp(0.25, 0.15, noise=0.1, seed=5), 0, 1),
        "completion_tokens_mean": ramp(300, 350, seed=6),
        "truncated_fraction": np.clip(ramp(0.05, 0.04, noise=0.1, seed=7), 0, 1),
        "kl_base": ramp(0.0, 0.08, noise=0.05, seed=8),
        "kl_old": ramp(0.001, 0.001, seed=9),
        "clip_fraction": np.abs(ramp(0.01, 0.01, noise=0.3, seed=10)),
        "learning_rate": np.full(ROWS, 1e-6),
        "mismatch_kl": ramp(0.001, 0.001, seed=11),
        "eval_accuracy": ramp(0.2, 0.6, seed=12),
    }


def run(
    *,
    rows: slice = slice(None),
    without: tuple[str, ...] = (),
    others: dict[str, np.ndarray] | None = None,
    **changed: np.ndarray | float,
) -> Evidence:
    """The healthy run with `changed` metrics, cut to `rows`; steps begin at 1. NaN is logged NaN."""
    steps = np.arange(1, ROWS + 1)[rows]

    def series(name: str, values: np.ndarray | float) -> Series:
        cut = np.broadcast_to(np.asarray(values, dtype=float), (ROWS,))[rows]
        finite = np.isfinite(cut)
        return Series(name, name, steps[finite], cut[finite], steps[~finite])

    metrics = {name: series(name, values) for name, values in (healthy() | changed).items() if name not in without}
    found = {name: series(name, values) for name, values in (others or {}).items()}
    return Evidence("made", "TRL", "rollout", steps, metrics, found)
