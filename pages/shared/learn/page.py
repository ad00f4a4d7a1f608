"""The parts of a Learn page: one method per part, called in the order of the page."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from pathlib import Path

import streamlit as st

from core.settings.links import to_query
from core.settings.scenarios import find_scenario
from pages.shared.common import contents
from pages.shared.common.documents import TextError, language, load
from pages.shared.common.frame import frame
from pages.shared.learn import terms, values
from pages.shared.learn.figure import figure, set_button
from pages.shared.learn.miniature import miniature
from pages.shared.learn.small import small

ROOT = Path(__file__).resolve().parents[3]
STYLE = Path(__file__).parent / "page.css"
SHORT = 25  # code of at most this many lines is shown unfolded


class LearnPage:
    """Every method shows the section of its name from text/LANGUAGE/PAGE.md, unless told another key."""

    def __init__(self, name: str):
        self.name = name
        self.language = language()
        self.document = load(name, self.language)
        self.ui = load("ui", self.language).words("words")[1]
        self._terms: list[str] = []
        frame(self.document.title)
        st.html(STYLE)
        st.title(self.document.title, anchor=False)
        if self.document.lead:
            self._markdown(self.document.lead, lead=True)

    def text(self, key: str) -> None:
        """Heading and prose."""
        section = self.document.section(key)
        self._heading(key)
        self._markdown(section.body)

    def words(self, key: str) -> dict[str, str]:
        """Heading and prose of a section that has lines `- name: words`, and these, for what the page draws itself."""
        prose, found = self.document.words(key)
        self._heading(key)
        self._markdown(prose)
        return found

    def say(self, text: str) -> None:
        """Show a text of the page, with its terms and numbers filled in."""
        self._markdown(text)

    def equation(self, key: str = "equation") -> None:
        """A section with $$ … $$ and a table of its symbols, shown beside each other where there is room."""
        lines = self.document.section(key).body.splitlines()
        formula = next((at for at, line in enumerate(lines) if line.startswith("$$")), None)
        rows = [at for at, line in enumerate(lines) if line.startswith("|")]
        if formula is None or not rows or formula > rows[0]:
            raise TextError(
                f"{self.document.path.name}, {{#{key}}}: there must be lines $$ … $$ and below them a table of symbols"
            )
        self._heading(key)
        self._markdown(lines[:formula])
        left, right = st.columns([1.1, 1], vertical_alignment="top", gap="large")
        with left:
            self._markdown(lines[formula : rows[0]])
        with right:
            self._markdown(lines[rows[0] : rows[-1] + 1])
        self._markdown(lines[rows[-1] + 1 :])

    def figure(self, name: str, data: object = None) -> None:
        """The figure `name` of figures/PAGE.js. The section {#figure-NAME} holds its title, what to do with it, and its labels."""
        key = f"figure-{name}"
        prose, words = self.document.words(key)
        with st.container(border=True, key=f"learn-box-{name}"):
            st.markdown(f"#### {self.document.section(key).heading}")
            self._markdown(prose)
            figure(self.name, name, words=words, data=data)

    def code(self, *functions: Callable, key: str = "code") -> None:
        """The source of the functions that the page explains. Short ones are unfolded."""
        self.text(key)
        for function in functions:
            file = Path(inspect.getsourcefile(function)).resolve().relative_to(ROOT)
            source = inspect.getsource(function)
            short = source.count("\n") <= SHORT
            with st.expander(f"`{function.__name__}` in `{file.as_posix()}`", expanded=short, icon=":material/code:"):
                st.code(source, language="python")

    def live(self, scenario: str, *, charts: Iterable[str | dict], key: str = "live", **smaller) -> None:
        """A miniature of `scenario` that trains on request. `smaller`: see `small`. {#live} comes before it, {#result} after it."""
        self.text(key)
        result = self.document.section("result")

        def show_result(run: dict) -> None:
            self._markdown(f"#### {result.heading}\n\n{result.body}", run=run)

        miniature(self.name, scenario, small(scenario, **smaller), charts=charts, ui=self.ui, show_result=show_result)

    def limits(self) -> None:
        """The section on where the technique does not help."""
        self.text("limits")

    def questions(self, key: str = "try") -> None:
        """Each with a button that sets the figure's controls, and a folded answer."""
        self._heading(key)
        for number, question in enumerate(self.document.questions(key), 1):
            self._markdown(f"**{number}. {question.words}**")
            answer = st.container()
            if question.state is not None:
                button, answer = st.columns([1, 4])
                with button:
                    name = f"{self.name}-{key}-{number}"
                    set_button(self.name, question.figure, state=question.state, label=self.ui["set_figure"], key=name)
            with answer, st.expander(self.ui["what_you_should_see"], icon=":material/visibility:"):
                self._markdown(question.answer)

    def compare(self, scenario: str, settings: Iterable[str] = (), sides: Iterable[str] | None = None) -> None:
        """The link that opens Compare on `scenario` at full length, with `settings` and `sides` as `small` takes them."""
        found = find_scenario(scenario)
        query = to_query(found, small(scenario, sides=sides, settings=settings))
        with st.container(border=True, key="learn-compare"):
            st.page_link(
                "app.py", label=f"{self.ui['open_compare']}: {found.title}", icon=":material/ssid_chart:", query_params=query
            )

    def sources(self) -> None:
        """The sources, the glossary terms used on this page, and the link to the next one. Call last."""
        self.text("sources")
        known = terms.glossary(self.language)
        if self._terms:
            with st.expander(self.ui["words_used"], icon=":material/menu_book:"):
                st.markdown("\n".join(f"- **{known[t][0]}**: {known[t][1]}" for t in sorted(set(self._terms))))
        if follows := contents.after(self.name):
            title = load(follows, self.language).title
            st.page_link(contents.file(follows), label=f"{self.ui['next']}: {title}", icon=":material/arrow_forward:")

    def _heading(self, key: str) -> None:
        st.header(self.document.section(key).heading, anchor=key)

    def _markdown(self, text: str | list[str], *, run: dict | None = None, lead: bool = False) -> None:
        filled = values.fill(text if isinstance(text, str) else "\n".join(text), self.name, run)
        if not filled.strip():
            return
        self._terms += terms.used(filled)
        shown = terms.explain(filled, self.language)
        st.markdown(f'<div class="learn-lead">\n\n{shown}\n\n</div>' if lead else shown, unsafe_allow_html=True)
