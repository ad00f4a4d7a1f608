"""The parts that only the page *The lab* has: the switches of its three defects, a table of the trained miniatures, and the bugs that can
be run."""

from __future__ import annotations

import streamlit as st

from core.settings.algorithm import LAB_DEFECTS
from core.settings.scenarios.lab import LAB, LAB_REPAIRED
from pages.shared.common.process import manager
from pages.shared.learn import lab_bugs
from pages.shared.learn.page import LearnPage
from pages.shared.learn.state import RAN, ROWS, summary_of

SCENARIO = LAB_REPAIRED.name


def chosen(defects: tuple[str, ...]) -> dict:
    """Settings and updates that turn `lab-repaired` into the lab with these defects: 100 rollouts, as the lab had. With all three it
    trains exactly what `lab` trains."""
    settings = [f"algorithm.defects={','.join(defects)}"] if defects else []
    if "whole_batch_filter" in defects:  # the threshold that the lab's filter compares the standard deviation with
        was = LAB.algorithms["DAPO"]
        settings += [f"DAPO.filter_on={was.filter_on}", f"DAPO.filter_threshold={was.filter_threshold}"]
    rollouts = LAB_REPAIRED.run.rollouts
    each = 1 if "single_update" in defects else LAB_REPAIRED.run.updates_per_rollout
    return {"settings": settings, "updates": rollouts * each}


def switches(page: LearnPage) -> dict:
    """The three switches, all defects left in at first. Returns what `LearnPage.live` needs."""
    words = page.words("switches")
    repaired = []
    for column, defect in zip(st.columns(len(LAB_DEFECTS)), LAB_DEFECTS, strict=True):
        with column:
            repaired.append(st.toggle(words[defect], key=f"{page.name}:{defect}"))
            st.caption(words[f"{defect}.means"])
    return chosen(tuple(d for d, done in zip(LAB_DEFECTS, repaired, strict=True) if not done))


def trained(page: LearnPage) -> None:
    """A table of what the original lab printed and the result of every miniature trained in this tab."""
    words = page.words("printed")
    kept = ROWS(page.name).made(dict)
    comparison, summary = summary_of(page.name).last() or (None, None)
    if comparison is not None and comparison not in kept:
        defects = next(iter(manager().results(comparison).values())).config.algorithm.defects
        kept[comparison] = _rows(defects, summary, words)
    head = [words[name] for name in ("side", "repaired", "gradient", "entropy", "reward", "filtered")]
    printed = [[side, words["original"], *words[f"original.{side}"].split("; ")] for side in ("GRPO", "DAPO")]
    table = [head, ["---"] * len(head), *printed, *(row for rows in kept.values() for row in rows)]
    st.markdown("\n".join(f"| {' | '.join(row)} |" for row in table))
    if not kept:
        st.caption(words["none_yet"])


def _rows(defects: tuple[str, ...], summary: dict, words: dict[str, str]) -> list[list[str]]:
    done = [words[defect] for defect in LAB_DEFECTS if defect not in defects]
    name = words["nothing"] if not done else words["all"] if len(done) == len(LAB_DEFECTS) else ", ".join(done)
    rows = []
    for side, found in summary["algorithms"].items():
        first, last = ({metric: found[metric][when] for metric in ("grad_norm", "reward_mean")} for when in ("initial", "final"))
        change = f"{100 * (found['entropy_nats']['final_over_initial'] - 1):+.1f}".replace("-", "−")
        rows.append(
            [
                side,
                name,
                f"{first['grad_norm']:.4f} → {last['grad_norm']:.4f}",
                f"{change}\N{NO-BREAK SPACE}%",
                f"{first['reward_mean']:.3f} → {last['reward_mean']:.3f}",
                f"{100 * found['filter_ratio']['final']:.0f}\N{NO-BREAK SPACE}%",
            ]
        )
    return rows


def bugs(page: LearnPage) -> None:
    """One bug at a time: what it is, the lines that show it, and a button that runs them."""
    words = page.words("wild")
    name = st.selectbox(words["choose"], list(lab_bugs.BUGS), format_func=lambda bug: words[bug], key=f"{page.name}:bug")
    page.say(words[f"{name}.is"])
    st.code(lab_bugs.source(name), language="python")
    if st.button(words["run"], icon=":material/play_arrow:", key=f"{page.name}:run-bug"):
        RAN(page.name).set(name)
    if RAN(page.name).get() == name:
        bug, right = lab_bugs.run(name)
        left, other = st.columns(2)
        left.markdown(f"{words['with']}: **{bug}**")
        other.markdown(f"{words['without']}: **{right}**")
        page.say(words[f"{name}.so"])
