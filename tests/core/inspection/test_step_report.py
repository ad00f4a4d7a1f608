"""A step in tables, sentences and pictures: they say what the step holds, and add up."""

import functools
from dataclasses import replace

import numpy as np
import pytest
import torch

from core.engine.checkpoints import Checkpoints
from core.engine.trainer import train
from core.inspection.charts import batch_chart, entropy_chart, token_chart
from core.inspection.differences import batch_difference, difference
from core.inspection.report import step_values
from core.inspection.sentences import group_sentence, percent, rounds, summary
from core.inspection.step import inspect_step
from core.inspection.tables import (
    completions_table,
    entropy_by_position,
    fate,
    groups_table,
    side_by_side,
    suggested_group,
    tokens_table,
)
from core.inspection.treatment import other_algorithms, treat
from core.settings.algorithm import DAPO, GRPO
from tests.core.inspection.test_inspection import run_of

UPDATE = 20  # in the middle of a rollout


@functools.cache
def step_of(case: str):
    return inspect_step(run_of(case), 6, UPDATE)


@pytest.fixture(
    scope="module", params=["chain, refill", "chain, off", "filter of the lab", "long completions", "truncated left out"]
)
def step(request):
    return step_of(request.param)


@pytest.fixture(scope="module")
def refilled():
    return step_of("chain, refill")


@pytest.fixture(scope="module")
def unfiltered():
    """The latest update of seed 5 that clips on both sides, more above than below, and has an all-wrong group and one with a signal."""
    config = run_of("chain, off", updates=64)
    config, checkpoints = replace(config, task=replace(config.task, flip_probability=0.0)), Checkpoints()
    for record in reversed(list(train(config, checkpoints=checkpoints))[1:]):
        low, high = (record.metrics[f"clip_fraction_{side}"][0] for side in ("low", "high"))
        if 0.1 > high > low > 0.001:  # the sentence then has one decimal of a per cent
            step = inspect_step(config, 5, record.update, checkpoints=checkpoints)
            kinds = {group.kind for group in step.groups if step.in_update[group.slot]}
            if {"all wrong", "mixed"} <= kinds:
                return step
    raise AssertionError("no update of this run clips on both sides and has an all-wrong and a mixed group")


def test_shares_of_tokens_completions_and_groups_add_up(step):
    seen = treat(step)
    groups = groups_table(step, seen)
    total = 0.0
    for number in groups.loc[groups["share"].notna(), "group"]:
        completions, tokens = completions_table(step, seen, number), tokens_table(step, seen, number)
        group = groups.loc[number - 1]
        assert completions["share"].sum() == pytest.approx(group["share"], abs=1e-6)
        by_completion = tokens.groupby("completion")["share"].sum()
        assert by_completion.to_numpy() == pytest.approx(completions["share"].to_numpy(), abs=1e-6)
        assert (tokens["clip"] != "").sum() == group["clipped"]
        assert len(tokens) == group["tokens"] and tokens["trained"].sum() == completions["trained"].sum()
        total += group["share"]
    assert total == pytest.approx(1 if seen.share.sum() else 0, abs=1e-5)


def test_fates_agree_with_the_batch(step):
    seen = treat(step)
    fates = [fate(step, seen, g) for g in step.groups]
    assert fates.count("dropped") == sum(not g.kept for g in step.groups)
    assert fates.count("in this update") == int((step.in_update & seen.kept).sum())
    assert fates.count("in this update") + fates.count("in other updates") == int(seen.kept.sum())


def test_where_the_batch_has_places_left_an_update_may_have_nothing_to_train_on(refilled):
    places = len(refilled.in_update)
    there = int(np.flatnonzero(~refilled.in_update & treat(refilled).kept)[0])  # the only place that is filled, in another update
    batch = replace(refilled.batch, live=torch.arange(places)[None] == there)
    groups = tuple(replace(g, slot=g.slot if g.slot == there else None, kept=g.slot == there) for g in refilled.groups)
    empty = replace(refilled, batch=batch, groups=groups)
    assert f"The batch has 1 of {places} places filled, and those are in other updates." in summary(empty, treat(empty), "DAPO")
    assert empty.groups[suggested_group(empty, treat(empty)) - 1].slot == there


