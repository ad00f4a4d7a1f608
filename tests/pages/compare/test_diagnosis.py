"""The diagnosis of the Lab's own runs, on Compare and on Runs: the rules and sentences of Your run, with the number of seeds."""

from core.data.comparison import SHIPPED_COMPARISON
from core.diagnosis import diagnose_seeds, told
from pages.shared.common.lab_diagnosis import diagnosis_marks
from tests.pages.conftest import words

HISTORIES = {label: result.history for label, result in SHIPPED_COMPARISON.results.items()}


def test_compare_tells_what_the_seeds_suffer_from_once_it_is_asked(open_app):
    app = open_app()
    found = {together.finding.kind: together for together in diagnose_seeds("GRPO", HISTORIES["GRPO"])}
    title = told(found["entropy_collapse"].finding, "DAPO Lab").title
    assert f"{title}** · {found['entropy_collapse'].share}" not in words(app)
    app.session_state["open:compare:diagnosis"] = True
    app.run()
    assert not app.exception
    assert f"{title}** · {found['entropy_collapse'].share}" in words(app)
    assert "DAPO Lab: `eps_high=0.28`" in words(app)
    app.selectbox(key="compare:diagnosed").set_value("DAPO").run()
    assert "The prompts" in words(app) or "the prompts are solved" in words(app)


def test_the_board_is_told_what_is_no_event_already_while_the_part_is_open(monkeypatch):
    marks = {label: ("test", label) for label in HISTORIES}
    monkeypatch.setattr("pages.shared.common.lab_diagnosis.st.session_state", {})
    assert diagnosis_marks(HISTORIES, marks, key="runs") == []
    monkeypatch.setattr("pages.shared.common.lab_diagnosis.st.session_state", {"open:runs:diagnosis": True})
    texts = {mark["text"] for mark in diagnosis_marks(HISTORIES, marks, key="runs")}
    assert any(text.startswith("GRPO: ") for text in texts)
    assert not any("collapsed" in text or "vanished" in text for text in texts)
