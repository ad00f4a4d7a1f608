"""The technique table and the sliders: what the browser is sent, and what becomes of its answers."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from itertools import pairwise

import pytest
from streamlit.testing.v1 import AppTest

from core.settings.algorithm import DAPO, GRPO, AlgorithmConfig
from core.settings.describe import settings_of
from core.settings.links import from_query
from core.settings.run import RunConfig
from core.settings.scenarios import SCENARIOS
from pages.shared.compare.edits import Settings
from pages.shared.compare.panel import payload
from pages.shared.compare.panel.sliders import essentials
from tests.pages.conftest import SETTINGS, SMALL, words

COLLAPSE = SCENARIOS["collapse"]


def sent(app) -> dict:
    """What the panel of the page was sent."""
    found = [json.loads(c.proto.json) for c in app.get("bidi_component") if "settings-panel" in c.proto.component_name]
    return found[0]


def cells(panel: dict) -> dict[str, list]:
    return {
        row["label"]: [cell["number"]["value"] if cell["number"] else cell["on"] for cell in row["cells"]]
        for row in panel["techniques"]
    }


def test_the_table_has_a_row_per_technique_and_says_where_the_sides_differ(open_app):
    panel = sent(open_app())
    assert [side["label"] for side in panel["sides"]] == ["GRPO", "DAPO"]
    assert cells(panel) == {
        "Clip-Higher": [False, 0.28],
        "Token-level loss": [False, True],
        "Dynamic sampling": [False, 20],
        "Overlong shaping": [False, 4],
        "Std normalisation": [True, True],
        "KL penalty": [False, False],
    }
    assert [row["differs"] for row in panel["techniques"]] == [True] * 4 + [False] * 2


@pytest.mark.parametrize("name", SCENARIOS)
def test_six_sliders_hold_the_value_and_the_scenarios_mark(name):
    scenario = SCENARIOS[name]
    settings = Settings(scenario, scenario.runs()).with_value("run", "learning_rate", 0.00123)
    found = essentials(settings)
    assert [one["label"] for one in found][:4] == ["Learning rate", "Updates per rollout", "Group size", "Noise on rewards"]
    assert len(found) == 6 and found[5]["label"] == "Seeds"
    for one in found:
        assert one["value"] in one["options"] and one["mark"] in one["options"] and one["options"] == sorted(one["options"])
        assert len(one["texts"]) == len(one["options"])
    assert found[0]["value"] == 0.00123 != found[0]["mark"] == scenario.run.learning_rate


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_value_that_can_be_slid_to_is_valid(name):
    scenario = SCENARIOS[name]
    easy = replace(scenario.run.task, too_easy_fraction=0.3, too_hard_fraction=0.0)
    per_seed = replace(scenario.run, learning_rate=(0.001,) * scenario.run.replicas)
    for first in (scenario.runs(), {"A": replace(scenario.run, task=easy)}, {"A": per_seed}):
        settings = Settings(scenario, first)
        for one in essentials(settings):
            for option in one["options"]:
                settings.with_value(one["owner"], one["field"], option).runs()  # raises if it is refused


def test_learning_rates_and_seeds_are_evenly_apart_on_a_log_scale():
    for one in essentials(Settings(COLLAPSE, COLLAPSE.runs())):
        if one["field"] in ("learning_rate", "group_size", "replicas"):
            ratios = [b / a for a, b in pairwise(one["options"])]
            assert min(ratios) > 1 and max(ratios) <= 2


def test_what_differs_and_has_no_switch_stands_below_the_table():
    assert payload(Settings(COLLAPSE, COLLAPSE.runs()))["also"] == []
    changed = from_query(SMALL | {"GRPO.entropy_coef": "0.01", "DAPO.dual_clip": "3"}).runs
    assert payload(Settings(COLLAPSE, changed))["also"] == [
        {"label": "Dual clip", "texts": ["none", "3"]},
        {"label": "Weight of the entropy bonus", "texts": ["0.01", "0"]},
    ]
    longer = SCENARIOS["samples-not-updates"]
    assert {"label": "Updates", "texts": [f"{run.updates}" for run in longer.runs().values()]} in payload(
        Settings(longer, longer.runs())
    )["also"]


def test_every_setting_is_behind_more(open_app):
    app = open_app(SMALL, opened=SETTINGS)
    drawn = {w.key for kind in ("number_input", "selectbox", "toggle") for w in getattr(app.sidebar, kind)}
    for owner, kind in (
        ("run", RunConfig),
        ("task", type(COLLAPSE.run.task)),
        ("GRPO", AlgorithmConfig),
        ("DAPO", AlgorithmConfig),
    ):
        assert {f"{owner}:{name}" for name in settings_of(kind)} - {f"{owner}:defects"} <= drawn
    shown = app.number_input(key="run:max_grad_norm")
    assert shown.label == "Largest gradient norm" and "`max_grad_norm`" in shown.help


def answers(changes: list[dict], query: dict) -> AppTest:
    """The settings of `query` after the browser has answered."""

    def script(changes: list, query: dict) -> None:
        import streamlit as st

        from core.settings.fields import ConfigError
        from core.settings.links import from_query, to_query
        from pages.shared.compare.edits import last_change, present, set_first, undo
        from pages.shared.compare.panel import make_change

        opened = from_query(query)
        set_first(opened.scenario, opened.runs)
        for one in changes:
            try:
                make_change(one)
            except (ConfigError, KeyError) as error:
                st.error(str(error))
        st.json(to_query(present().scenario, present().runs()))
        st.text(last_change())
        undo()
        st.json(to_query(present().scenario, present().runs()))

    return AppTest.from_function(script, args=(changes, query)).run()


def test_a_switch_and_a_slider_change_the_settings_and_undo_takes_the_last_back():
    app = answers(
        [
            {"technique": "Clip-Higher", "side": "GRPO", "on": True},
            {"technique": "Dynamic sampling", "side": "DAPO", "on": False},
            {"owner": "GRPO", "field": "eps_high", "value": 0.4},
            {"owner": "run", "field": "replicas", "value": 4},
        ],
        SMALL,
    )
    assert not app.exception and not app.error
    after, before = (json.loads(shown.value) for shown in app.json)
    assert after == SMALL | {"replicas": "4", "GRPO.eps_high": "0.4", "DAPO.dynamic_sampling": "off"}
    assert before == after | {"replicas": "2"}
    assert app.text[0].value == "Seeds"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"owner": "run", "field": "group_size", "value": 1}, "group_size must be"),
        ({"owner": "GRPO", "field": "eps_high", "value": "much"}, "eps_high must be"),
        ({"owner": "nobody", "field": "eps_high", "value": 0.3}, "nobody"),
        ({"technique": "Clip-Lower", "side": "GRPO", "on": True}, "Clip-Lower"),
    ],
)
def test_what_is_no_setting_is_refused_and_changes_nothing(change, told):
    app = answers([change], SMALL)
    assert told in app.error[0].value and not app.exception
    assert json.loads(app.json[0].value) == SMALL


def test_a_side_with_one_value_per_replica_cannot_be_switched():
    run = replace(COLLAPSE.run, algorithm=replace(GRPO, eps_high=tuple(0.2 + 0.01 * k for k in range(16))))
    (row, *_) = payload(Settings(COLLAPSE, {"GRPO": run}))["techniques"]
    assert row["cells"][0]["fixed"] and row["cells"][0]["number"] is None


def test_a_variant_that_a_switch_does_not_say_is_named():
    runs = from_query(SMALL | {"DAPO.dynamic_sampling": "filter", "GRPO.loss_aggregation": "constant"}).runs
    rows = {row["label"]: row["cells"] for row in payload(Settings(COLLAPSE, runs))["techniques"]}
    assert rows["Dynamic sampling"][1]["variant"] == "filter" and rows["Dynamic sampling"][1]["on"]
    assert rows["Token-level loss"][0]["variant"] == "constant" and not rows["Token-level loss"][0]["on"]


def test_what_the_settings_mean_is_said_before_anything_is_run(open_app):
    told_app = open_app(SMALL | {"updates_per_rollout": "1"})
    told = words(told_app)
    numbers = next(html.proto.body for html in told_app.get("html") if "dead groups" in html.proto.body)
    assert re.findall("<dd>(.*?)</dd>", numbers) == ["70 %", "4.1k–82k", "5 s", "6 MB"]
    assert "70 % of the groups** carry no signal at the start" in told
    assert "With one update per rollout the ratio is always 1, so that no clip can act." in told
    assert "With 2 seeds there is no interval" in told
    assert re.search(
        "GRPO 4,096, DAPO about [0-9,]+ at the pace of the first rollout and at most 82,000", told
    )  # 16 rollouts of 16 prompts x 16 completions


def test_a_setting_is_found_by_its_name_its_words_and_what_it_does(open_app):
    app = open_app()
    for wanted, found in (
        ("grad norm", ["run:max_grad_norm"]),
        ("beta", ["GRPO:kl_coef"]),
        ("num_generations", ["run:group_size"]),
        ("overlong shaping", ["GRPO:overlong", "GRPO:overlong_buffer_tokens"]),
        ("punishment", ["GRPO:overlong", "GRPO:overlong_buffer_tokens", "GRPO:overlong_penalty"]),
    ):
        app.text_input(key="find_setting").set_value(wanted).run()
        drawn = [w.key for w in (*app.sidebar.number_input, *app.sidebar.selectbox) if ":" in w.key]
        assert [key for key in drawn if not key.startswith(("DAPO", "sides"))] == sorted(found, key=found.index) or set(
            found
        ) <= set(drawn)
    app.text_input(key="find_setting").set_value("no such thing").run()
    assert "No setting is about no such thing" in words(app) and not app.exception


def test_undo_and_back_to_the_scenario(open_app):
    app = open_app(SMALL, opened=("environment",))
    assert app.button(key="undo_change").disabled
    app.number_input(key="task:noise").set_value(0.3).run()
    app.button(key="back_to_scenario").click().run()
    assert app.number_input(key="task:noise").value == 0.0 and app.button(key="run").label == "Run: GRPO against DAPO, 16 seeds"
    app.button(key="undo_change").click().run()
    assert app.number_input(key="task:noise").value == 0.3 and app.button(key="run").label == "Run: GRPO against DAPO, 2 seeds"
    app.button(key="undo_change").click().run()
    assert app.number_input(key="task:noise").value == 0.0 and app.button(key="undo_change").disabled
    app.selectbox(key="scenario").set_value("lab").run()
    app.button(key="undo_change").click().run()
    assert app.selectbox(key="scenario").value == "collapse" and not app.exception


def test_dapo_is_grpo_with_every_switch_of_its_own_turned():
    assert DAPO != GRPO
    turned = [
        {"technique": t, "side": "GRPO", "on": True}
        for t in ("Clip-Higher", "Token-level loss", "Dynamic sampling", "Overlong shaping")
    ]
    app = answers(turned, SMALL | {"scenario": "sample-efficiency"})  # whose DAPO is the standard one
    made = from_query(json.loads(app.json[0].value)).runs
    assert made["GRPO"].algorithm == made["DAPO"].algorithm == DAPO


def test_a_preset_is_taken_can_be_undone_and_what_is_invalid_in_it_is_said():
    def script() -> None:
        import streamlit as st

        from core.settings.links import from_query, to_query
        from pages.shared.compare.edits import last_change, present
        from pages.shared.compare.opened import beginning, open_settings
        from pages.shared.compare.presets import take
        from pages.shared.compare.sidebar import _undo

        opened = from_query({"scenario": "lab"})
        open_settings(opened)
        take("mine", "scenario=collapse&replicas=4&task.noise=loud&DAPO.eps_high=0.4")
        st.json(to_query(present().scenario, present().runs()))
        st.text(last_change())
        st.text(beginning().problems[0])
        _undo()
        st.json(to_query(present().scenario, present().runs()))
        st.json(list(beginning().problems))

    app = AppTest.from_function(script).run()
    assert json.loads(app.json[2].value) == []  # of settings that are no longer there
    after, before, _ = (json.loads(shown.value) for shown in app.json)
    assert after == {"scenario": "collapse", "replicas": "4", "DAPO.eps_high": "0.4"} and before == {"scenario": "lab"}
    assert app.text[0].value == "the preset mine" and "task.noise was ignored" in app.text[1].value


def test_share_and_download_stand_beside_run(open_app):
    found = open_app(SMALL).main.get("popover")
    assert [popover.proto.popover.label for popover in found] == ["Share", "Download", "Presets"]
    files = [button.proto.label for popover in found for button in popover.get("download_button")]
    assert files == ["Everything (zip)", "GRPO (CSV)", "DAPO (CSV)"]
