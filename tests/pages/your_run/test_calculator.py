"""The calculator on *Your run*, without a browser."""

from __future__ import annotations

import pytest

from tests.pages.conftest import words
from tests.pages.your_run.conftest import paste, rows


def test_it_begins_with_what_the_log_tells_and_answers_what_is_asked(open_page):
    app = paste(open_page(), rows())
    app.session_state["open:your_run:calculator"] = True
    app = app.run()
    rate = next(s for s in app.slider if s.label == "Mean pass rate")
    assert rate.value == pytest.approx(0.93, abs=0.02)  # the mean of the last sixth of 40 rows that rise to 1
    app = rate.set_value(0.5).run()
    app = next(s for s in app.slider if s.label == "Spread of pass rates").set_value(0.0).run()
    app = app.select_slider[-1].set_value(4).run()
    assert "**12% of the groups** carry no signal: 6% all wrong, 6% all right" in words(app) and not app.exception


def test_a_pass_rate_of_zero_is_said_to_fill_no_batch(open_page):
    app = open_page(opened=["your_run:calculator"])
    app = next(s for s in app.slider if s.label == "Mean pass rate").set_value(0.0).run()
    assert "No number of rounds fills a batch" in words(app) and "widen the bounds" in words(app) and not app.exception


def test_pass_rates_of_ones_own_prompts_take_the_place_of_the_sliders(open_page):
    app = open_page(opened=["your_run:calculator"])
    own = next(t for t in app.text_input if t.label.startswith("Or the pass rates"))
    app = own.set_value("0, 1, 0; 1").run()
    assert "**100% of the groups** carry no signal: 50% all wrong, 50% all right" in words(app)
    app = next(t for t in app.text_input if t.label.startswith("Or the pass rates")).set_value("lots").run()
    assert "separate them by commas or spaces" in words(app) and not app.exception
