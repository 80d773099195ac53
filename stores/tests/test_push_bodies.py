"""Bodies that are refused, and rows that are not: each gets a verdict of its own (A35)."""

import gzip
import time
import uuid

import orjson
import pytest

from stores import clock
from stores.models import RejectedUpload, Visit
from stores.tests.helpers_push import (
    FIX,
    PUSH,
    as_text,
    counts,
    push,
    push_raw,
    pushed,
    rows,
    visit,
)
from tests.asserts import assert_problem

pytestmark = pytest.mark.django_db

NOTHING = {"visits": 0, "revisions": 0, "rejected": 0, "dirty": 0}


# -- the body ------------------------------------------------------------------------------------
def test_a_push_may_be_gzip(phone, seller, store):
    document = visit(store)
    body = gzip.compress(orjson.dumps(rows(document)))
    answer = push_raw(phone, body, HTTP_CONTENT_ENCODING="gzip")
    assert (answer.status_code, answer.json()) == (200, push(phone, document).json())
    assert counts()["visits"] == 1
    for broken in (body[:-9], body + b"x", body + body):
        again = push_raw(phone, broken, HTTP_CONTENT_ENCODING="gzip")
        assert_problem(again, 400, "gzip_malformed")
    large = gzip.compress(b"[" + b" " * 1024 * 1024 + b"]")
    answer = push_raw(phone, large, HTTP_CONTENT_ENCODING="gzip")
    assert_problem(answer, 413, "payload_too_large")
    assert counts()["visits"] == 1


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "json_not_an_array"),
        (b"{}", "json_not_an_array"),
        (b"null", "json_not_an_array"),
        (b'"[]"', "json_not_an_array"),
        (b"7", "json_not_an_array"),
        (b"[", "json_malformed"),
        (b"[{]}", "json_malformed"),
        (b"[NaN]", "json_malformed"),
        (b"[] []", "json_malformed"),
        (b"[\x00]", "json_malformed"),
        (b'[{"newDocumentState":{"note":"\xff"}}]', "json_malformed"),
        (b"\xef\xbb\xbf[]", "json_malformed"),
        (b'[{"newDocumentState":{"note":"\\ud83d"}]', "json_malformed"),
        (gzip.compress(b"[]", mtime=0), "json_malformed"),
        (b"[" * 2_000 + b"]" * 2_000, "invalid"),
        (b"[" * 2_000 + b"]" * 1_999, "json_too_deep"),
        (b"[" * 2_000 + b"1 2" + b"]" * 2_000, "json_too_deep"),
        (b"[null]", "invalid"),
        (b"[[]]", "invalid"),
        (b"[{}]", "invalid"),
        (b'[{"newDocumentState":null}]', "invalid"),
        (b'[{"newDocumentState":[]}]', "invalid"),
    ],
)
def test_what_is_no_array_of_rows_is_refused(phone, seller, body, code):
    assert_problem(push_raw(phone, body), 400, code)
    assert counts() == NOTHING
    assert clock.Clock.objects.filter(key=clock.seller_key(seller.pk)).count() == 0


def test_a_row_that_is_none_is_named(phone, store):
    answer = phone.post(PUSH, [*rows(visit(store)), {"state": 1}, 7])
    body = assert_problem(answer, 400, "invalid", field="[1].newDocumentState")
    assert [error["field"] for error in body["errors"]] == [
        "[1].newDocumentState",
        "[2].newDocumentState",
    ]
    assert counts() == NOTHING


def test_more_than_a_hundred_rows_are_refused(phone, store):
    documents = [visit(store) for _ in range(101)]
    body = assert_problem(push(phone, *documents), 413, "too_many_rows")
    assert body["limit"] == 100
    assert counts() == NOTHING
    assert len(pushed(phone, *documents[:100])) == 100


def test_more_than_a_mebibyte_is_refused(phone, store):
    big = [visit(store, note="x", ballast="b" * 110_000) for _ in range(10)]
    assert_problem(push(phone, *big), 413, "payload_too_large")
    assert counts() == NOTHING


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "image/png"])
def test_another_media_type_is_refused(phone, store, kind):
    assert push_raw(phone, as_text(visit(store)), kind).status_code == 415
    assert push_raw(phone, b"[]", "application/json; charset=latin-1").status_code == 415
    assert counts() == NOTHING


