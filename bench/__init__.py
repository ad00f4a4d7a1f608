"""What is measured or drawn by a command and never tested: speed, load, memory, scenarios, pictures.

May import core, pages and hosting. `python -m bench.NAME`; bench/README.md has the results.
"""
