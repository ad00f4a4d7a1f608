"""What groups without signal cost: from pass rates and a group size to the share of dead groups, rounds until a batch is full, and tokens."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy  # not scipy.special nor scipy.stats, see core/analysis/stats.py

from core.engine.dead_groups import dead_chances, expected_rounds
from core.settings.fields import ConfigError

POINTS = 200  # pass rates that stand for a distribution
GROUP_SIZES = (2, 4, 8, 16, 32, 64, 128)


@dataclass(frozen=True)
class PassRates:
    """A distribution of prompts' pass rates: `rates` (n,) in [0, 1] with `weights` (n,) that sum to 1."""

    rates: np.ndarray
    weights: np.ndarray

    @property
    def mean(self) -> float:
        return float(self.rates @ self.weights)

    @property
    def spread(self) -> float:
        """Variance ÷ mean x (1 - mean), the spread of `spread_rates`; 0 where the mean is 0 or 1."""
        most = self.mean * (1 - self.mean)
        return min(1.0, float((self.rates - self.mean) ** 2 @ self.weights) / most) if most > 1e-12 else 0.0

    def dead_shares(self, group_size: int) -> tuple[float, float]:
        """The shares of groups that are all wrong, and all right: the means of (1 - p)^G and p^G."""
        wrong, right = dead_chances(self.rates, group_size)
        return float(wrong @ self.weights), float(right @ self.weights)


@dataclass(frozen=True)
class BatchCost:
    """What one batch of `prompts` informative groups takes with dynamic sampling, in expectation. Completions and tokens count every group that
    is generated. `rounds` is infinite where no group can carry a signal."""

    group_size: int
    all_wrong: float
    all_right: float
    rounds: float
    completions: float
    tokens: float

    @property
    def dead(self) -> float:
        return self.all_wrong + self.all_right


def spread_rates(mean: float, spread: float) -> PassRates:
    """Pass rates with this mean; `spread` is 0 if every prompt has the same rate and 1 if each is either always or never solved.

    The beta distribution with variance spread x mean x (1 - mean), as POINTS quantiles. ConfigError outside [0, 1]."""
    for name, value in (("pass rate", mean), ("spread", spread)):
        if not 0 <= value <= 1:
            raise ConfigError(f"{name} must be between 0 and 1, got {value}; choose a share")
    if spread == 0 or mean in (0, 1):
        return PassRates(np.array([mean]), np.ones(1))
    if spread == 1:
        return PassRates(np.array([0.0, 1.0]), np.array([1 - mean, mean]))
    strength = 1 / spread - 1
    at = (np.arange(POINTS) + 0.5) / POINTS
    return PassRates(scipy.special.betaincinv(mean * strength, (1 - mean) * strength, at), np.full(POINTS, 1 / POINTS))


def measured_rates(rates: np.ndarray) -> PassRates:
    """Every prompt's own rate, all prompts alike. ConfigError if there is none, or one outside [0, 1]."""
    values = np.asarray(rates, dtype=float).ravel()
    if not len(values) or not np.isfinite(values).all() or values.min() < 0 or values.max() > 1:
        raise ConfigError("pass rates must be numbers between 0 and 1, at least one; give right answers ÷ tries of each prompt")
    return PassRates(values, np.full(len(values), 1 / len(values)))


def shifted(found: PassRates, logits: float) -> PassRates:
    """An easier (positive) or harder (negative) mix: every prompt's log-odds of a right answer change by `logits`."""
    odds = np.log(np.clip(found.rates, 1e-9, 1 - 1e-9)) - np.log1p(-np.clip(found.rates, 1e-9, 1 - 1e-9))
    return PassRates(1 / (1 + np.exp(-(odds + logits))), found.weights)


def _binomial(count: np.ndarray, tries: int, rate: np.ndarray) -> np.ndarray:
    """The probability of `count` right answers in `tries`, each right with probability `rate`."""
    ways = scipy.special.gammaln(tries + 1) - scipy.special.gammaln(count + 1) - scipy.special.gammaln(tries - count + 1)
    return np.exp(ways + scipy.special.xlogy(count, rate) + scipy.special.xlog1py(tries - count, -rate))


def filtered(found: PassRates, low: float, high: float, tries: int) -> tuple[PassRates, float]:
    """Prompts whose share of right answers in `tries` completions lies strictly between `low` and `high`: (their rates, the share of prompts
    that is kept). A prompt of rate p is kept with the probability that a binomial count of p lies there. ConfigError if none is kept."""
    counts = np.arange(tries + 1)
    inside = counts[(counts / tries > low) & (counts / tries < high)]
    chance = _binomial(inside[:, None], tries, found.rates[None]).sum(0)
    kept = float(chance @ found.weights)
    if kept < 1e-9:
        raise ConfigError(
            f"filter must keep a prompt, got none between {low} and {high} in {tries} tries; widen the bounds or try more often"
        )
    return PassRates(found.rates, chance * found.weights / kept), kept


def batch_cost(found: PassRates, group_size: int, prompts: int, tokens: float) -> BatchCost:
    """`prompts`: informative groups of a batch. `tokens`: mean length of a completion. P(dead) = mean of (1 - p)^G + p^G."""
    wrong, right = found.dead_shares(group_size)
    rounds = expected_rounds(prompts, max(0.0, 1 - wrong - right))
    completions = rounds * prompts * group_size
    return BatchCost(group_size, wrong, right, rounds, completions, completions * tokens)
