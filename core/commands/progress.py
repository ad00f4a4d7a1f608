"""The progress bar of the commands: tqdm, which a file or a pipe gets less often than a terminal."""

from __future__ import annotations

import sys

from tqdm import tqdm

SECONDS_IN_A_FILE = 1.0  # between two lines: in a file each of them stays


class ProgressBar(tqdm):
    """`tqdm` on the standard error. Everything else about it is tqdm's own."""

    def __init__(self, *args: object, **options: object):
        self.on_terminal = sys.stderr.isatty()
        super().__init__(*args, **({} if self.on_terminal else {"mininterval": SECONDS_IN_A_FILE}) | options)

    def redraw(self) -> None:
        """Draw it although it has not advanced, where that leaves nothing behind: on a terminal."""
        if self.on_terminal:
            self.refresh()
