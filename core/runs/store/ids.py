"""Ids of comparisons and of logs: nobody can guess one, and whoever has one may see what it names."""

from __future__ import annotations

import secrets


def new_id(nbytes: int) -> str:
    """An id of `nbytes` random bytes, in letters, digits, - and _. It begins with a letter or a digit: a command takes an argument that begins
    with - for an option."""
    while not (made := secrets.token_urlsafe(nbytes))[0].isalnum():
        pass
    return made
