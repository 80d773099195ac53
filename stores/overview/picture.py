"""A map of cities: a dot where each lies, on plain degrees, without anything from outside."""

from typing import Any, NamedTuple

from stores.figures.answers import Row
from stores.models import City
from stores.overview import words

# The whole country with San Andrés; near the equator a degree is as wide as it is high.
WEST, NORTH, EAST, SOUTH = -82.4, 13.7, -66.2, -4.9
UNITS_PER_DEGREE = 40
WIDTH, HEIGHT = ((EAST - WEST) * UNITS_PER_DEGREE, (NORTH - SOUTH) * UNITS_PER_DEGREE)
SMALLEST, LARGEST = 4.0, 26.0  # radius


class Dot(NamedTuple):
    """A city on the map. Coordinates are texts: SVG wants points, whatever the language."""

    x: str
    y: str
    radius: str
    grade: str
    title: str


def of_cities(found: list[Row]) -> dict[str, Any]:
    """Return the dots of cities, the largest first, so that small ones lie above."""
    lying = {
        code: (lat, lon)
        for code, lat, lon in City.objects.filter(
            code__in=[row["city"] for row in found]
        ).values_list("code", "lat", "lon")
    }
    most = max((row["must_have"] for row in found), default=0)
    dots = [
        dot(row, *lying[row["city"]], most)
        for row in sorted(found, key=lambda row: -row["must_have"])
        if row["city"] in lying
    ]
    return {"dots": dots, "width": f"{WIDTH:.0f}", "height": f"{HEIGHT:.0f}"}


def dot(row: Row, lat: float, lon: float, most: int) -> Dot:
    """Return the dot of a city: its area says how many must-haves were looked for there."""
    share = words.on_shelf(row)
    part = (row["must_have"] / most) ** 0.5 if most else 0
    return Dot(
        f"{(lon - WEST) * UNITS_PER_DEGREE:.1f}",
        f"{(NORTH - lat) * UNITS_PER_DEGREE:.1f}",
        f"{SMALLEST + part * (LARGEST - SMALLEST):.1f}",
        words.grade(share),
        f"{row['city_name']}: {words.percent(share)}",
    )
