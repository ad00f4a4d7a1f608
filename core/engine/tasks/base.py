"""The one protocol of the tasks: sample prompts, grade completions, show both as text.

A task owns a pool of prompts: indices 0 … train_size-1 are trained on, in order of difficulty (easy end first); the ones in `eval_prompts`
are held out. The sources of instability that all tasks share (noise, flipped rewards, hopeless prompts, drift) are implemented here.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
from torch import Tensor

from core.engine.rng import ReplicaStreams
from core.engine.types import Completions
from core.settings.task import TaskConfig

DRIFT_WINDOW = 0.25  # share of the pool inside the sliding window


@dataclass(frozen=True)
class Grade:
    """The verdict on a batch of completions, all (R, B, G)."""

    correct: Tensor  # bool, the raw outcome
    rewards: Tensor  # after flips and noise, before shaping
    noiseless: Tensor  # before flips and noise


class Task(ABC):
    """Prompts, grading and text. Holds no random state of its own once built."""

    config: TaskConfig
    train_size: int
    eval_prompts: Tensor  # (E,) int64
    vocab_size: int
    max_tokens: int
    end_token: int | None  # None: a completion is one token and always ends
    reward_range: tuple[float, float] = (0.0, 1.0)  # of the noiseless reward
    clamp_reward_at_zero = False
    score_name = "held-out accuracy"  # what `evaluate` measures, in words
    score_unit = "fraction"
    score_meaning = "Right greedy answers on prompts never trained on: the number that counts in the end."

    @abstractmethod
    def judge(self, prompts: Tensor, completions: Completions, chance: Tensor) -> tuple[Tensor, Tensor]:
        """(correct bool, noiseless reward), both (R, B, G). `chance` (R, B, G) uniform in [0, 1) is for outcomes that are drawn."""

    @abstractmethod
    def prompt_text(self, prompt: int) -> str:
        """The prompt as a person would read it."""

    @abstractmethod
    def completion_text(self, tokens: list[int]) -> str:
        """A completion (its real tokens only) as a person would read it."""

    @property
    def token_names(self) -> tuple[str, ...]:
        """What each of the V tokens is called in a chart."""
        return tuple(self.completion_text([token]) for token in range(self.vocab_size))

    def evaluate(self, policy, params, temperature: float) -> Tensor:
        """(R,) share of right answers among greedy completions of the held-out prompts."""
        prompts = self.eval_prompts.expand(len(params.flat), -1)
        completions = policy.generate(params, prompts, None, temperature, 1)
        return self.judge(prompts, completions, torch.zeros(completions.ended.shape))[0].float().mean((1, 2))

    def sample_prompts(self, streams: ReplicaStreams, count: int, active: list[int] | None, progress: float | Tensor) -> Tensor:
        """(R', count) training prompts. With drift, part of them comes from a window that slides from the easy to the hard end
        as `progress`, one number or (R',), goes from 0 to 1."""
        place, lot = streams.uniform(2, count, active=active).unbind(1)
        start = progress * (1.0 - DRIFT_WINDOW)
        if isinstance(start, Tensor):
            start = start[:, None].to(place.dtype)
        place = torch.where(lot < self.config.drift, start + DRIFT_WINDOW * place, place)
        return (place * self.train_size).long().clamp_(max=self.train_size - 1)

    def grade(self, prompts: Tensor, completions: Completions, streams: ReplicaStreams, active: list[int] | None) -> Grade:
        """Judge, then apply hopeless prompts, flips and noise. The number of random draws per call does not depend on the settings."""
        shape = completions.ended.shape[1:]
        chance = streams.uniform(2, *shape, active=active)
        correct, rewards = self.judge(prompts, completions, chance[:, 0])
        correct, rewards = self._apply_hopeless(prompts, completions, correct, rewards)
        noiseless = rewards
        low, high = self.reward_range
        if self.config.flip_probability > 0:
            rewards = torch.where(chance[:, 1] < self.config.flip_probability, low + high - rewards, rewards)
        if self.config.noise > 0:
            rewards = rewards + self.config.noise * streams.normal(*shape, active=active)
        if self.clamp_reward_at_zero:
            rewards = rewards.clamp(min=0.0)
        return Grade(correct, rewards, noiseless)

    def _apply_hopeless(self, prompts, completions, correct, rewards):
        easy = round(self.config.too_easy_fraction * self.train_size)
        hard = round(self.config.too_hard_fraction * self.train_size)
        if easy == hard == 0:
            return correct, rewards
        always = (prompts < easy)[..., None] & completions.ended
        never = ((prompts >= self.train_size - hard) & (prompts < self.train_size))[..., None] | (
            (prompts < easy)[..., None] & ~completions.ended
        )
        correct = (correct | always) & ~never
        low, high = self.reward_range
        return correct, torch.where(always, high, torch.where(never, low, rewards))


class MarkovTask(Task):
    """A task in which the next token depends on the prompt and on one of few states, so that a policy is a small table.

    A state summarises the tokens so far. Because there are only S of them, logits are computed once per (prompt, state) and not once per
    token.
    """

    num_states: int
    prompt_features: Tensor  # (N, Fp)
    state_features: Tensor  # (S, Fs)
    base_logits: Tensor  # (N, V): the base policy, the same in every state

    @abstractmethod
    def next_state(self, prompts: Tensor, states: Tensor, tokens: Tensor) -> Tensor:
        """The state after `tokens` (R, B, G) in `states` (R, B, G); the start state is 0."""

    @abstractmethod
    def states_of(self, prompts: Tensor, tokens: Tensor) -> Tensor:
        """The state in which each of `tokens` (R, B, G, T) was chosen, (R, B, G, T): what `next_state` gives step by step."""
