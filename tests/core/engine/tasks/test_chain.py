"""The reasoning chain: states, grading by hand, the pool and the base policy. Pool 10 + 10, V 5 (four steps and ANSWER), T 6."""

from dataclasses import replace

import pytest
import torch

from core.engine.rng import ReplicaStreams
from core.engine.tasks import make_task
from tests.support import CHAIN, assert_close, completions_of

ANSWER = 4


def prompt_with(task, needed: int, favourite: bool) -> int:
    match = (task.needed == needed) & ((task.useful == 0) == favourite)
    return int(match.nonzero()[0])


def test_hand_made_completions_are_graded():
    task = make_task(CHAIN)
    prompt = prompt_with(task, needed=2, favourite=False)
    good = int(task.useful[prompt])
    filler = 0
    rows = [
        ([good, good, ANSWER], True),  # exactly enough
        ([good, filler, good, filler, ANSWER], True),  # filler between does not hurt
        ([good, good, good, ANSWER], True),  # more than enough
        ([good, ANSWER], False),  # one step short
        ([ANSWER], False),
        ([filler, filler, ANSWER], False),
        ([good] * 5 + [ANSWER], True),  # ANSWER at the last possible place
        ([good] * 6, False),  # truncated: wrong however many steps
    ]
    completions = completions_of(task, [[row for row, _ in rows]])
    found = task.grade(torch.tensor([[prompt]]), completions, ReplicaStreams((0,)), None)
    assert found.correct[0, 0].tolist() == [right for _, right in rows]
    assert found.rewards.equal(found.correct.float())


def test_useful_tokens_behind_the_answer_do_not_count():
    task = make_task(CHAIN)
    prompt = prompt_with(task, needed=2, favourite=True)
    completions = completions_of(task, [[[0, ANSWER], [0, 0, ANSWER]]])
    assert completions.tokens[0, 0, 0].tolist() == [0, ANSWER, 0, 0, 0, 0]  # the padding looks useful
    assert task.judge(torch.tensor([[prompt]]), completions, torch.zeros(1, 1, 2))[0][0, 0].tolist() == [False, True]


def test_states_of_equals_next_state_step_by_step_and_plain_python():
    task = make_task(CHAIN)
    generator = torch.Generator().manual_seed(0)
    prompts = torch.randint(20, (2, 7), generator=generator)
    tokens = torch.randint(4, (2, 7, 3, 6), generator=generator)
    tokens[0, :, 0] = task.useful[prompts[0]][:, None]  # more useful tokens than the largest difficulty
    found = task.states_of(prompts, tokens)
    state = torch.zeros(2, 7, 3, dtype=torch.long)
    for t in range(6):
        assert found[..., t].equal(state), t
        state = task.next_state(prompts, state, tokens[..., t])
    for r, b, g in torch.cartesian_prod(torch.arange(2), torch.arange(7), torch.arange(3)).tolist():
        progress = 0
        for t in range(6):
            assert found[r, b, g, t].item() == progress * 6 + t  # state = progress · L + position
            progress = min(progress + (tokens[r, b, g, t].item() == task.useful[prompts[r, b]].item()), 2)


def test_states_describe_progress_and_position():
    task = make_task(CHAIN)
    # Progress 1 of 0-2, position 4 of 0-5.
    assert task.state_features[1 * 6 + 4].tolist() == [0, 1, 0, 0, 0, 0, 0, 1, 0]
    assert task.state_features.shape == (task.num_states, 9) and task.num_states == 18


def test_prompts_describe_steps_needed_and_the_useful_token():
    task = make_task(CHAIN)
    for prompt in range(20):
        steps, useful, noise = task.prompt_features[prompt].split([2, 4, 3])
        assert (int(steps.argmax()) + 1, int(useful.argmax())) == (task.needed[prompt], task.useful[prompt])
        assert steps.sum() == useful.sum() == 1 and noise.abs().max() > 0
    assert len(task.prompt_features.unique(dim=0)) == 20  # a held-out prompt is no training prompt


@pytest.mark.parametrize("hard_fraction", [0.0, 0.3, 0.5, 1.0])
def test_each_half_of_the_pool_has_its_share_of_hard_prompts_easiest_first(hard_fraction):
    task = make_task(replace(CHAIN, hard_fraction=hard_fraction))
    for half in (slice(0, 10), slice(10, 20)):
        hard = task.useful[half] != 0
        assert hard.sum().item() == round(hard_fraction * 10)
        order = list(zip(hard.tolist(), task.needed[half].tolist(), strict=True))
        assert order == sorted(order)
    assert task.needed.min() >= 1 and task.needed.max() <= 2


def test_base_policy_has_the_configured_probabilities():
    task = make_task(CHAIN)
    # .75 favourite, .15 ANSWER, the remaining .10 in equal parts on three rare tokens.
    expected = torch.tensor([0.75, 0.1 / 3, 0.1 / 3, 0.1 / 3, 0.15])
    assert_close(task.base_logits.exp(), expected.expand(20, -1), rtol=1e-5, atol=0)


def test_a_distractor_takes_its_share_from_the_other_rare_tokens_on_hard_prompts_only():
    # Rare mass .10 on tokens 1, 2, 3. Pull .6: the distractor gets .06 + .4 · .0333, each other rare token .4 · .0333.
    task = make_task(replace(CHAIN, distractor_pull=0.6))
    found = task.base_logits.exp()
    assert_close(found.sum(-1), torch.ones(20), rtol=1e-5, atol=0)
    for prompt in range(20):
        useful = int(task.useful[prompt])
        expected = [0.75, 0.1 / 3, 0.1 / 3, 0.1 / 3, 0.15]
        if useful:
            distractor = {1: 2, 2: 3, 3: 1}[useful]
            for rare in (1, 2, 3):
                expected[rare] = 0.4 * 0.1 / 3 + (0.06 if rare == distractor else 0.0)
        assert_close(found[prompt], torch.tensor(expected), rtol=1e-5, atol=0)


def test_texts_can_be_read():
    task = make_task(CHAIN)
    easy, hard = prompt_with(task, 1, True), prompt_with(task, 2, False)
    assert task.prompt_text(easy) == "needs 1 x a (easy)"
    assert task.prompt_text(hard) == f"needs 2 x {'abcd'[int(task.useful[hard])]}"
    assert task.completion_text([0, 3, ANSWER]) == "a d ANSWER"
    assert make_task(replace(CHAIN, step_tokens=40)).completion_text([25, 26, 40]) == "z t26 ANSWER"
