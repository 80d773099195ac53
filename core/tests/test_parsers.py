"""Bodies: what is taken is taken exactly, everything else is a 400 with a code."""

import io
import json
from types import SimpleNamespace

import pytest
from django.core.files.uploadhandler import MemoryFileUploadHandler
from django.test import RequestFactory
from rest_framework import serializers
from rest_framework.exceptions import ParseError, UnsupportedMediaType
from rest_framework.request import Request

from core.api.parsers import JSONParser, MultiPartParser
from core.errors import PayloadTooLarge
from tests.asserts import assert_problem

JSON = "application/json"


def parse(raw, media_type=JSON):
    return JSONParser().parse(io.BytesIO(raw), media_type, {})


def nested(depth):
    return b'{"a":' * (depth - 1) + b"{}" + b"}" * (depth - 1)


@pytest.mark.parametrize(
    ("raw", "data"),
    [
        (b"", {}),
        (b"{}", {}),
        (b' {"a": 1}\n', {"a": 1}),
        (
            b'{"a":"x:y{[","b":[1,{"a":2}],"c":{"a":3}}',
            {"a": "x:y{[", "b": [1, {"a": 2}], "c": {"a": 3}},
        ),
        (b'{"a":9223372036854775807,"b":-9223372036854775808}', {"a": 2**63 - 1, "b": -(2**63)}),
        (b'{"a":"12345678901234567890123"}', {"a": "12345678901234567890123"}),
        (b'{"a":0.12345678901234567890123}', {"a": 0.12345678901234567890123}),
        (b'{"a":1e300}', {"a": 1e300}),
        (b'{"a":"\\\\u0000"}', {"a": "\\u0000"}),
        (b'{"a":"\\ud83d\\ude00 \xf0\x9f\x98\x80"}', {"a": "😀 😀"}),
        ('{"a":"e\u0301\u202e\u200b\x7f"}'.encode(), {"a": "e\u0301\u202e\u200b\x7f"}),
        (nested(32), json.loads(nested(32))),
        (b'{"a":"' + b"[" * 5000 + b'"}', {"a": "[" * 5000}),
    ],
)
def test_json_is_taken_exactly(raw, data):
    assert parse(raw) == data


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b" ", "json_malformed"),
        (b"{", "json_malformed"),
        (b'{"a":tru', "json_malformed"),
        (b'{"a":1,}', "json_malformed"),
        (b"{'a':1}", "json_malformed"),
        (b'{"a":01}', "json_malformed"),
        (b'{"a":"\t"}', "json_malformed"),
        (b"{} x", "json_malformed"),
        (b"{}{}", "json_malformed"),
        (b"/**/{}", "json_malformed"),
        (b"\xef\xbb\xbf{}", "json_malformed"),
        ('{"a":1}'.encode("utf-16"), "json_malformed"),
        (b'{"a":"\xff"}', "json_malformed"),
        (b'{"a":NaN}', "json_malformed"),
        (b'{"a":Infinity}', "json_malformed"),
        (b'{"a":1e999}', "json_malformed"),
        (b'{"a":-1e999}', "json_malformed"),
        (b'{"a":' + b"9" * 400 + b"}", "json_malformed"),
        (b'{"a":"\x00"}', "json_malformed"),
        (b'{"a":"\\ud800"}', "json_malformed"),
        (b'{"a":"\\udc00\\ud800"}', "json_malformed"),
        (b'{"\\ud800":1}', "json_malformed"),
        (b'{"a":"\xed\xa0\x80"}', "json_malformed"),
        (b'{"a":9223372036854775808}', "json_integer_too_large"),
        (b'{"a":18446744073709551616}', "json_integer_too_large"),
        (b'{"a":-9223372036854775809}', "json_integer_too_large"),
        (b'{"a":{"b":[18446744073709551616]}}', "json_integer_too_large"),
        (b'{"a":' + b"9" * 300 + b"}", "json_integer_too_large"),
        (b'{"a":"\\u0000"}', "json_nul"),
        (b'{"a\\u0000":1}', "json_nul"),
        (b'{"a":{"b":["x","\\u0000"]}}', "json_nul"),
        (b'{"a":1,"a":1}', "json_duplicate_key"),
        (b'{"a":1,"\\u0061":2}', "json_duplicate_key"),
        (b'{"a":":","a":2}', "json_duplicate_key"),
        (b'{"x":[{"a":1,"a":2}]}', "json_duplicate_key"),
        (nested(33), "json_too_deep"),
        (b'{"a":' + b"[" * 32 + b"]" * 32 + b"}", "json_too_deep"),
        (nested(1000), "json_too_deep"),
        (nested(5000), "json_too_deep"),
        (b"[" * 5000 + b"]" * 5000, "json_too_deep"),
        (b"[]", "json_not_an_object"),
        (b"[1]", "json_not_an_object"),
        (b"null", "json_not_an_object"),
        (b"true", "json_not_an_object"),
        (b"1", "json_not_an_object"),
        (b'"a"', "json_not_an_object"),
    ],
)
def test_json_that_is_refused(raw, code):
    with pytest.raises(ParseError) as caught:
        parse(raw)
    assert (caught.value.status_code, caught.value.detail.code) == (400, code)
    str(caught.value.detail).encode()


