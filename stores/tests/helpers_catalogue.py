"""Bodies for the catalogue's routes, and what they leave in the journal."""

from core.models import JournalEntry
from stores.values import check_digit

LECHE = {
    "sku": "LEC-UHT-1L",
    "gtin": "9520010000018",
    "name": "Leche entera UHT 1 L",
    "brand": "La Vaquita",
    "category": "leche",
    "is_competitor": False,
    "state": "active",
}
LA_33 = {
    "code": "EST-000881",
    "name": "Minimercado La 33",
    "address": "Calle 33 # 65-10",
    "city": "05001",
    "typology": "minimarket",
    "location": {"lat": 6.24, "lon": -75.58},
}
FEWEST = {name: LA_33[name] for name in ("name", "address", "city", "typology")}


def history_of(row):
    """Return the journal's lines about a row: action and changes."""
    lines = JournalEntry.objects.filter(model=row._meta.label, object_id=str(row.pk))
    return list(lines.order_by("pk").values_list("action", "changes"))


def gtin(number):
    """Return one of GS1's GTINs for demonstrations."""
    digits = f"952{number:09}"
    return f"{digits}{check_digit(digits)}"


def product_rows(count):
    """Return so many rows of a bulk write."""
    return [
        {"sku": f"LEC-{number}", "name": f"Leche {number}", "gtin": gtin(number)}
        for number in range(count)
    ]


def send(client, path, body, **query):
    """Send a bulk write."""
    text = "&".join(f"{name}={value}" for name, value in query.items())
    return client.post(f"{path}?{text}", body, format="json")


def done(answer):
    """Return how many rows were created, updated, unchanged, and how many faults there are."""
    assert answer.status_code == 200, answer.json()
    body = answer.json()
    return body["created"], body["updated"], body["unchanged"], len(body["errors"])


def faults(answer):
    """Return where a bulk write has faults, and which."""
    return [(one["index"], one["field"], one["code"]) for one in answer.json()["errors"]]
