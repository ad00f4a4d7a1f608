"""Files that are not what they were: cut off, overwritten, with other bytes inside. Every one is a sentence or the truth, none a crash."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing

import pytest

from core.analysis.export import metrics_csv
from core.analysis.findings import findings
from core.analysis.result import Status
from core.analysis.summary import summarise
from core.engine.trainer import train
from core.runs.store.store import DamagedRun, Store, StoreError
from core.settings.algorithm import GRPO
from core.settings.fields import ConfigError
from tests.support import TINY_RUN

TELLING = (StoreError, LookupError, ConfigError)  # whatever reads the history expects these and tells them
FLIPS = 60


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> tuple[bytes, str]:
    """(a history of two comparisons as bytes, the id of the first)."""
    path = tmp_path_factory.mktemp("whole") / "runs.sqlite"
    store = Store(path)
    made = [store.add_comparison(owner="ann", scenario="collapse") for _ in range(2)]
    for comparison in made:
        for label in ("GRPO", "DAPO"):
            stored_id = store.add_run(comparison, label, TINY_RUN, status=Status.RUNNING)
            for record in train(TINY_RUN):
                store.append(stored_id, record)
            store.set_status(stored_id, Status.DONE)
    store.close()
    return path.read_bytes(), made[0]


def look(path) -> int:
    """Open the history and read all of it, as the pages do: how many runs could be read."""
    found = 0
    store = Store(path)
    try:
        for row in store.runs(owner="ann"):
            try:
                assert row.settings is None or isinstance(row.settings, dict | list | int | float | str)
                found += store.load_history(row.stored_id).trained == TINY_RUN.updates
            except TELLING:
                pass
        for comparison in {row.comparison for row in store.runs()}:
            store.results(comparison)
    finally:
        store.close(timeout=1.0)
    return found


def told(path) -> str:
    """'' if the history opens and all of it is there, else what is said."""
    try:
        return "" if look(path) == 4 else "some of it"
    except TELLING as error:
        assert "\n" not in str(error) and "Traceback" not in str(error)
        return str(error)


def test_the_whole_file_reads_whole(whole, tmp_path):
    (tmp_path / "runs.sqlite").write_bytes(whole[0])
    assert told(tmp_path / "runs.sqlite") == ""


@pytest.mark.parametrize("share", [0.001, 0.01, 0.1, 0.3, 0.5, 0.9, 0.99])
def test_a_file_that_was_cut_off_says_that_it_is_damaged_and_what_to_do(whole, tmp_path, share):
    path = tmp_path / "runs.sqlite"
    path.write_bytes(whole[0][: int(len(whole[0]) * share)])
    content = path.read_bytes()
    text = told(path)
    assert "is damaged" in text and "move the file away to start a new history, or restore a copy" in text
    assert path.read_bytes()[:100] == content[:100] or share > 0.01  # what is left of it is not thrown away
    path.unlink()
    Store(path).close()  # as the sentence says


def test_an_empty_file_is_a_new_history(tmp_path):
    path = tmp_path / "runs.sqlite"
    path.touch()
    store = Store(path)
    assert store.runs() == []
    assert store.close()


ANYTHING = (
    b"\x00" * 8192,
    b"SQLite format 3\x00" + b"\xff" * 9000,
    b"<html>404</html>" * 400,
    random.Random(0).randbytes(20_000),
)


@pytest.mark.parametrize("content", ANYTHING, ids=["zeros", "a header alone", "a web page", "noise"])
def test_a_file_of_anything_else_is_refused(tmp_path, content):
    path = tmp_path / "runs.sqlite"
    path.write_bytes(content)
    with pytest.raises(StoreError, match=r"is damaged|cannot be used|another program"):
        Store(path)


def flipped(content: bytes, seed: int) -> bytes:
    """A few bytes, or a whole page, of something else."""
    pick, out = random.Random(seed), bytearray(content)
    start = pick.randrange(100, len(out))
    length = pick.choice((1, 4, 64, 4096))
    out[start : start + length] = pick.randbytes(len(out[start : start + length]))
    return bytes(out)


def test_other_bytes_anywhere_in_the_file_are_told_or_do_no_harm(whole, tmp_path):
    path, said = tmp_path / "runs.sqlite", []
    for seed in range(FLIPS):
        path.write_bytes(flipped(whole[0], seed))
        said.append(told(path))
        for rest in tmp_path.iterdir():
            rest.unlink()
    assert sum(map(bool, said)) > FLIPS // 10  # it was damaged indeed


@pytest.mark.thorough
def test_many_more_other_bytes(whole, tmp_path):
    for seed in range(FLIPS, 3000):
        (tmp_path / "runs.sqlite").write_bytes(flipped(whole[0], seed))
        told(tmp_path / "runs.sqlite")
        for rest in tmp_path.iterdir():
            rest.unlink()


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE steps SET metrics = x'00' WHERE number = 5",
        "UPDATE steps SET samples = x'0102030405060708' WHERE number = 5",
        "UPDATE steps SET measured = measured * 4 + 7 WHERE number = 5",
        "UPDATE runs SET metrics = '[1, 2]'",
        "UPDATE runs SET metrics = 'no json'",
        "UPDATE distributions SET tokens = x'00'",
    ],
)
def test_a_run_whose_measurements_are_damaged_is_told_and_the_rest_of_the_history_is_as_it_was(whole, tmp_path, change):
    content, first = whole
    path = tmp_path / "runs.sqlite"
    path.write_bytes(content)
    with closing(sqlite3.connect(path)) as connection, connection:
        of = "id" if "UPDATE runs" in change else "run"
        damaged = connection.execute("SELECT id FROM runs WHERE comparison = ? AND label = 'GRPO'", (first,)).fetchone()[0]
        connection.execute(f"{change} {'AND' if 'WHERE' in change else 'WHERE'} {of} = ?", (damaged,))
    store = Store(path)
    with pytest.raises(DamagedRun, match=f"run {damaged} measured is damaged .*run it again, or restore a copy"):
        store.load_history(damaged)
    with pytest.raises(LookupError):
        store.results(first)
    others = [row for row in store.runs() if row.stored_id != damaged]
    assert len(others) == 3 and all(store.load_history(row.stored_id).trained == TINY_RUN.updates for row in others)
    whole_one = store.results(others[0].comparison)
    assert metrics_csv(whole_one) and findings(summarise("collapse", whole_one))
    assert store.run(damaged).config.algorithm != GRPO  # its settings are there: it can be run again
    assert store.close()
