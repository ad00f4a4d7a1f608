"""An MLP for tasks with few states: one table of logits per prompt, added to the base policy's logits.

Because a Markov task has only S states per prompt, the logits of all (prompt, state) pairs are computed once; tokens look theirs up.
A group of G completions of T tokens thus costs S rows, not G·T, and nothing is computed behind ANSWER.
"""

from __future__ import annotations

import torch
from torch import Tensor

from core.engine.pieces import pieces
from core.engine.policies.base import Policy, Scores, Survey, until_end, weighted_sums
from core.engine.policies.params import Parameters, Shapes, uniform_fan_in
from core.engine.tasks.base import MarkovTask
from core.engine.types import Completions


class MLPPolicy(Policy):
    """Features (prompt and state) -> `hidden_layers` layers of tanh or relu -> logits (V), plus `task.base_logits`.

    `output_scale` shrinks the last layer's initial weights: at 0 the initial policy is exactly the base policy.
    """

    def __init__(self, task: MarkovTask, *, width: int, hidden_layers: int, output_scale: float, activation: str = "tanh"):
        self.task, self.hidden_layers, self.output_scale = task, hidden_layers, output_scale
        self.activate = ACTIVATIONS[activation]
        self.shapes: Shapes = {
            "w_prompt": (task.prompt_features.shape[1], width),
            "w_state": (task.state_features.shape[1], width),
            "b0": (width,),
        }
        for layer in range(1, hidden_layers):
            self.shapes |= {f"w{layer}": (width, width), f"b{layer}": (width,)}
        self.shapes |= {"w_out": (width, task.vocab_size), "b_out": (task.vocab_size,)}

    def initial(self, generators):
        return Parameters(torch.stack([self._initial_row(g) for g in generators]), self.shapes)

    def _initial_row(self, generator: torch.Generator) -> Tensor:
        """Every weight and bias uniform in ±1/sqrt(fan_in) of its layer; the last layer's times `output_scale`."""
        first, hidden = self.shapes["w_prompt"][0] + self.shapes["w_state"][0], self.shapes["w_out"][0]
        parts = []
        for name, shape in self.shapes.items():
            fan_in = first if name in ("w_prompt", "w_state", "b0") else hidden
            scale = self.output_scale if name.endswith("_out") else 1.0
            parts.append(uniform_fan_in(shape, fan_in, scale, generator))
        return torch.cat(parts)

    def table(self, params: Parameters, prompts: Tensor, temperature: float) -> Tensor:
        """(R, B, S, V) log-probabilities of every token in every state of the prompts (R, B)."""
        return self._table(params, prompts, temperature).permute(0, 2, 3, 1)

    def _table(self, params: Parameters, prompts: Tensor, temperature: float) -> Tensor:
        """The same as (R, V, B, S): features come first and states last, so that sums over the few features run along long rows."""
        views = params.views()
        replicas, count = prompts.shape
        features = self.task.prompt_features[prompts].transpose(1, 2)
        hidden = torch.baddbmm(views["b0"][..., None], views["w_prompt"].transpose(1, 2), features)  # (R, H, B)
        if self.task.num_states > 1:
            by_state = (self.task.state_features @ views["w_state"]).transpose(1, 2)  # (R, H, S)
            hidden = hidden[..., None] + by_state[:, :, None]
        hidden = self.activate(hidden).flatten(2)  # (R, H, B*S)
        for layer in range(1, self.hidden_layers):
            hidden = self.activate(torch.baddbmm(views[f"b{layer}"][..., None], views[f"w{layer}"].transpose(1, 2), hidden))
        logits = torch.baddbmm(views["b_out"][..., None], views["w_out"].transpose(1, 2), hidden)
        del hidden  # it is needed only for the gradient, and may be larger than the table
        logits = logits.view(replicas, -1, count, self.task.num_states)
        logits.add_(self.task.base_logits[prompts].transpose(1, 2)[..., None])
        return torch.log_softmax(logits if temperature == 1.0 else logits / temperature, 1)

    @torch.no_grad()
    def generate(self, params, prompts, uniforms, temperature, group_size):
        parts = [
            self._generate(params, prompts[:, some], uniforms if uniforms is None else uniforms[:, some], temperature, group_size)
            for some in self._pieces(prompts)
        ]
        return Completions.joined(parts)

    def _pieces(self, prompts: Tensor) -> list[slice]:
        width = max(self.task.vocab_size, self.shapes["w_out"][0])
        return pieces(prompts.shape[1], 4 * len(prompts) * self.task.num_states * width)

    def _generate(self, params, prompts, uniforms, temperature, group_size) -> Completions:
        table = self._table(params, prompts, temperature)  # (R, V, B, S)
        probabilities = table.exp()
        entropy = -(probabilities * table).sum(1)  # (R, B, S)
        tokens, states, ended = self._walk(probabilities, prompts, uniforms, group_size)
        end = self.task.end_token
        mask = torch.ones_like(tokens, dtype=torch.bool) if end is None else until_end(tokens, end)
        logprobs = _look_up(table, states, tokens)
        return Completions(tokens, mask, logprobs, _by_state(entropy, states), ended)

    def _walk(self, probabilities: Tensor, prompts: Tensor, uniforms: Tensor | None, group_size: int):
        """Sampled (or, without uniforms, likeliest) tokens and the states they were sampled in, (R, B, G, T), and what ended.
        `probabilities` (R, V, B, S) are overwritten."""
        shape, length = (*prompts.shape, group_size), self.task.max_tokens
        rows = probabilities if uniforms is None else probabilities.cumsum_(1)[:, :-1]
        uniforms = None if uniforms is None else uniforms.permute(3, 0, 1, 2).contiguous()
        state = torch.zeros(shape, dtype=torch.long)
        tokens, states = torch.zeros(length, *shape, dtype=torch.long), torch.zeros(length, *shape, dtype=torch.long)
        ended = torch.full(shape, self.task.end_token is None)
        for t in range(length):
            self.check_stop()
            row = rows.gather(3, state[:, None].expand(-1, rows.shape[1], -1, -1))  # (R, V, B, G)
            token = row.argmax(1) if uniforms is None else (uniforms[t][:, None] >= row).sum(1)
            tokens[t], states[t] = token, state
            if self.task.end_token is not None:
                ended |= token == self.task.end_token
            if t + 1 == length or bool(ended.all()):
                break
            state = self.task.next_state(prompts, state, token)
        return tokens.permute(1, 2, 3, 0).contiguous(), states.permute(1, 2, 3, 0).contiguous(), ended

    def scores(self, params, prompts, tokens, temperature, *, entropy=False):
        table = self._table(params, prompts, temperature)
        states = self.task.states_of(prompts, tokens)
        logprobs = _look_up(table, states, tokens)
        return Scores(logprobs, _by_state(-(table.exp() * table).sum(1), states) if entropy else None)

    def distribution(self, params, prompts, tokens, temperature):
        table = self._table(params, prompts, temperature)
        states = self.task.states_of(prompts, tokens).flatten(2)[:, None]  # (R, 1, B, G*T)
        chosen = table.gather(3, states.expand(-1, table.shape[1], -1, -1))
        return chosen.permute(0, 2, 3, 1).view(*tokens.shape, -1)

    def base_distribution(self, prompts, tokens, temperature):
        return self._base(prompts, temperature)[:, :, None, None].expand(*tokens.shape, -1)

    def _base(self, prompts: Tensor, temperature: float) -> Tensor:
        """(R, B, V) the base policy's log-probabilities, which are the same in every state."""
        return torch.log_softmax(self.task.base_logits[prompts] / temperature, -1)

    @torch.no_grad()
    def survey(self, params, prompts, tokens, mask, temperature):
        """Computed once per state, then looked up by the tokens; in the means a state counts as often as it was visited."""
        parts, sums = [], 0.0
        for some in self._pieces(prompts):
            self.check_stop()
            divergence, part = self._survey(params, prompts[:, some], tokens[:, some], mask[:, some], temperature)
            parts.append(divergence)
            sums = part + sums
        return Survey.of(torch.cat(parts, 1), sums, mask)

    def _survey(self, params, prompts, tokens, mask, temperature) -> tuple[Tensor, Tensor]:
        """Divergence (R, B, G, T) and sums over contexts (2, R, V)."""
        table, states = self._table(params, prompts, temperature), self.task.states_of(prompts, tokens)
        chances = table.exp()
        table -= self._base(prompts, temperature).transpose(1, 2)[..., None]
        by_state = table.mul_(chances).sum(1)
        visits = torch.zeros(by_state.shape).scatter_add_(2, states.flatten(2), mask.flatten(2).to(table.dtype))
        return _by_state(by_state, states), weighted_sums(chances.flatten(2), visits.flatten(1))


class Tanh(torch.autograd.Function):
    """tanh(x) = 2 sigmoid(2x) - 1, in place of x: torch computes the sigmoid five times faster, and fresh memory costs more than
    either. Exact to about 1e-7."""

    @staticmethod
    def forward(ctx, x):
        x.mul_(2).sigmoid_().mul_(2).sub_(1)
        ctx.mark_dirty(x)
        ctx.save_for_backward(x)
        return x

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, grad):
        return torch.ops.aten.tanh_backward(grad, ctx.saved_tensors[0])


ACTIVATIONS = {"tanh": Tanh.apply, "relu": torch.relu}


def _look_up(table: Tensor, states: Tensor, tokens: Tensor) -> Tensor:
    """table (R, V, B, S) at the token and state of each (R, B, G, T): (R, B, G, T)."""
    count, size = table.shape[2:]
    index = tokens * (count * size) + states
    if count > 1:
        index += (torch.arange(count) * size)[:, None, None]
    return table.flatten(1).gather(1, index.flatten(1)).view(tokens.shape)


def _by_state(values: Tensor, states: Tensor) -> Tensor:
    """values (R, B, S) at states (R, B, G, T): (R, B, G, T)."""
    return values.gather(2, states.flatten(2)).view(states.shape)
