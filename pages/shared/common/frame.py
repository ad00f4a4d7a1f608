"""What every page begins with: title, layout and the menu."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import streamlit as st

from pages.shared.common.contents import LAB, learn_menu
from pages.shared.common.process import remember_visitor

# Streamlit leaves six lines empty above every page; the first chart belongs on the first screen. And it writes captions, code, and white on
# the dark theme's light blue, too faintly to be read by everybody, and has long lines of code scroll out of the keyboard's reach (WCAG AA).
STYLE = """<style>
.stMainBlockContainer { padding-top: 2.5rem; padding-bottom: 3rem; }
@media (max-width: 1280px) { .stMainBlockContainer { padding-inline: clamp(1rem, 3vw, 5rem); } }
[data-testid="stCaptionContainer"] { opacity: 0.78; }
.st-key-theme_watch { position: absolute; }
/* Or the keyboard goes through what nobody sees. Some of it, such as the buttons for help, says of itself that it is visible. */
:is([data-testid="stSidebar"][data-collapsed="true"], [data-testid="stSidebar"][data-collapsed="true"] *) { visibility: hidden !important; }
[data-testid="stPageLink-NavLink"]:focus-visible { outline: 2px solid light-dark(#0072b2, #56b4e9); outline-offset: -2px; }
.st-key-lab_name p { font-size: 1.25rem; font-weight: 600; }
[data-testid="stSidebarHeader"] { margin-bottom: 0; height: 2.75rem; }
[data-testid="stSidebar"] [data-testid="stPageLink"] p { white-space: normal; }
.st-key-pages { display: grid; grid-template-columns: repeat(2, max-content); column-gap: 0.25rem; }
.st-key-pages [data-testid="stPageLink-NavLink"] { padding-inline: 0.3rem; gap: 0.3rem; }
.st-key-pages [data-testid="stPageLink-NavLink"] p { white-space: nowrap; font-size: 0.875rem; }
[data-testid="stSidebar"] [data-testid="stPageLink-NavLink"] { min-height: 1.75rem; }
:is([data-testid="stCode"], [data-testid="stMarkdown"]) :is(pre, pre code) { white-space: pre-wrap !important; overflow-wrap: anywhere; }
pre .token { color: light-dark(#31333f, #f3f3f0) !important; }
pre .token.comment { color: light-dark(#5b6070, #a8adba) !important; }
pre .token:is(.keyword, .boolean, .number, .builtin, .function, .class-name, .key, .property) { color: light-dark(#00559c, #8cc8ff) !important; }
pre .token:is(.string, .triple-quoted-string) { color: light-dark(#1b6632, #7bd39a) !important; }
button[kind^="primary"], button[kind^="primary"]:hover,
[data-testid="stMultiSelect"] [data-tag], [data-testid="stMultiSelect"] [data-tag] * { color: light-dark(#ffffff, #0c141c); }
@media (max-width: 640px) {
  [data-testid="stExpandSidebarButton"] { width: auto; padding-inline: 0.5rem; border: 1px solid currentColor; border-radius: 0.4rem; }
  [data-testid="stExpandSidebarButton"]::after { content: "SIDEBAR"; font-size: 0.875rem; margin-inline-start: 0.25rem; }
}
@media (max-width: 640px) { [data-testid="stButtonGroup"] [role="radiogroup"] button { padding-inline: 0.4rem; } }
</style>"""

# A file: the name of a Material symbol would make the browser fetch the icon from a font server.
ICON = Path(__file__).parent / "icon.svg"
SETTINGS_WIDTH = 350  # pixels: a table of four sides fits
WITH_SETTINGS = ("Compare", "Ablation ladder")  # their sidebars hold what a person came to change: it belongs on the first screen


def frame(title: str) -> None:
    """Call first on every page."""
    width = SETTINGS_WIDTH if title in WITH_SETTINGS else None
    st.set_page_config(page_title=f"{title} · DAPO Lab", page_icon=str(ICON), layout="wide", initial_sidebar_state=width)
    st.html(STYLE.replace("SIDEBAR", "Settings and pages" if title in WITH_SETTINGS else "Pages"))
    if embedded():
        remember_visitor()
        return
    with st.sidebar:
        remember_visitor()
        with st.container(key="lab_name"):  # no heading: the page's own is the first
            st.markdown("DAPO Lab")
        with st.container(horizontal=True, gap="xxsmall", key="pages"):
            _links(LAB)
        pages = learn_menu()
        with st.expander(
            f"Learn: {len(pages)} pages to play with", expanded=title not in WITH_SETTINGS, icon=":material/school:"
        ):
            _links(pages)


def embedded() -> bool:
    """Whether the page stands inside another one, `?embed=true`: it then has no menu."""
    return bool(st.context.is_embedded)


def _links(entries: Iterable[tuple[str, str, str | None]]) -> None:
    for path, label, icon in entries:
        st.page_link(path, label=label, icon=icon)
