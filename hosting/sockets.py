"""The server's sockets send at once.

Streamlit makes its listening socket without naming the protocol, so asyncio, which switches Nagle's algorithm off for TCP, does not know that
it is one. An answer of two packets, the headers and a small body, then waits for a receipt that the browser delays by 40 ms. A page of
Streamlit is a hundred small files, and every run of the script a handful of messages: without this the first chart comes 0.7 s later.
"""

from __future__ import annotations

import os
import socket
from contextlib import suppress

OPEN = "/dev/fd"  # the open files of this process; on Windows there is none, and nothing is changed


def send_at_once() -> int:
    """Switch Nagle's algorithm off for what this process listens on, which what it accepts inherits; the number of sockets."""
    changed = 0
    for name in os.listdir(OPEN) if os.path.isdir(OPEN) else ():
        with suppress(OSError), socket.socket(fileno=os.dup(int(name))) as found:  # OSError: a file, or closed meanwhile
            if found.family in (socket.AF_INET, socket.AF_INET6) and found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                changed += 1
    return changed
