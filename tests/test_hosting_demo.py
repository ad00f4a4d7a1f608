"""README.md's badge and links come from one setting and lead to what they say."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urlsplit

import pytest

from bench.marked import replace_section
from core.settings.fields import ConfigError
from core.settings.links import from_query
from core.settings.scenarios import SCENARIOS
from hosting import demo


def test_the_readme_has_the_links_of_the_setting():
    address = demo.checked(demo.SETTING.read_text(encoding="utf-8"))
    text = demo.README.read_text(encoding="utf-8")
    assert text == replace_section(text, "demo", demo.section(address)), "README.md has drifted: run python -m hosting.demo"


def test_every_link_starts_its_scenario_at_the_address():
    links = re.findall(r"\]\((https://[^)]+)\)", demo.section("https://demo.example.org/lab"))
    opened = [from_query(dict(parse_qsl(urlsplit(link).query))) for link in links]
    assert all(link.startswith("https://demo.example.org/lab/?") for link in links)
    assert [found.scenario.name for found in opened] == [next(iter(SCENARIOS)), *SCENARIOS]  # the badge, then one each
    assert all(found.start and not found.problems for found in opened)


def test_only_ones_own_machine_is_told_to_run_it_first():
    assert "your own machine" in demo.section("http://localhost:8501")
    assert "your own machine" not in demo.section("https://demo.example.org")


@pytest.mark.parametrize(
    "address", ["", "demo.example.org", "ftp://demo.example.org", "https://", "https://demo.example.org/?a=b"]
)
def test_what_no_link_can_be_made_from_is_refused(address):
    with pytest.raises(ConfigError, match="the demo's address must be http"):
        demo.checked(address)


def test_a_new_address_is_written_to_the_setting_and_the_readme(tmp_path, monkeypatch):
    setting, readme = tmp_path / "demo.txt", tmp_path / "README.md"
    setting.write_text("http://localhost:8501\n")
    readme.write_text("# Lab\n<!-- begin demo -->\nold\n<!-- end demo -->\nrest\n")
    monkeypatch.setattr(demo, "SETTING", setting)
    monkeypatch.setattr(demo, "README", readme)
    assert demo.main(["https://demo.example.org/"]) == 0
    assert setting.read_text() == "https://demo.example.org\n"
    assert "(https://demo.example.org/?scenario=collapse&run=1)" in readme.read_text()
    before = readme.read_text()
    with pytest.raises(SystemExit):
        demo.main(["nonsense"])
    assert readme.read_text() == before and setting.read_text() == "https://demo.example.org\n"
