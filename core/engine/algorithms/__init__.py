"""GRPO, DAPO and their parts, on one loss path.

Where this departs from the papers (equation numbers of the DAPO paper, arXiv 2503.14476):

1. Eq. 8 divides by the tokens of one prompt's group, inside the expectation over prompts. `token_mean` divides by the tokens of the
   whole update batch, with one denominator, as the reference code does. Micro-batches never change it.
2. Eq. 4 and 9 do not say which standard deviation. Ours is the sample one (÷ G-1) plus 1e-6, as in verl and TRL.
3. Rewards are 0 and 1, not -1 and +1 (Eq. 7). Normalised advantages are the same; the overlong punishment is therefore 0.5 where the
   paper has 1.0, which keeps its size relative to the distance between right and wrong.
4. Eq. 11 samples until the batch is full. Ours stops after `max_rounds` rounds and trains on the groups found; empty slots have weight zero.
   Surplus groups of the last round are discarded, as in the reference code.
5. Completions with no token left in the loss (dropped groups, filtered truncations) are not counted by sequence_mean and constant.
   TRL counts them, verl does not.
6. No KL term by default for either algorithm, also for GRPO, whose paper has one: so that the two differ in the techniques only.
7. The log-ratio is clamped to ±20 (as verl); the papers do not clamp it.
8. The minibatches of a rollout are interleaved: slot k goes to update k mod M. With a batch that is full and drawn at random
   this is the usual split; with a batch that could not be filled, every update still gets an equal share.
"""

from core.engine.algorithms.advantages import group_advantages
from core.engine.algorithms.losses import aggregate, kl_estimate, policy_loss
from core.engine.algorithms.sampling import informative_groups, keep_groups
from core.engine.algorithms.shaping import overlong_penalty

__all__ = ["aggregate", "group_advantages", "informative_groups", "keep_groups", "kl_estimate", "overlong_penalty", "policy_loss"]
