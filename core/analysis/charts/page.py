"""All charts of a comparison as one HTML page that works offline and alone: Plotly's script is inside, once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from plotly.offline import get_plotlyjs

from core.analysis.charts.chart import Chart
from core.settings.diff import ABSENT, differences, flat
from core.settings.fields import value_text

CONFIG = {"displaylogo": False, "responsive": True, "modeBarButtonsToRemove": ["select2d", "lasso2d"]}
STYLE = """
:root { color-scheme: light; }
body { margin: 0 auto; max-width: 62rem; padding: 1.5rem 1rem 4rem; background: #fff; color: #1b1f24;
       font: 1rem/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; line-height: 1.25; } h2 { font-size: 1.2rem; margin: 2.5rem 0 0; }
nav ul { columns: 16rem; padding-left: 1.2rem; } a { color: #0b5cad; }
.unit { font-size: .875rem; color: #57606a; } .numbers { font-size: .9rem; color: #3d444d; }
figure { margin: 0; } figcaption > p { margin: .25rem 0; }
.wide { overflow-x: auto; } table { border-collapse: collapse; font-size: .875rem; }
th, td { text-align: left; padding: .25rem .75rem .25rem 0; border-bottom: 1px solid #d8dee4; vertical-align: top; }
tbody th { font-weight: 400; } tr.differs td, tr.differs th { font-weight: 600; }
@media print { nav { display: none; } figure { break-inside: avoid; } }
"""


def charts_page(title: str, look_for: str, charts: Sequence[Chart], settings: Mapping[str, Mapping], about: Sequence[str]) -> str:
    """The page. `settings` is label -> the run's settings as plain values (`core.settings.serial.config_dict`); `about` are lines on how
    the numbers were obtained. About 5 MB, nearly all of it Plotly; 1.5 MB zipped. Every text is escaped."""
    body = "\n".join(_section(chart) for chart in charts) or "<p>Nothing was measured, so there is nothing to draw.</p>"
    links = "".join(f'<li><a href="#{_id(chart)}">{escape(chart.words.title)}</a></li>' for chart in charts)
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
<style>{STYLE}</style>
<script>{get_plotlyjs()}</script>
</head>
<body>
<main>
<h1>{escape(title)}</h1>
<p>{escape(look_for)}</p>
{"".join(f"<p>{escape(line)}</p>" for line in about)}
<nav aria-label="Charts"><ul>{links}<li><a href="#settings">Settings</a></li></ul></nav>
{body}
<h2 id="settings">Settings</h2>
{_table(settings)}
</main>
</body>
</html>
"""


def _id(chart: Chart) -> str:
    return f"chart-{chart.words.name}"


def _section(chart: Chart) -> str:
    words, text = chart.words, escape(chart.text)
    head = f'<h2 id="{_id(chart)}">{escape(words.title)}</h2>\n'
    if chart.figure is None:
        return f"<section>{head}<p>{text}</p></section>"
    drawn = chart.figure.to_html(full_html=False, include_plotlyjs=False, div_id=f"{_id(chart)}-plot", config=CONFIG)
    return (
        f'<section>{head}<figure aria-labelledby="{_id(chart)}">\n<p class="unit">{escape(words.unit)}</p>\n'
        f'<div role="img" aria-label="{text}">{drawn}</div>\n'
        f'<figcaption><p>{escape(words.caption)}</p><p class="numbers">{text}</p></figcaption></figure></section>'
    )


def _table(settings: Mapping[str, Mapping]) -> str:
    """A row per setting; what differs between the sides comes first, is bold, and says so."""
    values = {label: flat(found) for label, found in settings.items()}
    names = dict.fromkeys(name for found in values.values() for name in found)
    differing = differences(settings)
    rows = "".join(
        _row(name, [value_text(found.get(name, ABSENT)) for found in values.values()], name in differing)
        for name in sorted(names, key=lambda name: name not in differing)
    )
    head = "".join(f'<th scope="col">{escape(label)}</th>' for label in values)
    return (
        '<div class="wide" tabindex="0" role="region" aria-label="Settings"><table>'
        f'<thead><tr><th scope="col">setting</th>{head}</tr></thead><tbody>{rows}</tbody></table></div>'
    )


def _row(name: str, texts: Sequence[str], differs: bool) -> str:
    cells = "".join(f"<td>{escape(text)}</td>" for text in texts)
    mark, row = (" (differs)", ' class="differs"') if differs else ("", "")
    return f'<tr{row}><th scope="row">{escape(name)}{mark}</th>{cells}</tr>'
