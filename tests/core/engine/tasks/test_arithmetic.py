"""Addition as text, against plain Python."""

from dataclasses import replace

import pytest
import torch

from core.engine.rng import ReplicaStreams
from core.engine.tasks import make_task
from core.engine.tasks.arithmetic import CHARACTERS, END, count_carries, digits_of, encode_answers, sum_without_carry
from core.settings.task import ArithmeticConfig
from tests.support import ARITHMETIC, completions_of

TWO_DIGITS = ArithmeticConfig(digits=2)


def written(a: int, b: int) -> tuple[int, str]:
    """(carries, sum without carries) of a written addition, column by column on text."""
    carry, carries, columns = 0, 0, []
    for x, y in zip(f"{a:04d}"[::-1], f"{b:04d}"[::-1], strict=True):
        columns.append(str((int(x) + int(y)) % 10))
        carry = int(int(x) + int(y) + carry > 9)
        carries += carry
    return carries, "".join(reversed(columns))


def encode(text: str) -> list[int]:
    return [CHARACTERS.index(c) for c in text]


def prompt_of(task, a: int, b: int) -> int:
    return int(((task.first == a) & (task.second == b)).nonzero()[0])


def test_carries_and_carryless_sums_of_all_two_digit_pairs():
    first, second = torch.cartesian_prod(torch.arange(100), torch.arange(100)).unbind(1)
    carries, without = count_carries(first, second, 2), sum_without_carry(first, second, 2)
    for a, b, c, s in zip(first.tolist(), second.tolist(), carries.tolist(), without.tolist(), strict=True):
        expected_carries, expected_sum = written(a, b)
        assert (c, s) == (expected_carries, int(expected_sum)), (a, b)
    assert sum_without_carry(torch.tensor([17]), torch.tensor([25]), 2).tolist() == [32]


def test_encoded_answers_of_all_two_digit_sums_read_as_numbers():
    numbers = torch.arange(0, 1000)
    for n, row in zip(numbers.tolist(), encode_answers(numbers, 5).tolist(), strict=True):
        assert "".join(CHARACTERS[t] for t in row) == str(n).ljust(5, "$")


def test_digits_of_keeps_leading_zeros():
    assert digits_of(torch.tensor([7, 42, 123]), 2).tolist() == [[0, 7], [4, 2], [2, 3]]


def test_the_pool_is_every_pair_once_ordered_by_carries():
    for config, low, high in ((ARITHMETIC, 0, 10), (TWO_DIGITS, 10, 100)):
        task = make_task(config)
        pairs = list(zip(task.first.tolist(), task.second.tolist(), strict=True))
        assert sorted(pairs) == [(a, b) for a in range(low, high) for b in range(low, high)]
        assert task.train_size == round(0.8 * len(pairs))
        carries = [written(*pair)[0] for pair in pairs]
        assert carries == task.carries.tolist()
        assert carries[: task.train_size] == sorted(carries[: task.train_size])
        assert task.eval_prompts.min() >= task.train_size and task.eval_prompts.max() < len(pairs)
        assert len(task.eval_prompts) == min(200, len(pairs) - task.train_size)


def test_held_out_sums_are_never_training_sums_even_where_the_pool_is_a_sample():
    task = make_task(ArithmeticConfig(digits=3))
    pairs = list(zip(task.first.tolist(), task.second.tolist(), strict=True))
    assert len(pairs) == len(set(pairs)) == 10_000
    assert min(min(p) for p in pairs) >= 100 and max(max(p) for p in pairs) <= 999
    train = set(pairs[: task.train_size])
    assert not train & {pairs[i] for i in task.eval_prompts.tolist()}


def test_hand_made_completions_are_graded():
    task = make_task(TWO_DIGITS)  # T = 2 + 2 + 1
    prompt = prompt_of(task, 17, 25)
    rows = [
        ("42$", True),
        ("32$", False),
        ("042$", False),
        ("42", False),
        ("42+$", False),
        ("$", False),
        ("42222", False),
        ("4", False),
    ]
    completions = completions_of(task, [[encode(row) for row, _ in rows]])
    found = task.grade(torch.tensor([[prompt]]), completions, ReplicaStreams((0,)), None)
    assert found.correct[0, 0].tolist() == [right for _, right in rows]
    assert found.rewards.equal(found.correct.float())


def test_a_right_answer_without_its_end_is_truncated_and_wrong():
    task = make_task(replace(TWO_DIGITS, extra_tokens=0))
    assert task.max_tokens == 4
    prompt = prompt_of(task, 99, 99)
    completions = completions_of(task, [[encode("198$"), encode("1980")]])
    assert task.judge(torch.tensor([[prompt]]), completions, torch.zeros(1, 1, 2))[0][0, 0].tolist() == [True, False]


def test_what_stands_behind_the_end_does_not_count():
    task = make_task(TWO_DIGITS)
    completions = completions_of(task, [[encode("42$"), encode("42$")]])
    completions.tokens[0, 0, 1, 3:] = 9
    assert task.judge(torch.tensor([[prompt_of(task, 17, 25)]]), completions, torch.zeros(1, 1, 2))[0].all()


def taught(config: ArithmeticConfig, count: int = 4000) -> list[tuple[int, int, str]]:
    task = make_task(config)
    prompts, answers = task.teach(count, torch.Generator().manual_seed(0))
    assert prompts.max() < task.train_size
    texts = ["".join(CHARACTERS[t] for t in row) for row in answers.tolist()]
    assert all(text.rstrip("$").isdigit() and text.endswith("$") for text in texts)
    return [(int(task.first[p]), int(task.second[p]), text.rstrip("$")) for p, text in zip(prompts.tolist(), texts, strict=True)]


@pytest.mark.parametrize(("accuracy", "right"), [(1.0, True), (0.0, False)])
def test_a_perfect_teacher_is_always_right_and_a_hopeless_one_never(accuracy, right):
    names = ("no_carry", "one_carry", "more_carries")
    config = replace(TWO_DIGITS, **{f"teacher_accuracy_{name}": accuracy for name in names})
    assert all((text == str(a + b)) is right for a, b, text in taught(config))


def test_the_teacher_is_as_often_right_as_configured_and_mostly_forgets_the_carry_otherwise():
    rows = taught(TWO_DIGITS, 8000)
    for carries, accuracy in ((0, 0.90), (1, 0.15), (2, 0.05)):
        mine = [(text == str(a + b), text == str(int(written(a, b)[1]))) for a, b, text in rows if written(a, b)[0] == carries]
        share = sum(right for right, _ in mine) / len(mine)
        assert len(mine) > 1200 and share == pytest.approx(accuracy, abs=0.035)  # standard error at most .01
        if carries:
            wrong = [forgot for right, forgot in mine if not right]
            assert sum(wrong) / len(wrong) == pytest.approx(0.8, abs=0.05)


def test_texts_can_be_read():
    task = make_task(TWO_DIGITS)
    assert task.prompt_text(prompt_of(task, 17, 25)) == "17+25="
    assert task.completion_text(encode("42$")) == "42$"
    assert make_task(ARITHMETIC).prompt_text(prompt_of(make_task(ARITHMETIC), 3, 0)) == "3+0="
    assert CHARACTERS[END] == "$"
