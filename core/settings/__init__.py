"""What an experiment is: algorithm, task and run settings, scenarios, sides, links and limits.

Imports no other package of core.
"""
