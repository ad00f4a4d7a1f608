"""Every setting of Compare, behind *More*: in groups, or those that a search finds."""

from __future__ import annotations

from collections.abc import Iterable

import streamlit as st

from core.analysis.markdown import plain
from core.settings.describe import settings_of
from core.settings.run import RunConfig
from core.settings.start import START
from core.settings.switches import SWITCHES
from core.settings.words import ELSEWHERE, in_words
from pages.shared.common.folded import folded
from pages.shared.common.state import SETTING
from pages.shared.common.widgets import field_widget
from pages.shared.compare.edits import RUN, TASK, Settings, edit
from pages.shared.compare.side_editor import side_head
from pages.shared.compare.state import FIND

OPTIMISATION = (
    "learning_rate",
    "num_prompts",
    "group_size",
    "updates_per_rollout",
    "epochs",
    "temperature",
    "max_grad_norm",
    "eval_every",
    "micro_batch_prompts",
)
BUDGET = (*START, "generation_price")
HIDDEN = ("defects",)  # which only the lab scenario may have
MOST_FOUND = 16


def all_settings(settings: Settings) -> None:
    st.text_input("Find a setting", key=FIND.name, placeholder="its name, or what it does", icon=":material/search:")
    if wanted := (FIND.get() or "").strip():
        _found(settings, wanted)
        return
    for number, side in enumerate(settings.sides):
        with folded(plain(side.label), icon=":material/function:", key=f"side {number}") as drawn:
            if drawn:
                side_head(settings, side)
                _widgets(settings, side.label, _names(settings, side.label))
    shared = (
        ("Environment", ":material/landscape:", "environment", TASK, _names(settings, TASK)),
        ("Optimisation", ":material/tune:", "optimisation", RUN, OPTIMISATION),
        ("Budget, seeds, price", ":material/casino:", "counts", RUN, BUDGET),
    )
    for title, icon, key, owner, names in shared:
        with folded(title, icon=icon, key=key) as drawn:
            if drawn:
                _widgets(settings, owner, names)


def _found(settings: Settings, wanted: str) -> None:
    owners = (*(side.label for side in settings.sides), TASK, RUN)
    found = [
        (owner, name) for owner in owners for name in _names(settings, owner) if _matches(_config(settings, owner), name, wanted)
    ]
    if not found:
        st.caption(f"No setting is about {plain(wanted)}.")
    for owner, name in found[:MOST_FOUND]:
        _widgets(settings, owner, (name,), beside="" if owner in (TASK, RUN) else f" · {plain(owner)}")
    if len(found) > MOST_FOUND:
        st.caption(f"And {len(found) - MOST_FOUND} more: write more of the name.")


def _matches(config, name: str, wanted: str) -> bool:
    """Whether every word of `wanted` is in the field's name, its name in words, its help, what it is called elsewhere, or the technique that
    it belongs to."""
    techniques = " ".join(switch.label for switch in SWITCHES if name in switch.fields)
    texts = (
        name,
        name.replace("_", " "),
        in_words(name),
        settings_of(type(config))[name].help,
        ELSEWHERE.get(name, ""),
        techniques,
    )
    return all(word in " ".join(texts).lower() for word in wanted.lower().split())


def _names(settings: Settings, owner: str) -> tuple[str, ...]:
    if owner == RUN:
        return (*OPTIMISATION, *BUDGET)
    return tuple(name for name in settings_of(type(_config(settings, owner))) if name not in HIDDEN)


def _config(settings: Settings, owner: str):
    """What `owner`'s settings are fields of."""
    run: RunConfig = settings.first.get(owner) or next(iter(settings.first.values()))
    return run if owner == RUN else run.task if owner == TASK else run.algorithm


def _widgets(settings: Settings, owner: str, names: Iterable[str], beside: str = "") -> None:
    for name in names:
        value = settings.value(owner, name)
        if isinstance(value, tuple):  # one value per replica: set by the command line, left alone here
            continue
        key = SETTING(owner, name)
        field_widget(
            _config(settings, owner), name, value=value, default=settings.default(owner, name), key=key,
            on_change=_changed, args=(settings, owner, name), beside=beside)  # fmt: skip


def _changed(settings: Settings, owner: str, name: str) -> None:
    value = SETTING(owner, name).get()
    optional = settings_of(type(_config(settings, owner)))[name].optional
    if value is not None or optional:
        edit(owner, name, value, in_words(name))
