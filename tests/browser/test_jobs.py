"""The jobs of support, each from the home page or the search, in at most five clicks.

Typing is no click; no id is copied. What was done is looked up by the API afterwards.
"""

import sqlite3
from uuid import uuid4

import pytest
from django.conf import settings
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.select import Select

from scripts.proxy import ROOT
from tests.browser.calls import ask
from tests.browser.chromium import CSS, until

pytestmark = [pytest.mark.long, pytest.mark.timeout(180)]
CONSUMER = ("consumer@plaza.example", "1234567890")
LOG = ROOT / "docs" / "runbooks" / "example.log"
REASON = "Lo pidió por teléfono."


def needs(app):
    return pytest.mark.skipif(app not in settings.PLATFORM_APPS, reason=f"{app} is off")


@pytest.fixture
def ally(staff):
    return staff.make("/api/allies", {"name": f"Tienda {uuid4().hex}", "tags": ["moda", "hogar"]})


# --- Allies -------------------------------------------------------------------------------------
@needs("allies")
def test_how_many_allies_carry_each_tag_is_seen_with_two_clicks(staff, ally):
    staff.press("#nav-sidebar-apps a[href='/admin/allies/ally/']")
    staff.press("a[href$='/tag-distribution/']")
    rows = until(staff.driver, lambda: staff.shown("#tags tr"))[1:]
    shown = {}
    for row in rows:
        tag, allies, _rename = (cell.text for cell in row.find_elements(By.CSS_SELECTOR, "td"))
        shown[tag] = int(allies)
    status, counted = staff.look_up("/api/allies/tags")
    assert status == 200
    assert shown == {one["tag"]: one["allies"] for one in counted}
    assert len(staff.presses) == 2


@needs("allies")
def test_an_ally_is_renamed_and_retagged_with_three_clicks(staff, ally):
    name, tag = f"Almacén {uuid4().hex}", f"nuevo {uuid4().hex[:8]}"
    staff.find(ally["name"], ally["name"])
    staff.press("a[href$='/rename/']")
    staff.fill("name", name)
    Select(staff.shown("[name=remove]")[0]).select_by_value("moda")
    staff.fill("add", tag)
    staff.fill("reason", REASON)
    staff.press("[name=preview]")
    staff.wait(name, "#preview")
    staff.press("[name=confirm]")
    staff.arrive("/change/")
    status, stored = staff.look_up(f"/api/allies/{ally['id']}")
    assert (status, stored["name"], stored["tags"]) == (200, name, [tag, "hogar"])
    assert len(staff.presses) == 3


@needs("allies")
def test_a_tag_is_put_in_and_another_one_out_with_two_clicks(staff, ally):
    tag = f"nuevo {uuid4().hex[:8]}"
    staff.find(ally["name"], ally["name"])
    field = until(staff.driver, lambda: staff.shown("#id_tags"))[0]
    options = staff.driver.find_elements(CSS, f"#{field.get_attribute('list')} option")
    assert "finanzas" in {one.get_attribute("value") for one in options}
    field.send_keys(f" {tag.upper()} ", Keys.ENTER)
    staff.wait(tag, "#id_tags_chips")
    staff.press("#id_tags_chips button[aria-label$=' moda']")
    staff.press("[name=_save]")
    until(staff.driver, lambda: "/change/" not in staff.driver.current_url)
    status, stored = staff.look_up(f"/api/allies/{ally['id']}")
    assert (status, stored["tags"]) == (200, ["hogar", tag])
    assert len(staff.presses) == 2


@needs("allies")
def test_credentials_are_added_with_two_clicks_and_the_ally_is_named(staff, ally):
    path = f"/api/allies/{ally['id']}/credentials"
    assert staff.look_up(path)[0] == 400
    staff.find(ally["name"], ally["name"])
    staff.press("a[href$='/credentials/']")
    staff.wait(ally["name"], "#page-title")
    staff.fill("user", "tienda")
    staff.fill("password", uuid4().hex)
    staff.fill("reason", REASON)
    staff.press("#content form:not([id]) [type=submit]")
    staff.arrive("/change/")
    assert staff.look_up(path) == (200, {"message": "Ally has credentials set!"})
    assert len(staff.presses) == 2


