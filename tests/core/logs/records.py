"""The records of W&B's and SwanLab's offline files as protobuf messages of their own, with the fields that the readers ask for and their
numbers in the packages' descriptions (wandb 0.31, swanlab 0.10.3): files that the packages wrote are read without the packages."""

from __future__ import annotations

import struct
import sys
from types import ModuleType

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from core.logs.readers import record_log

Fields = dict[str, tuple[int, str]]  # name -> number, type; a type of upper case is another message, a * before it means many

_TYPES = {"int": 3, "double": 1, "text": 9, "bool": 8}
_WANDB: dict[str, Fields] = {
    "Record": {"num": (1, "int"), "history": (2, "History"), "run": (17, "Run")},
    "Run": {"run_id": (1, "text"), "project": (3, "text"), "display_name": (8, "text")},
    "History": {"item": (1, "*Item")},
    "Item": {"key": (1, "text"), "nested_key": (2, "*text"), "number": (6, "double"), "value_json": (16, "text")},
}
_SWANLAB: dict[str, Fields] = {
    "Record": {"num": (1, "int"), "start": (10, "Start"), "scalar": (13, "Scalar")},
    "Start": {"project": (1, "text"), "name": (4, "text")},
    "Scalar": {"key": (1, "text"), "step": (2, "int"), "value": (5, "Value")},
    "Value": {"number": (1, "double")},
}
MODULES = {"wandb": "wandb.proto.wandb_internal_pb2", "swanlab": "swanlab.proto.swanlab.record.v1.record_pb2"}


def record_of(package: str) -> type:
    """The message class `Record` of wandb or swanlab."""
    file = descriptor_pb2.FileDescriptorProto(name=f"{package}_records.proto", package=f"{package}_records", syntax="proto3")
    for message, fields in {"wandb": _WANDB, "swanlab": _SWANLAB}[package].items():
        described = file.message_type.add(name=message)
        for name, (number, kind) in fields.items():
            field = described.field.add(name=name, number=number, label=3 if kind.startswith("*") else 1)
            kind = kind.removeprefix("*")
            field.type = _TYPES.get(kind, 11)
            if kind not in _TYPES:
                field.type_name = f".{package}_records.{kind}"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{package}_records.Record"))


def in_place_of(package: str, monkeypatch) -> None:
    """Let the readers find these records where the package would have them."""
    module = MODULES[package]
    for parent in (".".join(module.split(".")[:n]) for n in range(1, module.count(".") + 1)):
        monkeypatch.setitem(sys.modules, parent, ModuleType(parent))
    there = ModuleType(module)
    there.Record = record_of(package)
    monkeypatch.setitem(sys.modules, module, there)


def framed(mark, payloads):
    """LevelDB's log format, records of more than a block in parts."""
    content = bytearray(mark + b"\0\0\0")
    for payload in payloads:
        first = True
        while first or payload:
            left = record_log.BLOCK - len(content) % record_log.BLOCK
            if left < record_log.RECORD_HEADER:
                content += b"\0" * left
                continue
            part, payload = payload[: left - record_log.RECORD_HEADER], payload[left - record_log.RECORD_HEADER :]
            kind = (1 if not payload else 2) if first else (4 if not payload else 3)
            content += struct.pack("<IHB", 0, len(part), kind) + part
            first = False
    return bytes(content)
