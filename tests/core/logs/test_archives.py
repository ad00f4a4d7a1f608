"""Several files at once: archives, packed files, the states of one training, files that continue each other."""

import bz2
import gzip
import io
import json
import lzma
import tarfile

import pytest

from core.logs import Bounds, read_bytes, read_paths
from tests.core.logs.made import LINES, ROWS, check, packed, said


def test_archives_give_several_runs_and_say_what_is_no_log():
    reading = read_bytes("runs.zip", packed(a=LINES, b=LINES.replace("0.1", "0.2"), c="nothing", **{"weights.pt": b"\x80\x04."}))
    assert sorted(run.name for run in reading.runs) == ["a", "b"] and "hold no training log: c" in said(reading)
    (run,) = read_bytes("log.gz", gzip.compress(LINES.encode())).runs
    check(run)


def test_archives_that_are_bombs_damaged_or_nested_cost_a_sentence():
    bomb = packed(a=b" " * 50_000_000)
    assert len(bomb) < 100_000
    small = Bounds(bytes=5_000_000)
    assert (
        read_bytes("bomb.zip", bomb, small).runs == ()
        and read_bytes("bomb.gz", gzip.compress(b" " * 50_000_000), small).runs == ()
    )
    assert read_bytes("nested.zip", packed(a=packed(b=packed(c=bomb)))).runs == ()
    assert read_bytes("nested.zip", packed(a=bomb), small).runs == ()
    whole = packed(a=LINES)
    for content in (whole[:100], whole[:-30], whole[:40] + b"\xff" * 60 + whole[100:], gzip.compress(LINES.encode())[:80]):
        reading = read_bytes("damaged", content)
        assert reading.runs or reading.notes


def test_the_newest_state_of_a_training_is_read(tmp_path):
    for last in (9, 10, 30):
        folder = tmp_path / f"checkpoint-{last}"
        folder.mkdir()
        state = {"best_metric": None, "global_step": last, "log_history": ROWS[:last], "is_world_process_zero": True}
        (folder / "trainer_state.json").write_text(json.dumps(state, indent=2))
        (folder / "training_args.bin").write_bytes(b"\x80\x04never unpickled")
    reading = read_paths([tmp_path])
    (run,) = reading.runs
    check(run)
    assert "of the 3 states" in said(reading)
    (one,) = read_paths([tmp_path / "checkpoint-10"]).runs
    assert len(one.steps) == 10


def test_two_files_of_one_training_are_joined_and_two_with_one_beginning_are_said(tmp_path):
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS[:15]))
    (tmp_path / "b.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS[15:]))
    reading = read_paths([tmp_path])
    (run,) = reading.runs
    check(run)
    assert "goes on where" in said(reading)
    (tmp_path / "b.jsonl").write_text(
        "".join(json.dumps(row if row["step"] < 12 else {**row, "reward": 9.5}) + "\n" for row in ROWS)
    )
    reading = read_paths([tmp_path / "b.jsonl", tmp_path / "a.jsonl"])
    assert len(reading.runs) == 2 and "same in their first 11 rows" in said(reading)


def tarred(mode="w", **files):
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode=mode) as archive:
        for name, data in files.items():
            entry = tarfile.TarInfo(f"./run/{name}")
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return content.getvalue()


WHOLE = LINES.encode()
PACKED = {
    "gzip": gzip.compress(WHOLE), "bzip2": bz2.compress(WHOLE), "xz": lzma.compress(WHOLE), "tar": tarred(a=WHOLE),
    "tar.gz": tarred("w:gz", a=WHOLE), "tar.xz": tarred("w:xz", a=WHOLE), "zip": packed(a=LINES),
    "zip in zip": packed(b=packed(a=LINES)), "gzip in tar": tarred(a=gzip.compress(WHOLE)), "zip in tar.gz": tarred("w:gz", b=packed(a=LINES)),
}  # fmt: skip


@pytest.mark.parametrize("kind", PACKED)
def test_what_is_packed_is_read_whatever_packed_it_and_wherever_it_lies(kind, tmp_path):
    (run,) = read_bytes("dropped", PACKED[kind]).runs
    check(run)
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "packed").write_bytes(PACKED[kind])
    (run,) = read_paths([tmp_path]).runs
    check(run)
    for damaged in (PACKED[kind][: len(PACKED[kind]) // 2], PACKED[kind][:40] + bytes(60) + PACKED[kind][100:]):
        reading = read_bytes("damaged", damaged)
        assert reading.runs or reading.notes


@pytest.mark.parametrize("opened", [bz2.compress, lzma.compress, lambda content: tarred("w:gz", a=content)])
def test_a_bomb_of_any_kind_costs_a_sentence(opened):
    bomb = opened(b" " * 30_000_000)
    assert len(bomb) < 100_000
    reading = read_bytes("bomb", bomb, Bounds(bytes=5_000_000))
    assert reading.runs == () and len(reading.notes) == 1


def test_a_member_whose_name_is_lost_is_read_all_the_same():
    """A zero where a damaged archive's name begins leaves an empty name."""
    found = read_bytes("damaged.zip", _nameless(packed(a=LINES)))
    assert found.runs or found.notes


def _nameless(whole: bytes) -> bytes:
    """`whole` with a zero in place of the first letter of its only name, in its header and in its directory."""
    header, directory = whole.index(b"PK\x03\x04") + 30, whole.index(b"PK\x01\x02") + 46
    return bytes(0 if at in (header, directory) else byte for at, byte in enumerate(whole))


def test_archives_too_deep_in_archives_are_named():
    reading = read_bytes("a.zip", packed(a=packed(b=packed(c=LINES)), d=LINES))
    assert [run.file for run in reading.runs] == ["d"] and "a/b: archives in archives are read 2 deep" in said(reading)


def test_a_folder_of_wandb_gives_its_log_and_not_its_summary(tmp_path):
    files = tmp_path / "wandb" / "run-1" / "files"
    logs = tmp_path / "wandb" / "run-1" / "logs"
    files.mkdir(parents=True)
    logs.mkdir()
    summary = {"_step": 60, "_runtime": 12.5, "train/reward": 0.5, "train/loss": 0.1}
    settings = "config: {'learning_rate': 1e-06, 'max_grad_norm': 1.0, 'eval_steps': 500, 'eval_delay': 0, 'loss_type': 'grpo', 'beta': 0.04}"
    (files / "wandb-summary.json").write_text(json.dumps(summary))
    (files / "config.yaml").write_text("lr:\n  value: 1\n")
    (files / "output.log").write_text("".join(f"{ {k: v for k, v in row.items() if k != 'step'} }\n" for row in ROWS))
    (logs / "debug.log").write_text(
        f"2026-01-01 00:00:00,000 INFO MainThread:1 [wandb_init.py:init():626] wandb.init called\n{settings}\n"
    )
    reading = read_paths([tmp_path])
    (run,) = reading.runs
    check(run)
    assert "files that hold no training log: " in said(reading) and "no reinforcement learning" not in said(reading)
    (alone,) = read_paths([files / "wandb-summary.json"]).runs
    assert len(alone.steps) == 1
