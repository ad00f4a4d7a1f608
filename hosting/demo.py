"""The address of the demo, in one place: hosting/demo.txt. The badge and the links of README.md are made from it.

python -m hosting.demo                            write README.md's links anew
python -m hosting.demo https://demo.example.org   change the address first
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from bench.marked import replace_section
from core.settings.fields import ConfigError
from core.settings.scenarios import SCENARIOS

ROOT = Path(__file__).resolve().parent.parent
SETTING = ROOT / "hosting" / "demo.txt"
README = ROOT / "README.md"
OWN = ("localhost", "127.0.0.1", "::1")


def checked(address: str) -> str:
    """`address` without its last slash. ConfigError if a link cannot be made from it."""
    address = address.strip().rstrip("/")
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ConfigError(f"the demo's address must be http(s)://HOST or http(s)://HOST/FOLDER, got {address!r}; correct it")
    return address


def link(address: str, scenario: str) -> str:
    """The address at which `scenario` begins to train as soon as it is opened."""
    return f"{address}/?{urlencode({'scenario': scenario, 'run': '1'})}"


def section(address: str) -> str:
    """What README.md says about the demo."""
    first = next(iter(SCENARIOS))
    links = " ·\n".join(f"[{scenario.title}]({link(address, name)})" for name, scenario in SCENARIOS.items())
    text = (
        f"[![Open DAPO Lab](docs/open.svg)]({link(address, first)})\n\n"
        f"Each of these links trains a comparison in front of you:\n{links}.\n"
    )
    if urlsplit(address).hostname in OWN:
        text += "\nThey open the app on your own machine, once the first command below runs it.\n"
    return text


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m hosting.demo", description=__doc__.splitlines()[0])
    parser.add_argument("address", nargs="?", help="where the demo is; without it, what hosting/demo.txt says")
    given = parser.parse_args(arguments).address
    try:
        address = checked(given or SETTING.read_text(encoding="utf-8"))
    except ConfigError as error:
        parser.error(str(error))
    README.write_text(replace_section(README.read_text(encoding="utf-8"), "demo", section(address)), encoding="utf-8")
    SETTING.write_text(address + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
