"""The picture of the results."""

from pathlib import Path
from typing import Any

COLOURS = {
    "plaza": "#7c3aed",
    "fastapi": "#059669",
    "flask": "#0ea5e9",
    "drf": "#b91c1c",
    "limit": "#9ca3af",
}


def draw(document: dict[str, Any], target: Path) -> None:
    """Draw CPU time per request, a group of bars per scenario."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    scenarios = document["scenarios"]
    figure, axes = plt.subplots(figsize=(11, 6))
    height = 0.16
    for index, (name, colour) in enumerate(COLOURS.items()):
        rows = [
            (place, one["plaza"] if name == "plaza" else one["peers"].get(name))
            for place, one in enumerate(scenarios)
        ]
        places = [place + (index - 2) * height for place, found in rows if found]
        values = [found["cpu_ms"] for _, found in rows if found]
        bars = axes.barh(places, values, height * 0.9, color=colour, label=name)
        axes.bar_label(bars, fmt="%.1f", padding=2, fontsize=6)
    axes.set_yticks(range(len(scenarios)), [one["name"] for one in scenarios])
    axes.invert_yaxis()
    axes.set_xscale("log")
    machine = document["machine"]
    axes.set_xlabel("CPU ms per request (web + PostgreSQL), logarithmic; shorter is better")
    axes.set_title(f"{machine['cpu']}, {machine['cores']} cores, {machine['date']}", fontsize=9)
    axes.legend(ncols=5, frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(target, dpi=110)
