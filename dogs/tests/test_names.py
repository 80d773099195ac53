"""Two dogs never look like one, and none has a name that shows nothing."""

from io import StringIO
from urllib.parse import quote

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from core.text import search_key
from dogs.models import Dog
from dogs.tests.factories import DogFactory
from tests.asserts import assert_problem

pytestmark = pytest.mark.django_db

PERSIAN = "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"
FAMILY = "👨\u200d👩\u200d👧"
HIDDEN = ["\u3164", "\u115f\u1160", "\uffa0", "\u2800", "\u034f", "\ufe0f", "\u200d", "\u0301"]
REFUSED = [*"\u00ad\u180e\u200b\u200e\u2066\u2069\ufeff\u2028\u2029", "\U000e0001"]


def post(api, name, **body):
    return api.post(f"/api/dogs/{quote(name, safe='')}", body)


def stored():
    return [*Dog.objects.order_by("pk").values_list("name", "name_key")]


def refresh():
    out = StringIO()
    call_command("refresh_keys", "dogs.Dog", stdout=out)
    return out.getvalue().splitlines()


@pytest.mark.parametrize("name", HIDDEN)
def test_a_name_shows_something(admin_api, user_api, name):
    dog = DogFactory(name="Rex")
    assert_problem(post(user_api, name), 400, "invalid", field="name")
    answer = user_api.patch("/api/dogs/Rex", {"name": name})
    assert_problem(answer, 400, "invalid", field="name")
    boss = Client()
    boss.force_login(admin_api.user)
    page = reverse("admin:dogs_dog_change", args=[dog.pk])
    answer = boss.post(page, {"name": name})
    assert list(answer.context["adminform"].form.errors) == ["name"]
    assert stored() == [("Rex", "rex")]


@pytest.mark.parametrize("odd", REFUSED)
def test_what_cannot_be_shown_is_refused(user_api, odd):
    assert_problem(post(user_api, f"Lu{odd}na"), 400, "invalid", field="name")
    assert stored() == []


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Luna", "Lu\u200dna"),
        ("Luna", "Lu\u3164na"),
        ("Luna", "LU\u034fNA\ufe0f"),
        ("Luna", "Lu\u180b\u180fna"),
        ("Rex Jr", "Rex  Jr"),
        ("Rex Jr", "rex\u00a0\u3000jr"),
        ("Rex Jr", "Rex\u2800Jr"),
        ("Peña", "Pen\u0303a"),
        (PERSIAN, PERSIAN.replace("\u200c", "")),
        (FAMILY, FAMILY.replace("\u200d", "")),
        ("❤\ufe0f", "❤"),
    ],
)
def test_names_that_look_alike_are_one_name(user_api, first, second):
    assert post(user_api, first).status_code == 201
    assert_problem(post(user_api, second), 409, "dog_name_taken")
    assert [name for name, _key in stored()] == [first]
    assert user_api.get(f"/api/dogs/{quote(second)}").json()["name"] == first


@pytest.mark.parametrize(
    "name", [PERSIAN, FAMILY, "🐕", "क्\u200dष", "Z\u0334\u0301" * 30, "Lu\u3164na"]
)
def test_a_name_is_shown_as_it_was_sent(user_api, name):
    made = post(user_api, name)
    assert (made.status_code, made.json()["name"]) == (201, name)


def test_accents_and_apostrophes_make_other_names(user_api):
    for name in ("Peña", "Pena", "D'Artagnan", "DArtagnan", "Łobo", "Lobo"):
        assert post(user_api, name).status_code == 201


@pytest.mark.parametrize(
    "name", ["is\u200d_adopted", "\uff0e\uff0e", ".\u2060.".replace("\u2060", "\u034f")]
)
def test_a_name_that_is_no_address_is_refused_in_any_spelling(user_api, name):
    assert_problem(post(user_api, name), 400, "invalid", field="name")


# -- search ---------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("pena", ["Peña", "Pena"]),
        ("PEÑA", ["Peña", "Pena"]),
        ("o\u2019neill", ["O'Neill"]),
        ("oneill", ["O'Neill"]),
        ("søren", ["Soren"]),
        ("rex\u3000jr", ["Rex  Jr"]),
        ("lu\u200dna", []),
    ],
)
def test_search_forgives(api, words, names):
    for name in ("Peña", "Pena", "O'Neill", "Soren", "Rex  Jr"):
        DogFactory(name=name)
    found = api.get("/api/dogs", {"search": words, "ordering": "id"}).json()["results"]
    assert [row["name"] for row in found] == names


@pytest.mark.parametrize("words", ["nata", "ÑATA", "n\u0303ata"])
def test_the_admin_finds_the_same(admin_api, words):
    DogFactory(name="Ñata")
    DogFactory(name="Rex")
    boss = Client()
    boss.force_login(admin_api.user)
    page = boss.get(reverse("admin:dogs_dog_changelist"), {"q": words})
    assert [dog.name for dog in page.context["cl"].result_list] == ["Ñata"]


# -- rows of former rules -------------------------------------------------------------------------
def former(name, key):
    dog = DogFactory(name=f"to be {key}")
    Dog.objects.filter(pk=dog.pk).update(name=name, name_key=key, search_key=search_key(name))
    return dog


def test_keys_of_former_rules_are_made_anew():
    former("Rex  Jr", "rex  jr")
    assert refresh() == ["dogs.Dog: 1 keys written"]
    assert stored() == [("Rex  Jr", "rex jr")]
    assert refresh() == ["dogs.Dog: 0 keys written"]


def test_twins_stay_are_named_and_work_on(user_api):
    twin, luna = former("Lu\u200dna", "lu\u200dna"), DogFactory(name="Luna")
    hidden, reserved = former("\u3164", "\u3164"), former("is\u200d_adopted", "is\u200d_adopted")
    why = "its name_key is taken, empty or reserved; it stays, marked as a twin."
    twins = [f"dogs.Dog {dog.pk}: {why}" for dog in (twin, hidden, reserved)]
    assert refresh() == [*twins, "dogs.Dog: 3 keys written"]
    assert refresh() == [*twins, "dogs.Dog: 0 keys written"]
    assert user_api.get("/api/dogs/Luna").json()["id"] == luna.pk
    twin.refresh_from_db()
    assert twin.name_key == f"luna  twin {twin.pk}"
    twin.is_adopted = True
    twin.save()
    assert Dog.objects.get(pk=twin.pk).name_key == f"luna  twin {twin.pk}"
    twin.name = "Lunita"
    twin.save()
    assert user_api.get("/api/dogs/lunita").json()["id"] == twin.pk


def test_a_twin_gets_its_key_once_that_is_free():
    twin, luna = former("Lu\u200dna", "lu\u200dna"), DogFactory(name="Luna")
    refresh()
    luna.delete()
    assert refresh() == ["dogs.Dog: 1 keys written"]
    twin.refresh_from_db()
    assert twin.name_key == "luna"
