"""Swagger UI in a real browser: what it offers to try out works, at both doors to the platform."""

import hashlib
from uuid import uuid4

import pytest
import yaml
from django.conf import settings

from scripts.proxy import ROOT
from tests.browser import chromium
from tests.browser.calls import ADMIN, TOKEN, ask
from tests.browser.chromium import CSS, until
from tests.browser.swagger import Docs

pytestmark = [pytest.mark.long, pytest.mark.timeout(180)]
needs_dogs = pytest.mark.skipif("dogs" not in settings.PLATFORM_APPS, reason="it is about dogs")
needs_clinic = pytest.mark.skipif("clinic" not in settings.PLATFORM_APPS, reason="about patients")
DOG = "/api/dogs/{name}"


@pytest.fixture
def dog(docs):
    """The name of a dog that nobody else has."""
    name = f"Toby {uuid4().hex}"
    status, _headers, _body = ask(f"{docs.door}/api/dogs/{name.replace(' ', '%20')}", "POST")
    assert status == 201
    return name


def look_up(docs, dog):
    return ask(f"{docs.door}/api/dogs/{dog.replace(' ', '%20')}")


def sign_in(docs):
    """What "Try it out" on signing in shows."""
    email, password = ADMIN
    shown = docs.execute("POST", "/api/auth/token", body={"email": email, "password": password})
    assert shown.status == "200"
    return shown.json


# --- A person signs in and out ------------------------------------------------------------------
def test_the_token_of_the_sign_in_authorizes_and_is_refused_after_the_sign_out(docs):
    docs.refused = {401}
    assert docs.execute("GET", "/api/users/me").status == "401"
    docs.authorize(sign_in(docs)["access"])
    me = docs.execute("GET", "/api/users/me")
    assert (me.status, me.json["email"]) == ("200", ADMIN[0])
    assert docs.execute("POST", "/api/auth/logout", body={}).status == "204"
    after = docs.execute("GET", "/api/users/me")
    assert (after.status, after.json["code"]) == ("401", "invalid_token")


def test_the_refresh_token_in_the_body_signs_out_without_any_authorization(docs):
    pair = sign_in(docs)
    shown = docs.execute("POST", "/api/auth/logout", body={"refresh": pair["refresh"]})
    assert (shown.status, shown.part("Response body")) == ("204", "")
    assert ask(f"{docs.door}/api/users/me", token=pair["access"])[0] == 401
    docs.refused = {401}
    again = docs.execute("POST", "/api/auth/token/refresh", body={"refresh": pair["refresh"]})
    assert (again.status, again.json["code"]) == ("401", "invalid_token")


# --- Writes -------------------------------------------------------------------------------------
@needs_dogs
def test_a_dog_is_deleted(docs, dog):
    docs.authorize(TOKEN)
    assert docs.execute("DELETE", DOG, {"name": dog}).status == "204"
    assert look_up(docs, dog)[0] == 404


@needs_dogs
def test_an_entity_tag_that_was_shown_guards_a_change(docs, dog):
    docs.authorize(TOKEN)
    tag = docs.execute("GET", DOG, {"name": dog}).headers["etag"]
    change = {"name": dog, "If-Match": tag}
    changed = docs.execute("PATCH", DOG, change, body={"is_adopted": True, "id_user": 2})
    assert (changed.status, changed.json["id_user"]) == ("200", 2)
    assert changed.headers["etag"] != tag
    docs.refused = {412}
    late = docs.execute("PATCH", DOG, change, body={"is_adopted": False, "id_user": None})
    assert (late.status, late.json["code"]) == ("412", "precondition_failed")
    assert yaml.safe_load(look_up(docs, dog)[2])["id_user"] == 2


@needs_dogs
def test_a_file_is_uploaded_and_passed_on(docs, tmp_path):
    content = f"día {uuid4().hex}\n".encode() * 1000
    chosen = tmp_path / "informe del día.txt"
    chosen.write_bytes(content)
    docs.authorize(TOKEN)
    upload = docs.operation("POST", "/api/files")
    upload.attach("file", chosen)
    accepted = upload.execute()
    assert accepted.status == "202"
    file = accepted.json
    assert (file["name"], file["size"]) == (chosen.name, len(content))
    assert file["sha256"] == hashlib.sha256(content).hexdigest()

    def sent():
        shown = docs.execute("GET", "/api/files/{id}", {"id": file["id"]})
        assert shown.status == "200"
        return shown.json["status"] == "sent"

    until(docs.driver, sent)


