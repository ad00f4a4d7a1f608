"""Train a tiny model with the installed TRL under an export, and compute each loss with the Lab's loss on the same batch.

JSON in: {"config": {name: value}, "loss": the Lab's arguments of policy_loss, "steps"}. JSON out: {"version", "optimizer_steps", "rollouts",
"rows": [{"loss_trl", "loss_lab", "clip_low_trl", "clip_low_lab", "clip_high_trl", "clip_high_lab"}]}, a row per micro-batch."""

import json
import sys
import tempfile

import torch
import trl
from datasets import Dataset
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

from core.engine.algorithms.losses import policy_loss

WORDS = [*"abcdefghijklmnop", "<pad>", "<eos>"]


def tokenizer() -> PreTrainedTokenizerFast:
    words = Tokenizer(WordLevel({word: at for at, word in enumerate(WORDS)}, unk_token="a"))
    words.pre_tokenizer = Whitespace()
    return PreTrainedTokenizerFast(tokenizer_object=words, pad_token="<pad>", eos_token="<eos>", padding_side="left")


def model() -> GPT2LMHeadModel:
    torch.manual_seed(0)
    eos, pad = WORDS.index("<eos>"), WORDS.index("<pad>")
    shape = GPT2Config(
        vocab_size=len(WORDS), n_positions=64, n_embd=32, n_layer=2, n_head=2, bos_token_id=eos, eos_token_id=eos, pad_token_id=pad,
        resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0,
    )  # fmt: skip
    return GPT2LMHeadModel(shape)


def reward(completions, **_) -> list[float]:
    """1 if a stands in the completion before b."""
    return [float("a" in text and ("b" not in text or text.index("a") < text.index("b"))) for text in completions]


class LossesTwice(trl.GRPOTrainer):
    """TRL's trainer, which computes each loss a second time with the Lab's."""

    rollouts = 0

    def __init__(self, *args, arguments: dict, **options):
        super().__init__(*args, **options)
        self.arguments, self.rows = arguments, []

    def _generate_and_score_completions(self, inputs):
        self.rollouts += 1
        return super()._generate_and_score_completions(inputs)

    def _get_per_token_logps_and_entropies(self, *args, **kwargs):
        self.seen = super()._get_per_token_logps_and_entropies(*args, **kwargs)
        return self.seen

    def _compute_loss(self, model, inputs):
        loss = super()._compute_loss(model, inputs)
        logps = self.seen[0].detach()
        old = inputs.get("old_per_token_logps")
        old = logps if old is None else old
        mask = inputs["completion_mask"].bool()
        extra = {}
        if self.arguments["aggregation"] == "token_mean":  # TRL's denominator, see the export's comment
            share = self.current_gradient_accumulation_steps / self.args.steps_per_generation
            extra["denominator"] = torch.as_tensor(float(inputs["num_items_in_batch"]) * share)
        if self.arguments["aggregation"] == "constant":
            extra["max_tokens"] = self.max_completion_length
        ours, stats = policy_loss(logps[None], old[None], inputs["advantages"][None], mask[None], **self.arguments, **extra)
        if self.arguments["aggregation"] != "token_mean":
            ours = ours / self.current_gradient_accumulation_steps
        metrics = self._metrics["train"]
        tokens = float(stats.tokens)
        self.rows.append({
            "loss_trl": float(loss.detach()), "loss_lab": float(ours),
            "clip_low_trl": metrics["clip_ratio/low_mean"][-1], "clip_low_lab": float(stats.clipped_low) / tokens,
            "clip_high_trl": metrics["clip_ratio/high_mean"][-1], "clip_high_lab": float(stats.clipped_high) / tokens,
        })  # fmt: skip
        return loss


def main() -> None:
    task = json.load(sys.stdin)
    torch.manual_seed(0)
    config = trl.GRPOConfig(
        **task["config"] | {"eval_strategy": "no", "max_steps": task["steps"]}, output_dir=tempfile.mkdtemp(), use_cpu=True, bf16=False,
        report_to="none", disable_tqdm=True, save_strategy="no", gradient_checkpointing=False,
    )  # fmt: skip
    prompts = Dataset.from_list([{"prompt": " ".join(WORDS[i : i + 3])} for i in range(12)] * 8)
    trainer = LossesTwice(
        model(), reward, args=config, train_dataset=prompts, processing_class=tokenizer(), arguments=task["loss"]
    )
    trainer.train()
    print("RESULT" + json.dumps({
        "version": trl.__version__, "optimizer_steps": trainer.state.global_step, "rollouts": trainer.rollouts, "rows": trainer.rows,
    }))  # fmt: skip


if __name__ == "__main__":
    main()
