"""The words of the figures, without a browser: each one that a script asks for stands in the page's text."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from core.analysis.metrics import METRIC_NAMES
from pages.shared.common import contents, documents
from pages.shared.learn import reading

FIGURES = Path(reading.__file__).parent / "figures"
ASKED = re.compile(r"\bfig\.(?:say|range|toggle|choice|select|output|chart|value)\(")
COMPARED = re.compile(r'[!=]== "[^"]*"')  # no name of a word
LITERAL = re.compile(r'"([^"]+)"')
REGISTERED = re.compile(r"export const figures = \{(.+?)\};", re.DOTALL)


def words(page: str) -> dict[str, set[str]]:
    """Figure -> the names of its words."""
    found = documents.load(page, "en")
    return {key.removeprefix("figure-"): set(found.words(key)[1]) for key in found.sections if key.startswith("figure-")}


def asked(script: str) -> list[str]:
    """The names that a script asks for, as regular expressions: what is computed, `${…}`, may be anything."""
    found = []
    for call in ASKED.finditer(script):
        given = first_argument(script, call.end())
        if call[0] == "fig.chart(":
            found += [] if "label:" in given else ["picture"]
        elif call[0] == "fig.value(" and "label:" in script[call.end() : script.index("\n", call.end())]:
            continue
        elif given.startswith("`") and given.endswith("`"):
            found.append(".+".join(re.escape(part) for part in re.split(r"\$\{.+?\}", given[1:-1])))
        else:
            found += [re.escape(name) for name in LITERAL.findall(COMPARED.sub("", given))]
    return found


def first_argument(script: str, start: int) -> str:
    depth = 0
    for end in range(start, len(script)):
        if script[end] in ",)" and depth == 0:
            return script[start:end]
        depth += (script[end] in "([{") - (script[end] in ")]}")
    raise AssertionError("the call does not end")


def scripts(page: str) -> dict[str | None, str]:
    """Figure -> the function that draws it; None -> the rest of the page's script, which any of its figures may call."""
    rest, found = (FIGURES / f"{page}.js").read_text(), {}
    for name, function in re.findall(r"(\w+): (\w+)", REGISTERED.search(rest)[1]):
        begun = rest.index(f"function {function}(")
        found[name] = rest[begun : rest.index("\n}\n", begun)]
        rest = rest.replace(found[name], "")
    return {**found, None: rest}


@pytest.mark.parametrize("page", contents.existing())
def test_every_word_that_a_figure_asks_for_is_in_the_text(page):
    there, count = words(page), 0
    assert there.keys() == scripts(page).keys() - {None}
    for figure, script in scripts(page).items():
        names = set().union(*there.values()) if figure is None else there[figure]
        missing = [name for name in asked(script) if not any(re.fullmatch(name, word) for word in names)]
        assert not missing, f"{figure}: {missing}"
        count += len(asked(script))
    assert count >= 5


def test_what_a_script_asks_for_is_found():
    script = """fig.range("p", { min: 0 }); fig.say(far ? "far" : name === "x" ? "near" : "here", { n: f("no") });
        fig.say(`at_${axis.value}.${f(x)}`); fig.chart({ height: 3 }); fig.chart({ label: fig.say("own") });
        fig.value("knob", { label: 1 });\n"""
    assert asked(script) == ["p", "far", "near", "here", "at_.+\\..+", "picture", "own"]


def test_every_metric_has_its_words_its_rule_and_its_card():
    """The figure takes these names from the table of metrics."""
    assert list(reading.RULES) == list(METRIC_NAMES)
    assert sorted(name for metrics in reading.FAMILIES.values() for name in metrics) == sorted(METRIC_NAMES)
    expected = {f"metric.{name}" for name in METRIC_NAMES}
    expected |= {f"{name}.{word}" for name, (_, steps) in reading.RULES.items() for _, word in steps}
    with_dot = {word for word in words("reading_the_metrics")["scrub"] if "." in word}
    assert with_dot == expected
    cards = documents.load("reading_the_metrics", "en").words("metrics")[1].keys()
    wanted = {f"{name}.{word}" for name in METRIC_NAMES for word in ("healthy", "sick", "trl", "verl")}
    wanted |= {f"family.{name}" for name in reading.FAMILIES}
    assert {word for word in cards if "." in word} == wanted | {f"per.{level}" for level in ("update", "rollout", "evaluation")}
