"""What reading settings says to people."""

from __future__ import annotations

# Nothing could be read.
EMPTY = "There is nothing to read; paste or drop the arguments of a training run."
PICKLE = (
    "This is a pickled file, which can run any program when it is opened, so it is not read; give the arguments as YAML or "
    "JSON, or the log's own copy of them."
)
TOO_LONG = "The text has {size} bytes and at most {most} are read; paste the arguments only."
NO_SYNTAX = "No settings were recognised; give YAML, JSON, a call of GRPOConfig(…), a command line, or a Hydra configuration."
NO_FRAMEWORK = (
    "The settings name neither TRL's, ms-swift's, verl's nor OpenRLHF's arguments of GRPO (seen: {names}); choose the "
    "framework yourself, or give more of them."
)
UNKNOWN_FRAMEWORK = "framework must be one of {known}, got {value}; choose one of these"
NOT_GRPO = (
    "{key} is {value}, which trains a critic or another estimator; the Lab has group-relative advantages only: set it to "
    "{wanted}."
)
NO_GROUP = "{key} is {value}: a single completion per prompt has no group to be compared with; the Lab needs 2 or more."

# A value.
BAD_VALUE = "{key}: {value} was not understood; the default of {framework} {version} was taken, {default}."
REFUSED = "{key}: the Lab cannot have this value ({reason}); {default} was taken."
UNRESOLVED = "{key}: {value} refers to something that is not in the text; the default was taken."
NOT_LITERAL = "{key}: the value is computed in the program, so the default was taken."

# What is absent.
DEFAULTS = "Not given, so that the defaults of {framework} {version} count: {names}."
VERSION_GUESSED = "The version of {framework} was recognised as {version} by {reason}."
VERSION_ASSUMED = "The version of {framework} cannot be told from the settings; the defaults of {version} were taken."

# What the Lab has not, or has otherwise.
NO_COUNTERPART = "{key}={value}: the Lab has no such setting, and trains without it."
LOCAL_MEAN = (
    "loss_type={value} takes the mean over the tokens of one device's batch; it is the Lab's token_mean only without gradient "
    "accumulation."
)
BATCH_STD = "scale_rewards=batch divides by the batch's standard deviation; the Lab divides by the group's."
SUM_SCALE = "{key}={value} differs from the Lab's constant by a factor, which acts like another learning rate."
CHANGING_SCALE = "loss_scale_factor is not given: verl then divides by the padded width of each batch, the Lab by a constant."
LOSS_OTHER = "{key}={value} is another objective than the clipped one; the clipped one was taken."
VERL_DUAL_CLIP = "verl has a second clip at {value} unless it is set to a large number, so this is not plain GRPO."
OLD_CLIP = "{key} alone does nothing in this version, since clip_ratio_low and clip_ratio_high have values of their own."
NO_LIMIT = "verl generates until the batch is full; the Lab stops after {rounds} rounds."
NO_LIMIT_HERE = "OpenRLHF generates until the batch is full; the Lab stops after {rounds} rounds."
UNFILTERED = "ms-swift trains on the unfiltered batch when its tries are used up; the Lab trains on the groups with a signal."
KL_IN_REWARD = "{key}: a KL penalty inside the reward is not expressible; the Lab trains without it."
KL_OTHER = "{key}={value}: the Lab has k1, k2 and k3; k3 was taken."
KL_CORRECTION = "use_bias_correction_kl multiplies TRL's KL by the ratio; the Lab's KL is without it."
SOFT_ASKED = (
    "{key} holds a soft overlong punishment, but not its width; a fifth of the longest completion was taken, as in the DAPO "
    "paper."
)
SCHEDULE = "{key}={value}: the learning rate changes in your run and is constant in the Lab."
VLLM_CORRECTION = (
    "vllm_importance_sampling_correction changes the weight of tokens where generation and training disagree; in the Lab they "
    "agree."
)

# What was made smaller.
SHRUNK_PROMPTS = (
    "num_prompts: {theirs} became {ours}, the fewest from the scenario's {least} on that the updates per rollout divide."
)
SHRUNK_GROUP = "group_size: {theirs} became {ours}, the {bound} that the Lab allows."
SHRUNK_UPDATES = "updates_per_rollout: {theirs} became {ours}, the most that the Lab allows."
UNEVEN_UPDATES = "updates_per_rollout: your sizes give {theirs} updates per rollout, which is no whole number; {ours} was taken."
KEPT_RATE = (
    "learning_rate: {theirs} is not carried over; the scenario's {ours} stays, because it belongs to the Lab's small policies."
)
BUFFER = "overlong_buffer_tokens: {theirs} of {theirs_of} tokens became {ours} of the {ours_of} that the scenario's task allows."
PENALTY = "overlong_penalty: {theirs} for rewards that differ by {range} is {ours} for the Lab's 0 and 1."
NO_SUMMARY = "This event file holds no arguments of a trainer (args/text_summary); paste them as YAML or JSON."
