"""Canaries: no secret reaches a log line, whatever way it takes, in JSON or in text."""

import io
import json
import logging
import logging.config
import re
import time
import traceback

import pytest

from core import context
from core.ops.logging import logging_config
from core.ops.redaction import (
    HIDDEN,
    MAX_TEXT_CHARACTERS,
    MAX_TRACE_CHARACTERS,
    Redactor,
    is_secret,
)

BEGINNING = re.compile(r"^\d\d:\d\d:\d\d\.\d{3} [A-Z]+ +", re.MULTILINE)  # of a record in text
CANARY = "c4n4ry-Zx81Qq"
JWT = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiI3In0.c2lnbmF0dXJlLWNhbmFyeQ"


def wired(form, **options):
    """A handler wired as in production, and what it will have written."""
    config = logging_config("DEBUG", form, secrets=["settings-hold-this-one"], **options)
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    redact, formatter = config["filters"]["redact"], config["formatters"][form]
    handler.addFilter(redact.pop("()")(**redact))
    handler.setFormatter(formatter.pop("()")(**formatter))
    return handler, stream


@pytest.fixture
def log():
    """A logger and what it wrote as JSON; it writes text as well, which hides the same."""
    handler, stream = wired("json")
    for_people, text = wired("text")
    # Outside the hierarchy: pytest's own capture would send lone surrogates between processes.
    logger = logging.Logger("test.redaction")  # noqa: LOG001 - see above
    logger.setLevel("DEBUG")
    logger.addHandler(handler)
    logger.addHandler(for_people)
    token = context.request_id.set("")
    yield logger, stream
    context.request_id.reset(token)
    shown = text.getvalue()
    assert [one for one in (CANARY, JWT, "settings-hold-this-one", "8" * 9) if one in shown] == []
    assert (HIDDEN in shown) is (HIDDEN in stream.getvalue())
    assert len(BEGINNING.findall(shown)) == stream.getvalue().count("\n")


def line(stream):
    text = stream.getvalue()
    assert text.endswith("\n")
    assert text.count("\n") == 1
    return json.loads(text)


def test_a_line_says_when_who_where_and_in_which_request(log):
    logger, stream = log
    with context.acting_as(context.Actor("user", 7, "ana@example.org", "USER"), request="r-1"):
        logger.warning(
            "dog %s adopted", "Lazy", extra={"duration_ms": 12.5, "route": "/api/things"}
        )
    seen = line(stream)
    assert seen.pop("timestamp").endswith("+00:00")
    assert seen == {
        "level": "WARNING",
        "logger": "test.redaction",
        "message": "dog Lazy adopted",
        "request_id": "r-1",
        "actor": "user:7",
        "duration_ms": 12.5,
        "route": "/api/things",
    }
    assert next(iter(json.loads(stream.getvalue()))) == "timestamp"


MESSAGES = [
    f"Authorization: Bearer {CANARY}",
    f"Authorization: Custom realm {CANARY}",
    f"authorization=Token {CANARY}",
    f"got bearer {CANARY} from client",
    f"Basic dXNlcjpwYXNzdzByZA== then {JWT}",
    f"token={JWT} is old",
    f"{JWT}",
    f"password={CANARY}",
    f"password = {CANARY}",
    f"password: {CANARY}",
    f'{{"password": "{CANARY}", "email": "a@b.co"}}',
    f"{{'password': '{CANARY}'}}",
    f'{{\\"password\\": \\"{CANARY} x\\"}}',
    f"{{'old_password': '{CANARY} with space', 'n': 1}}",
    f"{{'secret': ['{CANARY}', '{CANARY}']}}",
    f"{{'credentials': {{'user': '{CANARY}'}}}}",
    f"X-Api-Key: {CANARY}",
    f"api_key={CANARY}&page=2",
    f"accessToken={CANARY}",
    f"clientSecret => '{CANARY}'",
    f"refresh: '{CANARY}'",
    f"password2={CANARY}",
    f"TMDB_ACCESS_TOKEN={CANARY}",
    f"CREDENTIALS_KEYS=k1:{CANARY}",
    f"GET https://api.example.org/3/movie?api_key={CANARY}&q={CANARY} failed",
    f"GET /api/patients?search={CANARY}",
    f"/x?a=1&amp;email={CANARY}",
    f"postgres://plaza:{CANARY}@db:5432/plaza is away",
    f"redis://:{CANARY}@cache:6379/0",
    f"Cookie: sessionid={CANARY}; csrftoken={CANARY}",
    f"Set-Cookie: x={CANARY}; Path=/",
    f"-----BEGIN RSA PRIVATE KEY-----\n{CANARY}\n-----END RSA PRIVATE KEY-----",
    f'unterminated "password": "{CANARY}',
]


