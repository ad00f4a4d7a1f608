"""Lines of a console that hold metrics.

verl            (TaskRunner pid=1) step:3 - actor/entropy:0.4 - critic/score/mean:np.float64(0.5)
TRL, ms-swift   {'loss': 0.1, 'grad_norm': nan, 'reward': '0.25'}          no step: the rows are counted
OpenRLHF        Global step 3: {'policy_loss': 0.1, …}, and of evaluations: global_step 3, eval_metrics: {…} or Eval at step 3: {…}
slime           rollout 3: {…}, perf 3: {…}, step 12: {…}
prime-rl        12:00:01 SUCCESS Step 3 | Time: 1.2s | Reward: 0.4 | …
ROLL            metrics_tag: {"step": 3, "metrics": {…}}
tinker, NeMo-RL a block of lines per step: `core.logs.readers.console_boxes`
own loops       step 3/100 | loss=0.1, reward: 0.4 or step 3: loss 0.1, reward 0.4
progress bars    3%|▎   | 3/100 [00:10<05:00, 3.1s/it, loss=0.1, reward=0.4]

A line may begin with a process's name and hold colours; progress bars end in carriage returns; a terminal may have broken a row over several
lines. Nothing is evaluated: values are matched as text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from core.logs.cells import number
from core.logs.names import name_for
from core.logs.readers.console_boxes import Boxes

COLON, COUNTED, NUMBERED, UPDATED, GENERATED, PIPES, PAIRS, BOXES, BARS = (
    "verl",
    "rows",
    "numbered rows",
    "updates",
    "rollouts",
    "prime-rl",
    "pairs",
    "blocks",
    "progress bars",
)
Found = tuple[str, dict[str, object]]

MOST_JOINED = 50  # lines of one broken row
LONGEST_ROW = 200_000  # characters
LEAST_VALUES = 2

_ANSI = re.compile(r"\x1b\[[0-9;?]{0,20}[A-Za-z]")
_PREFIX = re.compile(r"^\s*\([A-Za-z_]\w{0,60}(?: rank=\d+)? pid=\d+[^)]{0,80}\)\s?")
_REPEATED = re.compile(r"\s*\[repeated \d+x across cluster\].*$")
_STEP = re.compile(r"(?:^|[^\w/])step:(\d{1,12})(?= - |\s*$)")
_DICT = re.compile(r"\{\s{0,20}['\"]")
_NUMBER = r"[-+]?(?:\d{1,40}\.?\d{0,40}(?:[eE][-+]?\d{1,5})?|\.\d{1,40}(?:[eE][-+]?\d{1,5})?|nan|inf|NaN|Infinity|Inf)"
_VALUE = rf"{_NUMBER}|'[^'\n]{{0,120}}'|\"[^\"\n]{{0,120}}\"|[A-Za-z_.]{{1,20}}\d{{0,3}}\([^()\n]{{0,120}}\)|None|null"
PAIR = re.compile(rf"['\"]([^'\"\n]{{1,200}})['\"]\s{{0,9}}:\s{{0,9}}({_VALUE})\s{{0,9}}(?=[,}}])")
_LABEL = re.compile(
    r"(?:^|[^\w])(global[ _]step|step|iteration|iter|update|rollout|perf|eval)\s{0,3}[:=#]?\s{0,3}(\d{1,12})(?:, eval_metrics)?\s{0,3}[:|-]?"
    r"\s{0,3}$",
    re.IGNORECASE,
)
_EVALUATED = re.compile(r"\bEval at step ")  # OpenRLHF's asynchronous trainer; the rows beside are of "Global step"
_LABELS = {"rollout": GENERATED, "perf": GENERATED, "eval": GENERATED, "step": UPDATED}
_PIPES = re.compile(r"\bstep:? (\d{1,12})(?:/\d+)? ?\| ?(.*)$", re.I)
_ZERO_ADVANTAGE = re.compile(r"Detected \d+/(\d{1,9}) rollouts \(.{0,200}?zero_advantage=(\d{1,9})")
_PAIRS_STEP = re.compile(
    r"\b(?:global[ _]?)?(?:step|iteration|iter|update)s?\b\s{0,3}[:=#]?\s{0,3}\[?(\d{1,12})(?:\s?/\s?\d+)?", re.I
)
_PAIRS = re.compile(
    rf"([A-Za-z][\w./@-]{{0,60}}(?: [A-Za-z][\w./@-]{{0,30}}){{0,2}})\s{{0,3}}[:=]\s{{0,3}}({_NUMBER})(?=[\s,;|)\]%]|$)"
)


_BAR = re.compile(r"(\d{1,12})/(?:\d{1,12}|\?) \[[^\]]{0,40}?(?:it/s|s/it)[^,\]]{0,5}, ([^\]]{1,2000})(?:\]|$)")
_SPACED = re.compile(rf"(?<![\w./@-])([A-Za-z][\w./@-]{{0,60}})\s{{1,3}}({_NUMBER})(?=[\s,;|)\]%]|$)")


_EVAL_SETTINGS = re.compile(
    r"eval_(?:steps|strategy|delay|accumulation_steps|on_start|batch_size|num_|use_|do_|packing)"
)  # of transformers


@lru_cache(maxsize=10_000)
def is_measured(name: str) -> bool:
    """A metric of a training, and not a setting such as learning_rate that a printed configuration holds too."""
    metrics = {hit.metric for _, hit in name_for(name)} - {"learning_rate"}
    lower = name.lower()
    return bool(metrics) or (lower.startswith(("rewards/", "train_loss", "eval_")) and not _EVAL_SETTINGS.match(lower))


class ConsoleLines:
    """`feed` takes a line and gives the rows that are complete with it; `unfinished` the one that may go on, which comes again when it is
    complete. `cut_off` says whether a row was cut."""

    def __init__(self) -> None:
        self._pending = ""  # the beginning of a row
        self._kind = ""
        self._step = ""
        self._joined = 0
        self._boxes = Boxes()
        self._bar = ""  # the number at which the progress bar stood last
        self._dead: float | None = None  # share of rollouts without advantage, printed before its step
        self.cut_off = False

    def feed(self, line: str) -> Iterator[Found]:
        for part in line.split("\r") if "\r" in line else (line,):
            yield from self._part(part)

    def unfinished(self, *, cut: bool) -> Iterator[Found]:
        """The row that the last line began. `cut`: nothing more comes, and that line has no end."""
        if _tells(row := self._boxes.begun()):
            yield BOXES, row
        pending, kind, step, joined = self._pending, self._kind, self._step, self._joined
        if cut or kind == COLON:
            was_cut = self.cut_off
            yield from self._finish(cut=cut)
            self._pending, self._kind, self._step, self._joined = pending, kind, step, joined
            self.cut_off = self.cut_off if cut else was_cut

    def _part(self, line: str) -> Iterator[Found]:
        if "\x1b" in line:
            line = _ANSI.sub("", line)
        if "pid=" in line[:80]:
            line = _PREFIX.sub("", line)
        if self._pending and (yield from self._continued(line)):
            return
        if _tells(row := self._boxes.feed(line)):
            yield BOXES, row
        if "step:" in line and (found := _STEP.search(line)):
            yield from self._finish()
            self._begin(COLON, found[1], _REPEATED.sub("", line[found.end() :]))
        elif "{" in line and (found := _DICT.search(line)):
            yield from self._dict(line, found.start())
        else:
            yield from self._plain(line)

    def _begin(self, kind: str, step: str, text: str) -> None:
        self._kind, self._step, self._pending, self._joined = kind, step, text or " ", 0

    def _continued(self, line: str) -> Iterator[Found]:
        """Whether the line goes on with the row that has begun; the row comes out when it is whole."""
        new = _STEP.search(line) or _DICT.search(line)
        if self._kind == COLON:
            if not new and _goes_on(line) and len(self._pending) < LONGEST_ROW:
                self._pending += line
                return True
            yield from self._finish()
            return False
        self._joined += 1
        if new or self._joined > MOST_JOINED or len(self._pending) > LONGEST_ROW:
            yield from self._finish()
            return False
        self._pending += line
        if "}" in line:
            yield from self._finish()
        return True

    def _dict(self, line: str, start: int) -> Iterator[Found]:
        yield from self._finish()
        before = line[max(0, start - 60) : start]
        label = _LABEL.search(before)
        kind = COUNTED
        if label:
            kind = NUMBERED if _EVALUATED.search(before) else _LABELS.get(label[1].lower(), NUMBERED)
        self._begin(kind, label[2] if label else "", line[start:])
        if "}" in self._pending:
            yield from self._finish()

    def _finish(self, *, cut: bool = False) -> Iterator[Found]:
        text, kind, step = self._pending, self._kind, self._step
        self._pending = ""
        if not text:
            return
        if kind == COLON:
            row = _colon_row(text, cut=cut)
            self.cut_off = self.cut_off or cut
        else:
            row = dict(PAIR.findall(text))
            if kind == COUNTED and not _is_row(row):
                return
            self.cut_off = self.cut_off or "}" not in text
        if step:
            row = {**row, "step": step}
        if len(row) >= LEAST_VALUES:
            yield kind, row

    def _plain(self, line: str) -> Iterator[Found]:
        if "zero_advantage=" in line and (dead := _ZERO_ADVANTAGE.search(line)):
            self._dead = int(dead[2]) / max(1, int(dead[1]))
        if "it/s" in line or "s/it" in line:
            yield from self._of_bar(line)
        if "tep" not in line and "ter" not in line and "pdate" not in line:
            return
        if "|" in line and ":" in line and (found := _PIPES.search(line[:2000])):
            row = _pipe_row(found[2])
            if any(is_measured(name) for name in row) and len(row) >= len(_PAIRS.findall(found[2])):
                if self._dead is not None:
                    row["zero_advantage"], self._dead = self._dead, None
                yield PIPES, {**row, "step": found[1]}
                return
        if found := _PAIRS_STEP.search(line[:2000]):
            row = {name.strip(): value for name, value in _PAIRS.findall(line[found.end() : 4000])}
            if (
                len(row) < LEAST_VALUES
            ):  # `loss 0.1, reward 0.4`: any two words of a text could look like that, so only what is known counts
                row = {name: value for name, value in _SPACED.findall(line[found.end() : 4000]) if is_measured(name)}
            if len(row) >= LEAST_VALUES and any(is_measured(name) for name in row):
                yield PAIRS, {**row, "step": found[1]}

    def _of_bar(self, line: str) -> Iterator[Found]:
        """The numbers behind a progress bar, once for each place of it: at the first sight they are those of the step that it stands at, and
        may then be the next one's."""
        for at, text in _BAR.findall(line[:4000]):
            row = {name.strip(): value for name, value in _PAIRS.findall(text)}
            if at != self._bar and len(row) >= LEAST_VALUES and any(is_measured(name) for name in row):
                self._bar = at
                yield BARS, {**row, "step": at}


