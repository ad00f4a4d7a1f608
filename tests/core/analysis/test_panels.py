"""The layout that is set at once is the one that Plotly's own functions make change by change."""

import plotly.graph_objects as go
import pytest
from plotly.subplots import make_subplots

from core.analysis.charts.panels import laid_out, merged, placed, stacked


@pytest.mark.parametrize(("shared_x", "shared_y"), [(True, False), (True, True), (False, False)])
@pytest.mark.parametrize("titles", [[""], ["a", "b"], ["a", "b", "c", "d", "e"]])
def test_panels_are_those_of_make_subplots(titles, shared_x, shared_y):
    theirs = make_subplots(
        rows=len(titles), shared_xaxes=shared_x, shared_yaxes="all" if shared_y else False, vertical_spacing=0.07,
        subplot_titles=titles)  # fmt: skip
    theirs.update_annotations(x=0, xanchor="left", font_size=13)
    theirs.add_trace(go.Scatter(y=[1]), row=len(titles), col=1)
    ours = go.Figure([placed(go.Scatter(y=[1]), len(titles))], stacked(titles, 0.07, shared_x=shared_x, shared_y=shared_y))
    assert ours.to_dict() == theirs.to_dict()


def test_a_layout_set_at_once_is_that_of_plotlys_updates_one_after_the_other():
    def begun() -> go.Figure:
        return go.Figure([go.Scatter(y=[1])], stacked(["a", "b"], 0.1) | {"legend": {"y": 1, "font": {"size": 9}}})

    theirs = begun().update_layout(template="none", legend_font_color="red", shapes=[{"type": "line", "x0": 0}])
    theirs.update_layout(xaxis2_title_text="x").update_xaxes(title_font_color="blue", showgrid=False).update_yaxes(range=[0, 1])
    theirs.update_annotations(font_color="green")
    layout = {"template": "none", "legend": {"font": {"color": "red"}}, "shapes": [{"type": "line", "x0": 0}]}
    own = {"xaxis2": {"title": {"text": "x"}}}
    kept = {"title": {"font": {"color": "blue"}}, "showgrid": False}
    ours = laid_out(begun(), merged(layout, own), xaxes=kept, yaxes={"range": [0, 1]}, annotations={"font": {"color": "green"}})
    assert ours.to_dict() == theirs.to_dict()
    assert own == {"xaxis2": {"title": {"text": "x"}}} and kept == {"title": {"font": {"color": "blue"}}, "showgrid": False}


def test_a_figure_without_axes_of_its_own_has_the_first_of_each_kind():
    ours = laid_out(go.Figure(), xaxes={"showgrid": False}, yaxes={"showgrid": False})
    assert ours.to_dict() == go.Figure().update_xaxes(showgrid=False).update_yaxes(showgrid=False).to_dict()
