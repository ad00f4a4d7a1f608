"""One finding of the diagnosis, as a card: what is seen, what it has cost, how sure that is, the usual cause and what to try."""

from __future__ import annotations

from urllib.parse import parse_qsl

import streamlit as st

from core.analysis.markdown import plain
from core.diagnosis import CONDITION, FAULT, VERDICT, Explanation, Finding, Remedy, told
from pages.shared.common import contents
from pages.shared.common.documents import language, load
from pages.shared.common.finding_marks import is_marked
from pages.shared.common.log_charts import KNOWN, title

ICONS = {FAULT: ":red[:material/error:]", CONDITION: ":orange[:material/warning:]", VERDICT: ":green[:material/check_circle:]"}
NEUTRAL = ":gray[:material/help:]"  # a verdict that is no good news, and none that is bad


def finding_card(finding: Finding, framework: str, *, key: str, seeds: str = "", marked: bool = True) -> None:
    """`framework`: in whose settings the remedies are. `seeds`: in how many it was found, "" where there is one run. `key`: of the
    page's part. `marked`: the page's board has the finding's marks."""
    text = told(finding, framework)
    good = finding.severity == VERDICT and finding.kind != "healthy"
    with st.container(border=True):
        st.markdown(
            f"**{NEUTRAL if good else ICONS.get(finding.severity, NEUTRAL)} {text.title}**{f' · {seeds}' if seeds else ''}"
        )
        st.markdown(plain(" ".join(part for part in (text.seen, text.cost) if part)))
        st.caption(" ".join((_how_sure(finding, text), _where(finding) if marked else "")).strip())
        if finding.kind == "healthy":
            return
        with st.expander("Usual cause and what to try", key=f"{key}:try:{finding.kind}:{finding.severity}"):
            _advice(text)


def _how_sure(finding: Finding, text: Explanation) -> str:
    """The degree, and what keeps it from being higher."""
    return plain(" ".join((f"How sure: {finding.confidence}.", *text.unsure)))


def _where(finding: Finding) -> str:
    """Where on the board it can be seen."""
    if not is_marked(finding):
        return ""
    names = list(dict.fromkeys(title(mark.metric) for mark in finding.marks if mark.metric in KNOWN))
    return f"Marked on the board at step {finding.since_step:,}: {', '.join(names)}." if names else ""


def _advice(text: Explanation) -> None:
    st.markdown(plain(text.causes))
    st.markdown("\n".join(line for remedy in text.remedies for line in _lines(remedy)))
    with st.container(horizontal=True):
        st.page_link(contents.file(text.learn), label=f"Learn: {load(text.learn, language()).title}", icon=":material/school:")
        if text.lab:
            st.page_link(
                "app.py", label="The same in the Lab", icon=":material/ssid_chart:", query_params=dict(parse_qsl(text.lab))
            )  # fmt: skip


def _lines(remedy: Remedy) -> list[str]:
    return [f"- {plain(remedy.text)}", *(f"    - {plain(framework)}: {_code(setting)}" for framework, setting in remedy.settings)]


def _code(setting: str) -> str:
    """Settings hold their own code marks; the words between them are plain."""
    parts = setting.split("`")
    return "".join(f"`{part}`" if place % 2 else plain(part) for place, part in enumerate(parts))
