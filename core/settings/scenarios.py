"""The table of the named experiments: a task, two or more algorithms, what to look for, and the criteria that measured numbers must meet.

Settings were found by searching over the environment, the same for every algorithm of a scenario, and hold for other seeds too;
docs/findings.md has what was measured.
"""

from __future__ import annotations

import difflib
from dataclasses import replace

from core.settings.algorithm import DAPO, GRPO, LAB_DEFECTS, AlgorithmConfig
from core.settings.fields import ConfigError, short
from core.settings.run import RunConfig
from core.settings.scenario import Criterion, Scenario, change, final, gradient, lead, seeds
from core.settings.task import ArithmeticConfig, BanditConfig, ChainConfig

# Half of the prompts need a rare step; the scenarios on the chain differ in how long it may get and how sure the base policy is.
CHAIN = ChainConfig(
    step_tokens=6,
    max_difficulty=4,
    length_limit=12,
    pool_size=48,
    hard_fraction=0.5,
    favourite_probability=0.8,
    answer_probability=0.1,
    prompt_noise=4,
)
UNSTABLE_CHAIN = replace(CHAIN, favourite_probability=0.85, answer_probability=0.12, distractor_pull=0.5)

COLLAPSE = Scenario(
    name="collapse",
    title="GRPO stops learning, DAPO goes on",
    look_for="Half of the prompts need a step that the base policy almost never takes. Watch GRPO solve the easy half, run out of groups "
    "with any signal and lose its gradient and its entropy, while DAPO keeps sampling until every group in its batch teaches something.",
    afterwards="The collapse heals. Five times longer, GRPO finds the hard half after all, by the few lucky samples that it still "
    "draws, and reaches 0.86 held out; DAPO ends at 0.90, its own gradient gone because nearly every group is then all "
    "right. Dynamic sampling buys speed per update with samples, about eight times as many: at equal samples generated the "
    "two are level at first, and later GRPO is ahead.",
    run=RunConfig(task=UNSTABLE_CHAIN, updates=480, updates_per_rollout=8, learning_rate=2e-3),
    algorithms={"GRPO": GRPO, "DAPO": DAPO},
    criteria=(
        change("GRPO", "grad_norm", at_most=0.2),
        change("DAPO", "grad_norm", at_least=0.4),
        change("GRPO", "entropy_nats", at_most=0.4),
        change("DAPO", "entropy_nats", at_least=0.7),
        lead("DAPO - GRPO", "eval_accuracy", 0.10),
        final("DAPO", "filter_ratio", at_least=0.2, at_most=0.95),
    ),
)

MOSTLY_HARD_CHAIN = replace(UNSTABLE_CHAIN, hard_fraction=0.7, favourite_probability=0.92, answer_probability=0.07)

UNSTABLE = Scenario(
    name="unstable",
    title="GRPO collapses, DAPO gets through, per update and per sample",
    look_for="Seven prompts of ten are hard, the base policy is very sure of itself, and the learning rate is too high for both. Watch most "
    "seeds of GRPO become certain while most of their groups are all wrong, and stay so however many samples they are given; DAPO loses "
    "entropy and gradient only where it has solved the prompts.",
    afterwards="@@",
    run=RunConfig(task=MOSTLY_HARD_CHAIN, updates=480, updates_per_rollout=8, learning_rate=0.014),
    algorithms={"GRPO": GRPO, "DAPO": replace(DAPO, max_rounds=20)},
    criteria=(
        lead("DAPO - GRPO", "eval_accuracy", 0.2),
        seeds("GRPO", "collapsed", at_least=9),
        seeds("DAPO", "collapsed", at_most=4),
    ),
    samples=230_000,
    samples_criteria=(
        lead("DAPO - GRPO", "eval_accuracy_equal_samples", 0.2),
        seeds("GRPO", "collapsed", at_least=12),
        seeds("DAPO", "collapsed", at_most=4),
        gradient("GRPO", at_most=0.05),
    ),
)

