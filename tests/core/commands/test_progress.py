"""The progress bar: what stays of it in a file or a pipe."""

import io

from core.commands.progress import SECONDS_IN_A_FILE, ProgressBar


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def drawn(monkeypatch, stream: io.StringIO) -> tuple[ProgressBar, str]:
    """A bar that has advanced a thousand times and was asked to be drawn at once, and what it wrote meanwhile."""
    monkeypatch.setattr("sys.stderr", stream)
    with ProgressBar(total=1000, file=stream) as bar:
        for _ in range(1000):
            bar.update()
            bar.redraw()
        return bar, stream.getvalue()


def test_a_file_gets_no_line_for_every_step(monkeypatch):
    bar, text = drawn(monkeypatch, io.StringIO())
    assert bar.mininterval == SECONDS_IN_A_FILE
    assert text.count("\r") < 10  # at most one a second, and a thousand steps take milliseconds


def test_a_terminal_is_drawn_when_it_is_asked_for(monkeypatch):
    bar, text = drawn(monkeypatch, Terminal())
    assert bar.mininterval < SECONDS_IN_A_FILE
    assert text.count("\r") >= 1000
