"""A TCP proxy on loopback whose connections can be cut: an outage of the network between browser and server."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress


class Proxy:
    """Forwards `address` to `target` (both "http://127.0.0.1:port"). While it is down, every connection is closed at once."""

    def __init__(self, target: str):
        self._target = ("127.0.0.1", int(target.rsplit(":", 1)[1]))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._down = False
        self._refusals = 0
        self._changed = threading.Condition(self._lock)
        self.address = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def cut(self) -> None:
        with self._lock:
            self._down, self._refusals = True, 0
            for side in self._open:
                with suppress(OSError):
                    side.shutdown(socket.SHUT_RDWR)
            self._open.clear()

    def refused(self, times: int, seconds: float) -> bool:
        """Wait until so many connections have been refused since the cut; False if it takes longer."""
        with self._changed:
            return self._changed.wait_for(lambda: self._refusals >= times, seconds)

    def mend(self) -> None:
        self._down = False

    def close(self) -> None:
        self.cut()
        self._listener.shutdown(socket.SHUT_RDWR)  # closing alone would leave the thread that waits in accept
        self._thread.join()
        self._listener.close()

    def _listen(self) -> None:
        while True:
            try:
                incoming, _ = self._listener.accept()
            except OSError:  # closed
                return
            with self._lock:
                if self._down:
                    incoming.close()
                    self._refusals += 1
                    self._changed.notify_all()
                    continue
                outgoing = socket.create_connection(self._target)
                self._open |= {incoming, outgoing}
            threading.Thread(target=_join, args=(incoming, outgoing), daemon=True).start()


def _join(near: socket.socket, far: socket.socket) -> None:
    """Forward both ways until either end is over."""
    with near, far:
        back = threading.Thread(target=_pump, args=(far, near), daemon=True)
        back.start()
        _pump(near, far)
        back.join()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    for end in (source, sink):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
