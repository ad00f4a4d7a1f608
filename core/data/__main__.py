"""`python -m core.data NAME …`, or `all`: compute what is shipped anew. All of it takes about ten minutes of a processor."""

from __future__ import annotations

import argparse

from core.data.comparison import SHIPPED_COMPARISON
from core.data.factorial import SHIPPED_FACTORIALS
from core.data.ladder import SHIPPED_LADDER
from core.data.recorded import RECORDED

DATASETS = {dataset.name: dataset for dataset in (SHIPPED_COMPARISON, SHIPPED_LADDER, SHIPPED_FACTORIALS, RECORDED)}
EVERY = "all"


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m core.data", description=__doc__)
    parser.add_argument("names", nargs="+", choices=[*DATASETS, EVERY], metavar="NAME", help=", ".join([*DATASETS, EVERY]))
    names = parser.parse_args(arguments).names
    for name in DATASETS if EVERY in names else names:
        DATASETS[name].write()
        print(f"{DATASETS[name].path.name}: {sum(DATASETS[name].about['seconds'].values()):.0f} s")


if __name__ == "__main__":
    main()