def test_the_message_names_the_place():
    with pytest.raises(ParseError, match=r"line 2, column 3"):
        parse(b'{"a":\n  x}')
    with pytest.raises(ParseError, match=r"“a\.b\.1”"):
        parse(b'{"a":{"b":["x","\\u0000"]}}')
    with pytest.raises(ParseError, match="“k”"):
        parse(b'{"k":1,"k":[]}')


def test_fifty_thousand_keys_of_which_one_is_given_twice_cost_no_square():
    body = b"{" + b",".join(b'"k%d":1' % index for index in range(50_000)) + b',"k49999":2}'
    with pytest.raises(ParseError, match="k49999"):
        parse(body)


@pytest.mark.parametrize("charset", ["utf-8", "UTF-8", '"utf-8"', "utf8"])
def test_utf_8_is_the_charset(charset):
    assert parse(b'{"a":"\xc3\xa9"}', f"{JSON}; charset={charset}") == {"a": "é"}


@pytest.mark.parametrize(
    "charset", ["utf-7", "utf-16", "latin-1", "idna", "unicode_escape", "bz2_codec", "nonsense", ""]
)
def test_another_charset_is_415(charset):
    with pytest.raises(UnsupportedMediaType) as caught:
        parse(b"{}", f"{JSON}; charset={charset}")
    assert caught.value.detail.code == "unsupported_charset"


@pytest.mark.django_db
@pytest.mark.parametrize(
    "media_type",
    [
        *["application/json", "Application/JSON", "APPLICATION/JSON;CHARSET=UTF-8"],
        *[
            "application/json;",
            "application/json ; charset=utf-8",
            'application/json;charset="UTF8"',
        ],
        *[
            "application/json; indent=4",
            "application/json;;charset=utf-8",
            'application/json;x="charset"',
        ],
    ],
)
def test_json_is_json_however_its_media_type_is_spelled(admin_api, media_type):
    path = f"/api/users/{admin_api.user.pk}"
    response = admin_api.generic("PATCH", path, b'{"name":"Zoe"}', content_type=media_type)
    assert (response.status_code, response.json()["name"]) == (200, "Zoe")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("media_type", "code"),
    [
        ("application/json; charset=latin1", "unsupported_charset"),
        ("application/json; charset", "unsupported_charset"),
        ("application/json; charset*=utf-8''utf-7", "unsupported_charset"),
        ("application/json, application/json", "unsupported_media_type"),
        ("text/json", "unsupported_media_type"),
        ("application/merge-patch+json", "unsupported_media_type"),
        ("json", "unsupported_media_type"),
        ("application/" + "x" * 300, "unsupported_media_type"),
    ],
)
def test_what_is_no_json_in_utf_8_is_415(admin_api, media_type, code):
    path = f"/api/users/{admin_api.user.pk}"
    response = admin_api.generic("PATCH", path, b'{"name":"Zoe"}', content_type=media_type)
    assert_problem(response, 415, code)
    admin_api.user.refresh_from_db()
    assert admin_api.user.name != "Zoe"


def test_a_view_may_take_lists():
    class ListParser(JSONParser):
        roots = (dict, list)

    assert ListParser().parse(io.BytesIO(b'[{"a":1}]'), JSON, {}) == [{"a": 1}]
    with pytest.raises(ParseError):
        ListParser().parse(io.BytesIO(b'[{"a":1,"a":1}]'), JSON, {})


def test_in_a_request_the_body_stays_readable_and_no_body_is_an_empty_object():
    http = RequestFactory().post("/x", b'{"a": 1}', content_type=JSON)
    request = Request(http, parsers=[JSONParser()])
    assert request.data == {"a": 1}
    assert http.body == b'{"a": 1}'
    empty = Request(RequestFactory().post("/x", b"", content_type=JSON), parsers=[JSONParser()])
    assert empty.data == {}


