"""Where findings are told besides the terminal: a command, an HTTP address, or a service that the optional package `apprise` knows."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping

from core.settings.fields import ConfigError

SECONDS = 10.0  # that a notice may take; the watching goes on after it
OPTIONAL = "requirements-notify.txt"

# Sends (title, text, the run's JSON values with only what is new). OSError, ValueError or subprocess.SubprocessError if it did not arrive.
Send = Callable[[str, str, Mapping[str, object]], None]


def sender(target: str) -> Send:
    """For `https://…` and `http://…` a POST of the JSON, for another `service://…` apprise, else a command that reads the text from its
    standard input. ConfigError if there is no such command, or apprise is not installed or does not know the service."""
    scheme, separator, _ = target.partition("://")
    if separator and scheme.lower() in ("http", "https"):
        return lambda title, text, values: _post(target, title, text, values)
    if separator and scheme.isalnum():
        return _service(target, scheme)
    return _command(target)


def _post(address: str, title: str, text: str, values: Mapping[str, object]) -> None:
    body = json.dumps({"title": title, "text": text, **values}, allow_nan=False).encode()
    request = urllib.request.Request(address, body, {"Content-Type": "application/json"}, method="POST")
    with urllib.request.urlopen(request, timeout=SECONDS):
        pass


def _command(line: str) -> Send:
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise ConfigError(f"--notify must be a command whose quotes are closed, got {line!r}: {error}") from None
    if not words or shutil.which(words[0]) is None:
        raise ConfigError(f"--notify must name a command that exists, or an address with ://, got {line!r}; check its spelling")

    def send(title: str, text: str, values: Mapping[str, object]) -> None:
        subprocess.run(
            words,
            input=f"{title}\n\n{text}\n",
            text=True,
            timeout=SECONDS,
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )

    return send


def _service(target: str, scheme: str) -> Send:
    try:
        from apprise import Apprise
    except ImportError:
        raise ConfigError(
            f"--notify {scheme}://… needs the package apprise; pip install -r {OPTIONAL}, or give a command"
        ) from None
    service = Apprise()
    if not service.add(target):
        raise ConfigError(
            f"--notify must be an address that apprise knows, got one that begins with {scheme}://; see its list of services"
        )

    def send(title: str, text: str, values: Mapping[str, object]) -> None:
        if not service.notify(title=title, body=text):
            raise OSError(f"{scheme}://… did not take it")

    return send


def why(error: Exception) -> str:
    """Of a notice that did not arrive; never holds the address, which may be a secret."""
    if isinstance(error, urllib.error.HTTPError):
        return f"the address answered {error.code}"
    if isinstance(error, subprocess.CalledProcessError):
        return f"the command ended with {error.returncode}"
    if isinstance(error, (subprocess.TimeoutExpired, TimeoutError)):
        return f"it took longer than {SECONDS:g} seconds"
    return type(error).__name__ if isinstance(error, urllib.error.URLError) else str(error)
