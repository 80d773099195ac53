"""Multipart forms: every part becomes a field or a file, or the form is refused and says why."""

import io
import tracemalloc
from types import SimpleNamespace

import pytest
from django.core.files.uploadhandler import MemoryFileUploadHandler
from django.http import QueryDict
from hypothesis import given, settings
from hypothesis import strategies as st
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ParseError

from core.api import multipart
from core.api.parsers import MultiPartParser, NamelessFileUploadHandler
from core.api.serializers import FormSerializer
from core.models import JournalEntry
from core.roles import Role
from tests.asserts import assert_problem
from tests.routes import all_routes

TYPE = "multipart/form-data; boundary=xYz"
END = b"--xYz--\r\n"


def part(disposition, content=b"1", *headers):
    lines = [b"Content-Disposition: " + disposition, *headers]
    return b"--xYz\r\n" + b"\r\n".join(lines) + b"\r\n\r\n" + content + b"\r\n"


NOTE = part(b'form-data; name="note"', b"x")


def parse(body, media_type=TYPE, in_memory=True, chunk=None):
    handlers = [MemoryFileUploadHandler(), NamelessFileUploadHandler()]
    length = len(body) if in_memory else 10**8
    request = SimpleNamespace(META={"CONTENT_LENGTH": str(length)}, upload_handlers=handlers)
    source = io.BytesIO(body)  # a request's body can only be read, and comes in as it likes
    stream = SimpleNamespace(read=lambda size: source.read(min(size, chunk or size)))
    return MultiPartParser().parse(stream, media_type, {"request": request})


def files_of(form):
    return {name: (file.name, file.read()) for name, file in form.files.items()}


@pytest.mark.parametrize(
    ("filename", "read"),
    [
        (b'"a.csv"', "a.csv"),
        (b"a.csv", "a.csv"),
        ('"señas.csv"'.encode(), "señas.csv"),
        ('"señas.csv"'.encode("cp1252"), "señas.csv"),
        ('"año €.csv"'.encode("cp1252"), "año €.csv"),
        (b'"\x81\xff.csv"', "ÿ.csv"),
        (b'"\xc3.csv"', "Ã.csv"),
        ('"日本.csv"'.encode(), "日本.csv"),
        (b'"a\\"b.csv"', 'a"b.csv'),
        (b'"a;b, c=d.csv"', "a;b, c=d.csv"),
        (rb'"C:\temp\a.csv"', "a.csv"),
        (b'"../../etc/passwd"', "passwd"),
        (b'"a\x00b\x1b.csv"', "ab.csv"),
        (b'"' + b"a" * 3_000 + b'.csv"', "a" * 251 + ".csv"),
    ],
)
def test_a_file_keeps_its_name(filename, read):
    form = parse(part(b'form-data; name="file"; filename=' + filename, b"\x00\xff") + END)
    assert files_of(form) == {"file": (read, b"\x00\xff")}


@pytest.mark.parametrize(
    "disposition",
    [
        b"form-data; name=\"file\"; filename*=UTF-8''se%C3%B1as.csv",
        b'form-data; name="file"; filename="x.csv"; filename*=UTF-8\'\'se%C3%B1as.csv',
        b"form-data; name=\"file\"; filename*=ISO-8859-1''se%F1as.csv",
        b'Form-Data; NAME=file; FileName="se\xc3\xb1as.csv"',
        b'form-data;\r\n name="file";\r\n\tfilename="se\xc3\xb1as.csv"',
    ],
)
def test_a_name_of_a_file_may_be_spelled_otherwise(disposition):
    assert files_of(parse(part(disposition, b"x") + END)) == {"file": ("señas.csv", b"x")}


@pytest.mark.parametrize(
    ("disposition", "headers"),
    [
        (b'form-data; name=""', ()),
        (b"form-data", ()),
        (b"form-data; filename=a.csv", ()),
        (b"", ()),
        (b'attachment; name="a"', ()),
        (b'form-data; name="\xff"', ()),
        ('form-data; name="año"'.encode("cp1252"), ()),
        (b'form-data; name="a"', (b"no colon",)),
        (b'form-data; name="a"', (b'content-disposition: form-data; name="b"',)),
        (b"form-data; name=a; filename*=bogus''x", ()),
        (b"form-data; name=a; filename*=x; filename*0=y", ()),
        (b'form-data; name="a"; filename="/"', ()),
        (b'form-data; name="a"; filename=".."', ()),
        (b'form-data; name="a"; filename="\x01"', ()),
        (b'form-data; name="a"; filename="C:\\"', ()),
        (b'form-data; name="a"', (b"Content-Transfer-Encoding: base64",)),
        (b'form-data; name="a"; filename="b"', (b"Content-Transfer-Encoding: quoted-printable",)),
    ],
)
def test_a_part_that_can_become_nothing_is_named(disposition, headers):
    with pytest.raises(ParseError) as caught:
        parse(NOTE + part(disposition, b"1", *headers) + END)
    assert caught.value.detail.code == "form_part_unreadable"
    assert "“a”" in caught.value.detail or "Part 2" in caught.value.detail


