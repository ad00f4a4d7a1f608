"""Text between two markers of a Markdown file, written by a program."""

from __future__ import annotations

import re


def replace_section(text: str, name: str, content: str) -> str:
    """`text` with what stands between the markers <!-- begin NAME --> and <!-- end NAME --> replaced. ValueError without them."""
    begin, end = f"<!-- begin {name} -->", f"<!-- end {name} -->"
    if begin not in text or end not in text:
        raise ValueError(f"the markers {begin} and {end} are missing")
    return re.sub(f"{begin}.*?{end}", lambda _: f"{begin}\n{content.rstrip()}\n{end}", text, flags=re.DOTALL)