ADDITION = Scenario(
    name="addition",
    title="A tiny GPT learns to carry, or dies",
    look_for="A 26k-parameter GPT that learned addition from a teacher who forgets carries goes on with reinforcement learning. Watch every "
    "group of GRPO turn all-wrong, after which there is no gradient and no way back, and DAPO climb.",
    afterwards="Nothing heals. Five times longer GRPO still answers 1 % of the held-out sums, with every group all wrong and no "
    "gradient, while DAPO reaches 97 %. DAPO is ahead at equal samples generated as well. Its entropy falls too, because it "
    "becomes certain and right: low entropy alone is no disease.",
    run=RunConfig(
        task=ArithmeticConfig(),
        updates=1000,
        updates_per_rollout=8,
        epochs=4,
        learning_rate=1.8e-3,
        group_size=8,
        replicas=8,
    ),
    algorithms={"GRPO": GRPO, "DAPO": replace(DAPO, overlong="none")},
    criteria=(
        final("GRPO", "eval_accuracy", at_most=0.10),
        change("GRPO", "grad_norm", at_most=0.1),
        final("DAPO", "eval_accuracy", at_least=0.30),
        change("DAPO", "grad_norm", at_least=0.5),
        lead("DAPO - GRPO", "eval_accuracy", 0.2),
        lead("DAPO - GRPO", "eval_accuracy_equal_samples", 0.2),
    ),
)

LADDER = Scenario(
    name="ladder",
    title="From GRPO to DAPO, one technique at a time",
    look_for="Each rung adds one technique to the one before: the DAPO paper's ablation in miniature. Watch which rung carries the "
    "weight here: dynamic sampling does, token-level loss and the overlong punishment help, Clip-Higher changes nothing.",
    afterwards="The ladder flattens. Five times longer every rung ends between 0.87 and 0.91, and the steps between them are a point "
    "or two: here the techniques buy speed per update, not a better end. At equal samples generated dynamic sampling is "
    "behind GRPO.",
    run=RunConfig(
        task=replace(CHAIN, length_limit=18),
        updates=480,
        updates_per_rollout=8,
        learning_rate=1e-3,
    ),
    algorithms={
        "GRPO": GRPO,
        "with Clip-Higher": replace(GRPO, eps_high=0.28),
        "with token-level loss": replace(GRPO, eps_high=0.28, loss_aggregation="token_mean"),
        "with dynamic sampling": replace(DAPO, overlong="none"),
        "with overlong (DAPO)": replace(DAPO, overlong_buffer_tokens=6),
    },
    criteria=(
        Criterion(("differences", "with Clip-Higher - GRPO", "eval_accuracy", "mean"), at_least=-0.01),
        Criterion(("differences", "with token-level loss - with Clip-Higher", "eval_accuracy", "mean"), at_least=-0.01),
        Criterion(("differences", "with dynamic sampling - with token-level loss", "eval_accuracy", "mean"), at_least=-0.01),
        Criterion(("differences", "with overlong (DAPO) - with dynamic sampling", "eval_accuracy", "mean"), at_least=-0.01),
        lead("with overlong (DAPO) - GRPO", "eval_accuracy", 0.10),
    ),
)

RARE_ACTIONS = BanditConfig(
    actions=32,
    contexts=64,
    context_dim=64,
    reward_kind="bernoulli",
    noise=0.0,
    best_reward=0.9,
    favourite_reward=0.4,
    other_reward=0.2,
    favourite_probability=0.95,
    best_probability=0.004,
    activation="tanh",
)
MANY_EPOCHS = RunConfig(task=RARE_ACTIONS, updates=320, num_prompts=64, updates_per_rollout=16, epochs=16, learning_rate=2e-3)
CLIP_PAIR = {"eps_high 0.20": GRPO, "eps_high 0.28": replace(GRPO, eps_high=0.28)}
CLIP_RATIO = "eps_high 0.28 / eps_high 0.20"

CLIP_HIGHER_HELPS = Scenario(
    name="clip-higher-helps",
    title="Clip-Higher on a peaked policy: rare actions get a chance",
    look_for="The base policy is 95 % sure of a mediocre action; the best one has probability 0.004, so that only the upper clip "
    "limits how fast it can grow. Watch 0.28 find the best action more often, and so earn more, than 0.20.",
    afterwards="The lead stays but does not grow. Five times longer both lose nine tenths of their entropy, 0.28 earns about 4 % more "
    "than 0.20, and the difference in entropy is no longer more than chance.",
    run=MANY_EPOCHS,
    algorithms=CLIP_PAIR,
    criteria=(Criterion(("ratios", CLIP_RATIO, "eval_accuracy", "ci95", 0), at_least=1.0),),
)

