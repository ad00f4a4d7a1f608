"""Every Learn page, without a browser: its sections, its words, its numbers, its miniature."""

from __future__ import annotations

import ast
import functools
import inspect
import json
import re
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from bench.scenario_tables import MINIMUM_SEEDS
from core.settings.scenarios import SCENARIOS
from pages.shared.common import contents, documents, process
from pages.shared.learn import lab, terms, values
from tests.support import mostly_thorough

ROOT = Path(__file__).parents[3]
PAGES = contents.existing()
REQUIRED = ("idea", "equation", "code", "live", "result", "limits", "try", "sources")
FORMULA = re.compile(r"\$\$(.+?)\$\$", re.DOTALL)
LAYOUT = re.compile(
    r"\\(?:text|operatorname)\{[^}]*\}|\\(?:left|right|[bB]igg?[lr]?|frac|q?quad|l?dots|cdots?|hat|bar|tilde|sqrt|sum|le|ge|[,;:! ])"
)


@pytest.fixture
def open_page(open_app):
    """Opens a Learn page."""
    return lambda page, **options: open_app(page=contents.file(page), **options)


def document(page: str) -> documents.Document:
    return documents.load(page, "en")


def figures(page: str) -> set[str]:
    return {key.removeprefix("figure-") for key in document(page).sections if key.startswith("figure-")}


def payloads(app: AppTest) -> list[dict]:
    found = [json.loads(c.proto.json or "null") for c in app.get("bidi_component")]
    return [f for f in found if isinstance(f, dict) and "figure" in f]


def words(app: AppTest) -> str:
    return "\n".join(str(e.value) for e in (*app.markdown, *app.header, *app.title))


def test_every_page_that_is_a_learn_page_is_in_the_menu():
    files = {p.stem for p in (ROOT / "pages").glob("*.py") if "LearnPage(" in p.read_text()}
    assert files == set(PAGES) and len(PAGES) >= 1


@pytest.mark.parametrize("page", PAGES)
def test_a_page_file_says_only_what_is_shown(page):
    tree = ast.parse((ROOT / contents.file(page)).read_text())
    assert {type(node) for node in tree.body} <= {ast.Expr, ast.ImportFrom, ast.Import, ast.Assign}


@pytest.mark.parametrize("page", PAGES)
def test_the_page_shows_its_text_its_figures_code_that_is_there_and_a_link(open_page, page):
    app = open_page(page)
    assert not app.exception
    every_section_is_shown(app, page)
    the_code_is_the_code(app)
    each_question_has_what_should_be_seen(app, page)
    the_link_to_compare_names_a_scenario(app)


def every_section_is_shown(app: AppTest, page: str) -> None:
    assert set(REQUIRED) <= set(document(page).sections)
    shown = words(app)
    for key, section in document(page).sections.items():
        if key != "result":
            assert section.heading in shown, key
    assert app.title[0].value == document(page).title
    assert {p["figure"] for p in payloads(app) if "words" in p} == figures(page)
    assert {p["page"] for p in payloads(app)} == {page}
    assert "{{" not in shown and "[[" not in shown and "<!--" not in shown


def the_code_is_the_code(app: AppTest) -> None:
    shown = [c.value for c in app.code]
    assert shown
    for source in shown:
        name = re.search(r"(?:def|class) (\w+)", source)[1]
        assert any(source.strip() in text for text in sources()), name


@functools.cache
def sources() -> list[str]:
    return [path.read_text() for path in (*(ROOT / "core").rglob("*.py"), ROOT / "pages/shared/learn/lab_bugs.py")]


def each_question_has_what_should_be_seen(app: AppTest, page: str) -> None:
    questions = document(page).questions()
    assert len(questions) >= 3 and all(q.answer and q.words.endswith("?") for q in questions)
    assert {q.figure for q in questions if q.figure} <= figures(page)
    folded = [e for e in app.expander if e.label == "What you should see"]
    assert len(folded) == len(questions) and all(e.markdown for e in folded)


def the_link_to_compare_names_a_scenario(app: AppTest) -> None:
    queries = [link.proto.query_string for link in app.get("page_link") if link.proto.query_string]
    assert queries and all(re.search(r"scenario=([\w-]+)", q)[1] in SCENARIOS for q in queries)