def _tells(row: dict[str, object] | None) -> bool:
    """A block with two or more values, one of them of a known metric."""
    return bool(row) and len(row) > LEAST_VALUES and any(is_measured(name) for name in row)


def _is_row(row: dict[str, object]) -> bool:
    """A training's row, and not a printed setting: two or more numbers, one of them measured, or the run's totals."""
    numbers = [name for name, value in row.items() if number(value) is not None]
    return len(numbers) >= LEAST_VALUES and any(is_measured(name) or name == "train_runtime" for name in numbers)


def _goes_on(line: str) -> bool:
    """The rest of a row of verl that a terminal broke: two or more parts `name:number` in it."""
    parts = line.split(" - ")
    return len(parts) > 2 and sum(number(part.rpartition(":")[2]) is not None for part in parts) >= len(parts) - 2


def _colon_row(text: str, *, cut: bool) -> dict[str, object]:
    parts = text.split(" - ")
    if cut and not text.rstrip().endswith("-"):
        parts.pop()  # the log ends within it: some of its digits may be missing
    row: dict[str, object] = {}
    for part in parts:
        name, colon, value = part.rpartition(":")
        name = name.strip()
        if colon and name and len(name) <= 200:
            row[name] = value.rstrip(" -")
    return row


def _pipe_row(text: str) -> dict[str, object]:
    row: dict[str, object] = {}
    parts = text.split("|")
    for part in parts:
        name, colon, value = part.partition(":")
        value = value.strip()
        match = re.match(_NUMBER, value)
        if (
            colon
            and match
            and not (part is parts[-1] and match.end() == len(value) and "." in value and len(parts) > 1 and len(value) < 4)
        ):
            row[name.strip()] = match[0]
    return row
