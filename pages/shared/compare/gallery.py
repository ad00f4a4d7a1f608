"""The scenarios as a gallery: of each a small picture of its finished run, its title, and the sentence that says what to watch."""

from __future__ import annotations

import base64
from html import escape

import streamlit as st

from core.analysis.charts.palette import side_styles
from core.analysis.markdown import plain
from core.data.gallery import ScenarioPicture, picture
from core.settings.scenario import Scenario
from core.settings.scenarios import SCENARIOS
from pages.shared.compare.edits import Settings, change, present

WIDTH, HEIGHT, MARGIN = 240, 96, 6
AXES = {"update": "updates", "samples": "samples generated"}
DASHES = {
    "solid": "",
    "dash": "7 4",
    "dot": "2 3",
    "dashdot": "7 3 2 3",
}  # Plotly's names; its other dashes are lengths in pixels
TITLES = {
    "eval_accuracy": "Held-out score",
    "entropy_nats": "Entropy",
    "grad_norm": "Gradient norm",
    "completion_tokens_mean": "Completion length",
}


def browse_button() -> None:
    if st.button("Browse the scenarios", icon=":material/grid_view:", key="browse", width="stretch"):
        _browse()


@st.dialog("Scenarios", width="large")
def _browse() -> None:
    st.markdown(
        "Each is a task, the sides that are compared, and settings under which something shows. The pictures are of finished runs."
    )
    for start in range(0, len(SCENARIOS), 2):
        for column, name in zip(st.columns(2), list(SCENARIOS)[start : start + 2], strict=False):
            with column, st.container(border=True):
                _card(SCENARIOS[name])


def _card(scenario: Scenario) -> None:
    shipped = picture(scenario.name)
    if shipped is not None:
        show_picture(shipped)
    here = present().scenario.name == scenario.name
    if st.button(plain(scenario.title), key=f"choose:{scenario.name}", disabled=here, width="stretch"):
        change(Settings(scenario, scenario.runs()), f"the scenario {scenario.title}")
        st.rerun()
    st.markdown(f":small[{plain(what_to_watch(scenario))}]" + (" :small[*Chosen now.*]" if here else ""))


def what_to_watch(scenario: Scenario) -> str:
    """The sentence of `look_for` that begins with Watch; all of it where there is none."""
    before, watch, rest = scenario.look_for.partition("Watch ")
    return watch + rest if watch else before


def show_picture(shipped: ScenarioPicture) -> None:
    """As an image, because Streamlit takes SVG out of a page's text."""
    what = f"{TITLES[shipped.metric]} over {AXES[shipped.axis]}"
    ends = ", ".join(f"{label} ends at {round(line[-1][1], 3):g}" for label, line in shipped.lines.items())
    source = base64.b64encode(drawn(shipped, dark=st.context.theme.type == "dark").encode()).decode()
    st.html(
        f'<img src="data:image/svg+xml;base64,{source}" alt="{escape(f"{what}: {ends}.")}" style="width: min(100%, 20rem)">'
        f'<div style="font-size: 0.75rem; opacity: 0.85">{escape(what)}</div>'
    )


def drawn(shipped: ScenarioPicture, dark: bool) -> str:
    """The picture as SVG: one line per side, in its colour and dash."""
    points = [point for line in shipped.lines.values() for point in line]
    xs, ys = zip(*points, strict=True)
    low, high = min(0.0, min(ys)), max(ys) or 1.0
    right = max(xs) or 1.0

    def place(x: float, y: float) -> str:
        return f"{MARGIN + x / right * (WIDTH - 2 * MARGIN):.1f},{HEIGHT - MARGIN - (y - low) / (high - low) * (HEIGHT - 2 * MARGIN):.1f}"

    lines = "".join(
        f'<polyline points="{" ".join(place(x, y) for x, y in shipped.lines[style["label"]])}" fill="none" stroke-width="2.2" '
        f'stroke-dasharray="{_dash(style["dash"])}" stroke="{style["color_dark" if dark else "color"]}"/>'
        for style in side_styles(shipped.lines)
    )
    ink = "#fff" if dark else "#000"
    base = (
        f'<line x1="{MARGIN}" x2="{WIDTH - MARGIN}" y1="{HEIGHT - MARGIN}" y2="{HEIGHT - MARGIN}" stroke="{ink}" opacity="0.4"/>'
    )
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}">{base}{lines}</svg>'


def _dash(name: str) -> str:
    return DASHES.get(name, name.replace("px", ""))