@pytest.mark.parametrize(
    ("schema", "status"), [("1", 200), ("2", 400), ("0", 400), ("abc", 400), ("", 400)]
)
def test_the_schema_of_the_documents_is_checked(phone, store, schema, status):
    body = orjson.dumps(rows(visit(store)))
    answer = phone.generic("POST", f"{PUSH}?schema={schema}", body, "application/json")
    assert answer.status_code == status
    assert Visit.objects.count() == (status == 200)


@pytest.mark.parametrize("query", ["limit=5", "seq=1", "colour=red"])
def test_a_parameter_that_a_push_does_not_know_is_refused(phone, query):
    answer = phone.generic("POST", f"{PUSH}?{query}", b"[]", "application/json")
    assert_problem(answer, 400, "invalid", field=query.partition("=")[0])


# -- the rows ------------------------------------------------------------------------------------
FAULTS = [
    ({"id": None}, "id", "required"),
    ({"id": 7}, "id", "invalid"),
    ({"id": "nope"}, "id", "invalid"),
    ({"id": str(uuid.UUID(int=0))}, "id", "invalid"),
    ({"id": "{0195c1c8-0000-7000-8000-000000000001}"}, "id", "invalid"),
    ({"id": "0195c1c8000070008000000000000001"}, "id", "invalid"),
    ({"establishment": 1.5}, "establishment", "invalid"),
    ({"establishment": True}, "establishment", "invalid"),
    ({"establishment": ["1"]}, "establishment", "invalid"),
    ({"captured_at": None}, "captured_at", "required"),
    ({"captured_at": 1764249245}, "captured_at", "invalid"),
    ({"captured_at": "yesterday"}, "captured_at", "invalid"),
    ({"captured_at": "2026-02-30T10:00:00-05:00"}, "captured_at", "invalid"),
    ({"captured_at": "2026-11-27"}, "captured_at", "invalid"),
    ({"ended_at": "later"}, "ended_at", "invalid"),
    ({"clock_offset_ms": 1.5}, "clock_offset_ms", "invalid"),
    ({"clock_offset_ms": "0"}, "clock_offset_ms", "invalid"),
    ({"clock_offset_ms": True}, "clock_offset_ms", "invalid"),
    ({"location": []}, "location", "invalid"),
    ({"location": {"lon": 1}}, "location.lat", "required"),
    ({"location": {**FIX, "lat": 91}}, "location.lat", "max_value"),
    ({"location": {**FIX, "lat": "6"}}, "location.lat", "invalid"),
    ({"location": {**FIX, "lon": -180.5}}, "location.lon", "min_value"),
    ({"location": {**FIX, "accuracy_m": -1}}, "location.accuracy_m", "min_value"),
    ({"location": {**FIX, "taken_at": 5}}, "location.taken_at", "invalid"),
    ({"location": {**FIX, "source": 5}}, "location.source", "invalid"),
    ({"seen": None}, "seen", "required"),
    ({"seen": {}}, "seen", "invalid"),
    ({"seen": [1, 2, 3.0]}, "seen[2]", "invalid"),
    ({"seen": [True]}, "seen[0]", "invalid"),
    ({"seen": ["5"]}, "seen[0]", "invalid"),
    ({"seen": [None]}, "seen[0]", "invalid"),
    ({"seen": list(range(1, 5_002))}, "seen", "max_length"),
    ({"facings": []}, "facings", "invalid"),
    ({"facings": {"12": -1}}, "facings.12", "min_value"),
    ({"facings": {"12": 1.5}}, "facings.12", "invalid"),
    ({"facings": {"leche": 1}}, "facings.leche", "invalid"),
    ({"total_facings": -1}, "total_facings", "min_value"),
    ({"total_facings": "40"}, "total_facings", "invalid"),
    ({"unrecognised": {}}, "unrecognised", "invalid"),
    ({"unrecognised": [7]}, "unrecognised[0]", "invalid"),
    ({"unrecognised": [{"text": 7}]}, "unrecognised[0].text", "invalid"),
    ({"unrecognised": [{}] * 501}, "unrecognised", "max_length"),
    ({"photos": [{}]}, "photos[0].sha256", "required"),
    ({"photos": [{"sha256": "zz"}]}, "photos[0].sha256", "invalid"),
    ({"photos": ["a"]}, "photos[0]", "invalid"),
    ({"photos": [{"sha256": "a" * 64}] * 51}, "photos", "max_length"),
    ({"outcome": "perfect"}, "outcome", "invalid_choice"),
    ({"outcome": 1}, "outcome", "invalid_choice"),
    ({"note": 5}, "note", "invalid"),
    ({"note": "x" * 2_001}, "note", "max_length"),
    ({"app_version": 3.2}, "app_version", "invalid"),
    ({"portfolio_version_id": 1.5}, "portfolio_version_id", "invalid"),
]


