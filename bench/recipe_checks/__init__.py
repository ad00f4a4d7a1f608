"""Programs that another environment's Python runs: it has TRL or verl, and they get the Lab's exports as JSON on standard input."""
