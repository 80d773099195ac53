"""The reference data is whole, agrees with itself and lies in Colombia."""

import csv
import re
from collections import Counter
from pathlib import Path

import pytest

DATA = Path(__file__).parents[1] / "data"

REGIONS = {
    "antioquia-eje": "05 17 63 66",
    "caribe": "08 13 20 23 44 47 70 88",
    "centro": "11 15 25 41 73",
    "pacifico": "19 27 52 76",
    "santanderes": "54 68",
    "llanos": "18 50 81 85 86 91 94 95 97 99",
}
TYPOLOGIES = (
    "supermarket minimarket bakery convenience drugstore liquor_store restaurant cafeteria "
    "school_shop wholesaler kiosk greengrocer"
)
CAPITALS = {
    "05001": ("Medellín", 6.2518, -75.5636),
    "08001": ("Barranquilla", 10.9685, -74.7813),
    "11001": ("Bogotá, D.C.", 4.6097, -74.0817),
    "13001": ("Cartagena de Indias", 10.3997, -75.5144),
    "15001": ("Tunja", 5.5353, -73.3678),
    "17001": ("Manizales", 5.0689, -75.5174),
    "18001": ("Florencia", 1.6144, -75.6062),
    "19001": ("Popayán", 2.4382, -76.6132),
    "20001": ("Valledupar", 10.4631, -73.2532),
    "23001": ("Montería", 8.7480, -75.8814),
    "27001": ("Quibdó", 5.6947, -76.6611),
    "41001": ("Neiva", 2.9273, -75.2819),
    "44001": ("Riohacha", 11.5444, -72.9072),
    "47001": ("Santa Marta", 11.2408, -74.1990),
    "50001": ("Villavicencio", 4.1420, -73.6266),
    "52001": ("Pasto", 1.2136, -77.2811),
    "54001": ("San José de Cúcuta", 7.8939, -72.5078),
    "63001": ("Armenia", 4.5339, -75.6811),
    "66001": ("Pereira", 4.8133, -75.6961),
    "68001": ("Bucaramanga", 7.1254, -73.1198),
    "70001": ("Sincelejo", 9.3047, -75.3978),
    "73001": ("Ibagué", 4.4389, -75.2322),
    "76001": ("Santiago de Cali", 3.4372, -76.5225),
    "81001": ("Arauca", 7.0903, -70.7617),
    "85001": ("Yopal", 5.3378, -72.3959),
    "86001": ("Mocoa", 1.1493, -76.6464),
    "88001": ("San Andrés", 12.5847, -81.7006),
    "91001": ("Leticia", -4.2153, -69.9406),
    "94001": ("Inírida", 3.8653, -67.9239),
    "95001": ("San José del Guaviare", 2.5729, -72.6459),
    "97001": ("Mitú", 1.2583, -70.2347),
    "99001": ("Puerto Carreño", 6.1890, -67.4859),
}


def rows(name: str) -> list[dict[str, str]]:
    with (DATA / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, strict=True))


@pytest.mark.parametrize(
    ("name", "header", "count"),
    [
        ("regions", "code,name", 6),
        ("departments", "code,name,region", 33),
        ("cities", "code,name,lat,lon", 1122),
        ("typologies", "code,name,visits_per_month", 12),
        ("products", "sku,gtin,name,brand,category,is_competitor,state", 60),
    ],
)
def test_every_file_is_whole(name, header, count):
    raw = (DATA / f"{name}.csv").read_bytes()
    assert raw.endswith(b"\n")
    assert b"\r" not in raw
    assert raw.decode("utf-8").splitlines()[0] == header
    assert len(rows(name)) == count
    for row in rows(name):
        assert all(value and value == value.strip() for value in row.values()), row


@pytest.mark.parametrize("name", ["regions", "departments", "cities", "typologies"])
def test_codes_are_unique_and_in_order(name):
    codes = [row["code"] for row in rows(name)]
    assert codes == sorted(set(codes))


def test_every_department_is_in_the_region_that_was_ruled():
    assert {row["code"] for row in rows("regions")} == set(REGIONS)
    expected = {code: region for region, codes in REGIONS.items() for code in codes.split()}
    assert {row["code"]: row["region"] for row in rows("departments")} == expected


def test_every_city_is_in_a_department_and_every_department_has_one():
    cities = rows("cities")
    assert all(re.fullmatch(r"\d{5}", row["code"]) for row in cities)
    departments = {row["code"] for row in rows("departments")}
    assert {row["code"][:2] for row in cities} == departments


def test_no_name_stands_twice_in_a_department():
    names = Counter((row["code"][:2], row["name"].casefold()) for row in rows("cities"))
    assert [name for name, count in names.items() if count > 1] == []


def test_every_city_lies_in_colombia():
    for row in rows("cities"):
        assert re.fullmatch(r"-?\d+\.\d{4}", row["lat"]), row
        assert re.fullmatch(r"-\d+\.\d{4}", row["lon"]), row
        assert -4.3 <= float(row["lat"]) <= 13.6, row
        assert -82 <= float(row["lon"]) <= -66.8, row


def test_the_capitals_are_where_everyone_knows_them():
    cities = {row["code"]: row for row in rows("cities")}
    # Cundinamarca's capital is Bogotá, which is a department of its own.
    assert {code[:2] for code in CAPITALS} == {row["code"] for row in rows("departments")} - {"25"}
    for code, (name, lat, lon) in CAPITALS.items():
        row = cities[code]
        assert row["name"] == name
        assert abs(float(row["lat"]) - lat) <= 0.1, row
        assert abs(float(row["lon"]) - lon) <= 0.1, row


def test_the_typologies_are_the_twelve_and_are_visited():
    typologies = rows("typologies")
    assert {row["code"] for row in typologies} == set(TYPOLOGIES.split())
    assert all(1 <= int(row["visits_per_month"]) <= 8 for row in typologies)


def test_products_are_told_apart_whatever_the_case():
    products = rows("products")
    assert len({row["sku"].casefold() for row in products}) == len(products)
    assert len({row["gtin"] for row in products}) == len(products)
    assert all(re.fullmatch(r"[A-Z0-9]+(-[A-Z0-9]+)+", row["sku"]) for row in products)
    first = products[0]
    assert (first["sku"], first["gtin"]) == ("LEC-UHT-1L", "9520010000018")


def test_every_gtin_is_a_demonstration_number_with_its_check_digit():
    for row in rows("products"):
        assert re.fullmatch(r"952\d{10}", row["gtin"]), row
        digits = [int(digit) for digit in row["gtin"]]
        assert (sum(digits[::2]) + 3 * sum(digits[1::2])) % 10 == 0, row


def test_competitors_have_brands_of_their_own():
    products = rows("products")
    assert {row["is_competitor"] for row in products} == {"true", "false"}
    brands = {flag: set() for flag in ("true", "false")}
    for row in products:
        brands[row["is_competitor"]].add(row["brand"])
        assert row["category"].isalpha(), row
        assert row["category"].islower(), row
    assert not brands["true"] & brands["false"]
    assert sum(row["is_competitor"] == "true" for row in products) == 8
