"""Rescue, on Compare: continue a run from one of its states with other settings, beside the original."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import streamlit as st

from core.analysis.detectors import suggested_point
from core.analysis.markdown import plain
from core.analysis.result import RunResult, Status
from core.engine.forks import fork_changes, fork_points, make_fork
from core.runs.manager import ManagerFull
from core.runs.store.store import StoreError
from core.settings.algorithm import AlgorithmConfig
from core.settings.describe import settings_of
from core.settings.fields import ConfigError
from core.settings.labels import check_label, free_label
from core.settings.run import RunConfig
from core.settings.techniques import DAPO_TECHNIQUES, with_techniques
from pages.shared.common.folded import folded
from pages.shared.common.process import manager, tab, told
from pages.shared.common.results import results_of
from pages.shared.common.state import SETTING
from pages.shared.common.trouble import sentence
from pages.shared.common.widgets import field_widget
from pages.shared.compare.all_settings import HIDDEN
from pages.shared.compare.state import REFUSED

MOST_RUNS = 7  # more lines cannot be told apart
OTHER = ("learning_rate", "temperature", "group_size", "num_prompts", "max_grad_norm")


def show_rescue(comparison: str | None) -> None:
    """The form to make a fork. Not offered for the shipped comparison."""
    with folded("Rescue: go on from one of these states with other settings", icon=":material/healing:", key="rescue") as drawn:
        if not drawn:
            return
        if comparison is None:
            st.markdown(
                "Press **Run** first. Then pause a dying run, or let it end, and go on from its state with a technique switched on."
            )
            return
        results = results_of(comparison)
        open_runs = {label: r for label, r in results.items() if fork_points(r.config, r.history.common_end)}
        if not open_runs:
            st.markdown("No rollout is over yet: wait a moment.")
        elif len(results) >= MOST_RUNS:
            st.markdown(f"There are {len(results)} runs here already, which is as many as a person can follow.")
        else:
            _form(comparison, results, open_runs)


def _form(comparison: str, results: dict[str, RunResult], open_runs: dict[str, RunResult]) -> None:
    st.markdown(
        "The new run begins with the parameters, the optimiser and the random numbers that the original had at that moment. "
        "With nothing changed it would go on bit for bit like it."
    )
    left, right = st.columns(2)
    labels = list(open_runs)
    with left:
        # Runs are offered as their first rollouts end: without their number in the key, whichever ended first would stay chosen.
        original = st.selectbox("Leave which run?", labels, key=f"rescue:{comparison}:{len(labels)}:of")
        result = open_runs[original]
        at = _fork_point(comparison, original, result)
    with right:
        chosen = st.pills("Switch on", DAPO_TECHNIQUES, selection_mode="multi", key=f"rescue:{comparison}:techniques")
        label = st.text_input("Label", free_label(_label(original, chosen or []), list(results)), max_chars=24)
    config, spent = result.config, _spent(result, at)
    changed, problem = None, ""
    try:
        algorithm = with_techniques(config.algorithm, chosen or [])
        if st.toggle("Change any setting", key=f"rescue:{comparison}:any"):
            changed = _any_setting(f"rescue:{comparison}:{original}:{','.join(chosen or [])}", config, algorithm, at, spent)
        else:
            changed = make_fork(config, at, algorithm=algorithm, spent=spent)
        check_label(label, taken=results)
    except ConfigError as error:
        problem = str(error)
    if problem:
        st.error(plain(sentence(problem)), icon=":material/error:")
    elif changed is not None:
        what = ", ".join(f"`{name}` = {value}" for name, value in fork_changes(changed).items()) or "nothing changed"
        st.markdown(f"From {plain(original)} after update {at} {_until(changed)}, with {what}.")
    if st.button("Go on from here", type="primary", icon=":material/fork_right:", disabled=bool(problem), key="rescue:go"):
        _start(comparison, label, changed)


def _fork_point(comparison: str, original: str, result: RunResult) -> int:
    points = fork_points(result.config, result.history.common_end)
    status = manager().view(comparison).runs[original].status
    # A paused run is forked where it was paused; any other where it collapsed.
    first = points[-1] if status is Status.PAUSED else suggested_point(result.config, result.history)
    if len(points) == 1:
        st.markdown(f"After update {points[0]}, the end of its only rollout so far.")
        return points[0]
    return st.select_slider(
        "After which update?", points, first, key=f"rescue:{comparison}:{original}:{status}:at",
        help="The ends of its rollouts. Suggested: now, if it is paused; else the rollout in which it collapsed.")  # fmt: skip


def _spent(result: RunResult, at: int) -> int:
    """Samples that the seed with the most had generated after update `at`."""
    history = result.history
    return int(history.samples[history.updates == at].max())


def _until(config: RunConfig) -> str:
    if config.samples is None:
        return f"to update {config.updates}"
    return f"until each seed has generated {config.samples:,} samples"


def _any_setting(prefix: str, original: RunConfig, algorithm: AlgorithmConfig, at: int, spent: int) -> RunConfig:
    """The fork of `original` that the widgets describe; `algorithm` holds their first values."""
    one, two = st.columns(2)
    names = [name for name in settings_of(type(algorithm)) if name not in HIDDEN]
    half = (len(names) + 1) // 2
    with one:
        switches = _widgets(algorithm, original.algorithm, names[:half], f"{prefix}:algorithm")
    with two:
        switches |= _widgets(algorithm, original.algorithm, names[half:], f"{prefix}:algorithm")
        shared = _widgets(original, original, OTHER, prefix)
        noise = _widgets(original.task, original.task, ("noise", "flip_probability"), f"{prefix}:task")
    return make_fork(
        original, at, spent=spent, algorithm=replace(algorithm, **switches), task=replace(original.task, **noise), **shared
    )


def _widgets(config, default, names: Iterable[str], prefix: str) -> dict[str, object]:
    """Name -> value of those of `names` that have one value for all replicas."""
    single = {name: value for name in names if not isinstance(value := getattr(config, name), tuple)}
    return {
        name: field_widget(config, name, value=value, default=getattr(default, name), key=SETTING(prefix, name))
        for name, value in single.items()
    }


def _label(original: str, chosen: list[str]) -> str:
    short = " + ".join(name.split()[0] for name in chosen) or "again"
    return f"{original[:12]} + {short}"[:20] if chosen else f"{original[:16]} {short}"


def _start(comparison: str, label: str, config: RunConfig) -> None:
    try:
        manager().add(comparison, label, config, viewer=tab())
        if any(run.status is Status.PAUSED for run in manager().view(comparison).runs.values()):
            manager().resume(comparison)  # the original continues beside it
    except (ManagerFull, ConfigError, LookupError, StoreError) as error:
        REFUSED.set(f"Not started: {told(error)}.")
    st.rerun()
