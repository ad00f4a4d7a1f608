"""The memory and work of the MLP policy: its memory is the table of logits (R, V, B, S), of which several copies exist at a time."""

from __future__ import annotations

from core.engine.parts import EXPONENTIAL, FLOAT, Part, PolicyCost
from core.engine.pieces import pieces
from core.engine.tasks.sizes import TaskSizes
from core.settings.run import RunConfig

# Copies of the table that exist at a time, counted in core.engine.policies.mlp and checked against measured memory by a test.
GENERATE = 3  # log-probabilities, probabilities and their product
EXPECTED = 3  # log-probabilities, probabilities and their products with the rewards
SURVEY = 5  # log-probabilities, probabilities, the same sorted, and the sort's indices of twice the size
UPDATE = 3  # log-probabilities, the gradient to them and the gradient to the logits
ENTROPY = 2  # in addition, in an update with an entropy bonus: probabilities and their product


def mlp_cost(config: RunConfig, sizes: TaskSizes) -> PolicyCost:
    """The memory and work of a policy for a bandit or a chain."""
    task, replicas = config.task, config.replicas
    width, layers = task.width, task.hidden_layers
    inputs = sizes.prompt_features + sizes.state_features
    parameters = inputs * width + layers * width + (layers - 1) * width**2 + (width + 1) * sizes.vocabulary
    minibatch = config.num_prompts // config.minibatches
    piece = min(config.micro_batch_prompts or minibatch, minibatch)
    states = FLOAT * replicas * sizes.states  # bytes of one number of every state of a prompt

    def without_gradient(prompts: int, copies: int, split_by: int) -> int:
        """In pieces, see core.engine.pieces, of which a prompt's largest tensor has `split_by` numbers for each state."""
        piece = pieces(prompts, states * split_by)[0].stop
        hidden = 2 if task.activation == "tanh" else 3  # tanh is computed in place
        return piece * states * max(copies * sizes.vocabulary, sizes.vocabulary + hidden * width)

    largest = max(sizes.vocabulary, width)
    if sizes.states == 1:  # a bandit's expected reward, in pieces of its own
        evaluation = without_gradient(sizes.evaluated, EXPECTED, sizes.vocabulary)
    else:
        evaluation = without_gradient(sizes.evaluated, GENERATE, largest)
    tables = UPDATE + (ENTROPY if config.algorithm.entropy_coef > 0 else 0)
    update = piece * states * max(tables * sizes.vocabulary + layers * width, sizes.vocabulary + (layers + 2) * width)
    fields = ("replicas", *sizes.fields)
    pool = "task.contexts" if hasattr(task, "contexts") else "task.pool_size"
    rows = replicas * sizes.states
    multiply = rows * (width * ((layers - 1) * width + sizes.vocabulary) + EXPONENTIAL * (width * layers + sizes.vocabulary))
    return PolicyCost(
        parameters,
        prepare=Part("preparation", 0, ()),
        generate=Part(
            "the table of logits of a rollout", without_gradient(config.num_prompts, SURVEY, largest), ("num_prompts", *fields)
        ),
        update=Part("the table of logits of an update", update, ("num_prompts", *fields, "task.width", "task.hidden_layers")),
        evaluate=Part("the table of logits of an evaluation", evaluation, (pool, *fields)),
        generate_work=multiply * config.num_prompts,
        update_work=3 * multiply * config.num_prompts / config.minibatches,
        evaluate_work=multiply * (sizes.evaluated + 3 * config.num_prompts),
    )
