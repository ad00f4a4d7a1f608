"""Ids can be given to a command, and say nothing."""

from __future__ import annotations

import secrets
from argparse import ArgumentParser

import pytest

from core.runs.store.ids import new_id


@pytest.mark.parametrize("refused", ["-weYwcYMBCQSXlMx", "_weYwcYMBCQSXlMx"])
def test_an_id_begins_with_a_letter_or_a_digit(monkeypatch, refused):
    drawn = iter([refused, refused, "5-_eYwcYMBCQSXlM"])
    monkeypatch.setattr(secrets, "token_urlsafe", lambda nbytes: next(drawn))
    assert new_id(12) == "5-_eYwcYMBCQSXlM"


def test_every_id_is_another_and_can_be_given_to_a_command():
    parser = ArgumentParser()
    parser.add_argument("--comparison")
    made = [new_id(12) for _ in range(1000)]
    assert [parser.parse_args(["--comparison", one]).comparison for one in made] == made
    assert len(set(made)) == 1000 and {len(one) for one in made} == {16}