def test_token_probabilities_are_those_of_the_two_policies(refilled):
    seen = treat(refilled)
    number = suggested_group(refilled, seen)
    slot = refilled.groups[number - 1].slot
    table = tokens_table(refilled, seen, number, 2)
    real = refilled.full_mask[0, slot, 1]
    assert table["old"].to_numpy() == pytest.approx(refilled.batch.old_logprobs[0, slot, 1][real].exp().numpy())
    assert table["new"].to_numpy() == pytest.approx(refilled.logprobs[0, slot, 1][real].exp().numpy())
    assert (table["new"] / table["old"]).to_numpy() == pytest.approx(table["ratio"].to_numpy(), rel=1e-4)
    assert " ".join(table["token"]) == refilled.groups[number - 1].texts[1]


def test_the_summary_counts_dead_groups_and_clipped_tokens(unfiltered):
    seen = treat(unfiltered)
    slots = np.flatnonzero(unfiltered.in_update)
    dead = sum(not (seen.advantages[slot] != 0).any() for slot in slots)
    text = summary(unfiltered, seen, "GRPO")
    assert text.startswith(f"Update {unfiltered.update} of GRPO, seed 5. ")
    assert 0 < dead < len(slots) and f"In {dead} of the {len(slots)} groups of this update every advantage is 0." in text
    high, low = (unfiltered.record.metrics[f"clip_fraction_{side}"][0] for side in ("high", "low"))
    assert f"{high * 100:.1f} % of the tokens were clipped above and {low * 100:.1f} % below" in text and high > low > 0.001


def test_a_step_without_signal_says_so():
    """All answers of a one-state task are right in the end."""
    step = inspect_step(run_of("filter of the lab", updates=120), 5, 118)
    seen = treat(step)
    assert not seen.share.any()
    text = summary(step, seen, "DAPO")
    assert "dropped" in text and "only the entropy bonus and Adam's momentum from earlier updates can move the policy" in text
    assert "Its only group" in text
    empty = summary(replace(step, groups=()), seen, "DAPO")
    assert "No group was left to train on: only Adam's momentum from earlier updates can move the policy." in empty


def test_rounds_tell_every_group_and_slot(refilled):
    seen = treat(refilled)
    told = rounds(refilled, seen)
    assert len([t for t in told if t.startswith("Round")]) == max(g.round for g in refilled.groups)
    first = [g for g in refilled.groups if g.round == 1]
    wrong = sum(g.kind == "all wrong" for g in first)
    assert f"Round 1: {wrong} all wrong" in told[0] and f"Dropped: {wrong} all wrong" in told[0]
    taken = sum(g.slot is not None for g in first)
    assert f"slots 1 to {taken}" in told[0] and "replaced" in told[1]


def test_an_all_wrong_group_through_the_other_algorithm(unfiltered):
    own, other = treat(unfiltered), treat(unfiltered, DAPO)
    number = next(n for n, g in enumerate(unfiltered.groups, start=1) if g.kind == "all wrong" and unfiltered.in_update[g.slot])
    names = ("GRPO", "DAPO")
    text = difference(unfiltered, own, other, number, names)
    assert text.startswith("DAPO drops this group and samples another; GRPO trains on it, though at advantage 0")
    assert "every advantage is 0" in group_sentence(unfiltered, own, number)
    mixed = sum(g.kind == "mixed" for g in unfiltered.groups)
    assert batch_difference(unfiltered, own, other, names) == (
        f"The batch has 16 groups. GRPO keeps 16 of them, {mixed} with advantages other than 0. "
        f"DAPO keeps {mixed} of them, {mixed} with advantages other than 0."
    )


