"""Settings out and in, on Compare, without a browser."""

from __future__ import annotations

from tests.pages.conftest import SMALL, words

VERL = (
    "algorithm.adv_estimator=grpo actor_rollout_ref.rollout.n=8 actor_rollout_ref.actor.clip_ratio_high=0.4 "
    "actor_rollout_ref.actor.clip_ratio_c=10000 algorithm.filter_groups.enable=True algorithm.filter_groups.metric=acc "
    "algorithm.filter_groups.max_num_gen_batches=10"
)


def code(app):
    return next((block.value for block in app.code if block.value.startswith("# The settings of")), None)


def test_a_sides_settings_are_written_for_the_trainer_that_is_chosen(open_app):
    app = open_app(SMALL, opened=["take"])
    assert code(app).splitlines()[1].startswith("# For TRL") and "epsilon_high=0.28" in code(app)
    app = app.selectbox(key="take:for").select("verl").run()
    assert "algorithm.filter_groups.enable=True" in code(app)
    app = app.selectbox(key="take:side").select("GRPO").run()
    assert "algorithm.filter_groups.enable=False" in code(app)
    app = app.number_input(key="take:gpus").set_value(7).run()
    assert code(app) is None and "got 7; choose one of 1, 2, 4, 8, 16, 32" in words(app)


def test_a_trainers_settings_are_read_and_open_as_a_side_and_nonsense_costs_a_sentence(open_app):
    app = open_app(SMALL, opened=["compare:bring"]).text_area(key="compare:bring:text").set_value(VERL).run()
    assert "Different from GRPO: `eps_high` = 0.4" in words(app) and "is not carried over" in words(app)
    app = app.text_area(key="compare:bring:text").set_value("hello").run()
    assert "No settings were recognised" in words(app) and not app.exception
