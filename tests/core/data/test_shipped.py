"""The comparison that is shipped as data is the one that the code computes."""

from itertools import islice

import numpy as np

from core.analysis.history import History
from core.analysis.metrics import METRIC_NAMES
from core.data.comparison import SHIPPED_COMPARISON
from core.engine.trainer import train


def test_it_is_whole():
    for label, result in SHIPPED_COMPARISON.results.items():
        assert list(result.history.updates) == list(range(result.config.updates + 1)), label
        assert all(not np.isnan(result.history.metric(name)).all() for name in METRIC_NAMES)


def test_it_has_the_distributions_of_every_survey():
    for label, result in SHIPPED_COMPARISON.results.items():
        found = result.history.distributions()
        surveyed = ~np.isnan(result.history.metric("kl_base")).all(1)
        assert [update for update, _ in found] == result.history.updates[surveyed].tolist(), label
        first = next(record for record in train(result.config) if record.update).distribution
        for name in ("token_probs", "rank_probs"):
            np.testing.assert_allclose(
                getattr(found[0][1], name), getattr(first, name), atol=1e-4, err_msg=f"run {SHIPPED_COMPARISON.command}"
            )


def test_its_first_rollout_is_what_the_code_computes_today():
    for label, result in SHIPPED_COMPARISON.results.items():
        fresh = History(result.config.seeds)
        for record in islice(train(result.config), 9):
            fresh.append(record)
        for name in ("eval_accuracy", "accuracy", "entropy_nats", "filter_ratio", "grad_norm"):
            now, then = fresh.metric(name), result.history.metric(name)[:9]
            np.testing.assert_allclose(
                then, now, rtol=1e-3, atol=1e-4, err_msg=f"{label} {name}: run {SHIPPED_COMPARISON.command}"
            )
