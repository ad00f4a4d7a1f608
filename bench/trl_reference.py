"""The same work done by TRL's GRPOTrainer: sums as text, a GPT of the same size, the same batch, group, updates and length limit.

TRL is made as fast as its options allow here: no logging, saving or evaluation, no reference model (beta 0), no gradient checkpoints,
float32 as ours, plain `generate` (vLLM needs a GPU). Both sides start from random weights, so that completions are equally long.
"""

from __future__ import annotations

import logging
import tempfile
import time
import warnings
from importlib.metadata import version
from importlib.util import find_spec

from core.engine.tasks.arithmetic import CHARACTERS, END, Arithmetic
from core.settings.run import RunConfig

WARM_UP_ROLLOUTS = 1


def available() -> bool:
    return find_spec("trl") is not None


def versions() -> dict[str, str]:
    return {name: version(name) for name in ("trl", "transformers", "torch")}


def tokenizer():
    """One token per character, `$` ends and pads."""
    from tokenizers import Regex, Tokenizer, decoders
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Split
    from transformers import PreTrainedTokenizerFast

    plain = Tokenizer(WordLevel({c: i for i, c in enumerate(CHARACTERS)}, unk_token="$"))
    plain.pre_tokenizer = Split(Regex("."), "isolated")
    plain.decoder = decoders.Fuse()
    return PreTrainedTokenizerFast(tokenizer_object=plain, eos_token="$", pad_token="$", padding_side="left")


def model(task: Arithmetic):
    """GPT-2 with the width, layers and heads of the task's GPT, without dropout."""
    from transformers import GPT2Config, GPT2LMHeadModel

    config = GPT2Config(
        vocab_size=task.vocab_size,
        n_positions=task.prompt_tokens_count + task.max_tokens,
        n_embd=task.config.width,
        n_layer=task.config.layers,
        n_head=task.config.heads,
        resid_pdrop=0.0,
        embd_pdrop=0.0,
        attn_pdrop=0.0,
        bos_token_id=END,
        eos_token_id=END,
        pad_token_id=END,
    )
    return GPT2LMHeadModel(config)


def completions_per_second(config: RunConfig, task: Arithmetic, rollouts: int) -> float:
    """TRL's rate on the work of `config` (one seed), after one rollout of warm-up."""
    from datasets import Dataset
    from transformers import PrinterCallback, TrainerCallback
    from trl import GRPOTrainer

    class Clock(TrainerCallback):
        def __init__(self):
            self.steps: list[float] = []

        def on_step_end(self, args, state, control, **kwargs):
            self.steps.append(time.perf_counter())

    def reward(completions, answer, **kwargs):
        return [float(c.split("$")[0] == a) for c, a in zip(completions, answer, strict=True)]

    train_prompts = range(task.train_size)
    data = {
        "prompt": [task.prompt_text(i) for i in train_prompts],
        "answer": [str(int(task.first[i] + task.second[i])) for i in train_prompts],
    }
    clock = Clock()
    _quiet()
    with tempfile.TemporaryDirectory() as directory, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        trainer = GRPOTrainer(
            model=model(task),
            reward_funcs=reward,
            args=_settings(config, task, WARM_UP_ROLLOUTS + rollouts, directory),
            train_dataset=Dataset.from_dict(data),
            processing_class=tokenizer(),
            callbacks=[clock],
        )
        trainer.remove_callback(PrinterCallback)
        trainer.train()
    first = WARM_UP_ROLLOUTS * config.updates_per_rollout - 1
    return rollouts * config.num_prompts * config.group_size / (clock.steps[-1] - clock.steps[first])


def _settings(config: RunConfig, task: Arithmetic, rollouts: int, directory: str):
    """TRL's settings for `rollouts` of them, as fast as its options allow."""
    from trl import GRPOConfig

    return GRPOConfig(
        output_dir=directory,
        per_device_train_batch_size=config.num_prompts * config.group_size // config.updates_per_rollout,
        gradient_accumulation_steps=1,
        steps_per_generation=config.updates_per_rollout,
        num_iterations=config.epochs,
        num_generations=config.group_size,
        max_completion_length=task.max_tokens,
        max_steps=config.updates_per_rollout * rollouts,
        learning_rate=config.learning_rate,
        max_grad_norm=config.max_grad_norm,
        temperature=config.temperature,
        top_k=0,
        beta=0.0,
        epsilon=config.algorithm.eps_low,
        loss_type="grpo",
        lr_scheduler_type="constant",
        logging_strategy="no",
        save_strategy="no",
        eval_strategy="no",
        report_to="none",
        disable_tqdm=True,
        use_cpu=True,
        bf16=False,
        gradient_checkpointing=False,
        seed=0,
    )


def _quiet() -> None:
    import datasets
    import transformers

    transformers.utils.logging.set_verbosity_error()
    datasets.disable_progress_bars()
    logging.getLogger("trl").setLevel(logging.ERROR)
