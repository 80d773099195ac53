"""CSV files: what is exported is imported as it was, and no row version moves (A3)."""

import csv

import pytest
from django.core.management import CommandError, call_command

from core.files import BATCH_ROWS
from core.models import JournalEntry
from stores import clock
from stores.errors import BulkRefused
from stores.files.importing import import_file
from stores.files.sheets import SHEETS, response
from stores.models import Assignment, Establishment, Product
from stores.tests.factories import (
    AssignmentFactory,
    CityFactory,
    EstablishmentFactory,
    PortfolioFactory,
    ProductFactory,
    TypologyFactory,
    today,
)
from stores.tests.helpers_catalogue import history_of
from stores.tests.helpers_unchanged import nothing_changes

pytestmark = pytest.mark.django_db
TEXTS = [
    "=1+1",
    "'=1+1",
    "-Café, con “leche”",
    'Queso "doble" crema',
    "@SUM(A1)",
    "'Kumis'",
    "Ñandú",
]
HEADER = "sku,gtin,name,brand,category,is_competitor,state"


def catalogue():
    """Store rows with everything that a cell could spoil."""
    for number, text in enumerate(TEXTS):
        ProductFactory(name=text, brand=text, category=text, is_competitor=number % 2 == 0)
        EstablishmentFactory(name=text, address=text)
    ProductFactory(sku="=SKU+1", gtin="09520010000018", inactive=True)
    EstablishmentFactory(
        code="+57", portfolio=PortfolioFactory(), lat=-1e-05, lon=0.1, geofence_m=20
    )
    EstablishmentFactory(lat=None, lon=None, state="inactive")
    AssignmentFactory(valid_until=today())
    AssignmentFactory(ended=True)
    again = AssignmentFactory(
        valid_from=today(), valid_until=today(), state="ended", released_on=today()
    )
    AssignmentFactory(valid_from=today(), seller=again.seller, establishment=again.establishment)


def text_of(name):
    rows = SHEETS[name].bulk.model.objects.all()
    return b"".join(response(name, rows, reason="test").streaming_content).decode()


def imported(tmp_path, name, text, *options):
    path = tmp_path / f"{name}.csv"
    path.write_text(text, encoding="utf-8", newline="")
    call_command("import_stores", name, str(path), *options)


# -- back in --------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", SHEETS)
def test_a3_what_was_exported_is_unchanged(admin_api, tmp_path, capsys, name):
    catalogue()
    text = text_of(name)
    count = len(list(csv.reader(text.splitlines()))) - 1
    with nothing_changes():
        imported(tmp_path, name, text)
    shown = capsys.readouterr()
    assert shown.out == f"{name}: 0 created, 0 updated, {count} unchanged\n"
    assert shown.err == ""  # no progress bar where there is no terminal
    assert count >= 3


def test_a3_what_was_exported_makes_an_empty_database_the_same(tmp_path):
    catalogue()
    texts = {name: text_of(name) for name in SHEETS}
    for model in (Assignment, Establishment, Product):
        model.objects.all().delete()
    for name, text in texts.items():
        imported(tmp_path, name, text)
    assert {name: sorted(text_of(name).splitlines()) for name in SHEETS} == {
        name: sorted(text.splitlines()) for name, text in texts.items()
    }


def test_import_creates_changes_and_is_journalled(tmp_path, capsys):
    changed = ProductFactory(sku="A", name="Kumis")
    kept = ProductFactory(sku="B", name="Avena")
    before = clock.reading().seq
    text = f"{HEADER}\nA,,Arequipe,,,TRUE,\nB,,Avena,,,,\nC,9520010000018,Leche,,,false,inactive\n"
    imported(tmp_path, "products", text, "--dry-run")
    assert clock.reading().seq == before
    imported(tmp_path, "products", text)
    line = "products: 1 created, 1 updated, 1 unchanged"
    shown = capsys.readouterr().out.splitlines()
    assert shown == ["Dry run, nothing was written.", line, line]
    changed.refresh_from_db()
    kept.refresh_from_db()
    assert (changed.name, changed.is_competitor) == ("Arequipe", True)
    assert kept.seq == before
    assert clock.reading().seq == before + 2
    assert history_of(changed) == [
        ("change", {"name": ["Kumis", "Arequipe"], "is_competitor": [False, True]})
    ]
    entry = JournalEntry.objects.latest("id")
    assert (entry.actor_kind, entry.actor_label, entry.reason) == (
        "command",
        "import_stores",
        "import",
    )