CLIP_HIGHER_ENTROPY = Scenario(
    name="clip-higher-entropy",
    title="Clip-Higher keeps entropy where a batch is used often",
    look_for="DAPO with everything but the width of its upper clip fixed, and every rollout used sixteen times over, so that ratios travel "
    "far enough to be clipped. Watch entropy and the score rise with eps_high, from 0.20 over 0.28 to 0.40; the effect is small, "
    "and takes many seeds to be seen.",
    afterwards="@@",
    run=RunConfig(task=CHAIN, updates=480, updates_per_rollout=32, epochs=16, learning_rate=1e-3, replicas=64),
    algorithms={f"eps_high {eps:.2f}": replace(DAPO, eps_high=eps) for eps in (0.2, 0.28, 0.4)},
    criteria=tuple(
        lead(f"eps_high {eps} - eps_high 0.20", metric, 0.0)
        for eps in ("0.28", "0.40")
        for metric in ("entropy_nats", "eval_accuracy")
    ),
)

RANDOM_REWARD = Scenario(
    name="random-reward",
    title="A coin flip for a reward: what the clip does by itself",
    look_for="Every reward is a coin flip, so that nothing can be learned and whatever becomes of entropy is the clip's own doing. Watch a "
    "wider upper clip raise it, and a wider lower clip lower it.",
    afterwards="@@",
    run=RunConfig(task=replace(CHAIN, flip_probability=0.5), updates=480, updates_per_rollout=32, epochs=8, learning_rate=2e-3),
    algorithms={
        "low 0.20 high 0.20": GRPO,
        "low 0.20 high 0.28": replace(GRPO, eps_high=0.28),
        "low 0.20 high 0.40": replace(GRPO, eps_high=0.4),
        "low 0.28 high 0.20": replace(GRPO, eps_low=0.28),
    },
    criteria=(
        lead("low 0.20 high 0.28 - low 0.20 high 0.20", "entropy_nats", 0.0),
        lead("low 0.20 high 0.40 - low 0.20 high 0.20", "entropy_nats", 0.0),
        Criterion(("differences", "low 0.28 high 0.20 - low 0.20 high 0.20", "entropy_nats", "ci95", 1), at_most=0.0),
    ),
)

CLIP_HIGHER_HURTS = Scenario(
    name="clip-higher-hurts",
    title="Clip-Higher on a flat policy: entropy falls faster",
    look_for="The same task and settings, but the base policy is near uniform, so that no action is rare enough to be held back by "
    "the upper clip alone. Watch 0.28 lose entropy about a fifth faster than 0.20, for one or two per cent of reward.",
    afterwards="Five times longer both have lost 99 % of their entropy, and 0.28, which lost it first, earns 2 % less than 0.20.",
    run=replace(MANY_EPOCHS, task=replace(RARE_ACTIONS, favourite_probability=None, best_probability=None)),
    algorithms=CLIP_PAIR,
    criteria=(Criterion(("ratios", CLIP_RATIO, "entropy_nats", "ci95", 1), at_most=1.0),),
)

SAMPLES_NOT_UPDATES = Scenario(
    name="samples-not-updates",
    title="Ahead per update, not per sample",
    look_for="Dynamic sampling throws completions away; its price is samples. Watch DAPO lead GRPO clearly at equal updates, and "
    "then compare it, on the axis of samples generated, with a GRPO that was given six times the updates: there GRPO is "
    "slightly ahead.",
    afterwards="Five times longer all three end within a point of each other, and the lead per update is gone.",
    run=RunConfig(
        task=CHAIN,
        updates=480,
        updates_per_rollout=8,
        learning_rate=1.5e-3,
    ),
    algorithms={"GRPO": GRPO, "GRPO x 6": GRPO, "DAPO": replace(DAPO, overlong="none")},
    longer={"GRPO x 6": 6},
    criteria=(
        lead("DAPO - GRPO", "eval_accuracy", 0.10),
        Criterion(("differences", "DAPO - GRPO x 6", "eval_accuracy_equal_samples", "ci95", 1), at_most=0.05),
    ),
)

TOKEN_MEAN = replace(GRPO, eps_high=0.28, loss_aggregation="token_mean")
SEQUENCE_MEAN = replace(GRPO, eps_high=0.28)
SOFT = {"overlong": "soft", "overlong_buffer_tokens": 10}