@pytest.mark.parametrize(("fields", "field", "code"), FAULTS, ids=[str(f[0])[:50] for f in FAULTS])
def test_a_field_of_which_no_column_can_be_made_rejects_its_row_alone(
    phone, store, fields, field, code
):
    good, bad = visit(store), visit(store, **fields)
    echo, answer = pushed(phone, bad, good)
    assert answer["state"] == "accepted"
    assert echo == {
        **bad,
        "state": "rejected",
        "flags": ["invalid"],
        "problems": [{"field": field, "code": code}],
    }
    assert counts() == {"visits": 1, "revisions": 0, "rejected": 1, "dirty": 1}
    assert orjson.loads(RejectedUpload.objects.get().raw) == bad


def test_a_document_without_anything_is_rejected(phone):
    (echo,) = pushed(phone, {})
    assert (echo["state"], [problem["field"] for problem in echo["problems"]]) == (
        "rejected",
        ["captured_at", "id", "seen"],
    )
    assert RejectedUpload.objects.get().visit_id is None


def deep(levels: int) -> dict:
    value: dict = {}
    for _ in range(levels - 2):
        value = {"x": value}
    return value


UNREADABLE = [
    ('"id_of_x":"a\\u0000b"', "id_of_x", "invalid_text"),
    ('"id_of_x":"cut \\ud83d"', "id_of_x", "invalid_text"),
    ('"x":{"y":["\\udc00"]}', "x.y[0]", "invalid_text"),
    ('"bad\\u0000key":1', "", "invalid_text"),
    ('"x":1,"x":2', "x", "json_duplicate_key"),
    ('"x":[{"y":1,"z":2,"z":3}]', "x[0].z", "json_duplicate_key"),
    ('"x":99999999999999999999', "x", "json_integer_too_large"),
    ('"x":{"y":-9223372036854775809}', "x.y", "json_integer_too_large"),
    ('"x":[0,' + "9" * 5_000 + "]", "x[1]", "json_integer_too_large"),
    ('"x":1e400', "x", "max_value"),
    ('"x":["1e400",{"y":-1.5E+309}]', "x[1].y", "max_value"),
    (f'"x":{orjson.dumps(deep(33)).decode()}', "", "json_too_deep"),
    ('"x":' + "[" * 900 + "]" * 900, "", "json_too_deep"),
    ('"y":1,"x":' + '{"a":[' * 9_000 + "7" + "]}" * 9_000, "", "json_too_deep"),
]


@pytest.mark.parametrize(
    ("member", "field", "code"), UNREADABLE, ids=[u[0][:20] for u in UNREADABLE]
)
def test_a_row_that_no_one_can_read_is_its_own_verdict(phone, store, member, field, code):
    good = orjson.dumps(rows(visit(store))[0]).decode()
    bad = orjson.dumps(visit(store)).decode()[:-1] + "," + member + "}"
    answer = push_raw(phone, f'[{good},{{"newDocumentState":{bad}}},{good}]')
    assert answer.status_code == 200, answer.content
    text = answer.content.decode()
    assert f'{bad[:-1]},"state":"rejected"' in text, "the echo is what was sent, to the byte"
    upload = RejectedUpload.objects.get()
    assert upload.raw == bad
    assert upload.problems == [{"field": field, "code": code}]
    assert text.count('"state":"accepted"') == 2
    again = push_raw(phone, f'[{{"newDocumentState":{bad}}}]')
    assert again.status_code == 200
    assert counts() == {"visits": 1, "revisions": 0, "rejected": 1, "dirty": 1}