@pytest.mark.parametrize("message", MESSAGES)
def test_a_secret_in_the_message_is_hidden(log, message):
    logger, stream = log
    logger.error(message)
    seen = line(stream)
    assert CANARY not in stream.getvalue()
    assert JWT not in stream.getvalue()
    assert "dXNlcjpwYXNzdzByZA" not in stream.getvalue()
    assert HIDDEN in seen["message"]


@pytest.mark.parametrize("message", MESSAGES)
def test_a_secret_in_an_exception_is_hidden_with_its_traceback(log, message):
    logger, stream = log
    try:
        try:
            raise ValueError(message)  # noqa: TRY301 - its traceback is the point
        except ValueError as error:
            raise RuntimeError({"password": CANARY}) from error
    except RuntimeError:
        logger.exception("it failed")
    seen = line(stream)
    assert CANARY not in stream.getvalue()
    assert JWT not in stream.getvalue()
    assert "RuntimeError" in seen["exception"]
    assert "test_logging.py" in seen["exception"]
    assert "\nRuntimeError: " in seen["exception"]


@pytest.mark.parametrize(
    ("message", "args"),
    [
        ("token %s expired", (CANARY,)),
        ("user %s has password %r", ("ana", CANARY)),
        ("api key: api_key=%s", (CANARY,)),
        ('"secret": "%s"', (CANARY,)),
        ("%(password)s for %(user)s", ({"password": CANARY, "user": "ana"},)),
        ("%-*s password=%s", (9, "x", CANARY)),
        ("body %s", ({"nested": [{"api_key": CANARY}]},)),
        ("body %s", ([{"refresh": CANARY}],)),
        ("100%% of token %s", (CANARY,)),
        ("url %s", (f"https://u:{CANARY}@h/?token={CANARY}",)),
        ("%s", (ValueError(f"password={CANARY}"),)),
    ],
)
def test_a_secret_in_the_arguments_is_hidden(log, message, args):
    logger, stream = log
    logger.info(message, *args)
    assert HIDDEN in line(stream)["message"]
    assert CANARY not in stream.getvalue()


@pytest.mark.parametrize(
    "extra",
    [
        {"password": CANARY},
        {"api_key": CANARY},
        {"refreshToken": CANARY},
        {"headers": {"Authorization": CANARY, "X-Api-Key": CANARY}},
        {"data": {"a": [{"b": {"client_secret": CANARY}}]}},
        {"url": f"https://x.org/?q={CANARY}"},
        {"raw": f"password={CANARY}".encode()},
        {"pin": int("8" * 9)},
        {f"k password={CANARY}": 1},
        {"pair": {f"password={CANARY}": 1}},
        {"value": "settings-hold-this-one and more"},
    ],
)
def test_a_secret_in_the_extras_is_hidden(log, extra):
    logger, stream = log
    logger.info("hello", extra=extra)
    line(stream)
    assert HIDDEN in stream.getvalue()
    assert CANARY not in stream.getvalue()
    assert "8" * 9 not in stream.getvalue()
    assert "settings-hold-this-one" not in stream.getvalue()


@pytest.mark.parametrize(
    "text",
    [
        "GET /api/things 200",
        "the token has expired",
        "password changed by ana@example.org",
        "basic authentication is off",
        "passengers=3 passes=4 tokenizer=x",
        "see https://docs.example.org/a/b#token",
        "HTTP 404: not found: what is this?",
        "author=ana accessibility=high",
    ],
)
def test_ordinary_words_stay(text):
    assert Redactor().text(text) == text


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        ("password", True),
        ("new_password", True),
        ("apiKey", True),
        ("X-API-Key", True),
        ("access", True),
        ("CREDENTIALS_KEYS", True),
        ("password_hash", True),
        ("session_key", True),
        ("duration_ms", False),
        ("token_type", False),
        ("author", False),
        ("passenger", False),
        ("", False),
    ],
)
def test_secret_names(name, secret):
    assert is_secret(name) is secret