BAD = f"""{HEADER}
A,,Kumis,,,false,active
B,9520010000011,,,,maybe,gone
C,,Avena
a,,Kumis,,,,
"""
PROBLEMS = [
    ["row", "column", "code", "message"],
    ["4", "", "wrong_cell_count", "7 cells are needed; quote a text that has a comma."],
    ["3", "gtin; name; is_competitor; state", "gtin_check_digit", None],
    ["5", "sku", "repeated", "An earlier row has the same key."],
]


def test_bad_rows_are_reported_and_nothing_is_written(tmp_path, capsys):
    report = tmp_path / "report.csv"
    with nothing_changes():
        with pytest.raises(CommandError, match=r"Nothing was written\. Bad rows: 3\."):
            imported(tmp_path, "products", BAD, "--report", str(report))
        lines = list(csv.reader(report.read_text().splitlines()))
        assert [line[:3] for line in lines] == [line[:3] for line in PROBLEMS]
        assert [line[3] for line in lines[1:2] + lines[3:]] == [PROBLEMS[1][3], PROBLEMS[3][3]]
        with pytest.raises(CommandError):
            imported(tmp_path, "products", BAD, "--dry-run")
    assert len(capsys.readouterr().err.splitlines()) == 3


def test_the_good_rows_can_be_kept(tmp_path, capsys):
    imported(tmp_path, "products", BAD, "--keep-good")
    assert capsys.readouterr().out.splitlines() == [
        "products: 1 created, 0 updated, 0 unchanged",
        "3 bad rows were left out",
    ]
    assert Product.objects.get().sku == "A"


@pytest.mark.parametrize(
    ("name", "line", "column", "code"),
    [
        ("establishments", "A,B,C,5001,kiosk,,,,,", "city; typology", "does_not_exist"),
        ("establishments", "A,B,C,05001,minimarket,x,,,,", "portfolio", "invalid"),
        (
            "establishments",
            "A,B,C,05001,minimarket,18446744073709551615,,,,",
            "portfolio",
            "does_not_exist",
        ),
        ("establishments", "A,B,C,05001,minimarket,,6.2,,,", "lon", "invalid"),
        ("establishments", "A,B,C,05001,minimarket,,NaN,0,,", "lat", "invalid"),
        ("establishments", "A,B,C,05001,minimarket,,91,0,,", "lat", "max_value"),
        ("establishments", "A,B,C,05001,minimarket,,,,1_0,", "geofence_m", "invalid"),
        ("establishments", "A,B\x00,C,05001,minimarket,,,,,", "name; name", None),
        ("establishments", "A,B,C,05\x00001,minimarket,,,,,", "city", "does_not_exist"),
        ("assignments", "ana@example.com,EST-1,2026-1-1,", "valid_from", "invalid"),
        ("assignments", "ana@example.com,EST-1,,", "seller; establishment", "unknown_seller"),
        ("products", "A,,Kumis,,,1,", "is_competitor", "invalid"),
        ("products", ",,Kumis,,,,", "sku", "blank"),
    ],
)
def test_cells_that_are_wrong(tmp_path, name, line, column, code):
    CityFactory()
    TypologyFactory()
    report = tmp_path / "report.csv"
    text = f"{','.join(SHEETS[name].columns)}\n{line}\n"
    with nothing_changes(), pytest.raises(CommandError, match="Bad rows: 1"):
        imported(tmp_path, name, text, "--report", str(report))
    [_header, problem] = csv.reader(report.read_text().splitlines())
    assert (problem[0], problem[1]) == ("2", column)
    assert code in (problem[2], None)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HEADER.replace("sku", "code") + "\n", "header must have"),
        (HEADER.replace(",", ":") + "\n", "first line must be"),
        ("", "header must have"),
        (f'{HEADER}\nA,,"Kumis,,,,\n', "quotes"),
    ],
)
def test_files_that_cannot_be_read(tmp_path, capsys, text, message):
    with nothing_changes(), pytest.raises(CommandError, match="Bad rows: 1"):
        imported(tmp_path, "products", text)
    assert message in capsys.readouterr().err


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(CommandError, match="No such file"):
        call_command("import_stores", "products", str(tmp_path / "none.csv"))
    with pytest.raises(CommandError, match="invalid choice"):
        call_command("import_stores", "sellers", "x")


