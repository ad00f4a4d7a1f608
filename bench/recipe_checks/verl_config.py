"""Whether the installed verl takes an export: JSON [overrides] in, JSON out.

Hydra composes verl's own configuration with the overrides, which refuses a key that does not exist; then verl's own dataclasses check the
parts in "checked". Out: {"version", "error": null or the refusal, "updates_per_rollout", "values": {name: value}, "checked"}."""

import importlib.metadata
import json
import sys
from pathlib import Path

from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

YOURS = (
    "actor_rollout_ref.rollout.name=vllm",
    "actor_rollout_ref.model.path=your/model",
)  # mandatory, and nobody else can give them


def main() -> None:
    overrides = json.load(sys.stdin)
    out = {"version": importlib.metadata.version("verl"), "error": None}
    try:
        with initialize_config_dir(str(_configuration()), version_base=None):
            config = compose("ppo_trainer", overrides=[*overrides, *YOURS])
        actor, data = config.actor_rollout_ref.actor, config.data
        out["updates_per_rollout"] = data.train_batch_size / actor.ppo_mini_batch_size * actor.ppo_epochs
        names = [override.split("=", 1)[0].lstrip("+") for override in overrides]
        out["values"] = {
            name: OmegaConf.to_container(OmegaConf.create({"v": OmegaConf.select(config, name)}))["v"] for name in names
        }
        out["checked"] = _checked(config)
    except Exception as error:
        out["error"] = f"{type(error).__name__}: {str(error)[:500]}"
    print("RESULT" + json.dumps(out))


def _configuration() -> Path:
    """verl's folder of configurations, without importing verl, which needs the whole of Ray."""
    return Path(importlib.metadata.distribution("verl").locate_file("verl/trainer/config")).resolve()


def _checked(config) -> list[str]:
    """The parts that verl's dataclasses accepted; it names those that could not be imported here."""
    from verl.utils.config import omega_conf_to_dataclass

    done = []
    for path in ("actor_rollout_ref.actor", "algorithm", "actor_rollout_ref.rollout"):
        omega_conf_to_dataclass(OmegaConf.select(config, path))
        done.append(path)
    return done


if __name__ == "__main__":
    main()
