"""How a run is trained: tasks, policies, algorithms, rollout and trainer, checkpoints and forks.

May import settings. `train(config)` yields one StepRecord per update and owns no thread, file or global.
"""
