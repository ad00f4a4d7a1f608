"""Below the board: what findings say of a comparison, and the numbers and seeds that stand one click away."""

from core.analysis.events import events
from core.analysis.summary import summarise
from core.analysis.tables import about_numbers, seeds_table
from core.data.comparison import SCENARIO, SHIPPED_COMPARISON
from pages.shared.inspect_step.place import events_of
from pages.shared.runs.outcomes import outcome_of
from tests.pages.conftest import SMALL, finish, press, words


def test_numbers_and_every_seed_are_one_click_away_and_cost_is_an_axis(open_app):
    summary = summarise(SCENARIO, SHIPPED_COMPARISON.results)
    app = open_app()
    assert "At equal cost" in words(app) and "A seed of DAPO beats a seed of GRPO with probability" in words(app)
    assert seeds_table(summary).strip() not in words(app)
    assert "cost" in app.segmented_control(key="xaxis").options and app.segmented_control(key="xaxis").value == "update"
    assert "At equal samples generated, as far as both have been run" in words(app)
    assert "single seeds" in next(one for one in app.button_group if "single seeds" in one.options).options
    for part in ("numbers", "every_seed"):
        app.session_state[f"open:{part}"] = True
    app.run()
    assert not app.exception
    assert seeds_table(summary).strip() in words(app) and about_numbers(summary) in words(app)
    assert "seeds that collapsed: share" in words(app)


def test_with_a_budget_of_samples_the_x_axis_is_samples(open_app):
    app = finish(press(open_app({name: value for name, value in SMALL.items() if name != "updates"} | {"samples": "600"}), "run"))
    assert not app.exception
    assert next(one for one in app.segmented_control if one.label == "x-axis").value == "samples"


def test_an_event_has_the_same_words_everywhere():
    for label, result in SHIPPED_COMPARISON.results.items():
        found = events(result.history)
        told = summarise(SCENARIO, {label: result})["algorithms"][label]["events"]["words"]
        assert told == {event.metric: {"what": event.what, "why": event.why} for event in found}
        assert events_of(result) == {event.text: event.update for event in found}
        assert outcome_of(result.history).happened == tuple(f"{event.text}, at {event.update}" for event in found)
    assert any(events(result.history) for result in SHIPPED_COMPARISON.results.values())
