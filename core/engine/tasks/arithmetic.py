"""Addition as text: `a+b=` in characters, answered by a tiny GPT that a flawed teacher has warmed up.

The teacher is mostly right on sums without a carry and mostly writes the sum *without the carry* otherwise, so that one base model
has easy, hard and nearly impossible prompts and a natural wrong answer to collapse onto.
"""

from __future__ import annotations

import torch
from torch import Tensor

from core.engine.rng import seeded
from core.engine.tasks.base import Task
from core.settings.task import ArithmeticConfig

CHARACTERS = "0123456789+=$"  # $ ends a completion
END = CHARACTERS.index("$")
POOL_LIMIT = 10_000  # prompts; more sums than this are sampled, not listed
EVAL_PROMPTS = 200
HELD_OUT_FRACTION = 0.2


class Arithmetic(Task):
    """All sums of `digits`-digit operands (a sample of them for three digits), ordered by number of carries."""

    end_token = END
    vocab_size = len(CHARACTERS)

    def __init__(self, config: ArithmeticConfig):
        self.config = config
        self.prompt_tokens_count = 2 * config.digits + 2
        self.max_tokens = config.digits + 2 + config.extra_tokens
        generator = seeded("prompt pool", config.pool_seed)
        first, second = self._operands(generator)
        carries = count_carries(first, second, config.digits)
        held_out = round(HELD_OUT_FRACTION * len(first))
        train, rest = torch.arange(held_out, len(first)), torch.arange(held_out)
        train = train[torch.argsort(carries[train], stable=True)]
        order = torch.cat((train, rest))
        self.first, self.second, self.carries = first[order], second[order], carries[order]
        self.train_size = len(train)
        self.eval_prompts = torch.arange(self.train_size, self.train_size + min(EVAL_PROMPTS, held_out))
        self.prompt_tokens = self._encode_prompts()  # (N, P)
        self.answers = encode_answers(self.first + self.second, self.max_tokens)  # (N, T), END-padded

    def _operands(self, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """All pairs of operands in random order, at most POOL_LIMIT of them."""
        low, high = (0 if self.config.digits == 1 else 10 ** (self.config.digits - 1)), 10**self.config.digits
        count = (high - low) ** 2
        chosen = torch.randperm(count, generator=generator)[:POOL_LIMIT]
        return low + chosen // (high - low), low + chosen % (high - low)

    def _encode_prompts(self) -> Tensor:
        plus, equals = (torch.full((len(self.first), 1), CHARACTERS.index(c)) for c in "+=")
        return torch.cat((digits_of(self.first, self.config.digits), plus, digits_of(self.second, self.config.digits), equals), 1)

    def judge(self, prompts, completions, chance):
        answers = self.answers[prompts][:, :, None]
        same = (torch.where(completions.mask, completions.tokens, END) == answers).all(-1)
        correct = same & completions.ended
        return correct, correct.float()

    def teach(self, count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """`count` training prompts (count,) and the flawed teacher's answers (count, T), END-padded."""
        prompts = torch.randint(self.train_size, (count,), generator=generator)
        first, second, carries = self.first[prompts], self.second[prompts], self.carries[prompts]
        config = self.config
        accuracy = torch.tensor(
            [config.teacher_accuracy_no_carry, config.teacher_accuracy_one_carry, config.teacher_accuracy_more_carries]
        )[carries.clamp(max=2)]
        lot = torch.rand(count, generator=generator)
        without_carry = sum_without_carry(first, second, config.digits)
        slip = (first + second + torch.randint(1, 10, (count,), generator=generator)) % 10 ** (config.digits + 1)
        wrong = torch.where((carries > 0) & (torch.rand(count, generator=generator) < 0.8), without_carry, slip)
        return prompts, encode_answers(torch.where(lot < accuracy, first + second, wrong), self.max_tokens)

    def prompt_text(self, prompt):
        return "".join(CHARACTERS[t] for t in self.prompt_tokens[prompt].tolist())

    def completion_text(self, tokens):
        return "".join(CHARACTERS[t] for t in tokens)

    @property
    def token_names(self):
        return tuple("$ (end)" if token == END else text for token, text in enumerate(CHARACTERS))


def digits_of(numbers: Tensor, count: int) -> Tensor:
    """The last `count` decimal digits of `numbers` (N,), most significant first: (N, count)."""
    return torch.stack([numbers // 10**k % 10 for k in reversed(range(count))], 1)


def count_carries(first: Tensor, second: Tensor, digits: int) -> Tensor:
    """(N,) number of carries in the written addition of `first` and `second`."""
    carry, total = torch.zeros_like(first), torch.zeros_like(first)
    for k in range(digits):
        carry = ((first // 10**k % 10 + second // 10**k % 10 + carry) >= 10).long()
        total += carry
    return total


def sum_without_carry(first: Tensor, second: Tensor, digits: int) -> Tensor:
    """(N,) the sum column by column without any carry: 17 + 25 -> 32."""
    columns = [(first // 10**k + second // 10**k) % 10 * 10**k for k in range(digits)]
    return torch.stack(columns).sum(0)


def encode_answers(numbers: Tensor, length: int) -> Tensor:
    """(N,) non-negative numbers -> (N, length) characters without leading zeros, filled with END."""
    out = torch.full((len(numbers), length), END)
    for count in range(1, length):  # at least one place is left for END
        low = 0 if count == 1 else 10 ** (count - 1)
        rows = (numbers >= low) & (numbers < 10**count)
        out[rows, :count] = digits_of(numbers[rows], count)
    return out
