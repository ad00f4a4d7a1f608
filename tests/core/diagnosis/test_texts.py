"""The texts: every file is whole, every link leads somewhere, every remedy has its settings."""

from pathlib import Path
from urllib.parse import parse_qsl

import pytest

from core.diagnosis.tell import FRAMEWORKS, kinds, read_table, read_text, remedy
from core.diagnosis.thresholds import THRESHOLDS
from core.settings.links import from_query

ROOT = Path(__file__).parents[3]
SETTINGS = dict(read_table("settings"))


@pytest.mark.parametrize("kind", kinds())
def test_a_text_is_whole_and_its_links_lead_somewhere(kind):
    head, sections = read_text(kind)
    assert head["title"] and sections["causes"] and any(name.startswith("seen") for name in sections)
    assert (ROOT / "pages" / f"{head['learn']}.py").is_file()
    opened = from_query(dict(parse_qsl(head.get("lab", ""))))
    assert opened.problems == ()
    assert all(name.strip() in SETTINGS for name in head["try"].split(","))


def test_every_entry_of_the_settings_is_used():
    used = {name.strip() for kind in kinds() for name in read_text(kind)[0]["try"].split(",")}
    assert used == set(SETTINGS)


@pytest.mark.parametrize("name", SETTINGS)
def test_a_remedy_is_told_in_the_words_of_one_framework(name):
    assert remedy(name, "TRL").text and {who for who, _ in remedy(name, "verl").settings} <= {"verl"}
    lines = [line for line in SETTINGS[name].splitlines() if line.startswith("- ")]
    assert all(line.removeprefix("- ").split(": ")[0] in FRAMEWORKS for line in lines)


def test_every_threshold_has_its_reason_and_is_used():
    source = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "core" / "diagnosis").rglob("*.py"))
    for name, threshold in THRESHOLDS.items():
        assert threshold.reason and (f'limit("{name}")' in source or f'"{name}")' in source), name
