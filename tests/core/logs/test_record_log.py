"""Offline files of W&B and SwanLab: records over blocks, with and without the packages that read them."""

import json
import sys
from types import ModuleType

import pytest

from core.logs import read_bytes
from core.logs.readers import record_log
from tests.core.logs.made import ROWS, check, said
from tests.core.logs.records import framed


def test_the_records_of_an_offline_file_are_whole_over_blocks_and_a_torn_last_one_is_left_out():
    payloads = [b"a" * 10, b"b" * 40_000, b"", b"c" * 32_000, b"d" * 100_000, b"e"]
    content = framed(record_log.WANDB, payloads)
    assert list(record_log.records(content)) == payloads
    assert list(record_log.records(content[:-1])) == payloads[:-1]


class FakeRecord:
    """A record as JSON in place of a protobuf: enough for what the reader asks of it."""

    def ParseFromString(self, raw):
        self.content = json.loads(raw)
        for name, value in self.content.items():
            setattr(self, name, json.loads(json.dumps(value), object_hook=lambda d: type("Message", (), d)()))

    def HasField(self, name):
        return name in self.content


def test_offline_files_of_wandb_and_swanlab_with_their_packages(monkeypatch):
    for module in ("wandb.proto.wandb_internal_pb2", "swanlab.proto.swanlab.record.v1.record_pb2"):
        fake = ModuleType(module)
        fake.Record = FakeRecord
        monkeypatch.setitem(sys.modules, module, fake)
        for parent in (".".join(module.split(".")[:n]) for n in range(1, module.count(".") + 1)):
            monkeypatch.setitem(sys.modules, parent, ModuleType(parent))
    wandb = [{"run": {"display_name": "mine"}}]
    swanlab = [{"start": {"name": "mine"}}]
    for row in ROWS:
        items = [{"nested_key": [k], "key": "", "value_json": json.dumps(v)} for k, v in {**row, "_step": 3}.items()]
        wandb.append({"history": {"item": items}})
        swanlab += [{"scalar": {"key": k, "step": row["step"], "value": {"number": v}}} for k, v in row.items() if k != "step"]
    for mark, messages in ((record_log.WANDB, wandb), (record_log.SWANLAB, swanlab)):
        (run,) = read_bytes("run-1", framed(mark, [json.dumps(message).encode() for message in messages])).runs
        check(run)
        assert run.name == "mine"


@pytest.mark.parametrize(("mark", "package"), [(record_log.WANDB, "wandb"), (record_log.SWANLAB, "swanlab")])
def test_offline_files_without_their_package_say_what_is_missing(mark, package, monkeypatch):
    monkeypatch.setitem(sys.modules, package, None)
    reading = read_bytes("run", framed(mark, [b"x"]))
    assert reading.runs == () and f"pip install {package}" in said(reading)
