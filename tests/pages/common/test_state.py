"""Session state is read and written in one place, through declared keys."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pages.shared.common.state import Key, KeyFamily, Memo

ROOT = Path(__file__).parents[3]
HOME = ROOT / "pages" / "shared" / "common" / "state.py"
SOURCES = [ROOT / "app.py", *sorted((ROOT / "pages").rglob("*.py"))]
KINDS = {kind.__name__ for kind in (Key, KeyFamily, Memo)}


def uses_of_session_state(tree: ast.AST) -> list[int]:
    """Lines that reach for Streamlit's dictionary, by attribute or by import."""
    nodes = [n for n in ast.walk(tree) if (isinstance(n, ast.Attribute) and n.attr == "session_state")]
    nodes += [n for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) and any(a.name == "session_state" for a in n.names)]
    return [n.lineno for n in nodes]


def declared(tree: ast.AST) -> list[str]:
    """The names of the keys that are made with a literal."""
    calls = [n for n in ast.walk(tree) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name) and n.func.id in KINDS]
    return [call.args[0].value for call in calls if call.args and isinstance(call.args[0], ast.Constant)]


def test_only_the_module_of_keys_touches_session_state():
    found = {str(p.relative_to(ROOT)): uses_of_session_state(ast.parse(p.read_text())) for p in SOURCES if p != HOME}
    assert {path: lines for path, lines in found.items() if lines} == {}


@pytest.mark.parametrize("source", ["st.session_state['a']", "x = st.session_state.a", "from streamlit import session_state"])
def test_the_search_would_find_a_use(source):
    assert uses_of_session_state(ast.parse(source)) == [1]


def test_keys_are_declared_in_the_state_module_of_a_package_and_no_two_share_a_name():
    found = [(name, path) for path in SOURCES for name in declared(ast.parse(path.read_text()))]
    assert len(found) > 40
    assert {path.name for _, path in found} == {"state.py"}
    names = [name for name, _ in found]
    assert sorted(set(names)) == sorted(names)


def script() -> None:
    import streamlit as st

    from pages.shared.common.state import Key, KeyFamily, Memo

    count, memo, made = Key("count", 0), Memo("memo"), Key("made")
    said = KeyFamily("{}:{}")("a", 1)
    assert count.get() == 0 and not count.is_set() and said.name == "a:1"
    count.set(count.get() + 1)
    assert count.is_set() and count.take() == 1 and not count.is_set() and count.take() == 0
    calls = made.made(list)
    assert [memo.of(mark, lambda: calls.append(1) or len(calls)) for mark in ("x", "x", "y", "y", "x")] == [1, 1, 2, 2, 3]
    assert memo.last() == ("x", 3)
    made.forget()
    st.write("done")


def test_a_key_has_a_default_and_a_memo_holds_the_last_result():
    app = AppTest.from_function(script).run()
    assert not app.exception and app.markdown[0].value == "done"
