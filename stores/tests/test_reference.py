"""Reference data: stored once, corrected when it differs, never doubled."""

import pytest

from stores import clock, reference
from stores.models import City, Clock, Department, Establishment, Region, Typology
from stores.tests.factories import EstablishmentFactory

pytestmark = pytest.mark.django_db


def test_the_files_are_stored_once_and_the_clock_is_set_going():
    first = reference.load()
    counts = [model.objects.count() for model in (Region, Department, City, Typology)]
    assert counts[:2] == [6, 33]
    assert counts[3] == 12
    assert first == f"{sum(counts)} rows of places and typologies"
    epoch = Clock.objects.get(key=clock.CATALOGUE).epoch
    assert reference.load() == "0 rows of places and typologies"
    assert [model.objects.count() for model in (Region, Department, City, Typology)] == counts
    assert Clock.objects.get().epoch == epoch
    medellin = City.objects.select_related("department__region").get(pk="05001")
    assert (medellin.name, medellin.search_key) == ("Medellín", "medellin")
    assert (medellin.department.name, medellin.department.region_id) == (
        "Antioquia",
        "antioquia-eje",
    )


def test_a_row_that_differs_is_corrected_and_one_of_our_own_stays():
    reference.load()
    City.objects.filter(pk="05001").update(name="Medellin", lat=5.61)
    Typology.objects.create(code="museum", name="Museo")
    assert reference.load() == "1 rows of places and typologies"
    assert City.objects.get(pk="05001").name == "Medellín"
    assert City.objects.get(pk="05001").lat > 6.2
    assert Typology.objects.filter(pk="museum").exists()


def test_phones_hear_of_a_city_that_is_called_otherwise_now():
    reference.load()
    there, elsewhere = (
        EstablishmentFactory(),
        EstablishmentFactory(city=City.objects.get(pk="11001")),
    )
    City.objects.filter(pk="05001").update(name="Medellin")
    before = clock.reading().seq
    reference.load()
    there.refresh_from_db()
    assert there.seq == before + 1
    assert clock.reading().seq == before + 1
    assert Establishment.objects.get(pk=elsewhere.pk).seq == elsewhere.seq
