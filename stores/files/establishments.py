"""Establishments in bulk and in files. The key is the code, in any case."""

from typing import Any

import orjson
from django.db import models

from core.text import is_storable, name_key
from core.values import INT64_MAX
from stores.constants import DEFAULT_GEOFENCE_M, State
from stores.files.bulk import Bulk, type_values
from stores.models import City, Establishment, Portfolio, Stamped, Typology
from stores.serializers.establishments import EstablishmentSerializer
from stores.services import establishments

COLUMNS = (
    "code",
    "name",
    "address",
    "city",
    "typology",
    "portfolio",
    "lat",
    "lon",
    "geofence_m",
    "state",
)


class EstablishmentBulk(Bulk):
    """Establishments by code; ``portfolio`` is the own one."""

    model = Establishment
    serializer_class = EstablishmentSerializer
    key_fields = ("code",)
    errors = establishments.CONSTRAINT_ERRORS

    def context(self, rows: list[type_values]) -> dict[str, Any]:
        """Look up places, typologies and portfolios."""
        return {
            "known": {
                City: found(City, rows, "city", str),
                Typology: found(Typology, rows, "typology", str),
                Portfolio: found(Portfolio, rows, "portfolio", int),
            }
        }

    def key_of(self, values: type_values) -> str:
        """Return the code as all compare."""
        return name_key(values["code"])

    def stored(self, keys: set[str]) -> dict[str, Establishment]:
        """Return the establishments with these codes."""
        return {one.code_key: one for one in Establishment.objects.filter(code_key__in=keys)}

    def follow(self, changed: dict[int, dict[str, Any]]) -> list[Stamped]:
        """End the assignments of those that became inactive."""
        left = [State.ACTIVE, State.INACTIVE]
        gone = [pk for pk, changes in changed.items() if changes.get("state") == left]
        return [*establishments.end_assignments_of(gone)] if gone else []


def found(
    model: type[models.Model], rows: list[type_values], name: str, kind: type
) -> dict[Any, models.Model]:
    """Return the rows of a table that the field ``name`` of some rows names, by key."""
    named = [row[name] for row in rows if type(row.get(name)) is kind]
    if kind is int:
        keys = {key for key in named if 0 < key <= INT64_MAX}
    else:
        keys = {key.strip() for key in named if is_storable(key)}
    return model._default_manager.in_bulk(keys)


def row_of(cells: dict[str, str]) -> type_values:
    """Return the row that a line of a file says; what may be empty there has its default."""
    row: type_values = {**cells}
    row["portfolio"] = number(cells["portfolio"]) if cells["portfolio"] else None
    lat, lon = row.pop("lat"), row.pop("lon")
    row["location"] = {"lat": number(lat), "lon": number(lon)} if lat or lon else None
    row["geofence_m"] = number(cells["geofence_m"]) if cells["geofence_m"] else DEFAULT_GEOFENCE_M
    if not row["state"]:
        del row["state"]
    return row


def number(cell: str) -> Any:
    """Return the number that a cell spells as JSON would; any other text stays, to be refused."""
    try:
        return orjson.loads(cell)
    except orjson.JSONDecodeError:
        return cell
