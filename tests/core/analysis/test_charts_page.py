"""The page that holds all charts: names are escaped, nothing is asked of another server, and every chart has its words."""

import functools
import html
import re
from dataclasses import replace

import numpy as np

from core.analysis.charts import all_charts, more_charts
from core.analysis.charts.page import charts_page
from core.settings.algorithm import DAPO
from core.settings.task import BanditConfig
from tests.core.analysis.made import NAN, by_name, distribution, record, result, shipped_charts

EVIL = "<img src=x onerror=alert(1)> %{y}"


@functools.cache
def evil_page() -> str:
    rows = [record(u, u, entropy_nats=[1 / u, 2 / u], all_wrong_fraction=[0, 0], all_right_fraction=[0, 0]) for u in (1, 2)]
    runs = {EVIL: result(*rows), "DAPO": result(*rows, algorithm=DAPO)}
    settings = {EVIL: {"a": {"b": EVIL}, "c": 1}, "DAPO": {"a": {"b": 2}, "c": 1}}
    return charts_page(EVIL, EVIL, all_charts(runs), settings, [EVIL])


def test_the_page_escapes_every_name_and_asks_no_server_for_anything():
    page = evil_page()
    own = page[: page.index("<script>")] + page[page.index("</script>") :]  # without Plotly
    assert "<img" not in own and "&lt;img src=x onerror=alert(1)&gt;" in own
    assert not re.search(r"""(src|href)\s*=\s*["'](?!#)""", own)
    assert page.count("</html>") == 1 and "Plotly.newPlot" in own


def test_a_figure_shows_a_labels_characters_and_does_not_read_them_as_its_html():
    rows = [record(u, u, entropy_nats=[1 / u, 2 / u], all_wrong_fraction=[0, 0], all_right_fraction=[0, 0]) for u in (1, 2)]
    for chart in all_charts({EVIL: result(*rows)}):
        drawn = chart.figure.to_dict() if chart.figure else {}
        shown = [
            t.get(key, "")
            for t in drawn.get("data", [])
            for key in ("name", "hovertemplate", "text", "y")
            if isinstance(t.get(key), str)
        ]
        shown += [note["text"] for note in drawn.get("layout", {}).get("annotations", [])]
        shown += [y for t in drawn.get("data", []) for y in t.get("y", ()) if isinstance(y, str)]
        assert not any("<img" in text for text in shown), chart.words.name
    assert any("&lt;img" in trace.name for trace in all_charts({EVIL: result(*rows)})[0].figure.data if trace.name)


def test_plotly_is_in_the_page_once_and_every_figure_after_it():
    page = evil_page()
    assert page.count("* plotly.js v") == 1
    assert page.index("* plotly.js v") < page.index("Plotly.newPlot(")
    drawn = [chart for chart in shipped_charts() if chart.figure]
    assert (
        len(re.findall(r"Plotly\.newPlot\(", charts_page("t", "", drawn, {}, []).split("</style>")[1].split("</script>", 1)[1]))
        == 12
    )


def test_the_table_puts_what_differs_first_and_says_so():
    page = evil_page()
    table = page[page.index("<tbody>") :]
    assert table.index("a.b (differs)") < table.index('<th scope="row">c</th>')
    assert table.count("(differs)") == 1


def test_settings_within_settings_keep_their_whole_name():
    assert "fork.run.task.name" in charts_page("t", "l", [], {"x": {"fork": {"run": {"task": {"name": "chain"}}}}}, [])


def test_every_chart_of_the_page_has_its_alternative_in_text():
    charts = shipped_charts()
    page = charts_page("t", "l", charts, {}, [])
    assert page.count('role="img"') == 12
    for chart in charts:
        assert page.count(html.escape(chart.text)) == 2, chart.words.name  # for screen readers, and to be read


def test_without_any_measurement_the_page_says_so():
    assert "Nothing was measured" in charts_page("t", "l", [], {"a": {"x": 1}}, [])


def test_a_comparison_of_unequal_tasks_is_drawn_side_by_side():
    seen = [distribution([0.5, 0.5]), distribution([0.2, 0.3, 0.5])]
    runs = {
        f"{n} actions": result(record(1, 1, one, loss=[1]), task=replace(BanditConfig(), actions=n))
        for n, one in zip((2, 3), seen, strict=True)
    }
    chart = by_name(more_charts(runs))["distribution_rank"]
    np.testing.assert_allclose([bar.y for bar in chart.figure.data], [[0.5, 0.5, NAN], [0.5, 0.3, 0.2]], rtol=1e-6)
