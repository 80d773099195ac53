"""Numbers of the field: check digits, distances, row digests."""

import hashlib
import math
from typing import Any

import orjson

GTIN_LENGTHS = (8, 12, 13, 14)
EARTH_RADIUS_M = 6_371_008.8  # mean radius, IUGG


def check_digit(digits: str) -> int:
    """Return the check digit of a GS1 number without it (GS1 General Specifications, 7.9).

    >>> check_digit("952001000001")
    8
    """
    total = sum(
        int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(digits))
    )
    return -total % 10


def gtin_key(gtin: str) -> str:
    """Return a GTIN as all compare, with 14 digits; of none, nothing."""
    return gtin.rjust(14, "0") if gtin else ""


def distance_m(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    """Return the metres between two points on a sphere (haversine formula)."""
    north, other_north = math.radians(lat), math.radians(other_lat)
    across = math.radians(other_lon - lon)
    half = (
        math.sin((other_north - north) / 2) ** 2
        + math.cos(north) * math.cos(other_north) * math.sin(across / 2) ** 2
    )
    return 2 * EARTH_RADIUS_M * math.asin(math.sqrt(min(1.0, half)))


def digest_of(content: Any) -> str:
    """Return the SHA-256, in hexadecimal, of JSON content, whatever the order of its keys."""
    return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()
