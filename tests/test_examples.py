"""The examples of the contract work: each is sent as it stands, and the links are followed."""

import re
from collections.abc import Callable
from typing import Any

import orjson
import pytest
from django.apps import apps
from django.conf import settings
from django.core.management.color import no_style
from django.db import connection
from rest_framework.test import APIClient

from core.roles import Role
from tests.answers import document, named
from users.auth import links
from users.auth.tokens import AccessToken
from users.constants import DEMO_PASSWORD
from users.models import User
from users.tests.factories import SessionFactory, UserFactory

pytestmark = pytest.mark.django_db
ANY_TOKEN = "eyJ…"  # what no example can know
ANY_LINK = "kJ4…"
NOT_TOKENS = "a signed token is another one each time"


def operations() -> list[Any]:
    """Return each operation that has an example of its body, if its app runs here."""
    return [
        pytest.param(path, method, operation, id=operation["operationId"])
        for path, methods in document()["paths"].items()
        for method, operation in methods.items()
        if {*operation["tags"]} & {"core", "users", *settings.PLATFORM_APPS}
        and "example" in json_body(operation)
    ]


def json_body(operation: dict) -> dict:
    return operation.get("requestBody", {}).get("content", {}).get("application/json", {})


@pytest.fixture
def world(db) -> None:
    """What the examples speak of: accounts 1 and 2, and of each app the first row."""
    UserFactory(pk=1, email="admin@plaza.example", password=DEMO_PASSWORD, role=Role.ADMIN)
    UserFactory(pk=2)
    UserFactory(pk=3, role=Role.ADMIN)  # the last one could not leave
    for app in settings.PLATFORM_APPS:
        if app in WORLDS:
            WORLDS[app]()
    # Rows with keys of our own: PostgreSQL would give the same ones again.
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), apps.get_models()):
            cursor.execute(statement)
    if "stores" in settings.PLATFORM_APPS:
        visits()


def clinic() -> None:
    from clinic.tests.factories import PatientFactory, StudyFactory

    StudyFactory(pk=1, patient=PatientFactory(pk=1))
    PatientFactory(pk=2)


def allies() -> None:
    from allies.demo import YOUNG_WOLF
    from allies.tests.factories import AllyFactory

    AllyFactory(pk=YOUNG_WOLF)


def movies() -> None:
    from movies.tests.factories import GoneMovieFactory, MovieFactory

    MovieFactory(id=550)
    MovieFactory(id=603)
    GoneMovieFactory(id=604)


def stores() -> None:
    from stores import reference
    from stores.tests import factories as make

    reference.load()
    product = make.ProductFactory(sku="CAFE-500", sku_key="cafe-500")
    make.SellerFactory(pk=11, email="ana@plaza.example")
    make.SellerFactory(pk=12)
    make.EstablishmentFactory(pk=1, code="PDV-0001", code_key="pdv-0001")
    portfolio = make.PortfolioFactory(pk=1)
    make.VersionFactory(portfolio=portfolio, number=1, state="published", products=[product])


def cases() -> None:
    from cases.tests.factories import CaseFactory

    for key in (1041, 1042):
        CaseFactory(pk=key, state="open")


def visits() -> None:
    from stores.tests.factories import RevisionFactory, VisitFactory

    visit = VisitFactory(seller=User.objects.get(pk=11))
    document = {**orjson.loads(visit.doc), "captured_at": "2026-01-31T14:05:09.123Z"}
    RevisionFactory(visit_id=visit.pk, number=1, doc=orjson.dumps(document).decode())


WORLDS: dict[str, Callable[[], None]] = {
    "clinic": clinic,
    "allies": allies,
    "movies": movies,
    "stores": stores,
    "cases": cases,
}


@pytest.mark.parametrize(("path", "method", "operation"), operations())
def test_an_example_is_taken(world, path, method, operation):
    body = json_body(operation)["example"]
    client = caller(operation)
    if ANY_TOKEN in str(body):
        assert list(body.values()) == [ANY_TOKEN], NOT_TOKENS
        body = {"refresh": signed_in()["refresh"]}
    if ANY_LINK in str(body):
        body = {**body, "token": links.make_link(user=User.objects.get(pk=2))[1]}
    for maker in makers(operation):
        made = send(client, *maker)
        assert made.status_code in {200, 201}, made.content
    answer = send(client, path, method, operation, body)
    assert answer.status_code < 300, answer.content
    follow(client, operation, answer)


def caller(operation: dict) -> APIClient:
    """Return a client of a role that may: the first account, or a seller."""
    seller = "Who: SELLER only" in operation["description"]
    client, user = APIClient(), User.objects.get(pk=11 if seller else 1)
    if operation["operationId"] not in {"signIn", "refreshToken"}:
        token = AccessToken.of(SessionFactory(user=user))
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    return client


def signed_in() -> dict:
    body = {"email": "admin@plaza.example", "password": DEMO_PASSWORD}
    return APIClient().post("/api/auth/token", body).json()


# What an example of these needs before it: the examples of others.
BEFORE = {
    "replaceDog": ["createDog"],
    "updateDog": ["createDog"],
    "adoptDog": ["createDog"],
    "replaceRating": ["rateMovie"],
    "updateRating": ["rateMovie"],
    "replaceAssignment": ["createAssignment"],
    "updateAssignment": ["createAssignment"],
    "reassignEstablishment": ["createAssignment"],
    "reopenCase": ["resolveCase"],
}


def makers(operation: dict) -> list[tuple]:
    """Return what is sent before."""
    return [
        (path, method, one, json_body(one)["example"])
        for name in BEFORE.get(operation["operationId"], [])
        for path, methods in document()["paths"].items()
        for method, one in methods.items()
        if one["operationId"] == name
    ]


def send(client: APIClient, path: str, method: str, operation: dict, body: Any) -> Any:
    """Send a body to the address that the examples of the parameters make."""
    values = {one["name"]: one.get("example") for one in operation.get("parameters", [])}
    address = re.sub(r"\{(\w+)\}", lambda found: str(value_of(found[1], values, path)), path)
    return getattr(client, method)(address, body, format="json")


def value_of(name: str, values: dict, path: str) -> Any:
    """Return a parameter's example; without one, the key of the newest row of its route."""
    if values.get(name) is not None:
        return values[name]
    resource = path.split("/")[2]
    if resource not in {"assignments", "products", "visits"}:
        return 1
    from stores import models

    model = {"assignments": models.Assignment, "products": models.Product, "visits": models.Visit}
    return model[resource].objects.latest("pk").pk


def follow(client: APIClient, operation: dict, answer: Any) -> None:
    """Read what was made by the operation's links."""
    response = named(operation["responses"][str(answer.status_code)])
    for name, link in response.get("links", {}).items():
        target = next(
            where
            for where, methods in document()["paths"].items()
            if methods.get("get", {}).get("operationId") == name
        )
        values = {
            key: read(expression, answer, operation)
            for key, expression in link["parameters"].items()
        }
        got = client.get(target.format(**values))
        assert got.status_code == 200, (target, values)
        assert got.json() == answer.json() or got.json()["id"] == answer.json()["id"]


def read(expression: str, answer: Any, operation: dict) -> Any:
    """Return what a runtime expression (OpenAPI 3.1, 4.8.20.4) says."""
    source, _, name = expression.rpartition(".")
    if source == "$request.path":
        return next(one["example"] for one in operation["parameters"] if one["name"] == name)
    return answer.json()[expression.removeprefix("$response.body#/")]


def test_every_json_body_is_tried():
    tried = {one.id for one in operations()}
    assert {"signIn", "createUser", "updateMe"} <= tried
