"""DAPO Lab's engine: GRPO and DAPO trained side by side on environments that are unstable on purpose.

Arrows point one way: types, config <- tasks, policies, algorithms <- rollout <- trainer <- compare <- export, report.
Nothing here imports streamlit, owns a thread, or touches a global random state.
"""