@pytest.mark.parametrize("page", PAGES)
def test_every_symbol_of_every_formula_is_explained(page):
    for key, section in document(page).sections.items():
        table = "\n".join(line for line in section.body.splitlines() if line.startswith("|"))
        for formula in FORMULA.findall(section.body):
            missing = {s for s in symbols(formula) if s not in symbols(table)}
            assert not missing, f"{key}: {missing} in {formula.strip()} is not in the table of symbols"


def symbols(latex: str) -> set[str]:
    """Letters, Greek letters and named functions."""
    named = set(re.findall(r"\\operatorname\{(\w+)\}|\\(min|max|log|exp)\b", latex))
    bare = LAYOUT.sub(" ", latex)
    in_math = " ".join(re.findall(r"\$([^$]+)\$", bare)) if "|" in latex and "$" in latex else bare
    single = re.findall(r"\\([a-zA-Z]+)|([A-Za-z])", in_math)
    return {a or b for a, b in named} | {a or b for a, b in single}


@pytest.mark.parametrize(
    ("latex", "expected"),
    [
        (r"\hat A_i = \frac{R_i - \operatorname{mean}(R_1,\dots,R_G)}{2}", {"A", "i", "R", "G", "mean"}),
        (r"\min\Bigl(r\,\hat A, 1+\varepsilon_{\text{high}}\Bigr)", {"min", "r", "A", "varepsilon"}),
        (r"| $\pi_\theta$ | a word, $x$ |", {"pi", "theta", "x"}),
    ],
)
def test_the_search_for_symbols_finds_them(latex, expected):
    assert symbols(latex) == expected


@pytest.mark.parametrize("page", PAGES)
def test_no_number_in_the_prose_was_typed(page):
    found = document(page)
    for key, section in {"lead": documents.Section("", found.lead), **found.sections}.items():
        if key != "sources":
            assert typed_numbers(section.body) == [], key


def typed_numbers(prose: str) -> list[str]:
    for quoted in (r"<!--.*?-->", r"\{\{.+?\}\}", r"\$\$.+?\$\$", r"\$.+?\$", r"`.+?`", r"(?m:^)set:[^\n]*", r"\]\(.*?\)"):
        prose = re.sub(quoted, "", prose, flags=re.DOTALL)
    return re.findall(r"\d+\.\d+|\d+ ?%|\d{3,}", prose)


def test_a_typed_number_would_be_found():
    assert typed_numbers("it reaches 0.86, which is 12 % more, at update 131") == ["0.86", "12 %", "131"]
    assert typed_numbers("eps `0.28`, $r = 1.2$, {{a/b:.2f}} and 8 answers, see [here](https://x.org/2503.14476)") == []
    assert typed_numbers('set: one {"p": 0.96}\nThen 3 of 8.') == []


@pytest.mark.parametrize("page", PAGES)
def test_what_the_text_claims_about_numbers_holds(page):
    for section in document(page).sections.values():
        for claim in values.claims(section.body):
            assert values.holds(claim, page), " ".join(claim)


def test_a_claim_that_does_not_hold_would_be_found():
    (true,) = values.claims("fine <!-- holds: collapse/GRPO/grad_norm/final < sample-efficiency/DAPO/grad_norm/final -->")
    assert values.holds(true, "grpo") and not values.holds((true[0], ">", true[2]), "grpo")


@pytest.mark.parametrize(
    ("placeholder", "named"),
    [
        ("{{nowhere/GRPO/grad_norm/final:.2f}}", "no scenario 'nowhere'"),
        ("{{collapse/GRPO/grad_norm/last:.2f}}", "no 'last'"),
        ("{{collapse/GRPO/grad_norm:.2f}}", "not one number"),
        ("{{=nothing(1):.2f}}", "no function nothing"),
        ("{{run/GRPO/grad_norm/final:.2f}}", "{#result}"),
    ],
)
def test_a_placeholder_that_leads_nowhere_is_an_error_that_names_it(placeholder, named):
    with pytest.raises(documents.TextError, match=re.escape(named)):
        values.fill(placeholder, "grpo")


def test_placeholders_are_filled_from_what_was_measured():
    measured = json.loads((ROOT / "docs" / "measured.json").read_text())["scenarios"]["collapse"]
    first, other = (measured[v]["algorithms"]["GRPO"]["eval_accuracy"]["final"] for v in ("seeds from 0", "seeds from 100"))
    low = measured["seeds from 0"]["algorithms"]["GRPO"]["eval_accuracy"]["final_ci95"][0]
    assert values.fill("{{collapse/GRPO/eval_accuracy/final:.3f}}", "grpo") == f"{first:.3f}"
    assert values.fill("{{collapse/seeds from 100/GRPO/eval_accuracy/final:.3f}}", "grpo") == f"{other:.3f}"
    assert values.fill("{{collapse/GRPO/eval_accuracy/final_ci95/0:.3f}}", "grpo") == f"{low:.3f}"
    assert values.fill("{{collapse/GRPO/eval_accuracy/final:.0%}}", "grpo") == f"{100 * first:.0f}\N{NO-BREAK SPACE}%"


