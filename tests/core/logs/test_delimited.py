"""Tables as programs of other places and times write them: decimal commas, comments, marks and ends of lines."""

import pytest

from core.logs import read_text

REWARD = [0.125 * i for i in range(1, 13)]
ROWS = [(i, f"0.{i:03d}", reward) for i, reward in enumerate(REWARD, 1)]


def table(delimiter=",", comma=False, header="step{0}entropy{0}reward", before=""):
    lines = [header.format(delimiter), *(delimiter.join(map(str, row)) for row in ROWS)]
    text = "\n".join(lines)
    return before + (text.replace(".", ",") if comma else text) + "\n"


@pytest.mark.parametrize(
    "text",
    [
        table(";", comma=True), table("\t", comma=True), table(";"), table("\t"), table(before="# run a, seed 3\n# 12.5.2026, lr 1e-6\n"),
        table(before="# made by hand\n", header="# step{0}entropy{0}reward"), table(header="# step{0}entropy{0}reward"),
    ],
    ids=["semicolons and decimal commas", "tabs and decimal commas", "semicolons", "tabs", "comments", "comments and a commented header",
         "a commented header"],
)  # fmt: skip
def test_a_table_of_another_place_is_read(text):
    (run,) = read_text(text).runs
    assert run.steps.tolist() == list(range(1, 13)) and run.series("reward_mean").tolist() == REWARD
    assert run.series("entropy_nats")[0] == 0.001
