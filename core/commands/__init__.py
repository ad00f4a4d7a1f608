"""The commands of `python -m core`, one module each: NAME, HELP, `add_options(parser)` and `run(options, command)`, which returns the exit
code: 0 done, 1 a run failed, 130 interrupted (what was measured is written). ConfigError: bad input, nothing written."""

EXIT_BAD_INPUT, EXIT_FAILED, EXIT_INTERRUPTED = 2, 1, 130
