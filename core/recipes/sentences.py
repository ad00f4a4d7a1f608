"""What an export and an import say to people: whole sentences with named placeholders."""

from __future__ import annotations

# What is carried over by a rule.
LEARNING_RATE = (
    "learning_rate: the Lab's {lab} belongs to a policy of a few thousand weights and is not carried over; {value} is what recipes for "
    "language models use. If GRPO collapsed in the Lab because its learning rate was too high, search yours with that in mind."
)
BUFFER = (
    "overlong_buffer_tokens: the share is carried over, {lab} of {lab_tokens} tokens = {share}, which gives {tokens} of your "
    "{max_tokens} tokens."
)
PENALTY = (
    "overlong_penalty: {lab} in the Lab, whose rewards are 0 and 1, becomes {value} because a right answer of yours is worth "
    "{range} more than a wrong one."
)
PROMPTS = "num_prompts: take {prompts} as the least; a language model usually trains on more prompts per rollout."
TASK = "The task ({task}) and its sources of instability exist only in the Lab and are not carried over."
FORK = "This side went on from update {update} of another run; the export begins from your model."
SEED = "The side had one value per seed; these are the ones of seed {seed}."
SHUFFLED = (
    "The Lab deals whole groups to an update; {framework} mixes the completions of a rollout first. With one update per pass "
    "there is no difference."
)
SAMPLES = "The Lab's budget is {samples} completions per seed; the export has the {updates} updates that this gives at most."

# What only the user can give.
YOURS_TRL = "model, train_dataset and your reward function are arguments of GRPOTrainer."
YOURS_VERL = (
    "actor_rollout_ref.model.path, actor_rollout_ref.rollout.name (vllm or sglang), data.train_files, data.val_files, data.max_prompt_length "
    "and the reward function (reward.custom_reward_function.path and .name) are yours to give."
)
YOURS_SWIFT = "--model, --dataset and the reward function that stands for your_reward are yours to give."
YOURS_OPENRLHF = (
    "--actor.model_name_or_path, --data.prompt_dataset and --reward.remote_url or --train.agent_func_path, with the cluster's "
    "own settings, are yours to give."
)

# Settings whose meaning is not exactly the Lab's.
STD_FLOOR = "{framework} adds {floor} to the standard deviation, the Lab at least 1e-6."
DENOMINATOR = "The denominator is the rollout's tokens divided by its updates, the Lab's is the tokens of this update."
EMPTY = "A completion without a token in the loss counts in the denominator here, and does not in the Lab."
CONSTANT = "Divided by {max_tokens} tokens per completion, the longest that is allowed, as in the Lab."
DUAL_CLIP_OFF = "verl's second clip cannot be switched off and is 3 if it is left out; a large number is as good as off."
DUAL_CLIP_CAPS = (
    "{value} is below 1 + eps_high = {high}: the delta of {trainer} then caps the ratio of right answers too, and the Lab's "
    "dual_clip does not."
)
DUAL_CLIP_ABOVE_1 = "dual_clip: {framework} needs a number above 1, got {value}; raise it in the Lab before you export."
TRUNCATED = "Truncated completions still count in the denominator here; in the Lab they do not."
KL_CORRECTION = "Off, as in the Lab; TRL's default multiplies the KL by the ratio, which is another gradient."
KL_TRL = "kl_estimator: {framework} has only k3, which stands in place of {value}."
ENTROPY = "{framework} always takes the mean over tokens, the Lab takes the mean that the loss takes."
EVALUATES = "{framework} evaluates by sampling; the Lab evaluates greedily."
ROLLOUTS = "verl's step is a rollout: {updates} updates are {rollouts} rollouts of {each}."
TEMPERATURE = "Divides the logits in sampling and in training; top_p and top_k must leave every token in."
VLLM_CORRECTION = (
    "If you generate with vLLM, TRL weights tokens by the ratio of trainer to sampler (vllm_importance_sampling_correction, "
    "on by default); the Lab has no such gap."
)
LOG_ALL = "So that every update can be read back into the Lab, NaN included."
FILTER_METRIC = (
    "Looks at `acc`, correctness before the overlong punishment; your reward function returns a dictionary with `score` and "
    "`acc`."
)
FILTER_REWARD = "Looks at the reward after the overlong punishment, as the Lab does with filter_on=reward."
ALWAYS_GRPO = "verl's default estimator trains a critic."
COMPLETIONS = "Completions per update; OpenRLHF counts completions here and prompts in rollout.batch_size."
PROMPTS_IN_ALL = "{rollouts} rollouts of {prompts} prompts; groups that are filtered out take prompts besides."
ENTROPY_LOGGED = "No bonus; 0 writes the entropy into the log, which leaving it out does not."
RANGE = "Keeps groups whose mean reward lies strictly between these two."
MICRO_BATCH = "Splitting an update changes only the memory it needs."
ONE_UPDATE = "One update per rollout: the ratio is 1 and no clip can act."
RESAMPLES = (
    "Tries after the first round; if groups without signal are left then, ms-swift trains on the unfiltered batch, the Lab on "
    "the informative part."
)
SOFT_SWIFT = "ms-swift's ramp goes on below -1 for completions that are longer than the limit; none is if generation stops there."

# What is missing.
NO_DYNAMIC_SAMPLING = (
    "dynamic_sampling=refill, filter_on={filter_on}, max_rounds={max_rounds}: {framework} has no dynamic sampling. Groups "
    "without signal stay in the batch with advantage 0, so this is GRPO with DAPO's other parts."
)
NO_FILTER = (
    "dynamic_sampling=filter, filter_on={filter_on}, filter_threshold={threshold}: {framework} does not drop groups without "
    "refilling. Groups of equal rewards have advantage 0 all the same and only enlarge the denominator; groups of little "
    "variance stay."
)
NO_MAX_ROUNDS = (
    "max_rounds={value}: verl's trainer has no limit of rounds and warns about one; the DAPO recipe has one, and stops with "
    "an error when it is reached."
)
MAX_ROUNDS_STOPS = "The DAPO recipe stops with an error after this many rounds; the Lab trains on what there is."
NO_ROUNDS_OPENRLHF = "max_rounds={value}: OpenRLHF generates until its batch is full or its prompts are used up."
NO_OVERLONG_FILTER = (
    "overlong=filter: {framework} does not leave truncated completions out of the loss. The nearest is soft punishment "
    "(overlong=soft)."
)
NO_CONSTANT = (
    "loss_aggregation=constant: {framework} has no sum over tokens divided by a constant; {nearest} stands in its place."
)
NO_ENTROPY = "entropy_coef={value}: {framework} has no entropy bonus."
LOOKS_AT_REWARD = (
    "filter_on=correct: {framework} looks at the reward, which holds the overlong punishment too; a group of equal answers "
    "and different lengths then counts as informative."
)
LOOKS_AT_SCORE = (
    "filter_on=reward: {framework} looks at the mean score before the overlong punishment, as filter_on=correct does."
)

# Refusals.
REFUSED_DEFECTS = (
    "algorithm.defects must be empty for an export, got {value}; they are deliberate mistakes of the lab exercise: take "
    "another side"
)
REFUSED_FACTOR = (
    "algorithm.reward_clip_factor must be 1 for an export, got {value}; no framework widens the clip by reward: set it to 1 "
    "and raise eps_high"
)
REFUSED_REPLICAS = "{name} has one value per seed, and a framework takes one; give --seed, one of {first} to {last}"
REFUSED_TARGET = "--for must be one of {known}, got {value}; choose one of these"
REFUSED_FORM = "--form must be one of {known} for {framework}, got {value}; choose one of these"