LENGTH_RUNAWAY = Scenario(
    name="length-runaway",
    title="Completions that grow until they are cut",
    look_for="A long wrong completion costs GRPO's sequence mean no more than a short one, so every token of it is cheap. Watch length and "
    "truncation run away under the sequence mean, grow more slowly under the token mean, and stay put with the overlong punishment.",
    afterwards="Length comes back by itself, slowly. Five times longer the two means end at 14 and 16 tokens with almost nothing cut, "
    "and at 0.76 and 0.85 held out; with the punishment both stay near 10 tokens and reach 0.90.",
    run=RunConfig(
        task=replace(CHAIN, length_limit=32, favourite_probability=0.85),
        updates=480,
        updates_per_rollout=8,
        learning_rate=2e-3,
    ),
    algorithms={
        "Sequence mean": SEQUENCE_MEAN,
        "Token mean": TOKEN_MEAN,
        "Sequence mean + overlong": replace(SEQUENCE_MEAN, **SOFT),
        "Token mean + overlong": replace(TOKEN_MEAN, **SOFT),
    },
    criteria=(
        change("Sequence mean", "completion_tokens_mean", at_least=1.5),
        Criterion(("differences", "Token mean - Sequence mean", "truncated_fraction", "ci95", 1), at_most=0.0),
        final("Sequence mean + overlong", "truncated_fraction", at_most=0.05),
        final("Token mean + overlong", "truncated_fraction", at_most=0.05),
    ),
)

LAB_GRPO = AlgorithmConfig(entropy_coef=0.001, defects=LAB_DEFECTS)
LAB_DAPO = replace(LAB_GRPO, reward_clip_factor=2.0, dynamic_sampling="filter", filter_on="reward", filter_threshold=0.05)
LAB_RUN = RunConfig(task=BanditConfig(), updates=100, num_prompts=1, group_size=32, updates_per_rollout=1, learning_rate=5e-3)

LAB = Scenario(
    name="lab",
    title="The lab that printed 0.0000",
    look_for="The original exercise with its three defects left in: the ratio's two sides share a graph, one update per rollout, and a "
    "filter that looks at the whole batch. Watch nothing happen: no gradient, no filtering, no learning, for either algorithm.",
    afterwards="Nothing happens later either: five times longer the entropy bonus alone has made the policy exactly uniform, and the "
    "reward is still that of guessing.",
    run=LAB_RUN,
    algorithms={"GRPO": LAB_GRPO, "DAPO": LAB_DAPO},
    criteria=tuple(
        criterion
        for label in ("GRPO", "DAPO")
        for criterion in (
            final(label, "grad_norm", at_most=1e-3),
            final(label, "filter_ratio", at_most=0.0),
            change(label, "entropy_nats", at_least=0.99, at_most=1.01),
        )
    ),
)

LAB_REPAIRED = Scenario(
    name="lab-repaired",
    title="The same lab, repaired",
    look_for="Old log-probabilities detached, four updates per rollout, the filter asked per group about the noiseless outcome. Watch a real "
    "gradient, a real gain in reward, and a real collapse: one state with one best action needs no entropy.",
    afterwards="The collapse is for good, and harmless: the policy takes the best action every time, for either algorithm. On one "
    "state with one best action there is nothing for DAPO to win.",
    run=replace(LAB_RUN, updates=400, updates_per_rollout=4, epochs=4),
    algorithms={
        "GRPO": replace(LAB_GRPO, defects=()),
        "DAPO": replace(LAB_DAPO, defects=(), filter_on="correct", filter_threshold=0.01),
    },
    criteria=tuple(change(label, "entropy_nats", at_most=0.01) for label in ("GRPO", "DAPO")),
)

SCENARIOS: dict[str, Scenario] = {
    s.name: s
    for s in (
        COLLAPSE,
        UNSTABLE,
        ADDITION,
        LADDER,
        CLIP_HIGHER_ENTROPY,
        RANDOM_REWARD,
        CLIP_HIGHER_HELPS,
        CLIP_HIGHER_HURTS,
        SAMPLES_NOT_UPDATES,
        LENGTH_RUNAWAY,
        LAB,
        LAB_REPAIRED,
    )
}


def find_scenario(name: str) -> Scenario:
    """The scenario called `name`. ConfigError, with the nearest name, if there is none."""
    if name in SCENARIOS:
        return SCENARIOS[name]
    near = difflib.get_close_matches(name, SCENARIOS, n=1)
    remedy = f"did you mean {near[0]}?" if near else f"choose one of {', '.join(SCENARIOS)}"
    raise ConfigError(f"scenario must be a known name, got {short(repr(name))}; {remedy}")