def test_line_breaks_and_controls_cannot_forge_a_line(log):
    logger, stream = log
    logger.info('a\nb\r\nc\u2028d\x1b[31m\u202ee\x00\x85{"level": "INFO"}')
    message = line(stream)["message"]
    assert message == (r"a\nb\r\nc\u2028d\u001b[31m\u202ee\u0000\u0085" '{"level": "INFO"}')
    assert len(stream.getvalue().splitlines()) == 1


def test_a_lone_surrogate_keeps_the_line(log):
    logger, stream = log
    logger.info("dog \ud800 %s", "\udfff", extra={"thing": {"\ud800": "\udc00"}})
    assert line(stream)["message"] == r"dog \ud800 \udfff"


def test_sizes_are_bounded(log):
    logger, stream = log
    deep = {}
    for _ in range(40):
        deep = {"x": deep}
    try:
        raise ValueError("\n".join(f"line {n}" for n in range(9_999)))  # noqa: TRY301 - its traceback is the point
    except ValueError:
        logger.exception(
            "x" * 1_000_000,
            extra={"many": list(range(1000)), "deep": deep, "big": 10**5000, "text": "z" * 99_999},
        )
    seen = line(stream)
    assert len(seen["message"]) < MAX_TEXT_CHARACTERS + 32
    assert len(seen["exception"]) < MAX_TRACE_CHARACTERS + 32
    assert seen["many"] == list(range(50))
    assert seen["exception"].endswith("\nline 9998")
    assert len(seen["text"]) < MAX_TEXT_CHARACTERS + 32
    assert len(stream.getvalue()) < 40_000


def test_a_wrong_format_string_keeps_the_line(log):
    logger, stream = log
    logger.info("%d dogs and %s", "three")  # noqa: PLE1206 - the mistake under test
    assert line(stream)["message"].startswith("%d dogs and %s (TypeError")


def test_an_argument_that_cannot_be_shown_keeps_the_line(log):
    class Broken:
        def __str__(self):
            raise RuntimeError("no")

    logger, stream = log
    logger.info("hello", extra={"thing": Broken()})
    assert line(stream)["thing"] == "<unprintable Broken: RuntimeError>"


def test_extras_cannot_replace_our_own_fields(log):
    logger, stream = log
    logger.info("hello", extra={"level": "CRITICAL", "request_id": "forged"})
    seen = line(stream)
    assert (seen["level"], seen["extra_level"]) == ("INFO", "CRITICAL")
    assert (seen["request_id"], seen["extra_request_id"]) == (None, "forged")


@pytest.mark.parametrize(
    "hostile",
    [
        "a" * 50_000,
        "password" * 8_000,
        "?a=" * 20_000,
        '"' * 50_000,
        "://" * 20_000,
        "eyJ" * 20_000,
        "password: " * 8_000,
        "token" + " " * 50_000,
        "\\" * 50_000,
    ],
)
def test_hostile_texts_cost_little(hostile):
    before = time.thread_time()  # what is computed; what the machine does besides is no cost
    Redactor(["settings-hold-this-one"]).text(hostile, MAX_TRACE_CHARACTERS)
    assert time.thread_time() - before < 0.25, traceback.format_stack()[-1]


def test_the_configuration_is_one_that_logging_accepts_for_every_process():
    config = logging_config("warning")
    logging.config.DictConfigurator(config)  # raises on a malformed one
    assert config["root"] == {"handlers": ["console"], "level": "WARNING"}
    assert config["loggers"]["gunicorn.access"]["propagate"] is False
    assert list(config["handlers"]) == ["console"]
    assert config["handlers"]["console"]["formatter"] == "json"


def test_text_is_chosen_by_its_name():
    config = logging_config("INFO", "text", colour=True)
    assert config["handlers"]["console"]["formatter"] == "text"
    assert config["formatters"]["text"]["colour"] is True
