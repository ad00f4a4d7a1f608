"""What the board shows by default: its charts, in words, and the colours of the sides."""

from __future__ import annotations

from collections.abc import Iterable

CHARTS: tuple[dict, ...] = (
    {
        "name": "entropy_nats",
        "kind": "line",
        "title": "Entropy",
        "unit": "nats",
        "caption": "How many options the policy still tries. Falling to the dotted line, it has stopped exploring.",
        "bounds": [0, None],
    },
    {
        "name": "grad_norm",
        "kind": "line",
        "title": "Gradient norm",
        "unit": "before clipping",
        "caption": "How strongly an update pulls. Near zero nothing is learned; spikes are instability.",
        "bounds": [0, None],
    },
    {
        "name": "reward_mean",
        "kind": "line",
        "title": "Reward",
        "unit": "as the algorithm sees it",
        "caption": "Mean over everything generated, before filtering. It can rise while the policy learns less and less.",
    },
    {
        "name": "eval_accuracy",
        "kind": "line",
        "title": "Held-out accuracy",
        "unit": "fraction",
        "caption": "Right greedy answers on prompts never trained on: the number that counts in the end.",
        "bounds": [0, 1],
    },
    {
        "name": "filter_ratio",
        "kind": "line",
        "title": "Filter ratio",
        "unit": "dropped ÷ generated groups",
        "caption": "What dynamic sampling throws away. Towards one, signal costs ever more samples.",
        "bounds": [0, 1],
        "range": [0, 1],
    },
    {
        "name": "groups",
        "kind": "groups",
        "title": "Groups",
        "unit": "share of generated groups",
        "caption": "Only mixed groups teach: where all answers are wrong, or all right, every advantage is zero.",
    },
)
GROUP_METRICS = ("all_wrong_fraction", "all_right_fraction")

# Okabe and Ito's colours, which the colour-blind can tell apart, and lighter twins for a dark page. The dash is the second code.
KNOWN = {
    "GRPO": {"color": "#D55E00", "color_dark": "#F0803C", "dash": "8px,2px"},
    "DAPO": {"color": "#0072B2", "color_dark": "#56B4E9", "dash": "solid"},
}
OTHERS = (
    {"color": "#009E73", "color_dark": "#2BC79A", "dash": "dot"},
    {"color": "#B0568A", "color_dark": "#DE8CBC", "dash": "dashdot"},
    {"color": "#B07A00", "color_dark": "#E8B53A", "dash": "dash"},
    {"color": "#4B6A88", "color_dark": "#9DB8D2", "dash": "2px,5px"},
    {"color": "#6B6B6B", "color_dark": "#B5B5B5", "dash": "12px,4px"},
)


def metrics_of(charts: Iterable[dict]) -> tuple[str, ...]:
    """The metrics that these charts need."""
    names = [name for chart in charts for name in (GROUP_METRICS if chart["kind"] == "groups" else (chart["name"],))]
    return tuple(dict.fromkeys(names))


def side_styles(labels: Iterable[str]) -> list[dict]:
    """[{"label", "color", "color_dark", "dash"}]: known algorithms always look the same; others take the next free style in turn."""
    free = 0
    styles = []
    for label in labels:
        style = KNOWN.get(label)
        if style is None:
            style, free = OTHERS[free % len(OTHERS)], free + 1
        styles.append({"label": label, **style})
    return styles
