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
COLUMNS = 3
AXES = {"update": "updates", "samples": "samples generated"}
DASHES = {
    "solid": "",
    "dash": "7 4",
    "dot": "2 3",
    "dashdot": "7 3 2 3",
}  # Plotly's names; its other dashes are lengths in pixels
TITLES = {
    "eval_accuracy": "Held-out score",
    "entropy_nats": "Entropy in nats",
    "grad_norm": "Gradient norm",
    "completion_tokens_mean": "Completion length in tokens",
}


STYLE = """<style>
.scenario-picture { margin: 0; }
.scenario-picture .plot { position: relative; aspect-ratio: 5 / 2; max-width: 44rem; }
.scenario-picture .plot > div { position: absolute; inset: 0; }
.scenario-picture figcaption { font-size: 0.75rem; line-height: 1.5; }
.scenario-picture figcaption span { display: inline-flex; align-items: center; gap: 0.3rem; margin-inline-end: 0.7rem; }
.scenario-picture i { width: 0.8rem; height: 0.2rem; }
</style>"""


def browse_button() -> None:
    if st.button("Browse the scenarios", icon=":material/grid_view:", key="browse", width="stretch"):
        _browse()


@st.dialog("Scenarios", width="large")
def _browse() -> None:
    st.markdown(
        "Each is a task, the sides that are compared, and settings under which something shows. The pictures are of finished runs."
    )
    st.html(STYLE)
    for start in range(0, len(SCENARIOS), COLUMNS):
        for column, name in zip(st.columns(COLUMNS), list(SCENARIOS)[start : start + COLUMNS], strict=False):
            with column, st.container(border=True, height="stretch"):
                _card(SCENARIOS[name])


def _card(scenario: Scenario) -> None:
    shipped = picture(scenario.name)
    if shipped is not None:
        st.html(drawn(scenario, shipped))
    here = present().scenario.name == scenario.name
    if st.button(plain(scenario.title), key=f"choose:{scenario.name}", disabled=here, width="stretch"):
        change(Settings(scenario, scenario.runs()), f"the scenario {scenario.title}")
        st.rerun()
    st.markdown(f":small[{plain(scenario.parts[1])}]" + (" :small[**Chosen now.**]" if here else ""))


def show_picture(scenario: Scenario, shipped: ScenarioPicture) -> None:
    st.html(STYLE)
    st.html(drawn(scenario, shipped))


def drawn(scenario: Scenario, shipped: ScenarioPicture) -> str:
    """The picture as HTML: what it shows, its sides, and a line for each in its colour and dash. Streamlit takes SVG out of a page's text, and
    an SVG that is an image cannot know the page's theme, which may change while it is looked at: so the lines are masks over colours."""
    low, high, right = _frame(shipped)
    end = max(run.updates for run in scenario.runs().values()) if shipped.axis == "update" else round(float(f"{right:.2g}"))
    what = f"{TITLES[shipped.metric]}, {low:g} to {high:.2g}, over {end:,} {AXES[shipped.axis]}"
    ends = ", ".join(f"{label} ends at {round(line[-1][1], 3):g}" for label, line in shipped.lines.items())
    # What is dashed is drawn over what is solid, or equal lines would hide it.
    styles = sorted(side_styles(shipped.lines), key=lambda style: style["dash"] != "solid")
    masks = [_mask("background: currentColor", _base())]
    masks += [_mask(_background(style), line) for style, line in zip(styles, _lines(shipped, styles), strict=True)]
    names = "".join(
        f'<span><i style="{_background(style)}"></i>{escape(style["label"])}</span>' for style in side_styles(shipped.lines)
    )
    return (
        f'<figure class="scenario-picture"><div class="plot" role="img" aria-label="{escape(f"{what}: {ends}.")}">{"".join(masks)}</div>'
        f"<figcaption>{escape(what)}<br>{names}</figcaption></figure>"
    )


def _background(style: dict) -> str:
    """The colour of a side as CSS. Streamlit tells a dialog no `color-scheme`, but gives it the theme's colour of text: where that is bright,
    the colour of the dark theme covers the other. The first declaration is for browsers that cannot compute with colours."""
    bright = f"rgb(from currentColor {' '.join(str(int(style['color_dark'][k : k + 2], 16)) for k in (1, 3, 5))} / calc((r - 128) * 10))"
    plain_one = f"background: light-dark({style['color']}, {style['color_dark']})"
    return f"{plain_one}; background: linear-gradient({bright}, {bright}), {style['color']}"


def _mask(background: str, svg: str) -> str:
    source = base64.b64encode(svg.encode()).decode()
    return f'<div style="{background}; mask: url(data:image/svg+xml;base64,{source}) 0 0 / 100% 100%"></div>'


def _lines(shipped: ScenarioPicture, styles: list[dict]) -> list[str]:
    """Of each side its line as an SVG of its own, all on the same axes."""
    low, high, right = _frame(shipped)

    def place(x: float, y: float) -> str:
        return f"{MARGIN + x / right * (WIDTH - 2 * MARGIN):.1f},{HEIGHT - MARGIN - (y - low) / (high - low) * (HEIGHT - 2 * MARGIN):.1f}"

    return [
        _svg(
            f'<polyline points="{" ".join(place(x, y) for x, y in shipped.lines[style["label"]])}" fill="none" stroke="#000" '
            f'stroke-width="2.2" vector-effect="non-scaling-stroke" stroke-dasharray="{_dash(style["dash"])}"/>'
        )
        for style in styles
    ]


def _frame(shipped: ScenarioPicture) -> tuple[float, float, float]:
    """The lowest and highest value, and the last x, that the picture has room for."""
    xs, ys = zip(*(point for line in shipped.lines.values() for point in line), strict=True)
    return min(0.0, min(ys)), max(ys) or 1.0, max(xs) or 1.0


def _base() -> str:
    """The x-axis."""
    y = HEIGHT - MARGIN
    return _svg(f'<line x1="{MARGIN}" x2="{WIDTH - MARGIN}" y1="{y}" y2="{y}" stroke="#000" opacity="0.4"/>')


def _svg(content: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'preserveAspectRatio="none">{content}</svg>'
    )


def _dash(name: str) -> str:
    return DASHES.get(name, name.replace("px", ""))