def test_a_dropped_group_through_an_algorithm_that_drops_nothing(refilled):
    own, other = treat(refilled), treat(refilled, GRPO)
    number = next(n for n, g in enumerate(refilled.groups, start=1) if g.slot is None and g.kind == "all wrong")
    text = difference(refilled, own, other, number, ("DAPO", "GRPO"))
    assert "not in the batch of DAPO" in text and ("at advantage 0" in text) == (refilled.config.task.noise == 0)
    assert "dropped it" in group_sentence(refilled, own, number)
    assert not len(tokens_table(refilled, own, number)) and completions_table(refilled, own, number)["share"].isna().all()


def test_a_signal_that_is_only_noise_is_told_as_such():
    step = inspect_step(run_of("chain, off", updates=64), 5, 60)  # with flipped rewards
    seen = treat(step)
    told = {n: group_sentence(step, seen, n) for n, g in enumerate(step.groups, start=1) if step.in_update[g.slot]}
    for number, text in told.items():
        group = step.groups[number - 1]
        assert ("because of flipped rewards" in text) == (group.kind != "mixed" and (seen.advantages[group.slot] != 0).any())
    assert any("because of flipped rewards" in text for text in told.values())


def test_side_by_side_has_both_algorithms_numbers(unfiltered):
    own, other = treat(unfiltered), treat(unfiltered, DAPO)
    number = suggested_group(unfiltered, own)
    slot = unfiltered.groups[number - 1].slot
    table = side_by_side(unfiltered, own, other, number, ("GRPO", "DAPO"))
    for name, seen in (("GRPO", own), ("DAPO", other)):
        assert table[f"weight, {name}"].to_numpy() == pytest.approx(seen.weight[slot].sum(-1))
        assert table[f"advantage, {name}"].to_numpy() == pytest.approx(seen.advantages[slot])


def test_entropy_by_position_is_a_mean_over_real_tokens_of_filled_slots(refilled):
    values, count = entropy_by_position(refilled)
    slots = [g.slot for g in refilled.groups if g.slot is not None]
    by_hand = [
        float(e)
        for slot in slots
        for e, real in zip(refilled.entropy[0, slot, :, 3], refilled.full_mask[0, slot, :, 3], strict=True)
        if real
    ]
    assert count[3] == len(by_hand) and values[3] == pytest.approx(np.mean(by_hand), rel=1e-5)


def test_the_picture_has_a_cell_per_completion_and_says_right_by_shape_too(step):
    seen = treat(step)
    figure = batch_chart(step, seen, color="#0072B2", picked=1).figure
    cells = {(n, k): trace for trace in figure.data for (n, k) in trace.customdata}
    assert len(cells) == sum(len(g.correct) for g in step.groups)
    for (number, k), trace in cells.items():
        right = step.groups[number - 1].correct[k - 1]
        assert trace.marker.symbol == ("square" if right else "x-thin")
    struck = [s for s in figure.layout.shapes if s.type == "line" and s.line.dash is None]
    assert len(struck) == sum(fate(step, seen, g) == "dropped" for g in step.groups)
    assert len(figure.layout.yaxis.ticktext) == len(step.groups)


def test_a_very_large_batch_is_drawn_in_part_and_says_so(refilled, monkeypatch):
    monkeypatch.setattr("core.inspection.charts.MOST_CELLS", 5 * refilled.config.group_size)
    chart = batch_chart(refilled, treat(refilled), color="#0072B2", picked=20)
    assert "The first 5 are drawn" in chart.text and len(chart.figure.layout.yaxis.ticktext) == 5


def test_texts_cannot_become_markup(refilled):
    group = refilled.groups[0]
    hostile = replace(refilled, groups=(replace(group, texts=("<b>x</b>",) * len(group.texts)), *refilled.groups[1:]))
    figure = batch_chart(hostile, treat(hostile), color="#0072B2").figure
    assert "<b>x" not in figure.to_json().replace("\\u003c", "<") and "&lt;b&gt;x" in figure.to_json()