def test_a_part_without_headers_is_named():
    for head in (b"", b"Content-Type: text/plain\r\n"):
        with pytest.raises(ParseError, match="Part 2") as caught:
            parse(NOTE + b"--xYz\r\n" + head + b"\r\nlost\r\n" + END)
        assert caught.value.detail.code == "form_part_unreadable"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "form_incomplete"),
        (b"nothing", "form_incomplete"),
        (NOTE, "form_incomplete"),
        (NOTE + b"--xYz", "form_incomplete"),
        (NOTE + b"--xYz-", "form_incomplete"),
        (NOTE + b"--xYz\r\n", "form_incomplete"),
        (NOTE[:-2] + END, "form_incomplete"),
        (NOTE + b"--xYz\r\nContent-Disposition: form-data", "form_incomplete"),
        (NOTE.replace(b"\r\n", b"\n") + b"--xYz--\n", "form_malformed"),
        (NOTE.replace(b"\r\n", b"\r") + b"--xYz--\r", "form_incomplete"),
        (NOTE[:-3] + b"a\r\n--xYzW is no delimiter\r\n" + END, "form_malformed"),
        (NOTE + END + NOTE + END, "form_malformed"),
        (NOTE + END + b"x" * 200_000 + b"\r\n" + NOTE, "form_malformed"),
        (b"--xYz\r\nX: " + b"a" * 5_000 + b"\r\n\r\n1\r\n" + END, "form_malformed"),
        (b"--xYz" + b" " * 500 + NOTE[5:] + END, "form_malformed"),
    ],
)
def test_a_form_that_cannot_be_told_into_parts(body, code):
    with pytest.raises(ParseError) as caught:
        parse(body)
    assert caught.value.detail.code == code


@pytest.mark.parametrize(
    "body",
    [
        NOTE + END,
        NOTE + b"--xYz--",
        NOTE + b"--xYz--  \t\r\n",
        NOTE + END + b"an epilogue " * 200,
        NOTE + END + b"the --xYz of a line that it does not begin" * 40,
        NOTE + END + b"e" * 200_000,
        b"a preamble\r\nof two lines\r\n" + NOTE + END,
        b"--xYz inside of the preamble's line\r\n"[2:] + NOTE + END,
        b"p" * 200_000 + b"\r\n" + NOTE + END,
        b"\r\n" + NOTE + END,
        NOTE.replace(b"--xYz\r", b"--xYz \t\r") + END,
    ],
)
@pytest.mark.parametrize("chunk", [None, 1, 7])
def test_what_surrounds_the_parts_is_no_part(body, chunk):
    form = parse(body, chunk=None if len(body) > 10_000 else chunk)
    assert (form.data.dict(), files_of(form)) == ({"note": "x"}, {})


def test_a_form_without_parts_is_an_empty_form():
    form = parse(END)
    assert (form.data.dict(), files_of(form)) == ({}, {})


@pytest.mark.parametrize(
    ("boundary", "spelled"),
    [
        ("xYz", "xYz"),
        ("xYz", '"xYz"'),
        ("a b", '"a b"'),
        ("'()+_,-./:=?", '"\'()+_,-./:=?"'),
        ("----WebKitFormBoundary7MA4YWxk", "----WebKitFormBoundary7MA4YWxk"),
        ("--", "--"),
        ("x" * 70, "x" * 70),
        ("a;b", '"a;b"'),
        ('a"b', '"a\\"b"'),
    ],
)
@pytest.mark.parametrize(
    "kind", ["multipart/form-data", "Multipart/Form-Data", "MULTIPART/FORM-DATA"]
)
def test_a_boundary_is_what_the_header_says(boundary, spelled, kind):
    body = (NOTE + END).replace(b"xYz", boundary.encode())
    for media_type in (
        f"{kind}; boundary={spelled}",
        f"{kind};charset=UTF-8;BOUNDARY={spelled}",
        f"{kind} ; boundary={spelled} ; x=y",
    ):
        assert parse(body, media_type).data.dict() == {"note": "x"}


@pytest.mark.parametrize(
    "content", [b"\r\n", b"\r\n--xY", b"--xYz", b"a--xYz--b", b"\n--xYz\n", b"\r"]
)
def test_a_boundary_that_begins_no_line_is_content(content):
    form = parse(part(b'form-data; name="f"; filename="a"', content) + NOTE + END)
    assert (files_of(form), form.data.dict()) == ({"f": ("a", content)}, {"note": "x"})


def test_a_text_in_another_charset_is_refused():
    for charset, content in ((b"latin-1", b"a"), (b"utf-16", b"a\0"), (b"utf-8", b"\xff")):
        header = b"Content-Type: text/plain; charset=" + charset
        with pytest.raises(ParseError, match="“t”") as caught:
            parse(part(b"form-data; name=t", content, header) + END)
        assert caught.value.detail.code == "form_invalid_text"
    form = parse(
        part(b"form-data; name=t", b"a", b"Content-Type: text/plain; charset=US-ASCII") + END
    )
    assert form.data.dict() == {"t": "a"}