def test_more_rows_than_a_batch_know_of_each_other(tmp_path, capsys):
    lines = [f"S{number},,Leche,,,," for number in range(BATCH_ROWS + 1)]
    text = "\n".join([HEADER, *lines, "s0,,Kumis,,,,", ""])
    with nothing_changes(), pytest.raises(CommandError, match="Bad rows: 1"):
        imported(tmp_path, "products", text)
    assert capsys.readouterr().err == (
        f"row {BATCH_ROWS + 3}, sku: An earlier row has the same key.\n"
    )
    before = clock.reading().seq
    imported(tmp_path, "products", text.replace("s0,,Kumis,,,,\n", ""))
    assert Product.objects.count() == BATCH_ROWS + 1
    assert clock.reading().seq == before + BATCH_ROWS + 1


def test_a_file_that_is_overtaken_between_its_two_readings(tmp_path):
    path = tmp_path / "products.csv"
    path.write_text(f"{HEADER}\nA,9520010000018,Kumis,,,,\n")
    seen = []

    def progress(count):
        """Be told of the first reading's end: somebody takes the GTIN."""
        seen.append(count)
        if len(seen) == 1:
            ProductFactory(sku="B", gtin="9520010000018")

    with path.open("rb") as file, pytest.raises(BulkRefused):
        import_file("products", file, progress=progress)
    assert [product.sku for product in Product.objects.all()] == ["B"]
    assert sum(seen) == path.stat().st_size


# -- from spreadsheets ----------------------------------------------------------------------------
def test_files_as_excel_writes_them_in_colombia(tmp_path, capsys):
    """Semicolons, decimal commas, flags and days of the country, Windows-1252."""
    place = EstablishmentFactory()
    seller = AssignmentFactory().seller
    sheets = {
        "products": (HEADER, "S1,,Piña,Marca,Jugos,VERDADERO,active"),
        "establishments": (
            ",".join(SHEETS["establishments"].columns),
            f"E1|Peñón|Cra 1|{place.city_id}|{place.typology_id}||4,71|-74,07|150|active",
        ),
        "assignments": (
            "seller,establishment,valid_from,valid_until",
            f"{seller.email},{place.code},31/01/2020,",
        ),
    }
    for name, (header, row) in sheets.items():
        cells = row.split("|" if "|" in row else ",")
        text = header.replace(",", ";") + ";;\r\n" + ";".join(cells) + ";;\r\n;;;\r\n"
        path = tmp_path / f"{name}.csv"
        path.write_bytes(text.encode("cp1252"))
        call_command("import_stores", name, str(path))
        assert f"{name}: 1 created, 0 updated, 0 unchanged" in capsys.readouterr().out
    assert Product.objects.get(sku="S1").is_competitor is True
    made = Establishment.objects.get(code="E1")
    assert (made.name, str(made.lat), str(made.lon)) == ("Peñón", "4.71", "-74.07")
    assert Assignment.objects.get(establishment=place).valid_from.isoformat() == "2020-01-31"