@needs_clinic
def test_two_files_are_imported_for_a_try(docs):
    docs.authorize(TOKEN)
    upload = docs.operation("POST", "/api/patients/import")
    upload.choose("dry_run", "true")
    for name in ("patients", "studies"):
        upload.attach(name, ROOT / "clinic" / "data" / f"{name}.csv")
    report = upload.execute()
    assert report.status == "200"
    assert report.json["dry_run"] is True
    assert (report.json["patients"]["unchanged"], report.json["studies"]["unchanged"]) == (4, 4)


# --- Reads --------------------------------------------------------------------------------------
@needs_dogs
def test_a_list_is_ordered_by_several_names(docs, dog):
    docs.authorize(TOKEN)
    shown = docs.execute(
        "GET", "/api/dogs", {"ordering": ["-name", "create_date"], "limit": "200", "search": "a"}
    )
    assert shown.status == "200"
    names = [one["name"] for one in shown.json["results"]]
    assert len(names) > 2
    assert names == sorted(names, key=str.lower, reverse=True)


@needs_dogs
def test_a_problem_is_shown_with_its_code(docs):
    docs.refused = {400, 404}
    missing = docs.execute("GET", DOG, {"name": "nobody's dog"})
    assert missing.status == "404"
    assert missing.headers["content-type"].startswith("application/problem+json")
    assert (missing.json["code"], missing.json["status"]) == ("not_found", 404)
    wrong = docs.execute("POST", "/api/auth/token", body={"email": "nobody"})
    assert wrong.status == "400"
    assert {one["field"] for one in wrong.json["errors"]} >= {"password"}


def exports(door):
    """The operations that answer with CSV and want nothing in their path, each with its query."""
    _status, _headers, body = ask(f"{door}/api/openapi.yaml", token="")
    reads = {
        path: operations["get"]["responses"].get("200", {}).get("content", {})
        for path, operations in yaml.safe_load(body)["paths"].items()
        if "get" in operations and "{" not in path
    }
    return [
        (path, "" if [*types] == ["text/csv"] else "?format=csv")
        for path, types in reads.items()
        if "text/csv" in types
    ]


@pytest.mark.skipif(
    not {"clinic", "stores"} & {*settings.PLATFORM_APPS}, reason="no app that runs has an export"
)
def test_every_export_can_be_saved(docs, downloads):
    docs.authorize(TOKEN)
    found = exports(docs.door)
    assert found
    for path, query in found:
        operation = docs.operation("GET", path)
        if query:
            operation.choose("format", "csv")
        shown = operation.execute()
        assert shown.status == "200", path
        assert shown.headers["content-type"].startswith("text/csv")
        saved = downloads / shown.link.get_attribute("download")
        saved.unlink(missing_ok=True)
        shown.link.click()
        until(docs.driver, saved.exists)
        status, _headers, content = ask(docs.door + path + query)
        assert (status, saved.read_bytes()) == (200, content), path
        assert len(content.splitlines()) > 1, path


@needs_dogs
def test_a_shown_list_can_be_saved(docs, downloads):
    shown = docs.execute("GET", "/api/dogs", {"limit": "1"})
    before = {*downloads.iterdir()}
    shown.row.find_element(CSS, "button.download-contents").click()
    until(docs.driver, lambda: {*downloads.iterdir()} - before)
    (saved,) = {*downloads.iterdir()} - before
    assert yaml.safe_load(saved.read_text()) == shown.json


@pytest.mark.parametrize(("door", "path"), [("node", "/api/docs"), ("nginx", "/docs")])
def test_the_page_is_the_same_at_its_other_address(request, driver, door, path):
    docs = Docs(driver, f"http://127.0.0.1:{request.getfixturevalue(door).port}", path)
    docs.authorize(TOKEN)
    assert docs.execute("GET", "/api/users/me").json["email"] == ADMIN[0]
    assert chromium.complaints(driver) == []


# --- The console --------------------------------------------------------------------------------
def test_a_script_in_the_page_is_refused_by_nginx_and_the_console_says_so(nginx, driver):
    driver.get(f"http://127.0.0.1:{nginx.port}/docs")
    until(driver, lambda: driver.find_elements(CSS, ".opblock"))
    driver.execute_script(
        "document.body.append(Object.assign(document.createElement('script'),"
        " {textContent: 'window.ran = true'}))"
    )
    (said,) = chromium.complaints(driver)
    assert "Content Security Policy" in said
    assert driver.execute_script("return window.ran") is None