pieces = st.lists(
    st.sampled_from([b"\r\n", b"--", b"xYz", b"--xYz", b"\r", b"\n", b"-", b"x", b"a" * 70]),
    max_size=9,
).map(b"".join)


@settings(max_examples=150, deadline=None)
@given(contents=st.lists(pieces, max_size=4), chunk=st.integers(1, 90))
def test_whatever_is_sent_comes_out_or_is_refused(contents, chunk):
    body = b"".join(
        part(b'form-data; name="%d"; filename="f"' % number, content)
        for number, content in enumerate(contents)
    )
    collides = any(b"\r\n--xYz" in b"\r\n" + content for content in contents)
    try:
        form = parse(body + END, chunk=chunk)
    except ParseError:
        assert collides
        return
    if not collides:
        assert [file.read() for _, [file] in form.files.lists()] == contents


@settings(max_examples=150, deadline=None)
@given(data=st.binary(max_size=200), cut=st.integers(0, 200))
def test_no_bytes_are_a_defect(data, cut):
    whole = NOTE + part(b'form-data; name="f"; filename="a"', b"content") + END
    for body in (data, whole[:cut] + data + whole[cut:], whole[:cut] + data):
        try:
            parse(body)
        except ParseError as error:
            str(error.detail).encode()


@pytest.mark.parametrize("in_memory", [True, False])
def test_a_large_file_is_whole_and_read_in_pieces(in_memory):
    content = bytes(range(256)) * 40_000  # 10 MB
    body = part(b'form-data; name="f"; filename="a"', content) + NOTE + END
    tracemalloc.start()
    form = parse(body, in_memory=in_memory)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    file = form.files["f"]
    assert (file.size, file.read(), file.content_type) == (len(content), content, "")
    assert in_memory or peak < 12_000_000  # the body of the test itself is read once, in pieces
    file.close()


def test_files_of_a_refused_form_are_closed(monkeypatch):
    opened = []
    keep = NamelessFileUploadHandler.file_complete

    def complete(self, size):
        opened.append(keep(self, size))
        return opened[-1]

    monkeypatch.setattr(NamelessFileUploadHandler, "file_complete", complete)
    one = part(b'form-data; name="f"; filename="a"', b"x")
    for body in (
        one + NOTE,
        one + part(b"form-data", b"x") + END,
        one + part(b"form-data; name=t", b"\xff") + END,
    ):
        with pytest.raises(ParseError):
            parse(body, in_memory=False)
    assert [file.closed for file in opened] == [True] * 3


class ThingForm(FormSerializer):
    file = serializers.FileField()
    note = serializers.CharField(required=False)


def test_a_form_serializer_names_unknown_and_repeated_parts():
    data = QueryDict("note=a&note=b&estudios=x&file=1&file=2")
    form = ThingForm(data=data)
    assert not form.is_valid()
    assert form.errors == {
        "note": [ErrorDetail("Send this part once.", code="repeated_part")],
        "estudios": [ErrorDetail("This part is not known here.", code="unknown_part")],
        "file": [ErrorDetail("Send this part once.", code="repeated_file")],
    }
    assert {name: [e.code for e in errors] for name, errors in form.errors.items()} == {
        "note": ["repeated_part"],
        "estudios": ["unknown_part"],
        "file": ["repeated_file"],
    }


FORMS = [
    route
    for route in all_routes()
    if route.method in {"POST", "PUT", "PATCH"}
    and MultiPartParser
    in getattr(getattr(route.view, route.action), "kwargs", {}).get(
        "parser_classes", route.view.parser_classes
    )
]


@pytest.mark.django_db
@pytest.mark.parametrize("route", FORMS, ids=str)
def test_every_multipart_route_refuses_what_it_does_not_know(client_for, route):
    caller = client_for(Role.ADMIN)
    before = JournalEntry.objects.exclude(action="refused").count()
    for body in (
        part(b'form-data; name="no_such_part"', b"x"),
        part(b'form-data; name="no_such_part"; filename="a.csv"', b"x"),
    ):
        response = caller.generic("POST", route.path(), body + END, content_type=TYPE)
        problem = assert_problem(response, 400, "invalid", field="no_such_part")
        assert "unknown_part" in [error["code"] for error in problem["errors"]]
    for capitals in ("Multipart/Form-Data; boundary=xYz", TYPE):
        body = part(b"form-data; filename=lost.csv", b"x") + END
        response = caller.generic("POST", route.path(), body, content_type=capitals)
        assert_problem(response, 400, "form_part_unreadable")
    assert JournalEntry.objects.exclude(action="refused").count() == before


def test_headers_are_bounded_and_names_shown_short():
    assert multipart.shown("\x00" + "x" * 100) == "\ufffd" + "x" * 59
