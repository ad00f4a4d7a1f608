"""The memory and work of the GPT policy: activations of every token of an update, and the keys and values of every completion that is
generated."""

from __future__ import annotations

from core.engine.parts import EXPONENTIAL, FLOAT, Part, PolicyCost
from core.engine.pieces import pieces
from core.engine.policies.gpt import bytes_of_prompt
from core.engine.policies.packing import BLOCK_TOKENS, MAX_GROUP
from core.engine.tasks.sizes import TaskSizes
from core.settings.run import RunConfig

GENERATE = 5  # times the largest tensor of a piece


def gpt_cost(config: RunConfig, sizes: TaskSizes) -> PolicyCost:
    """Of addition. Memory of a token in a layer: 17 widths and three rows of attention weights per head, counted in
    core.engine.policies.gpt and checked against measured memory by a test."""
    task, replicas = config.task, config.replicas
    width, layers, heads = task.width, task.layers, task.heads
    context = sizes.prompt_tokens + sizes.tokens
    parameters = 12 * layers * width**2 + (2 * sizes.vocabulary + context) * width
    minibatch = config.num_prompts // config.minibatches
    piece = min(config.micro_batch_prompts or minibatch, minibatch)

    def tokens(prompts: int, group: int) -> int:
        """Packed tokens of one replica; a prompt is repeated for every part of its group."""
        part = next(k for k in range(min(MAX_GROUP, group), 0, -1) if group % k == 0)
        return prompts * (group // part) * (sizes.prompt_tokens + part * (sizes.tokens - 1))

    def activations(count: int) -> int:
        per_layer = 17 * width + 3 * heads * BLOCK_TOKENS
        return FLOAT * count * (layers * per_layer + 4 * width + 6 * sizes.vocabulary)

    def generating(prompts: int, group: int) -> int:
        """In pieces, see core.engine.pieces: keys and values, products of the same size, and what the layers make of the prompts."""
        of_each = replicas * bytes_of_prompt(sizes.prompt_tokens, sizes.tokens, group, width, layers, heads)
        return GENERATE * of_each * pieces(prompts, of_each)[0].stop

    def work(count: int) -> float:
        per_layer = 12 * width**2 + 2 * width * BLOCK_TOKENS + EXPONENTIAL * heads * BLOCK_TOKENS
        return count * (layers * per_layer + width * sizes.vocabulary + EXPONENTIAL * sizes.vocabulary)

    batch = config.num_prompts * config.group_size
    model = ("replicas", "task.width", "task.layers")
    imitated = task.imitation_batch * (sizes.prompt_tokens + task.digits + 1)  # tokens of a step
    imitation = activations(imitated)
    return PolicyCost(
        parameters,
        prepare=Part("the imitation of the teacher", imitation, ("task.imitation_batch", *model[1:])),
        generate=Part("keys and values of a rollout", generating(config.num_prompts, config.group_size),
                      ("num_prompts", "group_size", *model)),
        update=Part("activations of an update", replicas * activations(tokens(piece, config.group_size)),
                    ("num_prompts", "group_size", *model)),
        evaluate=Part("keys and values of an evaluation", generating(sizes.evaluated, 1), model),
        generate_work=replicas * work(batch * sizes.tokens + config.num_prompts * sizes.prompt_tokens),
        update_work=3 * replicas * work(tokens(config.num_prompts, config.group_size)) / config.minibatches,
        prepare_work=3 * task.imitation_steps * work(imitated),
        evaluate_work=replicas * work(sizes.evaluated * context + 2 * tokens(config.num_prompts, config.group_size)),
    )  # fmt: skip
