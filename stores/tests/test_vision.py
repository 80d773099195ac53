"""The outside vision service: what it says is read strictly, and how its failures are told."""

import io
import json

import pytest

import sandbox.messages
from core.outbound.client import BreakerOpenError, UnauthorizedError, UpstreamError
from sandbox.vision import TOKEN
from stores.recognition import http
from stores.recognition.port import Box, Found
from stores.tests.factories import ProductFactory

pytestmark = pytest.mark.django_db
GOOD = {
    "kind": "label",
    "value": "kumis natural",
    "product": None,
    "box": [0.1, 0.2, 0.3, 0.4],
    "confidence": 0.5,
}


@pytest.fixture
def vision(settings, sandbox_server):
    sandbox_server.reset()
    settings.RECOGNITION_API_URL = f"{sandbox_server.url}/vision/api"
    settings.RECOGNITION_API_TOKEN = TOKEN
    http.upstream.cache_clear()
    yield sandbox_server
    http.upstream.cache_clear()


@pytest.fixture
def answering(vision, monkeypatch):
    """Return a function that lets the service answer with something."""

    def answer(body):
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        reply = sandbox.messages.Reply(body=raw, headers={"Content-Type": "application/json"})
        monkeypatch.setattr(vision.upstreams["vision"], "answer", lambda _call: reply)

    return answer


def look():
    return http.recognise(io.BytesIO(b"a photo"))


def test_the_service_gets_the_photo_and_the_token_and_its_answer_is_told(vision):
    known, strange = look()
    [call] = vision.received("vision")
    assert (call.method, call.path) == ("POST", "/api/recognise")
    assert call.headers["authorization"] == f"Bearer {TOKEN}"
    assert known == Found(
        None, "label", "yogur griego frutos rojos", Box(0.1, 0.2, 0.25, 0.3), known.confidence
    )
    assert strange == Found(
        None, "text", "yogur griego frutos rojos nuevo", Box(0.55, 0.4, 0.2, 0.3), 0.4
    )


def test_a_product_that_is_not_there_is_no_error(answering):
    product = ProductFactory()
    answering({"found": [{**GOOD, "product": product.pk}, {**GOOD, "product": product.pk + 1}]})
    assert [found.product_id for found in look()] == [product.pk, None]


def test_what_may_be_left_out_may(answering):
    answering({"found": [{"kind": "gtin", "value": "9520010000018"}], "model": "v7"})
    assert look() == [Found(None, "gtin", "9520010000018", None, None)]
    answering({"found": []})
    assert look() == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "guess"},
        {"kind": ["label"]},
        {"kind": None},
        {"value": ""},
        {"value": 12},
        {"value": "x" * 201},
        {"value": "a\u0000b"},
        {"value": "a\ud800b"},
        {"value": "\u202egnp.exe"},
        {"product": "12"},
        {"product": 0},
        {"product": -1},
        {"product": True},
        {"product": 1.0},
        {"product": 2**63},
        {"box": [0, 0, 1]},
        {"box": [0, 0, 1, 1, 1]},
        {"box": [0, 0, 0, 1]},
        {"box": [0.6, 0, 0.5, 1]},
        {"box": [-0.1, 0, 0.5, 1]},
        {"box": [0, 0, 0.5, 1.1]},
        {"box": [0, 0, True, 1]},
        {"box": ["0", "0", "1", "1"]},
        {"box": {"x": 0}},
        {"confidence": 1.01},
        {"confidence": -0.1},
        {"confidence": "high"},
        {"confidence": True},
        {"state": "accepted"},
    ],
)
def test_an_answer_with_something_wrong_in_it_is_refused_whole(answering, wrong):
    answering({"found": [GOOD, {**GOOD, **wrong}]})
    with pytest.raises(UpstreamError) as refused:
        look()
    assert refused.value.reason in {"unexpected", "garbage"}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "garbage"),
        (b"{", "garbage"),
        (b'{"found": [{"kind": "label", "value": "x", "confidence": NaN}]}', "garbage"),
        (b'{"found": [{"kind": "label", "value": "x", "confidence": 1e999}]}', "garbage"),
        (b'{"found": ' + b"[" * 500 + b"]" * 500 + b"}", "unexpected"),
        (b'{"found": ' + b"[" * 5000 + b"]" * 5000 + b"}", "garbage"),
        (b"[]", "unexpected"),
        (b"{}", "unexpected"),
        (b'{"found": null}', "unexpected"),
        (b'{"found": {}}', "unexpected"),
        (b'{"found": [null]}', "unexpected"),
        (b'{"found": [{}]}', "unexpected"),
        (b'{"found": [%s]}' % b",".join([json.dumps(GOOD).encode()] * 201), "unexpected"),
        (b'{"found": [], "x": "%s"}' % (b"x" * 300_000), "too_large"),
    ],
)
def test_what_is_no_answer_is_refused(answering, body, reason):
    answering(body)
    with pytest.raises(UpstreamError) as refused:
        look()
    assert refused.value.reason == reason


def test_a_wrong_token_is_told_as_such(vision, settings):
    settings.RECOGNITION_API_TOKEN = "wrong"
    with pytest.raises(UnauthorizedError):
        look()
    assert vision.calls("vision") == 1


def test_a_dead_service_is_left_alone_after_five_calls(vision):
    vision.faults.set("vision", reset=True)
    reasons = []
    for _ in range(6):
        with pytest.raises(UpstreamError) as refused:
            look()
        reasons.append(refused.value.reason)
    assert reasons == ["connection"] * 5 + ["breaker_open"]
    assert isinstance(refused.value, BreakerOpenError)
    assert refused.value.retry_after == 15
