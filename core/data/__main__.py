"""`python -m core.data NAME …`, or `all`: compute what is shipped anew. All of it takes about 40 minutes of a processor."""

from __future__ import annotations

import argparse
import sys

from core.data.comparison import SHIPPED_COMPARISON
from core.data.factorial import SHIPPED_FACTORIALS
from core.data.ladder import SHIPPED_LADDER
from core.data.maps import SHIPPED_MAPS
from core.data.recorded import RECORDED
from core.runs.foreground import heed_interrupts

DATASETS = {dataset.name: dataset for dataset in (SHIPPED_COMPARISON, SHIPPED_LADDER, SHIPPED_FACTORIALS, RECORDED)}
EVERY = "all"
INTERRUPTED = 130  # exit code


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m core.data", description=__doc__)
    everything = DATASETS | SHIPPED_MAPS
    parser.add_argument("names", nargs="+", choices=[*everything, EVERY], metavar="NAME", help=", ".join([*everything, EVERY]))
    names = parser.parse_args(arguments).names
    for name in everything if EVERY in names else names:
        print(f"{name}: training …", flush=True)
        everything[name].write()
        print(f"{everything[name].path.name}: {sum(everything[name].about['seconds'].values()):.0f} s")


if __name__ == "__main__":
    heed_interrupts()
    try:
        main()
    except KeyboardInterrupt:  # what was written before is whole
        sys.exit(INTERRUPTED)
