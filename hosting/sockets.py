"""The server's sockets send at once.

Streamlit makes its listening socket without naming the protocol, so asyncio, which switches Nagle's algorithm off for TCP, does not know that
it is one. An answer of two packets, the headers and a small body, then waits for a receipt that the browser delays by 40 ms. A page of
Streamlit is a hundred small files, and every run of the script a handful of messages: without this the first chart comes 0.7 s later.
"""

from __future__ import annotations

import os
import socket
import stat
from contextlib import suppress

OPEN = "/dev/fd"  # the open files of this process; on Windows there is none, and nothing is changed


def send_at_once() -> int:
    """Switch Nagle's algorithm off for what this process listens on, which what it accepts inherits; the number of sockets."""
    changed = 0
    for number in map(int, os.listdir(OPEN) if os.path.isdir(OPEN) else ()):
        with suppress(OSError):  # closed meanwhile
            # Asked before it is copied: a copy of a file that is no socket would stay open, and a pipe of which a copy is open never ends.
            if stat.S_ISSOCK(os.fstat(number).st_mode):
                changed += _changed(number)
    return changed


def _changed(number: int) -> bool:
    with socket.socket(fileno=os.dup(number)) as found:
        listens = found.family in (socket.AF_INET, socket.AF_INET6) and found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
        if listens:
            found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return bool(listens)