def test_the_token_picture_adds_up_to_the_groups_share(step):
    seen = treat(step)
    number = suggested_group(step, seen)
    chart = token_chart(step, seen, number)
    if step.groups[number - 1].slot is None:
        assert chart.figure is None
        return
    z = np.array(chart.figure.data[0].z, dtype=float)
    assert np.nansum(np.abs(z)) / 100 == pytest.approx(seen.share[step.groups[number - 1].slot].sum(), abs=1e-5)
    assert (~np.isnan(z)).sum() == step.full_mask[0, step.groups[number - 1].slot].sum()


def test_entropy_chart_draws_the_batch_and_the_group(unfiltered):
    assert len(entropy_chart(unfiltered, color="#D55E00", number=1).figure.data) == 2
    assert len(entropy_chart(unfiltered, color="#D55E00").figure.data) == 1


def test_other_algorithms_are_the_other_sides_and_what_is_missing_of_the_published_two():
    mine = replace(DAPO, eps_high=0.5)
    assert list(other_algorithms({"GRPO": GRPO, "DAPO": DAPO}, "GRPO")) == ["DAPO"]
    assert other_algorithms({"Mine": mine}, "Mine") == {"GRPO": GRPO, "DAPO": DAPO}
    assert other_algorithms({"DAPO": mine, "GRPO": GRPO}, "DAPO") == {"GRPO": GRPO, "DAPO as published": DAPO}
    assert other_algorithms({"DAPO": GRPO}, "DAPO") == {"DAPO as published": DAPO}


def test_values_are_ready_for_json_and_complete(refilled):
    seen = treat(refilled)
    values = step_values(refilled, seen, "DAPO", ("GRPO", treat(refilled, GRPO)))
    assert len(values["groups"]) == len(values["against"]["groups"]) == len(refilled.groups)
    tokens = sum(len(c["token_table"]) for g in values["groups"] for c in g["completions"])
    filled = [g.slot for g in refilled.groups if g.slot is not None]
    assert tokens == int(refilled.full_mask[0, filled].sum())
    assert values["groups"][0]["completions"][0]["advantage"] is None or refilled.groups[0].slot is not None


def test_a_step_holds_on_to_its_own_seed_alone(refilled):
    held = sum(t.untyped_storage().nbytes() for t in vars(refilled).values() if isinstance(t, torch.Tensor))
    assert held <= refilled.nbytes and refilled.batch.tokens.untyped_storage().nbytes() == refilled.batch.tokens.nbytes


def test_everything_told_is_whole_sentences(refilled, unfiltered):
    for step, other in ((refilled, GRPO), (unfiltered, DAPO)):
        own, seen = treat(step), treat(step, other)
        numbers = range(1, len(step.groups) + 1)
        told = [summary(step, own, "A"), batch_difference(step, own, seen, ("A", "B"))]
        told += [difference(step, own, seen, number, ("A", "B")) for number in numbers]
        for text in told:
            assert text.endswith(".") and "  " not in text
            assert all(sentence[0].isupper() or sentence[0].isdigit() for sentence in text.split(". ")), text


def test_a_group_at_advantage_0_still_takes_part_in_a_penalty(unfiltered):
    seen = treat(unfiltered)
    number = next(
        n
        for n, g in enumerate(unfiltered.groups, start=1)
        if unfiltered.in_update[g.slot] and not (seen.advantages[g.slot] != 0).any()
    )
    assert group_sentence(unfiltered, seen, number).endswith("adds nothing to the gradient.")
    for change, told in (
        ({"kl_coef": 0.1}, "KL penalty."),
        ({"kl_coef": 0.1, "entropy_coef": 0.1}, "KL penalty and of the entropy bonus."),
    ):
        penalised = replace(seen, algorithm=replace(seen.algorithm, **change))
        assert group_sentence(unfiltered, penalised, number).endswith(f"adds nothing to the gradient but its part of the {told}")