def test_the_glossary_is_long_enough_and_plain():
    known = terms.glossary("en")
    assert len(known) >= 35
    for name, (shown, definition) in known.items():
        assert definition.endswith((".", ")")) and len(definition) < 260, name
        assert not re.search(r"[$`*_<>\[\]]", shown + definition), name


def test_a_term_is_escaped_and_an_unknown_one_is_an_error():
    assert "&lt;b&gt;" in terms.explain("[[entropy|<b>]]", "en")
    with pytest.raises(documents.TextError, match="not in glossary"):
        terms.explain("[[flux capacitor]]", "en")


@pytest.mark.parametrize("lang", documents.languages())
def test_every_language_says_what_english_says(lang):
    for path in (documents.FOLDER / "en").glob("*.md"):
        english, other = (documents.load(path.stem, language) for language in ("en", lang))
        assert other.sections.keys() == english.sections.keys() or path.stem == "glossary"
        for key in english.sections:
            if key == "words" or key.startswith("figure-"):
                assert other.words(key)[1].keys() == english.words(key)[1].keys(), (path.stem, key)


def test_an_unknown_language_is_english(open_app):
    app = open_app({"lang": "xx"}, page=contents.file(PAGES[0]))
    assert not app.exception and app.title[0].value == document(PAGES[0]).title


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ("## Idea {#idea}\n", "no title"),
        ("# T\n## A {#x}\n## B {#x}\n", "{#x}"),
        ("# T\n## Try {#try}\n### Why?\nset: f {p: 1}\n", "not JSON"),
    ],
)
def test_a_malformed_text_is_an_error_that_says_what_to_do(content, named):
    with pytest.raises(documents.TextError, match=re.escape(named)):
        documents.parse(Path("page.md"), content).questions()


def test_a_missing_section_is_an_error_that_names_it():
    with pytest.raises(documents.TextError, match=re.escape("grpo.md has no section {#nonsense}")):
        document("grpo").section("nonsense")


@pytest.mark.parametrize("page", mostly_thorough(PAGES, "the_lab".__eq__))  # whose miniature is the smallest
def test_the_miniature_trains_and_leaves_compare_alone(open_page, page):
    app = open_page(page)
    app.button(key=f"{page}:train").click().run()
    assert not app.exception
    comparison = app.session_state[f"{page}:miniature"]
    assert process.manager().wait(comparison, 60)
    app.run()
    assert not app.exception
    assert document(page).section("result").heading in words(app)
    assert {r.status for r in process.manager().results(comparison).values()} == {"done"}
    app.switch_page("app.py").run()
    assert not app.exception and "comparison" not in app.query_params


@pytest.mark.parametrize("page", PAGES)
def test_a_miniature_draws_its_conclusion_from_sixteen_seeds_or_more(page):
    """What `page.live` names; the lab's page adds the switches that a reader has set."""
    source = (ROOT / "pages" / f"{page}.py").read_text(encoding="utf-8")
    (call,) = [n for n in ast.walk(ast.parse(source)) if isinstance(n, ast.Call) and ast.unparse(n.func) == "page.live"]
    scenario = lab.SCENARIO if ast.unparse(call.args[0]) == "lab.SCENARIO" else ast.literal_eval(call.args[0])
    named = {keyword.arg: keyword.value for keyword in call.keywords}
    seeds = ast.literal_eval(named["replicas"]) if "replicas" in named else SCENARIOS[scenario].run.replicas
    assert seeds >= MINIMUM_SEEDS


def test_a_miniature_that_finds_no_room_says_so(open_page):
    app = open_page(PAGES[0], max_unfinished=0)
    app.button(key=f"{PAGES[0]}:train").click().run()
    assert not app.exception and "Not started" in app.error[0].value


def test_the_guide_names_what_exists():
    from pages.shared.learn import page as module

    guide = inspect.getdoc(__import__("pages.shared.learn", fromlist=["learn"]))
    for method in re.findall(r"page\.(\w+)\(", guide):
        assert hasattr(module.LearnPage, method), method