def test_a_url_encoded_form_is_415():
    http = RequestFactory().post("/x", b"a=1", content_type="application/x-www-form-urlencoded")
    with pytest.raises(UnsupportedMediaType):
        _data = Request(http, parsers=[JSONParser(), MultiPartParser()]).data


@pytest.mark.parametrize("root", [None, [], [1], 1, "a", True])
def test_a_serializer_also_refuses_a_root_that_is_no_object(root):
    class Thing(serializers.Serializer):
        name = serializers.CharField()

    with pytest.raises(serializers.ValidationError):
        Thing(data=root).is_valid(raise_exception=True)


# --- Forms -------------------------------------------------------------------------------------

BOUNDARY = "xYzZY"
FORM = f"multipart/form-data; boundary={BOUNDARY}"


def part(name, value, *, filename=None, extra=b""):
    disposition = b'Content-Disposition: form-data; name="' + name + b'"'
    if filename is not None:
        disposition += b'; filename="' + filename + b'"'
    return b"--xYzZY\r\n" + disposition + b"\r\n" + extra + b"\r\n" + value + b"\r\n"


def parse_form(body, media_type=FORM, handlers=None):
    request = SimpleNamespace(
        META={"CONTENT_LENGTH": str(len(body))},
        upload_handlers=handlers or [handler(len(body))],
    )
    return MultiPartParser().parse(io.BytesIO(body), media_type, {"request": request})


def handler(length):
    made = MemoryFileUploadHandler()
    made.handle_raw_input(None, {}, length, None)
    return made


END = b"--xYzZY--\r\n"


def test_a_form_is_taken_exactly():
    body = part(b"note", "ñandú 😀".encode()) + part(
        b"file", b"\x00\xff", filename=b"../r\xc3\xa9x.bin"
    )
    form = parse_form(body + END)
    assert form.data.dict() == {"note": "ñandú 😀"}
    assert form.files["file"].name == "réx.bin"
    assert form.files["file"].read() == b"\x00\xff"


@pytest.mark.parametrize(
    ("body", "media_type"),
    [
        (part(b"a", b"1"), FORM),
        (part(b"file", b"half a fi", filename=b"a.txt")[:-2], FORM),
        (b"", "multipart/form-data"),
        (part(b"a", b"1") + END, "multipart/form-data"),
        (part(b"a", b"1") + END, "multipart/form-data; boundary="),
        (part(b"a", b"1") + END, "multipart/form-data; boundary=" + "x" * 300),
        (part(b"a", b"1") + END, "multipart/form-data; boundary=é"),
        (part(b"a", b"1") + END, "multipart/form-data; boundary=other"),
        (part(b"a", b"1") + END, "multipart/form-data; boundary*=bogus''x"),
        (part(b"a", b"x\x00y") + END, FORM),
        (part(b"a\x00b", b"1") + END, FORM),
        (part(b"a", b"\xff") + END, FORM),
        (part(b"a", b"\xed\xa0\x80") + END, FORM),
        (part(b"f\x00", b"1", filename=b"a") + END, FORM),
        (
            part(b"f", b"###", filename=b"a", extra=b"Content-Transfer-Encoding: base64\r\n") + END,
            FORM,
        ),
    ],
)
def test_a_form_that_is_refused(body, media_type):
    with pytest.raises(ParseError) as caught:
        parse_form(body, media_type)
    assert caught.value.status_code == 400
    str(caught.value.detail).encode()


def test_nul_in_a_file_name_is_taken_out():
    form = parse_form(part(b"f", b"1", filename=b"a\x00b\x1b.txt") + END)
    assert form.files["f"].name == "ab.txt"


def test_a_form_in_another_charset_is_415():
    with pytest.raises(UnsupportedMediaType):
        parse_form(part(b"a", b"1") + END, FORM + "; charset=utf-7")


def test_a_form_has_bounds(settings):
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = 3
    settings.DATA_UPLOAD_MAX_NUMBER_FILES = 2
    assert len(parse_form(part(b"a", b"1") * 3 + END).data.getlist("a")) == 3
    with pytest.raises(PayloadTooLarge):
        parse_form(part(b"a", b"1") * 2000 + END)
    with pytest.raises(PayloadTooLarge):
        parse_form(part(b"f", b"1", filename=b"a") * 3 + END)
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    with pytest.raises(PayloadTooLarge):
        parse_form(part(b"a", b"1" * 200) + END)