@needs("allies")
def test_a_log_is_analysed_with_three_clicks(staff):
    staff.press("#nav-sidebar-apps a[href='/admin/allies/ally/']")
    staff.press("a[href$='/analyse-log/']")
    until(staff.driver, lambda: staff.driver.find_elements(CSS, "[name=file]"))[0].send_keys(
        str(LOG)
    )
    staff.fill("reason", REASON)
    staff.press("#content form [type=submit]")
    until(staff.driver, lambda: staff.shown("#report"))
    total = staff.shown("#report table td:nth-child(2)")[0].text
    assert int(total) == len(LOG.read_text("utf-8").splitlines())
    assert staff.shown("#affected tr td a")
    assert len(staff.presses) == 3


# --- People -------------------------------------------------------------------------------------
def test_who_cannot_sign_in_is_let_in_again_with_two_clicks(staff):
    person = {"name": "Rosa", "last_name": "Díaz", "email": f"rosa.{uuid4().hex}@plaza.example"}
    password = "Tarde-de-lluvia-2026"  # random digits may be too like those of the address
    made = staff.make("/api/users", {**person, "password": password, "role": "USER"})
    key = {"email": person["email"], "password": password}

    def sign_in(**wrong):
        body = {**key, **wrong}
        return ask(f"{staff.root}/api/auth/token", "POST", token="", body=body)[0]

    for _try in range(settings.LOGIN_ATTEMPTS):
        assert sign_in(password="wrong") == 401
    assert sign_in() == 429
    staff.find(person["email"], person["email"])
    staff.press(f"a[href$='/user/{made['id']}/unlock/']")
    staff.fill("reason", REASON)
    staff.press("#content form [type=submit]")
    staff.arrive("/change/")
    assert sign_in() == 200
    assert len(staff.presses) == 2


@needs("movies")
def test_a_film_list_is_wiped_with_four_clicks_and_brought_back_with_four(staff):
    movies = [movie["id"] for movie in favorites(staff)]
    assert len(movies) > 1
    staff.find(CONSUMER[0], CONSUMER[0])
    staff.press("#tabs-items a[href$='#related']")
    staff.press("a[href$='/wipe/']")
    staff.fill("reason", REASON)
    staff.press("[name=preview]")
    staff.press("[name=confirm]")
    staff.arrive("/change/")
    assert favorites(staff) == []
    assert len(staff.presses) == 4
    staff.presses.clear()
    staff.press("#nav-sidebar-apps a[href='/admin/movies/favoriteswipe/']")
    staff.press("#result_list tbody tr:first-of-type .action-select")
    Select(staff.shown("[name=action]")[0]).select_by_value("undo")
    staff.presses.append("the action")
    staff.press("[name=index]")
    until(staff.driver, lambda: [movie["id"] for movie in favorites(staff)] == movies)
    assert len(staff.presses) == 4


def favorites(staff):
    status, shown = staff.look_up("/api/movies/favorites", token=CONSUMER[1])
    assert status == 200
    return shown["results"]


# --- Dogs ---------------------------------------------------------------------------------------
@needs("dogs")
def test_a_dog_whose_picture_failed_gets_one_with_four_clicks(staff, node):
    name = f"Canela-{uuid4().hex}"
    staff.make(f"/api/dogs/{name}", {})
    until(staff.driver, lambda: picture(staff, name)[0] == "ready")
    with sqlite3.connect(node.log.parent / "plaza.sqlite3", timeout=20) as database:
        database.execute(
            "UPDATE dogs_dog SET picture = '', picture_status = 'failed',"
            " picture_error = 'dog.ceo: 503' WHERE name = ?",
            [name],
        )
    staff.press("#nav-sidebar-apps a[href='/admin/dogs/dog/']")
    search = until(staff.driver, lambda: staff.shown("#searchbar"))[0]
    search.send_keys(name, Keys.ENTER)
    until(staff.driver, lambda: "q=" in staff.driver.current_url)
    staff.press("#result_list tbody a", name)
    staff.wait("dog.ceo: 503")
    staff.press("a[href$='/picture/']")
    staff.fill("reason", REASON)
    staff.press("#content form [type=submit]")
    staff.arrive("/change/")
    until(staff.driver, lambda: picture(staff, name)[0] == "ready")
    assert picture(staff, name)[1].startswith("https://")
    assert len(staff.presses) == 4


def picture(staff, name):
    status, dog = staff.look_up(f"/api/dogs/{name}")
    assert status == 200
    return dog["picture_status"], dog["picture"]
