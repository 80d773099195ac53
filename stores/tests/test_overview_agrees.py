"""A manager's question has the same answer wherever it is asked."""

import csv
import io
import re
from html import unescape
from importlib.util import find_spec

import pytest
from django.core.management import call_command
from django.utils.http import urlencode

from core.roles import Role
from stores.tests.factories import today
from stores.tests.helpers_admin import page, signed_in
from stores.tests.helpers_figures import missing_by_hand
from stores.tests.helpers_overview import PAGE, number_in, part, sums

pytestmark = pytest.mark.django_db
FIGURES = "/api/stores/figures"
MONTH = today().replace(day=1)


def pressed(client, response, text):
    """Press the one link with this text, behind an icon maybe."""
    links = re.findall(r'<a [^>]*?href="([^"]+)"[^>]*>(.*?)</a>', page(response), re.DOTALL)
    [address] = {
        unescape(link)
        for link, inner in links
        if re.sub(r"<[^>]*>|\s+", " ", inner).strip().endswith(text)
    }
    return client.get(address if address.startswith("/") else PAGE + address)


def cell_of(client, response, row, column):
    """Press a cell of the table of heat."""
    heat = part(response, "heat")
    place = [name for name, _link in heat["columns"]].index(column)
    [line] = [one for one in heat["rows"] if one["name"] == row]
    link = line["cells"][place].link
    assert f'href="{link.replace("&", "&amp;")}"' in page(response)
    return client.get(PAGE + link)


def parquet_sums(folder):
    """Return the sums of the file of products, by product and city; None without DuckDB."""
    if find_spec("duckdb") is None:  # an optional extra: Pipfile, [parquet]
        return None
    import duckdb

    call_command("export_facts", "--month", f"{MONTH:%Y-%m}", "--to", str(folder), verbosity=0)
    path = folder / f"product_day-{MONTH:%Y-%m}.parquet"
    with duckdb.connect() as parquet:
        found = parquet.execute(
            f"SELECT product_id, city, sum(must_have), sum(missing) FROM read_parquet('{path}')"  # noqa: S608 - our own path
            " WHERE typology = 'minimarket' AND city LIKE '05%' GROUP BY ALL"
        ).fetchall()
    return {(product, city): [int(must), int(gone)] for product, city, must, gone in found}


def test_a_manager_gets_the_same_numbers_in_three_clicks_and_everywhere_else(
    field, country, client_for, tmp_path
):
    """What is missing most in minimarkets of Antioquia this month, in which cities and stores?"""
    expected = {group: missing_by_hand(group) for group in ("city", "establishment")}
    codes = {store.pk: store.code for store in country}

    manager = signed_in(Role.ANALYST)
    first = pressed(manager, manager.get("/admin/"), "Overview of the field")
    second = cell_of(manager, first, "Antioquia y Eje Cafetero", "Minimercado")
    third = cell_of(manager, second, "Antioquia", "Minimercado")

    lines = part(third, "products")["lines"]
    by_city, by_store, by_product = {}, {}, {}
    for line, product in zip(
        lines, [number_in(line.link, "product") for line in lines], strict=True
    ):
        by_product[product] = sums(line)
        by_city |= {(product, one.code): sums(one) for one in line.cities}
        by_store |= {(product, one.code): sums(one) for one in line.stores}
    hand = {product: [0, 0] for product in field.ids}
    for (product, _city), (must, gone) in expected["city"].items():
        hand[product][0] += must
        hand[product][1] += gone
    assert by_product == hand
    assert [sums(line)[1] for line in lines] == sorted(
        (gone for _must, gone in hand.values()), reverse=True
    )
    assert by_city == {key: value for key, value in expected["city"].items() if value[1]}
    assert by_store == {
        (product, codes[store]): value
        for (product, store), value in expected["establishment"].items()
        if value[1]
    }

    analyst = client_for(Role.ANALYST)
    asked = {"typology": "minimarket", "department": "05", "from": MONTH.isoformat()}
    for group in ("city", "establishment"):
        query = f"{FIGURES}?{urlencode({**asked, 'group_by': f'product,{group}'})}"
        rows = analyst.get(query).json()["rows"]
        cells = csv.DictReader(io.StringIO(analyst.get(f"{query}&format=csv").getvalue().decode()))
        for found in (rows, list(cells)):
            assert {
                (int(row["product"]), row[group] if group == "city" else int(row[group])): [
                    int(row["must_have"]),
                    int(row["missing"]),
                ]
                for row in found
            } == expected[group]
    assert parquet_sums(tmp_path) in (None, expected["city"])