@pytest.mark.parametrize(
    ("member", "kept"),
    [
        ('"note":"linda \\ud83d"', '"note":"linda \\ufffd"'),
        ('"note":"a\\u0000b \\ud83d\\ude00"', '"note":"a\\ufffdb \\ud83d\\ude00"'),
        ('"app_version":"3\\u0000"', '"app_version":"3\\ufffd"'),
        ('"unrecognised":[{"text":"\\udead"}]', '"unrecognised":[{"text":"\\ufffd"}]'),
    ],
)
def test_hurt_text_for_people_is_repaired(phone, store, member, kept):
    bad = orjson.dumps(visit(store)).decode()[:-1] + "," + member + "}"
    for _ in range(2):
        answer = push_raw(phone, f'[{{"newDocumentState":{bad}}}]')
        assert answer.status_code == 200
        (document,) = answer.json()
        assert (document["state"], document["flags"]) == ("flagged", ["text_repaired"])
        assert kept in answer.content.decode()
    assert counts() == {"visits": 1, "revisions": 0, "rejected": 0, "dirty": 1}


def test_escapes_that_only_look_hurt_are_left_alone(phone, store):
    bad = orjson.dumps(visit(store)).decode()[:-1] + ',"note":"\\\\u0000 \\\\ud83d \\u00e9"}'
    answer = push_raw(phone, f'[{{"newDocumentState":{bad}}}]')
    assert answer.json()[0]["flags"] == []
    assert '"note":"\\\\u0000 \\\\ud83d \\u00e9"' in answer.content.decode()


def test_what_the_phone_assumes_may_be_anything(phone, store):
    document = orjson.dumps(visit(store)).decode()
    for assumed in (
        "null",
        '"\\ud83d"',
        '{"a":1,"a":99999999999999999999}',
        "[" * 40 + "]" * 40,
        "1e400",
    ):
        body = f'[{{"assumedMasterState":{assumed},"newDocumentState":{document}}}]'
        answer = push_raw(phone, body)
        assert answer.status_code == 200, answer.content
        assert answer.json()[0]["flags"] == []
    assert counts() == {"visits": 1, "revisions": 0, "rejected": 0, "dirty": 1}


def test_a_rows_first_problems_are_enough(phone):
    texts = ",".join(['"\\u0000"'] * 5_000)
    bad = f'{{"id":"{uuid.uuid4()}","x":[{texts}]}}'
    (echo,) = push_raw(phone, f'[{{"newDocumentState":{bad}}}]').json()
    assert [one["field"] for one in echo["problems"]] == [f"x[{place}]" for place in range(50)]


def test_a_body_that_never_ends_is_read_once(phone):
    started = time.monotonic()
    assert_problem(push_raw(phone, '["' + '\\"' * 400_000), 400, "json_malformed")
    assert time.monotonic() - started < 5


def test_ids_in_upper_case_are_one_id_and_come_back_as_they_were_sent(phone, store):
    sent = visit(store, id=str(uuid.uuid4()).upper())
    (answer,) = pushed(phone, sent)
    assert answer["id"] == sent["id"]
    assert str(Visit.objects.get().pk) == sent["id"].lower()
    pushed(phone, {**sent, "id": sent["id"].lower()})
    assert counts() == {"visits": 1, "revisions": 0, "rejected": 0, "dirty": 1}


def test_escaped_names_of_fields_are_those_fields(phone, store):
    document = orjson.dumps(visit(store)).decode()[:-1] + ',"st\\u0061te":"void"}'
    answer = push_raw(phone, f'[{{"newDocument\\u0053tate":{document}}}]')
    assert answer.json()[0]["state"] == "accepted"
    assert "u0061" not in Visit.objects.get().doc


def test_the_whole_vocabulary_is_taken(phone, store):
    full = visit(
        store,
        ended_at="2026-11-27T08:26:41-05:00",
        clock_offset_ms=-1830,
        portfolio_version_id=None,
        facings={"12": 4, "15": 0},
        total_facings=40,
        unrecognised=[{"id": "x", "gtin": "9529999000019", "text": "yogur", "box": [0.1, 0.2]}],
        photos=[{"id": "x", "sha256": "A" * 64, "bytes": 204800, "type": "image/jpeg"}],
        outcome="refused",
        note="x" * 2_000,
        app_version="3.2.0",
    )
    (answer,) = pushed(phone, full)
    assert (answer["state"], answer["photos_missing"]) == ("accepted", 1)
    assert {name: answer[name] for name in full} == full
    assert Visit.objects.get().outcome == "refused"
