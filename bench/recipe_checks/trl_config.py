"""Whether the GRPOConfig of the installed TRL takes an export: JSON {name: value} in, JSON out.

Out: {"version", "unknown": names it does not have, "error": null or its refusal, "generation_batch_size", "prompts", "updates_per_rollout"}."""

import dataclasses
import json
import sys
import tempfile

import trl


def main() -> None:
    values = json.load(sys.stdin)
    known = {field.name for field in dataclasses.fields(trl.GRPOConfig)}
    unknown = sorted(set(values) - known)
    out = {"version": trl.__version__, "unknown": unknown, "error": None}
    kept = {name: value for name, value in values.items() if name in known}
    try:
        config = trl.GRPOConfig(output_dir=tempfile.mkdtemp(), use_cpu=True, bf16=False, report_to="none", **kept)
        out["generation_batch_size"] = config.generation_batch_size
        out["prompts"] = config.generation_batch_size / config.num_generations
        out["updates_per_rollout"] = config.num_iterations * config.steps_per_generation / config.gradient_accumulation_steps
    except Exception as error:
        out["error"] = f"{type(error).__name__}: {error}"
    print("RESULT" + json.dumps(out))


if __name__ == "__main__":
    main()
