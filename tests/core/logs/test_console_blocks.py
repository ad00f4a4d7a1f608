"""Consoles that print a step's numbers behind a progress bar, in a block of lines, or as a table with single spaces."""

import pytest

from core.logs import read_bytes, read_text

STEPS = list(range(1, 31))
REWARD = [i / 100 for i in STEPS]


def check(run):
    assert run.steps.tolist() == STEPS and run.series("reward_mean").tolist() == pytest.approx(REWARD)


def bar(at, reward, end="\r"):
    return f"GRPO:  {at}%|▎         | {at}/100 [00:{at:02d}<05:00,  3.1s/it, loss=0.01, reward={reward:.2f}, kl=1.2e-03]{end}"


@pytest.mark.parametrize("end", ["\r", "\n"])
def test_numbers_behind_a_progress_bar_are_those_at_its_first_sight(end):
    """A bar moves on, and is then given the numbers of the next step before it moves again."""
    text = "".join(bar(i, i / 100, end) + bar(i, (i + 1) / 100, end) for i in STEPS)
    (run,) = read_text(text).runs
    check(run)
    assert run.series("kl_base")[0] == 0.0012


def test_the_bar_of_openrlhf():
    line = "Episode [1/1]:  %d%%|▏ | %d/100 [01:00<1:00, 60s/it, policy=0.01, kl=0.002, rm=%s, ret=0.1, glen=%s, tlen=300, k_coef=0.01]"
    (run,) = read_text("\r".join(line % (i, i, r, 200 + i) for i, r in zip(STEPS, REWARD, strict=True))).runs
    check(run)
    assert run.series("completion_tokens_mean")[0] == 201


def test_a_bar_without_numbers_is_no_row():
    text = "".join(f"Loading: 50%|█ | {i}/100 [00:10<00:20, 2.1it/s, device=0]\n" for i in STEPS)
    assert read_text(text).runs == ()


BLOCKS = [
    "========================= Step {0}/100 =========================\n▶ Preparing batch...\n📊 Training Results:\n  • Loss: 0.0123\n"
    "  • Avg Reward: {1}\n  • Mean Generation Length: 250.5\n⏱️  Timing:\n  • Total step time: 30.00s\n  • policy_training: 10.0s (30.0%)\n",
    "Step {0}\n    loss: 0.0123\n    mean_reward: {1}\n    response_length: 250.5\nDone.\n",
    "--- Step {0} / 100 ---\n- loss: 0.0123\n- reward: {1}\n- completion_length: 250.5\n",
]  # fmt: skip


@pytest.mark.parametrize("block", BLOCKS)
def test_a_block_of_lines_for_a_step(block):
    text = "".join(block.format(i, r) for i, r in zip(STEPS, REWARD, strict=True))
    (run,) = read_text(text).runs
    check(run)
    assert set(run.series("completion_tokens_mean")) == {250.5} and set(run.series("loss")) == {0.0123}


def test_the_steps_of_a_recipe_are_no_block():
    assert read_text("".join(f"Step {i}\n  - flour: 5\n  - sugar: 3\n  - eggs: 2\n" for i in STEPS)).runs == ()


PASTED = "Step Training Loss reward reward_std completions / mean_length kl\n" + "".join(
    f"{i} {'No Log' if i % 5 else '0.000100'} {r:.6f} 0.300000 210.500000 nan\n" for i, r in zip(STEPS, REWARD, strict=True)
)


@pytest.mark.parametrize("gap", [" ", " \t", "\t"])
def test_a_notebooks_table_that_was_pasted(gap):
    text = PASTED if gap == " " else PASTED.replace("Training Loss", "Training_Loss").replace("No Log", "No_Log").replace(" / ", "|").replace(
        " ", gap
    ).replace("|", " / ").replace("_L", " L")  # fmt: skip
    (run,) = read_text("My log:\n\n" + text + "\nWhy is kl nan?\n").runs
    check(run)
    assert (
        run.framework.name == "TRL"
        and set(run.series("completion_tokens_mean")) == {210.5}
        and len(run.training.columns["kl"].rows) == 30
    )


@pytest.mark.parametrize(
    "line",
    ["Step {0} | loss:0.01 lr:1e-06 rewards:{1} kl_loss:0.001 grad_norm:0.5", "step {0} | loss 0.01 | reward: {1} kl: 0.001"],
)
def test_pairs_behind_a_bar_of_which_there_are_several(line):
    (run,) = read_text("\n".join(line.format(i, r) for i, r in zip(STEPS, REWARD, strict=True))).runs
    check(run)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16", "utf-8-sig"])
def test_a_log_that_a_shell_wrote_in_another_encoding(encoding):
    text = "".join(f"{{'loss': 0.1, 'reward': {r}, 'kl': 0.001}}\r\n" for r in REWARD)
    (run,) = read_bytes("log", text.encode(encoding)).runs
    check(run)
