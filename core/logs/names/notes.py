"""How a framework's definition differs from the Lab's metric of the same kind."""

ENTROPY_TRAINED = (
    "Token mean over the training micro-batches under the current policy, logits divided by the temperature; the Lab's is over all generated "
    "tokens under the policy that generated them."
)
ENTROPY_TRL = (
    "Token mean over the training micro-batches under the current policy, logits divided by the temperature, completions that are "
    "masked as cut off left out (TRL up to 1.8: mean of the micro-batches' means); the Lab's is over all generated "
    "tokens under the policy that generated them."
)
ENTROPY_VERL = (
    "Aggregated with the run's loss_agg_mode: nats per token only for token-mean; with seq-mean-token-sum it is nats per answer."
)
ENTROPY_ROLL = (
    "Token mean over the trained batch under the policy that the rollout begins with; the Lab's is over all generated tokens."
)
ENTROPY_PER_COMPLETION = "Mean over completions of each completion's mean, not over tokens."
ENTROPY_LOSS = "Named a loss, but it is the entropy itself (positive), measured during the update."
GRAD_LAST = "Before clipping, of the last optimiser step of the logging interval; sizes depend on the loss aggregation, so compare shapes."
GRAD = "Before clipping; sizes depend on the loss aggregation, so compare shapes."
GRAD_MEAN = "Before clipping, mean over the rollout's mini-batches; sizes depend on the loss aggregation, so compare shapes."
LOSS_TRL = (
    "Losses are not comparable across frameworks, and no measure of progress: TRL's is near 0 wherever the policy has not moved since it "
    "generated, since the advantages of a group sum to 0."
)
LOSS_VERL = (
    "Losses are not comparable across frameworks, and no measure of progress: verl's is the mean over the mini-batches (0.7: their sum; up to "
    "0.6 scaled and averaged over micro-batches)."
)
LOSS = "Losses are not comparable across frameworks, and no measure of progress."
REWARD_TOTAL = (
    "Weighted sum of all reward functions, overlong and format terms included, over everything generated (no group is filtered)."
)
REWARD_BEFORE_KL = "Score of the trained batch, after filtering, before a KL penalty in the reward."
REWARD_AFTER_KL = "Reward of the trained batch, after filtering and after a KL penalty in the reward."
REWARD_RAW = "The reward before standardisation, after dynamic sampling."
STD_TRL = "TRL up to 0.26: mean of the groups' standard deviations; from 0.27: over the whole batch, differences between prompts included."
REWARD_TRAINED = (
    "Weighted sum of all reward functions over the trained batch: after filtering where dynamic sampling is on, and then not over everything "
    "generated."
)
STD_UNKNOWN = "Not known whether within groups or over the batch."
ZERO_STD = (
    "On the weighted total reward: a length or format term makes a dead group look alive; all wrong and all right are not told apart. With "
    'scale_rewards="batch" it is 0 or 1 for the whole batch.'
)
CLIP_VERL = (
    "Share of tokens where the clip changes the loss, both sides together, mean of micro-batch means; with cispo both bounds whatever the "
    "advantage's sign, with dppo the masked share, with sapo always 0."
)
CLIP_BOTH = "Both sides together."
LENGTH_TRAINED = "Over the trained batch, after filtering; end token included."
TRUNCATED_VERL = (
    "Share of answers as long as the width of the batch: right where that is the configured limit (verl before 0.9), blind where it is the "
    "longest answer."
)
KL_TRL = (
    "k3 estimate on the sampled tokens, from TRL 1.10 on multiplied by the ratio; absent where beta is 0 (Unsloth: 0). The Lab's is exact over "
    "the vocabulary."
)
KL_SAMPLED = "Estimated on the sampled tokens (k3 in TRL, kl_loss_type in verl); the Lab's is exact over the vocabulary."
KL_OLD = "To the policy that generated the rollout, not to the base policy."
EVAL_SAMPLED = "Sampled at the evaluation's temperature; the Lab's is greedy."
PASS_RATE = "Percent of groups kept by the dynamic filter; 1 - x/100 is the share dropped."
GENERATION_BATCHES = (
    "Batches of gen_batch_size prompts until the batch was full: the Lab's rounds where gen_batch_size is one round's prompts."
)
NONE_ENDED = "0 stands for a rollout in which no completion ended, and is left empty."
LENGTH_WITH_PROMPT = "Prompt and answer together."
SHARE_RIGHT = "Share of right answers as the trainer's environment counts them."
OWN_NAME = "A name that no framework known here uses; taken by its words."
GROUPS_COUNTED = "Counted groups divided by the number of groups of the same row."
SKIPPED_GROUPS = "Groups skipped ÷ (groups trained on + groups skipped)."
COUNTED_BY_REWARD = (
    "Groups whose rewards all are this value, rounded to one decimal: all wrong or all right only where rewards have no "
    "other value."
)
DROPPED_OF_ALL = "Groups without a signal ÷ all groups generated, of which the trainer keeps the others."
SUM_OF_SIDES = "Sum of the two sides' shares."
ONE_MINUS_MIXED = "1 - the share of groups with both right and wrong answers."
