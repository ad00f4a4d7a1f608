"""Events of a run in words: what the detectors of `core.analysis.detectors` find in the mean over seeds, and what it means. The same fall of
entropy is a collapse where the seeds no longer learn, and no disease where they do or have solved the prompts; a gradient can vanish
because groups are all wrong, because they are all right, or never have been there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.analysis.detectors import (
    ENTROPY_COLLAPSE_FRACTION,
    EVENT_UPDATES,
    EVENTS,
    GRADIENT_FLOOR,
    GROUPS_WITHOUT_SIGNAL,
    SOLVED_FRACTION,
    seeds_with_gradient,
    still_learning,
)
from core.analysis.history import History
from core.analysis.stats import initial_values, mean_over_seeds

RECENT = EVENT_UPDATES // 2  # updates: when the mean of a window has fallen, its first half may still be from before
MOST = 0.5  # of the groups: what they are is named only if it holds for so many


@dataclass(frozen=True)
class Event:
    """Something that happened at `update`, seen in `metric`: `what` it was, in words that go on from a side's label, and `why`, '' where
    that is not known."""

    metric: str
    update: int
    what: str
    why: str = ""

    @property
    def text(self) -> str:
        """'gradient vanished, groups all wrong'."""
        return f"{self.what}, {self.why}" if self.why else self.what


def events(history: History) -> list[Event]:
    """Every event of the run so far."""
    updates, found = history.updates, []
    for one in EVENTS.values():
        update = one.detect(updates, one.over_seeds(history.metric(one.metric)))
        if update is not None:
            found.append(event_at(history, one.metric, update))
    if never := never_event(history):
        found.append(never)
    return found


def event_at(history: History, metric: str, update: int) -> Event:
    """The event that the detector of `metric` found at `update`, in the words of what the last RECENT updates before it measured."""
    window = _window(history, update)
    return Event(metric, update, *(_entropy_words(history, window) if metric == "entropy_nats" else _gradient_words(window)))


def never_event(history: History) -> Event | None:
    """The event of a run of at least EVENT_UPDATES updates none of which had a gradient in any seed."""
    shares = seeds_with_gradient(history.metric("grad_norm"))
    trained = history.updates[~np.isnan(shares)]
    if len(trained) < EVENT_UPDATES or (shares > 0).any():
        return None
    return never_at(history, int(trained[EVENT_UPDATES - 1]))


def never_at(history: History, update: int) -> Event:
    """The event of a run that had no gradient in its updates up to `update`."""
    return Event("grad_norm", update, "never had a gradient", _why(_window(history, update)))


def solved_in(window: History) -> np.ndarray:
    """bool (R,): in these rows at least SOLVED_FRACTION of a seed's completions are right, and as many of its groups without signal all
    right. False where that was not measured."""
    wrong, right, accuracy = (_mean(window, name) for name in (*GROUPS_WITHOUT_SIGNAL.values(), "accuracy"))
    return (accuracy >= SOLVED_FRACTION) & (right >= SOLVED_FRACTION * (right + wrong))


def _window(history: History, update: int) -> History:
    """The last RECENT updates up to `update` with the whole rollout that they begin in, whose metrics stand at its first update."""
    rollouts = history.rollouts
    recent = rollouts[history.count_until(update - RECENT)]  # the rollout of the first of them
    window = History(history.seeds)
    for record in history.after(int(history.updates[np.searchsorted(rollouts, recent)]) - 1, update):
        window.append(record)
    return window


def _entropy_words(history: History, window: History) -> tuple[str, str]:
    """'entropy collapsed in 13 of 16 seeds', or 'prompts solved in 14 of 16 seeds', or 'still learning in 11 of 16 seeds': what holds for most
    of those whose entropy is low."""
    initial = initial_values(history.updates, history.metric("entropy_nats"))
    low = _mean(window, "entropy_nats") < ENTROPY_COLLAPSE_FRACTION * initial
    solved, learning = solved_in(window), _learning_in(history, window)
    fallen, done, better = low & ~solved & ~learning, low & solved, low & ~solved & learning
    if done.sum() > max(fallen.sum(), better.sum()):
        return f"prompts solved{_of(solved)}", "entropy low"
    if better.sum() > fallen.sum():
        return f"still learning{_of(better)}", "entropy low"
    return f"entropy collapsed{_of(fallen)}", ""


def _learning_in(history: History, window: History) -> np.ndarray:
    """bool (R,): which seeds still learn at the end of `window`, by the gradients in it."""
    gradient = window.metric("grad_norm")
    shares = mean_over_seeds(np.where(np.isnan(gradient), np.nan, gradient >= GRADIENT_FLOOR).T)
    until = np.full(len(history.seeds), window.last_update)
    return still_learning(history.updates, history.metric, until, shares)


def _gradient_words(window: History) -> tuple[str, str]:
    solved = solved_in(window)
    return "gradient vanished", f"prompts solved{_of(solved)}" if solved.mean() > MOST else _why(window)


def _why(window: History) -> str:
    """'groups all wrong': what most of the groups were; '' if they were mixed or it was not measured."""
    for kind, name in GROUPS_WITHOUT_SIGNAL.items():
        if mean_over_seeds(_mean(window, name)[None])[0] > MOST:
            return f"groups {kind}"
    return ""


def _of(seeds: np.ndarray) -> str:
    """' in 13 of 16 seeds'; '' for all of them, and where it is only in the mean."""
    return f" in {seeds.sum()} of {len(seeds)} seeds" if 0 < seeds.sum() < len(seeds) else ""


def _mean(window: History, name: str) -> np.ndarray:
    """(R,) over the rows of `window`."""
    return mean_over_seeds(window.metric(name).T)
