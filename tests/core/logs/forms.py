"""The rows of one made-up run, written in every form that a log can have."""

import json

import numpy as np
import pandas as pd

COUNT = 40
BASE = [
    {"loss": round(0.1 * np.sin(i), 4), "grad_norm": 0.5, "reward": round(i / COUNT, 4), "reward_std": 0.3, "kl": 0.001 * i,
     "completions/mean_length": 90.0 + i} for i in range(1, COUNT + 1)
]  # fmt: skip
REWARD = [row["reward"] for row in BASE]


def json_lines(rows):
    return "\n".join(json.dumps(row) for row in rows) + "\n"


def array(rows):
    return json.dumps(rows)


def state(rows):
    return json.dumps({"global_step": 9, "log_history": rows})


def console(rows):
    return "".join(f"noise\n{row}\n" for row in rows)


def table(rows):
    return pd.DataFrame(rows).to_csv(index=False)


def tabs(rows):
    return pd.DataFrame(rows).to_csv(index=False, sep="\t")


def markdown(rows):
    names = list(dict.fromkeys(name for row in rows for name in row))
    lines = [names, ["---"] * len(names), *([str(row.get(name, "")) for name in names] for row in rows)]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def notebook(rows):
    html = pd.DataFrame(rows).to_html(index=False)
    return json.dumps({"cells": [{"cell_type": "code", "outputs": [{"data": {"text/html": html}}]}], "nbformat": 4})


EVERY = [json_lines, array, state, console, table, tabs, markdown, notebook]
STRUCTURED = [json_lines, array, state]


def said(reading):
    return "\n".join(str(sentence) for sentence in reading.sentences)


def numbered(rows, name="step", first=1, written=int, every=1):
    return [{name: written(first + i * every), **row} for i, row in enumerate(rows)]
