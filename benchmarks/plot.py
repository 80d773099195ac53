"""The picture of the results."""

from pathlib import Path
from typing import Any

COLOURS = {
    "plaza": "#7c3aed",
    "fastapi": "#059669",
    "flask": "#0ea5e9",
    "drf": "#b91c1c",
    "litestar": "#db2777",
    "limit": "#9ca3af",
    "kinto": "#d97706",
}
BAR = 0.12  # of the room that a scenario has


def draw(document: dict[str, Any], target: Path) -> None:
    """Draw CPU time per request, a group of bars per scenario."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    scenarios = document["scenarios"]
    figure, axes = plt.subplots(figsize=(11, 1 + 0.55 * len(scenarios)))
    taking_part = [
        [name for name in COLOURS if name == "plaza" or name in one["peers"]] for one in scenarios
    ]
    for name, colour in COLOURS.items():
        places, values = [], []
        for place, (one, names) in enumerate(zip(scenarios, taking_part, strict=True)):
            if name in names:
                places.append(place + (names.index(name) - (len(names) - 1) / 2) * BAR)
                values.append((one["plaza"] if name == "plaza" else one["peers"][name])["cpu_ms"])
        bars = axes.barh(places, values, BAR * 0.9, color=colour, label=name)
        axes.bar_label(bars, fmt="%.1f", padding=2, fontsize=6)
    axes.set_yticks(range(len(scenarios)), [one["name"] for one in scenarios])
    axes.invert_yaxis()
    axes.set_xscale("log")
    machine = document["machine"]
    axes.set_xlabel("CPU ms per request (web + PostgreSQL), logarithmic; shorter is better")
    axes.set_title(f"{machine['cpu']}, {machine['cores']} cores, {machine['date']}", fontsize=9)
    axes.legend(ncols=len(COLOURS), frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(target, dpi=110)


def draw_growth(document: dict[str, Any], target: Path) -> None:
    """Draw a line per scenario: CPU time per request against the number of rows."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(9, 6))
    for one in document["scenarios"]:
        scales = [int(scale) for scale in one["cpu_ms"]]
        axes.plot(scales, [*one["cpu_ms"].values()], marker="o", label=one["name"])
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xticks(scales, [f"{scale}×" for scale in scales])
    machine = document["machine"]
    axes.set_xlabel("rows")
    axes.set_ylabel("CPU ms per request (web + PostgreSQL), logarithmic")
    axes.set_title(f"{machine['cpu']}, {machine['cores']} cores, {machine['date']}", fontsize=9)
    axes.legend(frameon=False, fontsize=7, loc="center left", bbox_to_anchor=(1, 0.5))
    axes.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(target, dpi=110)
