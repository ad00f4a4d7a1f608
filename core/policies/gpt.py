"""A tiny decoder-only transformer with R copies of its weights, for tasks whose prompts are text of one fixed length.

The completions of a group share their prompt, so the prompt is run once per group and its keys and values are attended to by all
G completions; a completion costs only its own tokens. Pre-norm blocks with parameter-free RMSNorm, ReLU MLP, learned positions,
no biases: 12·L·C² + (2V + positions)·C parameters.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from core.policies.base import Policy, Scores, choose
from core.policies.params import Parameters, Shapes, uniform_fan_in
from core.tasks.arithmetic import Arithmetic
from core.types import Completions


@dataclass
class Stream:
    """Two streams of tokens that go through the network together: prompts (R, B, P) and completions (R, B, G, T)."""

    prompt: Tensor  # (R, B, P, C)
    completion: Tensor  # (R, B, G, T, C)

    def flat(self) -> Tensor:
        """(R, B·P + B·G·T, C): one matrix product serves both streams."""
        replicas, width = self.prompt.shape[0], self.prompt.shape[-1]
        return torch.cat((self.prompt.reshape(replicas, -1, width), self.completion.reshape(replicas, -1, width)), 1)


class GPTPolicy(Policy):
    """Base model + training from there. `base` (P,) are the parameters of the base model; every replica starts as a copy."""

    def __init__(self, task: Arithmetic, *, width: int, layers: int, heads: int, base: Tensor | None = None):
        self.task, self.width, self.layers, self.heads = task, width, layers, heads
        positions = task.prompt_tokens_count + task.max_tokens
        self.shapes: Shapes = {"tokens": (task.vocab_size, width), "positions": (positions, width)}
        for i in range(layers):
            self.shapes |= {
                f"qkv{i}": (width, 3 * width),
                f"proj{i}": (width, width),
                f"up{i}": (width, 4 * width),
                f"down{i}": (4 * width, width),
            }
        self.shapes["head"] = (width, task.vocab_size)
        self.base = base

    def initial(self, generators):
        if self.base is None:
            raise ValueError("this GPT has no base model; build one with core.policies.base_model.base_parameters")
        return Parameters(self.base.repeat(len(generators), 1), self.shapes)

    def untrained(self, generator: torch.Generator) -> Parameters:
        """One replica of random weights: where imitation starts."""
        parts = []
        for name, shape in self.shapes.items():
            fan_in = 1 if name in ("tokens", "positions") else shape[0]
            scale = 0.3 if fan_in == 1 else 1.0 / math.sqrt(2 * self.layers) if name.startswith(("proj", "down")) else 1.0
            parts.append(uniform_fan_in(shape, fan_in, scale, generator))
        return Parameters(torch.cat(parts)[None], self.shapes)

    # -- the network ---------------------------------------------------------------------------------------------------------

    def logits(self, views: dict[str, Tensor], prompts: Tensor, tokens: Tensor) -> Tensor:
        """(R, B, G, T, V) logits for each completion token, given prompts (R, B) and the tokens (R, B, G, T) before it."""
        replicas, count, group, length = tokens.shape
        inputs = tokens[..., :-1]  # the last token predicts nothing
        stream = self._embed(views, prompts, inputs)
        for i in range(self.layers):
            stream = self._block(views, i, stream)
        # "=" predicts the first token of all G completions; each completion token predicts the next.
        first = stream.prompt[:, :, None, -1:].expand(-1, -1, group, -1, -1)
        hidden = torch.cat((first, stream.completion), 3).reshape(replicas, -1, self.width)
        return torch.bmm(rms_norm(hidden), views["head"]).view(replicas, count, group, length, -1)

    def _embed(self, views: dict[str, Tensor], prompts: Tensor, inputs: Tensor) -> Stream:
        replicas, count, group, length = inputs.shape
        text = self.task.prompt_tokens[prompts]  # (R, B, P)
        size = text.shape[-1]
        ids = torch.cat((text.flatten(1), inputs.flatten(1)), 1)  # (R, M)
        embedded = views["tokens"].gather(1, ids[..., None].expand(-1, -1, self.width))
        prompt = embedded[:, : count * size].view(replicas, count, size, self.width) + views["positions"][:, None, :size]
        own = views["positions"][:, None, None, size : size + length]
        return Stream(prompt, embedded[:, count * size :].view(replicas, count, group, length, self.width) + own)

    def _block(self, views: dict[str, Tensor], i: int, stream: Stream) -> Stream:
        shape_p, shape_c = stream.prompt.shape, stream.completion.shape
        split = [shape_p[1] * shape_p[2], math.prod(shape_c[1:4])]
        x = stream.flat()
        qkv_p, qkv_c = torch.bmm(rms_norm(x), views[f"qkv{i}"]).split(split, 1)
        out_p, out_c = self._attend(qkv_p.view(*shape_p[:3], 3, self.heads, -1), qkv_c.view(*shape_c[:4], 3, self.heads, -1))
        attended = torch.cat((out_p.reshape(shape_p[0], -1, self.width), out_c.reshape(shape_p[0], -1, self.width)), 1)
        prompt, completion = self._finish_block(views, i, x, attended).split(split, 1)
        return Stream(prompt.view(shape_p), completion.view(shape_c))

    def _finish_block(self, views: dict[str, Tensor], i: int, x: Tensor, attended: Tensor) -> Tensor:
        """Output projection and MLP of block i, each added to the residual stream x (R, M, C)."""
        x = torch.baddbmm(x, attended, views[f"proj{i}"])
        return torch.baddbmm(x, torch.relu(torch.bmm(rms_norm(x), views[f"up{i}"])), views[f"down{i}"])

    def _attend(self, qkv_p: Tensor, qkv_c: Tensor) -> tuple[Tensor, Tensor]:
        """Causal attention: prompts to themselves, completions to their prompt and themselves.
        (R, B, P, 3, h, d), (R, B, G, T, 3, h, d) -> (R, B, P, h, d), (R, B, G, T, h, d)."""
        q, k, v = qkv_p.permute(3, 0, 1, 4, 2, 5).unbind(0)  # (R, B, h, P, d)
        own_q, own_k, own_v = qkv_c.permute(4, 0, 1, 2, 5, 3, 6).unbind(0)  # (R, B, G, h, T, d)
        scale = q.shape[-1] ** -0.5
        out_p = torch.softmax((q @ k.transpose(-1, -2)) * scale + causal_mask(q.shape[-2]), -1) @ v
        replicas, count, group, heads, length, depth = own_q.shape
        # One product serves all completions of a group: their queries are stacked against the shared prompt keys.
        stacked = own_q.transpose(2, 3).reshape(replicas, count, heads, group * length, depth)
        to_prompt = (stacked @ k.transpose(-1, -2)).view(replicas, count, heads, group, length, -1).transpose(2, 3)
        to_own = own_q @ own_k.transpose(-1, -2) + causal_mask(length) / scale
        weights = torch.softmax(torch.cat((to_prompt, to_own), -1) * scale, -1)
        prompt_weights, own_weights = weights.split([k.shape[-2], length], -1)
        from_prompt = prompt_weights.transpose(2, 3).reshape(replicas, count, heads, group * length, -1) @ v
        out_c = own_weights @ own_v + from_prompt.view(replicas, count, heads, group, length, depth).transpose(2, 3)
        return out_p.transpose(2, 3), out_c.transpose(3, 4)

    # -- the policy protocol -------------------------------------------------------------------------------------------------

    @torch.no_grad()
    def generate(self, params, prompts, uniforms, temperature, group_size):
        views, length = params.views(), self.task.max_tokens
        shape = (*prompts.shape, group_size)
        hidden, prompt_cache = self._read_prompts(views, prompts)
        own_cache: list[tuple[Tensor, Tensor] | None] = [None] * self.layers
        tokens = torch.full((*shape, length), self.task.end_token)
        logprobs, entropy = torch.zeros(tokens.shape), torch.zeros(tokens.shape)
        ended = torch.zeros(shape, dtype=torch.bool)
        for t in range(length):
            row = torch.log_softmax(torch.bmm(rms_norm(hidden), views["head"]) / temperature, -1)
            row = row.view(*prompts.shape, -1, row.shape[-1]).expand(*shape, -1)  # (R, B, G, V)
            token = row.argmax(-1) if uniforms is None else choose(row.exp(), uniforms[..., t])
            tokens[..., t] = token
            logprobs[..., t] = row.gather(-1, token[..., None])[..., 0]
            entropy[..., t] = -(row.exp() * row).sum(-1)
            ended |= token == self.task.end_token
            if t + 1 == length or bool(ended.all()):
                break
            hidden = self._extend(views, token, t, prompt_cache, own_cache)
        is_end = (tokens == self.task.end_token).long()
        return Completions(tokens, (is_end.cumsum(-1) - is_end) == 0, logprobs, entropy, ended)

    def _read_prompts(self, views: dict[str, Tensor], prompts: Tensor):
        """Hidden state of each prompt's last token (R, B, C), and per layer the prompts' keys and values (R, B, h, P, d)."""
        replicas, count = prompts.shape
        empty = torch.zeros(replicas, count, 1, 0, dtype=torch.long)
        x = self._embed(views, prompts, empty).prompt
        size, cache = x.shape[2], []
        x = x.reshape(replicas, -1, self.width)
        for i in range(self.layers):
            qkv = torch.bmm(rms_norm(x), views[f"qkv{i}"]).view(replicas, count, size, 3, self.heads, -1)
            q, k, v = qkv.permute(3, 0, 1, 4, 2, 5).unbind(0)
            cache.append((k, v))
            weights = torch.softmax((q @ k.transpose(-1, -2)) * q.shape[-1] ** -0.5 + causal_mask(size), -1)
            x = self._finish_block(views, i, x, (weights @ v).transpose(2, 3).reshape(x.shape))
        return x.view(replicas, count, size, -1)[:, :, -1], cache

    def _extend(self, views, token: Tensor, t: int, prompt_cache, own_cache) -> Tensor:
        """Run one more token (R, B, G) of every completion through the network: hidden state (R, B·G, C). Grows `own_cache`."""
        replicas, count, group = token.shape
        size = self.task.prompt_tokens_count
        x = (
            views["tokens"].gather(1, token.flatten(1)[..., None].expand(-1, -1, self.width))
            + views["positions"][:, size + t, None]
        )
        for i in range(self.layers):
            qkv = torch.bmm(rms_norm(x), views[f"qkv{i}"]).view(replicas, count, group, 3, self.heads, -1)
            q, k, v = qkv.permute(3, 0, 1, 4, 2, 5).unbind(0)  # (R, B, h, G, d)
            own = (k[..., None, :], v[..., None, :])
            if own_cache[i] is not None:
                own = tuple(torch.cat(pair, -2) for pair in zip(own_cache[i], own, strict=True))
            own_cache[i] = own  # (R, B, h, G, t+1, d)
            prompt_k, prompt_v = prompt_cache[i]
            to_own = (q[..., None, :] * own[0]).sum(-1)  # (R, B, h, G, t+1)
            scores = torch.cat((q @ prompt_k.transpose(-1, -2), to_own), -1) * q.shape[-1] ** -0.5
            weights = torch.softmax(scores, -1)
            out = weights[..., :size] @ prompt_v + (weights[..., size:, None] * own[1]).sum(-2)
            x = self._finish_block(views, i, x, out.transpose(2, 3).reshape(x.shape))
        return x

    def distribution(self, params, prompts, tokens, temperature):
        return torch.log_softmax(self.logits(params.views(), prompts, tokens) / temperature, -1)

    def scores(self, params, prompts, tokens, temperature, *, entropy=False):
        table = self.distribution(params, prompts, tokens, temperature)
        logprobs = table.gather(-1, tokens[..., None])[..., 0]
        return Scores(logprobs, -(table.exp() * table).sum(-1) if entropy else None)

    def base_distribution(self, prompts, tokens, temperature):
        base = Parameters(self.base.expand(prompts.shape[0], -1), self.shapes)
        return self.distribution(base, prompts, tokens, temperature)


def rms_norm(x: Tensor) -> Tensor:
    """x / sqrt(mean(x²) + 1e-6) over the last axis; no parameters."""
    return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + 1e-6)


def causal_mask(length: int) -> Tensor:
    """(T, T): 0 where position t may look, -inf above the diagonal."""
    return torch.full((length, length), -math.inf).triu_(1)
