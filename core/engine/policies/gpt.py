"""A tiny decoder-only transformer with R copies of its weights, for tasks whose prompts are text of one fixed length.

The completions of a group share their prompt, so the prompt is run once for all of them; a completion costs only its own tokens.
Pre-norm blocks with parameter-free RMSNorm, ReLU MLP, learned positions, no biases: 12·L·C² + (2V + positions)·C parameters.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from core.engine.pieces import pieces
from core.engine.policies.base import Policy, Scores, Survey, choose, until_end, weighted_sums
from core.engine.policies.packing import BLOCK_TOKENS, Packing, packing
from core.engine.policies.params import Parameters, Shapes, uniform_fan_in
from core.engine.tasks.arithmetic import Arithmetic
from core.engine.types import Completions


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
            raise ValueError("this GPT has no base model; build one with core.engine.policies.base_model.base_parameters")
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

    def _run(self, views: dict[str, Tensor], ids: Tensor, pack: Packing) -> tuple[Tensor, list[tuple[Tensor, Tensor]]]:
        """Packed tokens (R, n·L) -> hidden states of the predicting ones (R, n·(L-start), C), and each layer's keys and values."""
        replicas, start, mask, cache = len(ids), pack.start, pack.mask, []
        x = self._embed(views, ids, pack.positions)
        for i in range(self.layers):
            q, k, v = self._heads(torch.bmm(rms_norm(x), views[f"qkv{i}"]), pack.blocks)  # (R·n·h, L, d)
            cache.append((k, v))
            if i == self.layers - 1:  # the other tokens' output is not used
                q, mask = q[:, start:], mask[start:]
                x = x.view(replicas, pack.blocks, -1, self.width)[:, :, start:].reshape(replicas, -1, self.width)
            weights = torch.softmax(torch.baddbmm(mask, q, k.transpose(1, 2), alpha=k.shape[-1] ** -0.5), -1)
            out = torch.bmm(weights, v).view(replicas, pack.blocks, self.heads, q.shape[1], -1)
            x = self._finish_block(views, i, x, out.transpose(2, 3).reshape(x.shape))
        return x, cache

    def _embed(self, views: dict[str, Tensor], ids: Tensor, positions: Tensor) -> Tensor:
        """Tokens (R, n·L) at `positions` (L,) of every block -> (R, n·L, C). Products with one-hot rows: their backward is a product."""
        replicas, length = len(ids), len(positions)
        tokens = torch.bmm(_one_hot(ids, self.task.vocab_size), views["tokens"])
        places = _one_hot(positions, views["positions"].shape[1]) @ views["positions"]  # (R, L, C)
        return (tokens.view(replicas, -1, length, self.width) + places[:, None]).flatten(1, 2)

    def _heads(self, qkv: Tensor, blocks: int) -> tuple[Tensor, Tensor, Tensor]:
        """(R, n·L, 3C) -> queries, keys and values, each (R·n·h, L, d)."""
        depth, length = self.width // self.heads, qkv.shape[1] // blocks
        split = qkv.view(-1, length, 3, self.heads, depth).permute(2, 0, 3, 1, 4)  # (3, R·n, h, L, d)
        return split.reshape(3, -1, length, depth).unbind(0)

    def _finish_block(self, views: dict[str, Tensor], i: int, x: Tensor, attended: Tensor) -> Tensor:
        """Output projection and MLP of block i, each added to the residual stream x (R, M, C)."""
        x = torch.baddbmm(x, attended, views[f"proj{i}"])
        return torch.baddbmm(x, torch.relu_(torch.bmm(rms_norm(x), views[f"up{i}"])), views[f"down{i}"])

    def _predict(self, views: dict[str, Tensor], hidden: Tensor, temperature: float) -> Tensor:
        """Hidden states (R, M, C) -> log-probabilities (R, V, M): vocabulary first, so that softmax runs along long rows."""
        logits = torch.bmm(views["head"].transpose(1, 2), rms_norm(hidden).transpose(1, 2))
        return torch.log_softmax(logits if temperature == 1.0 else logits / temperature, 1)

    def _table(self, params: Parameters, prompts: Tensor, tokens: Tensor, temperature: float) -> tuple[Tensor, Tensor]:
        """Log-probabilities (R, V, M) of the next token after each of M packed tokens, and the place (B, G, T) in M that predicts each
        of `tokens` (R, B, G, T)."""
        count, group, length = tokens.shape[1:]
        pack = packing(count, group, self.task.prompt_tokens_count, length - 1)  # the last token predicts nothing
        views = params.views()
        hidden, _ = self._run(views, pack.ids(self.task.prompt_tokens[prompts], tokens[..., :-1]), pack)
        return self._predict(views, hidden, temperature), pack.place

    # -- the policy protocol -------------------------------------------------------------------------------------------------

    @torch.no_grad()
    def generate(self, params, prompts, uniforms, temperature, group_size):
        of_each = len(prompts) * bytes_of_prompt(
            self.task.prompt_tokens_count, self.task.max_tokens, group_size, self.width, self.layers, self.heads
        )
        parts = [
            self._generate(params, prompts[:, some], uniforms if uniforms is None else uniforms[:, some], temperature, group_size)
            for some in pieces(prompts.shape[1], of_each)
        ]
        return Completions.joined(parts)

    def _generate(self, params, prompts, uniforms, temperature, group_size) -> Completions:
        views, length = params.views(), self.task.max_tokens
        shape = (*prompts.shape, group_size)
        hidden, caches = self._read_prompts(views, prompts, group_size)
        tokens = torch.full((*shape, length), self.task.end_token)
        logprobs, entropy = torch.zeros(tokens.shape), torch.zeros(tokens.shape)
        ended = torch.zeros(shape, dtype=torch.bool)
        for t in range(length):
            self.check_stop()
            row = self._predict(views, hidden, temperature)
            row = row.view(len(row), -1, prompts.shape[1], 1 if t == 0 else group_size)  # (R, V, B, 1 or G)
            chances = row.exp()
            token = row.argmax(1).expand(shape) if uniforms is None else choose(chances, uniforms[..., t], axis=1)
            tokens[..., t] = token
            logprobs[..., t] = row.expand(-1, -1, -1, group_size).gather(1, token[:, None])[:, 0]
            entropy[..., t] = -(chances * row).sum(1)
            ended |= token == self.task.end_token
            if t + 1 == length or bool(ended.all()):
                break
            hidden = self._extend(views, token, t, caches)
        return Completions(tokens, until_end(tokens, self.task.end_token), logprobs, entropy, ended)

    def _read_prompts(self, views: dict[str, Tensor], prompts: Tensor, group: int) -> tuple[Tensor, list[Tensor]]:
        """Hidden state of each prompt's last token (R, B, C), and per layer a cache (2, R, h, d, P+T-1, B·G) of keys and values, filled
        with the prompts'. Many small products are slower than few long sums, so that here the completions are the last axis."""
        replicas, count = prompts.shape
        size, depth = self.task.prompt_tokens_count, self.width // self.heads
        pack = packing(count, 1, size, 0)
        text = self.task.prompt_tokens[prompts]
        hidden, pairs = self._run(views, pack.ids(text, text[..., None, :0]), pack)
        caches = []
        for pair in pairs:
            cache = torch.empty(2, replicas, self.heads, depth, size + self.task.max_tokens - 1, count, group)
            for values, kept in zip(pair, cache, strict=True):
                split = pack.split_prompts(values).view(replicas, pack.blocks, self.heads, -1, size, depth)
                by_prompt = split.permute(0, 2, 5, 4, 1, 3).reshape(replicas, self.heads, depth, size, count)
                kept[:, :, :, :size] = by_prompt[..., None]
            caches.append(cache.flatten(-2))
        return hidden, caches

    def _extend(self, views: dict[str, Tensor], token: Tensor, t: int, caches: list[Tensor]) -> Tensor:
        """Run token t (R, B, G) of every completion through the network: hidden state (R, B·G, C). Fills in the caches."""
        replicas, depth = len(token), self.width // self.heads
        end = self.task.prompt_tokens_count + t + 1
        one_hot = _one_hot(token.flatten(1), self.task.vocab_size).transpose(1, 2)
        x = torch.bmm(views["tokens"].transpose(1, 2), one_hot) + views["positions"][:, end - 1, :, None]  # (R, C, M)
        for i, cache in enumerate(caches):
            qkv = torch.bmm(views[f"qkv{i}"].transpose(1, 2), rms_norm(x, 1)).view(replicas, 3, self.heads, depth, -1)
            cache[:, :, :, :, end - 1] = qkv[:, 1:].transpose(0, 1)
            k, v = cache[:, :, :, :, :end]  # (R, h, d, P+t+1, M)
            weights = torch.softmax((qkv[:, 0, :, :, None] * k).sum(2) * depth**-0.5, 2)  # (R, h, P+t+1, M)
            x = torch.baddbmm(x, views[f"proj{i}"].transpose(1, 2), (weights[:, :, None] * v).sum(3).flatten(1, 2))
            up = torch.bmm(views[f"up{i}"].transpose(1, 2), rms_norm(x, 1)).relu_()
            x = torch.baddbmm(x, views[f"down{i}"].transpose(1, 2), up)
        return x.transpose(1, 2)

    def distribution(self, params, prompts, tokens, temperature):
        table, place = self._table(params, prompts, tokens, temperature)
        return table[:, :, place].permute(0, 2, 3, 4, 1)

    def scores(self, params, prompts, tokens, temperature, *, entropy=False):
        table, place = self._table(params, prompts, tokens, temperature)
        index = tokens * table.shape[2] + place
        logprobs = table.flatten(1).gather(1, index.flatten(1)).view(tokens.shape)
        return Scores(logprobs, -(table.exp() * table).sum(1)[:, place] if entropy else None)

    def base_distribution(self, prompts, tokens, temperature):
        return self.distribution(self._base_parameters(len(prompts)), prompts, tokens, temperature)

    def _base_parameters(self, replicas: int) -> Parameters:
        return Parameters(self.base.expand(replicas, -1), self.shapes)

    @torch.no_grad()
    def survey(self, params, prompts, tokens, mask, temperature):
        """Computed once per packed token, then looked up; a few prompts at a time, which a processor's cache can hold."""
        base, parts, sums = self._base_parameters(len(prompts)), [], 0.0
        few = max(64 // len(prompts), 1)
        for some, written, real in zip(prompts.split(few, 1), tokens.split(few, 1), mask.split(few, 1), strict=True):
            self.check_stop()
            own, place = self._table(params, some, written, temperature)
            other, _ = self._table(base, some, written, temperature)
            chances = own.exp()
            parts.append((chances * (own - other)).sum(1)[:, place])
            visits = torch.zeros(len(own), own.shape[2])  # the first tokens of a group are chosen in the same context
            visits.scatter_add_(1, place.flatten().expand(len(own), -1), real.flatten(1).to(own.dtype))
            sums = sums + weighted_sums(chances, visits)
        return Survey.of(torch.cat(parts, 1), sums, mask)


def bytes_of_prompt(prompt: int, tokens: int, group: int, width: int, layers: int, heads: int) -> int:
    """The largest tensor of a prompt while `group` completions of it are generated, in bytes per replica: the keys and values of its
    completions, or what a layer makes of the prompt's own tokens."""
    cache = group * (prompt + tokens - 1) * 2 * layers * width
    return 4 * max(cache, prompt * max(4 * width, heads * BLOCK_TOKENS))


class RMSNorm(torch.autograd.Function):
    """Half as many passes over memory as autograd's own backward."""

    @staticmethod
    def forward(ctx, x, axis):
        inverse = torch.rsqrt(x.square().mean(axis, keepdim=True).add_(1e-6))
        out = x * inverse
        ctx.save_for_backward(out, inverse)
        ctx.axis = axis
        return out

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, grad):
        out, inverse = ctx.saved_tensors
        return torch.addcmul(grad, out, (grad * out).mean(ctx.axis, keepdim=True), value=-1).mul_(inverse), None


def rms_norm(x: Tensor, axis: int = -1) -> Tensor:
    """x / sqrt(mean(x²) + 1e-6) over one axis; no parameters."""
    return RMSNorm.apply(x, axis)


def _one_hot(index: Tensor, size: int) -> Tensor:
    """(…) int64 -> (…, size) float."""
    return torch.eye(size)[index]
