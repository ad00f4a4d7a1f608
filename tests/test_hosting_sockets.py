"""What the server accepts sends at once."""

from __future__ import annotations

import os
import socket

from hosting.sockets import send_at_once


def test_what_a_socket_of_no_named_protocol_accepts_does_not_wait_to_send():
    with socket.socket() as listening:  # as Streamlit makes it
        listening.bind(("127.0.0.1", 0))
        assert send_at_once() >= 0 and listening.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 0  # it does not listen yet
        listening.listen()
        assert send_at_once() >= 1
        with socket.create_connection(listening.getsockname()), listening.accept()[0] as accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0


def test_where_open_files_are_not_listed_nothing_is_changed(monkeypatch):
    monkeypatch.setattr("hosting.sockets.OPEN", "/nowhere")
    assert send_at_once() == 0


def test_nothing_stays_open_that_was_not(tmp_path):
    """Neither of files and pipes, which are no sockets, nor of sockets."""
    with (tmp_path / "file").open("w"), socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        reading, writing = os.pipe()
        before = os.listdir("/dev/fd")
        assert send_at_once() >= 1
        assert os.listdir("/dev/fd") == before
        os.close(writing)
        assert os.read(reading, 1) == b""  # the pipe has ended: nobody else can write to it
        os.close(reading)
