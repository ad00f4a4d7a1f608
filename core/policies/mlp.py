"""A tanh MLP for tasks with few states: one table of logits per prompt, added to the base policy's logits.

Because a Markov task has only S states per prompt, the logits of all (prompt, state) pairs are computed once; tokens look theirs up.
A group of G completions of T tokens thus costs S rows, not G·T, and nothing is computed behind ANSWER.
"""

from __future__ import annotations

import torch
from torch import Tensor

from core.policies.base import Policy, Scores
from core.policies.params import Parameters, Shapes, uniform_fan_in
from core.tasks.base import MarkovTask
from core.types import Completions


class MLPPolicy(Policy):
    """Features (prompt and state) -> `hidden_layers` tanh layers -> logits (V), plus `task.base_logits`.

    `output_scale` shrinks the last layer's initial weights: at 0 the initial policy is exactly the base policy.
    """

    def __init__(self, task: MarkovTask, *, width: int, hidden_layers: int, output_scale: float):
        self.task, self.hidden_layers, self.output_scale = task, hidden_layers, output_scale
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
        views = params.views()
        replicas, count = prompts.shape
        rows = torch.bmm(self.task.prompt_features[prompts], views["w_prompt"]) + views["b0"][:, None]  # (R, B, H)
        states = torch.matmul(self.task.state_features, views["w_state"])  # (R, S, H)
        hidden = torch.tanh(rows[:, :, None] + states[:, None]).view(replicas, -1, rows.shape[-1])  # (R, B*S, H)
        for layer in range(1, self.hidden_layers):
            hidden = torch.tanh(torch.baddbmm(views[f"b{layer}"][:, None], hidden, views[f"w{layer}"]))
        logits = torch.baddbmm(views["b_out"][:, None], hidden, views["w_out"])
        logits = logits.view(replicas, count, -1, self.task.vocab_size) + self.task.base_logits[prompts][:, :, None]
        return torch.log_softmax(logits / temperature, -1)

    @torch.no_grad()
    def generate(self, params, prompts, uniforms, temperature, group_size):
        table = self.table(params, prompts, temperature)  # (R, B, S, V)
        probabilities = table.exp()
        entropy = -(probabilities * table).sum(-1)  # (R, B, S)
        tokens, states, ended = self._walk(probabilities, prompts, uniforms, group_size)
        mask = self._mask(tokens)
        logprobs = self._look_up(table, states, tokens)
        return Completions(tokens, mask, logprobs, entropy.gather(2, states.flatten(2)).view(tokens.shape), ended)

    def _walk(self, probabilities: Tensor, prompts: Tensor, uniforms: Tensor | None, group_size: int):
        """Sampled (or, without uniforms, likeliest) tokens and the states they were sampled in, (R, B, G, T), and what ended."""
        replicas, count = prompts.shape
        length = self.task.max_tokens
        shape = (replicas, count, group_size)
        cumulative = probabilities.cumsum(-1)[..., :-1]
        likeliest = probabilities.argmax(-1) if uniforms is None else None
        state = torch.zeros(shape, dtype=torch.long)
        tokens = torch.zeros(*shape, length, dtype=torch.long)
        states = torch.zeros(*shape, length, dtype=torch.long)
        ended = torch.zeros(shape, dtype=torch.bool)
        for t in range(length):
            if likeliest is not None:
                token = likeliest.gather(2, state)
            else:
                row = cumulative.gather(2, state[..., None].expand(*shape, cumulative.shape[-1]))
                token = (uniforms[..., t, None] >= row).sum(-1)
            tokens[..., t], states[..., t] = token, state
            if self.task.end_token is None:
                return tokens, states, torch.ones(shape, dtype=torch.bool)
            ended |= token == self.task.end_token
            if bool(ended.all()):
                break
            state = self.task.next_state(prompts, state, token)
        return tokens, states, ended

    def _mask(self, tokens: Tensor) -> Tensor:
        """True up to and including the first end token."""
        if self.task.end_token is None:
            return torch.ones_like(tokens, dtype=torch.bool)
        is_end = (tokens == self.task.end_token).long()
        return (is_end.cumsum(-1) - is_end) == 0

    @staticmethod
    def _look_up(table: Tensor, states: Tensor, tokens: Tensor) -> Tensor:
        """table (R, B, S, V) at (state, token): (R, B, G, T)."""
        index = states * table.shape[-1] + tokens
        return table.flatten(2).gather(2, index.flatten(2)).view(tokens.shape)

    def scores(self, params, prompts, tokens, temperature, *, entropy=False):
        table = self.table(params, prompts, temperature)
        states = self.task.states_of(prompts, tokens)
        logprobs = self._look_up(table, states, tokens)
        if not entropy:
            return Scores(logprobs, None)
        by_state = -(table.exp() * table).sum(-1)
        return Scores(logprobs, by_state.gather(2, states.flatten(2)).view(tokens.shape))

    def distribution(self, params, prompts, tokens, temperature):
        table = self.table(params, prompts, temperature)
        states = self.task.states_of(prompts, tokens).flatten(2)[..., None]  # (R, B, G*T, 1)
        return table.gather(2, states.expand(-1, -1, -1, table.shape[-1])).view(*tokens.shape, -1)

    def base_distribution(self, prompts, tokens, temperature):
        base = torch.log_softmax(self.task.base_logits[prompts] / temperature, -1)  # (R, B, V)
        return base[:, :, None, None].expand(*tokens.shape, -1)
