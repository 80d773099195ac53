"""Each error code has a page that says what it means and what to do, in both languages.

No test here has a database: a page costs no query.
"""

import pytest
from django.templatetags.static import static
from django.utils.translation import override

from core.problem_codes import codes
from core.problems import TITLES
from tests.asserts import assert_problem


@pytest.mark.parametrize("code", codes())
def test_every_code_has_its_page(client, code):
    page = client.get(f"/docs/problems/{code}")
    assert page.status_code == 200
    assert page["Content-Type"] == "text/html; charset=utf-8"
    assert page["Content-Language"] == "en"
    found, text = codes()[code], page.content.decode()
    with override("en"):
        assert f"<code>{found.status} {code}</code>" in text
        assert f"<h1>{TITLES[found.status]}</h1>" in text
    assert text.count("<p></p>") == 0


def test_the_page_speaks_the_readers_language(client):
    page = "/docs/problems/precondition_failed"
    english = client.get(page).content.decode()
    spanish = client.get(page, headers={"accept-language": "es-CO,es;q=0.9"})
    assert spanish["Content-Language"] == "es"
    assert '<html lang="es">' in spanish.content.decode()
    chosen = client.get(f"{page}?lang=es", headers={"accept-language": "en"})
    assert chosen.content == spanish.content != english
    assert client.get(f"{page}?lang=xx").content.decode() == english
    assert spanish["Vary"] == "Accept-Language"


def test_browsers_find_the_icon_where_they_look_for_it(client):
    answer = client.get("/favicon.ico")
    assert (answer.status_code, answer["Location"]) == (302, static("core/icon.svg"))
    assert_problem(client.post("/favicon.ico"), 405, "method_not_allowed")


def test_an_unknown_code_has_none(client):
    assert_problem(client.get("/docs/problems/nothing_of_the_kind"), 404, "not_found")
    spanish = client.get("/docs/problems/nothing_of_the_kind?lang=es")
    assert spanish.json()["title"] == "No encontrado"
    assert client.get("/docs/problems/a/b").status_code == 404
    assert client.get("/docs/problems/%00").status_code == 404


def test_nobody_writes_there(client):
    refused = client.post("/docs/problems/not_found")
    assert_problem(refused, 405, "method_not_allowed")


def test_the_type_of_a_problem_leads_to_its_page(client):
    problem = client.get("/api/dogs/is-not/there").json()
    assert client.get(problem["type"]).status_code == 200