def test_a_group_whose_completions_were_all_truncated_is_in_no_loss(unfiltered):
    seen = treat(unfiltered)
    number, group = next((n, g) for n, g in enumerate(unfiltered.groups, start=1) if unfiltered.in_update[g.slot])
    trained = seen.trained.copy()
    trained[group.slot] = False
    assert "overlong filtering leaves those out" in group_sentence(unfiltered, replace(seen, trained=trained), number)


@pytest.mark.parametrize(
    ("noise", "flips", "unshaped", "rewards", "causes"),
    [
        (0.1, 0.0, [0.1, 0.2], [0.1, 0.2], "noise in the rewards"),
        (0.0, 0.1, [0.0, 1.0], [0.0, 1.0], "flipped rewards"),
        (0.0, 0.0, [1.0, 1.0], [1.0, 0.8], "the overlong punishment"),
        (0.1, 0.0, [1.1, 0.9], [1.1, 0.7], "noise in the rewards and the overlong punishment"),
        (0.1, 0.1, [0.1, 1.0], [0.1, 1.0], "noise in the rewards and flipped rewards"),
    ],
)
def test_every_cause_of_different_rewards_for_equal_answers_is_named(unfiltered, noise, flips, unshaped, rewards, causes):
    config = replace(unfiltered.config, task=replace(unfiltered.config.task, noise=noise, flip_probability=flips))
    seen = treat(unfiltered)
    number, group = next(
        (n, g)
        for n, g in enumerate(unfiltered.groups, start=1)
        if unfiltered.in_update[g.slot] and (seen.advantages[g.slot] != 0).any()
    )
    made = replace(group, noiseless=np.ones(2), unshaped=np.array(unshaped), rewards=np.array(rewards))
    groups = tuple(made if g is group else g for g in unfiltered.groups)
    text = group_sentence(replace(unfiltered, config=config, groups=groups), seen, number)
    assert text.endswith(f"their rewards differ only because of {causes}.")


def test_with_one_round_a_dropped_group_is_not_replaced(unfiltered):
    own, number = treat(unfiltered), 1 + next(n for n, g in enumerate(unfiltered.groups) if g.kind == "all wrong")
    for rounds_allowed, told in ((1, "DAPO drops this group;"), (2, "DAPO drops this group and samples another;")):
        other = treat(unfiltered, replace(DAPO, max_rounds=rounds_allowed))
        assert difference(unfiltered, own, other, number, ("GRPO", "DAPO")).startswith(told)


def test_a_ratio_whose_sides_share_a_graph_is_1_as_in_training():
    config = replace(run_of("chain, off"), algorithm=replace(GRPO, entropy_coef=0.1, defects=("undetached_ratio",)))
    trained = list(train(config))[UPDATE].metrics  # update 0 is the first
    seen = treat(inspect_step(config, 6, UPDATE))
    assert trained["ratio_max"].tolist() == [1.0] * 3
    assert (seen.ratio[seen.trained] == 1).all() and not seen.clipped.any()


@pytest.mark.parametrize(
    ("share", "told"),
    [(0, "0 %"), (0.0004, "under 0.1 %"), (0.02, "2.0 %"), (0.5, "50 %"), (0.997, "over 99 %"), (1 - 1e-9, "100 %")],
)
def test_a_share_of_the_gradient_that_is_not_all_is_not_told_as_all(share, told):
    assert percent(share) == told


def test_shares_of_the_gradient_say_which_terms_of_the_loss_they_leave_out(unfiltered):
    penalised = replace(unfiltered, config=replace(unfiltered.config, algorithm=replace(GRPO, kl_coef=0.1, entropy_coef=0.1)))
    seen = treat(unfiltered)
    assert "Shares leave the KL penalty and the entropy bonus out." in summary(penalised, seen, "GRPO")
    assert "leave" not in summary(unfiltered, seen, "GRPO")
