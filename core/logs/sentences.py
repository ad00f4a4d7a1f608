"""What a reader says to people: whole sentences with named placeholders."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Sentence:
    """A template and what stands in its placeholders."""

    template: str
    values: dict[str, object] = field(default_factory=dict, hash=False)

    def __str__(self) -> str:
        return self.template.format(**self.values)


def say(template: str, /, **values: object) -> Sentence:
    """The sentence with `values`; a text among them is cut to one printable line."""
    return Sentence(template, {k: printable(v) if isinstance(v, str) else v for k, v in values.items()})


def printable(text: str, most: int = 120) -> str:
    """One line of at most `most` characters that all can be seen."""
    cut = text if len(text) <= most else text[: most - 1] + "…"
    return "".join(c if c.isprintable() else "�" for c in cut)


def listed(names: list[str], most: int = 6) -> str:
    """Names separated by commas, the rest as a number."""
    shown = ", ".join(printable(n, 60) for n in names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"


# A file that gives no run.
NOTHING = "{file}: no format of a training log was recognised (JSON, JSON lines, a table, console output, TensorBoard, SQLite, MLflow, W&B)."
EMPTY = "{file}: the file is empty."
UNREADABLE = "{file}: it could not be read ({reason})."
BROKEN = "{file}: it looks like {format}, but could not be read ({reason})."
NO_ROWS = "{file}: it looks like {format}, but holds no row with a number."
TOO_LARGE = "{file}: it is larger than {limit} MB and cannot be read in parts; give a shorter export, or read it at home."
NESTED = "{file}: archives in archives are read {limit} deep; this one lies deeper and is left out."
EXCEL = "{file}: an Excel workbook, which is not read. Save the sheet as CSV."
PICKLE = "{file}: a pickle, which is never opened, since opening it may run anything. Save the table as CSV or Parquet."
NEEDS_PACKAGE = "{file}: {format} is read with the package {package}, which is not installed: `pip install {package}`."
NOT_RL = (
    "{file}: this is no reinforcement learning: it has a loss but no reward, entropy, KL, clip fraction or completion length "
    "(supervised fine-tuning?). Nothing of it is drawn."
)
PREFERENCE = "{file}: this is preference optimisation (chosen and rejected rewards, as in DPO): no groups are sampled. Nothing of it is drawn."
NOT_TRAINING = (
    "{file}: a table of numbers, but none of its columns is a metric of reinforcement learning. Nothing of it is drawn."
)
RUNS_TABLE = (
    "{file}: this is a table of runs with their settings and last values, one row per run, and no history. "
    "Export a chart's data or the run's history instead."
)
RESULTS_TABLE = (
    "{file}: every row is named by something else ({name}) and no column is a step: a table of results or of answers, and no history of a "
    "training. Nothing of it is drawn."
)
SAMPLES = "{file}: the rows are single completions ({name}), not steps of a training. Nothing of it is drawn; the trainer's log has their means."

# What was left out of a file.
CUT_BYTES = "{file}: reading stopped after {limit} MB; what comes later is not shown."
CUT_POINTS = "{file}: reading stopped after {limit} numbers; what comes later is not shown."
CUT_COLUMNS = "{file}: only the first {limit} columns are kept; {count} values of others are left out."
CUT_RUNS = "{file}: only the first {limit} runs are kept."
CUT_FILES = "{file}: only the first {limit} files are read."
LONG_LINES = "{file}: lines longer than {limit} MB, skipped: {count}."
BAD_LINES = "{file}: lines that could not be read: {count}, the first is line {line}."
CUT_OFF = "{file}: it ends in the middle of a row; what is whole of that row is kept."
CUT_JSON = "{file}: the JSON ends early or is damaged. Rows before that place, kept: {count}."
BAD_STEPS = "{file}: rows left out because their step is no whole number from 0: {count}."
NO_STEP_ROWS = "{file}: rows left out because they carry no {key}: {count}."
WORDS = "{file}: columns without numbers are left out: {names}."
COPIES = (
    "{file}: {copies} of {rows} rows repeat the row before them exactly (a callback that copied the last log, or processes that each printed "
    "it). Of each such block the first row is kept, {kept} in all."
)
REPEATED = "{file}: steps that came again with other values: {count}, the first is {step}. The later value is kept."
RESUMED = "{file}: the step goes back to {step}: the run was continued from a checkpoint. Rows replaced by later ones: {rows}."
STARTS = "{file}: runs that stand in it one after another: {count}. Each is shown by itself."
UNORDERED = "{file}: the rows are not in the order of their steps; they were sorted."
EVALUATION = "{file}: rows of evaluations, kept apart from training: {count}."
TOTALS = "{file}: rows with totals of a whole run, kept apart: {count}."

# What must be known to read the curves.
COUNTED = "{file}: no row says its step; the rows are counted. A row may stand for several updates."
LOG_CALLS = "{file}: the step is W&B's or trackio's counter of log calls, which need not be the trainer's step."
STEP_IS_ROLLOUT = "{file}: a step is one rollout, with all its updates."
STEP_IS_UPDATE = "{file}: a step is one optimiser update."
STEP_UNKNOWN = "{file}: it is not known whether a step is an update or a rollout; it is taken for an update."
EVERY = "{file}: one row stands for {interval} steps."
LATE_START = "{file}: the log begins at step {step}: the beginning of the run is not in it."
ONE_ROW = "{file}: one row only: no trend can be drawn."
SHORT = "{file}: too few rows for a verdict on a trend: {rows}."
SAMPLED = "{file}: a W&B export may hold a sample of the history, not all of its rows."
GROUPED = "{file}: {name} is the mean of several runs, as W&B grouped them."
SOME_ROWS = "{file}: only on rows on which completions were generated, and missing (not 0) elsewhere: {names}."
STANDARDISED = (
    "{file}: {name} is 0 within {size} in every row: the standardised reward (the advantage). It says nothing about success and is not "
    "taken for the reward."
)
NO_REWARD = "{file}: there is no reward in it."
ASK_ACCURACY = "{file}: {names} may be the share of right answers: say which, and on what scale, before it is called accuracy."
ASK_EVAL_ACCURACY = (
    "{file}: {names} may be the share of right answers of the evaluations: say which, and on what scale, before it is "
    "called accuracy."
)
NOT_FINITE = "{file}: NaN or infinity was logged for {names}, in up to {count} rows."
PERCENT = "{file}: {name} goes up to {largest}; it is taken for percent."
BLIND_CLIP_RATIO = (
    "{file}: response_length/clip_ratio is not taken for the truncated share: it is never 0 while the longest answer changes, so it was "
    "measured against the longest answer of the batch."
)
SAME_BEGINNING = "{first} and {second} are the same in their first {rows} rows: one was continued from a checkpoint of the other."
SAME = "{first} and {second} hold the same training."
JOINED = "{second} goes on where {first} ends: they are shown as one run."
NO_LOGS = "{file}: files that hold no training log: {names}."
NO_FILES = "{file}: there is no file in it."
GONE = "{file}: it cannot be read at present ({reason}); what was read before stands."
SLOW = "{file}: the disk does not answer; what was read before stands, and is read on when it does."
NO_SCALARS = "{file}: a TensorBoard file without scalars."
CHECKPOINTS = "{file}: of the {count} states of this training the one with the latest step is read, which holds the whole history before it."
COUNTS_OF_GROUPS = "{file}: {name} counts groups; the log does not say how many groups there were."
