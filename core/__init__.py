"""GRPO and DAPO trained side by side on environments that are unstable on purpose, and what came of it.

Each package imports only packages that stand before it: settings, engine, analysis, inspection, ladder, logs, diagnosis, recipes, sweep,
runs, commands, data. `pyproject.toml` has the order as contracts, tests/test_boundaries.py checks them. Nothing here imports
streamlit or changes a global random state. Settings, engine, analysis, inspection, ladder, diagnosis and recipes start no threads.
"""
