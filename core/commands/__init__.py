"""The commands of `python -m core`, one module each.

A module has NAME, HELP, `add_options(parser)` and `run(options, command)`, which returns the exit code: 0 done, 1 a run failed, 130
interrupted (what was measured is written). ConfigError: bad input, nothing written. May import every package of core but data.
"""

EXIT_BAD_INPUT, EXIT_FAILED, EXIT_INTERRUPTED = 2, 1, 130
