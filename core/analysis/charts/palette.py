"""The colours of the sides, the same in every chart. The dash repeats what the colour says, for readers who cannot tell the colours
apart."""

from __future__ import annotations

from collections.abc import Iterable

# Okabe and Ito's colours, which the colour-blind can tell apart, and lighter twins for a dark page. Dashes are Plotly's.
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


def faded(color: str, opacity: float) -> str:
    """'#RRGGBB' -> 'rgba(…)'."""
    red, green, blue = (int(color[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity:g})"
