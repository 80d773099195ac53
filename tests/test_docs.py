"""The documents say what is so: the tour is walked, tables and links are compared with the code."""

import ast
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from django.conf import settings

from core import plugs
from core.problem_codes import codes
from scripts import erd
from scripts.nodes import environment
from scripts.proxy import free_port
from tests.test_repository import variables_shown

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text()
FIRST_SCREEN = README.partition("## A tour\n")[0]
SPANISH = (ROOT / "README.es.md").read_text()
NOT_COPIED = shutil.ignore_patterns(".*", "var", "__pycache__", "node_modules", "requirements.txt")
# What this process has for itself and a fresh `make run` has not.
OURS = re.compile(
    r"DJANGO_|DATABASE_|REDIS_|CELERY_|PYTEST_|PROMETHEUS_|TEST_|COV|VAR_DIR|MEDIA_ROOT|STATIC_ROOT"
    r"|FORCE_COLOR"
)
DRF_CODES = {  # of rest_framework.exceptions, and their statuses
    "invalid": 400,
    "parse_error": 400,
    "not_authenticated": 401,
    "permission_denied": 403,
    "method_not_allowed": 405,
    "not_acceptable": 406,
    "unsupported_media_type": 415,
}


# --- The tour ------------------------------------------------------------------------------------
def chapter(text, title):
    """The part of a document below a heading of the second level."""
    return re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)[1]


def steps_of(tour, apps):
    """Yield (command, expected lines) of each bash block, leaving out apps that are off."""
    for part in re.split(r"^(?=### )", tour, flags=re.MULTILINE):
        app = re.search(r"<!-- app: (\w+) -->", part)
        if app and app[1] not in apps:
            continue
        for block in re.findall(r"^```bash\n(.*?)^```", part, re.MULTILINE | re.DOTALL):
            command, expected = [], []
            for line in block.splitlines():
                if line.startswith("# → "):
                    expected.append(line[4:])
                    continue
                if expected:
                    yield "\n".join(command), expected
                    command, expected = [], []
                command.append(line)
            yield "\n".join(command), expected


def steps_of_the_documents(apps):
    """The lines to paste: the README's tour, then each app's, then one error of each kind."""
    for name, title in (
        ("README.md", "A tour"),
        ("docs/tour.md", "The apps"),
        ("docs/api.md", "Errors"),
    ):
        yield from steps_of(chapter((ROOT / name).read_text(), title), apps)


def unmet(expected, output):
    """Return the first expected line that the output does not have, in order; None if all."""
    lines = iter(line.strip() for line in output.splitlines())
    for wanted in expected:
        pattern = re.compile(".*".join(map(re.escape, wanted.split("…"))))
        if not any(pattern.fullmatch(line) for line in lines):
            return wanted
    return None


def answers(url):
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 - our own address
            return answer.status == 200
    except OSError:
        return False


@pytest.fixture
def platform(tmp_path):
    """A fresh checkout with nothing but its own files, started by the Procfile as `make run` does.

    Yields its folder and a function that puts the ports of this run into a text.
    """
    here = tmp_path / "plaza"
    shutil.copytree(ROOT, here, ignore=NOT_COPIED)
    shutil.copy(ROOT / ".env.example", here)
    (here / ".venv").symlink_to(sys.prefix)
    web, sandbox = str(free_port()), str(free_port())

    def local(text):
        return re.sub(r"\b9051\b", sandbox, re.sub(r"\b9050\b", web, text))

    ours = variables_shown((ROOT / ".env.example").read_text()) - {"PLATFORM_APPS"}
    env = {
        name: value
        for name, value in environment().items()
        if name not in ours and not OURS.match(name)
    }
    env |= {"LOG_FORMAT": "text", "SANDBOX_PORT": sandbox}
    for command in (["scripts/dotenv.py"], ["manage.py", "prepare", "--demo"]):
        subprocess.run(
            [sys.executable, *command], cwd=here, env=env, check=True, stdout=subprocess.DEVNULL
        )
    honcho = here / ".venv" / "bin" / "honcho"
    with (tmp_path / "run.log").open("w") as log:
        everything = subprocess.Popen(
            [sys.executable, honcho, "-e", os.devnull, "start", "-p", web],
            cwd=here,
            env=env,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        deadline = time.monotonic() + 40
        while not answers(f"http://127.0.0.1:{web}/health/ready"):
            assert everything.poll() is None, (tmp_path / "run.log").read_text()[-3000:]
            assert time.monotonic() < deadline, (tmp_path / "run.log").read_text()[-3000:]
            time.sleep(0.1)
        yield here, local
    finally:
        everything.terminate()
        try:
            everything.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(everything.pid, signal.SIGKILL)


@pytest.mark.long
@pytest.mark.timeout(240)
@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")
@pytest.mark.skipif("dogs" not in settings.PLATFORM_APPS, reason="the tour begins with dogs")
def test_the_tours_print_what_the_documents_say(platform):
    here, local = platform
    steps = [
        (local(command), [local(one) for one in expected])
        for command, expected in steps_of_the_documents(settings.PLATFORM_APPS)
    ]
    script = ["exec 2>&1"]
    for number, (command, _expected) in enumerate(steps):
        script += [command, f"printf '\\n@@ {number} %s\\n' $?"]
    walked = subprocess.run(
        ["bash", "-c", "\n".join(script)],  # noqa: S607 - bash from the PATH
        cwd=here,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={name: value for name, value in environment().items() if "proxy" not in name.lower()},
    )
    *parts, rest = re.split(r"\n@@ (\d+) (\d+)\n", walked.stdout)
    assert rest == ""
    wrong = []
    for (command, expected), output, status in zip(steps, parts[::3], parts[2::3], strict=True):
        missing = unmet(expected, output)
        if missing is not None or status != "0":
            wrong.append(f"$ {command}\nexit {status}, not found: {missing}\n{output}")
    assert not wrong, "\n\n".join(wrong)
    log = (here.parent / "run.log").read_text()
    line = (
        r"web\.1 +\| [\d:.]{12} INFO     POST /api/dogs/Rocky 201 \d+ ms 127\.0\.0\.1 [0-9a-f]{32}$"
    )
    assert len(re.findall(line, log, re.MULTILINE)) == 1
    assert [one for one in ("plaza-demo-2026", "abcdef1234567890", "\x1b") if one in log] == []


def test_no_tour_is_empty_and_every_kind_of_error_is_shown():
    apps = settings.PLATFORM_APPS
    assert len(list(steps_of(chapter(README, "A tour"), apps))) > 20
    errors = list(steps_of(chapter((ROOT / "docs" / "api.md").read_text(), "Errors"), apps))
    shown = " ".join(line for _command, expected in errors for line in expected)
    statuses = {int(found) for found in re.findall(r"\b(4\d\d)\b", shown)}
    assert statuses == {400, 401, 403, 404, 405, 406, 409, 413, 415, 429}
    assert len(errors) == 12
    tour = chapter((ROOT / "docs" / "tour.md").read_text(), "The apps")
    nothing = len(list(steps_of(tour, [])))
    for app in {*apps} - {"dogs"}:  # the README's tour is about dogs
        assert len(list(steps_of(tour, [app]))) > nothing + 4, app


def test_every_block_of_a_document_is_closed():
    """What is left open swallows the next block, which then nobody walks."""
    for page in documents():
        marks = re.findall(r"^( *)```(\w*)", page.read_text(), re.MULTILINE)
        opened, closed = marks[::2], marks[1::2]
        assert [indent for indent, _ in opened] == [indent for indent, _ in closed], page
        assert {language for _, language in closed} <= {""}, page


def test_a_wrong_line_in_the_tour_is_noticed():
    output = 'HTTP/1.1 201 Created\r\nETag: "a"\r\n\r\n{"id":7,"name":"Rocky"}\n'
    assert unmet(["HTTP/1.1 201 Created", '{"id":…,"name":"Rocky"}'], output) is None
    assert unmet(["HTTP/1.1 200 OK"], output) == "HTTP/1.1 200 OK"
    assert unmet(['{"id":…,"name":"Rex"}'], output) == '{"id":…,"name":"Rex"}'
    assert unmet(['{"id":…}', "HTTP/1.1 201 Created"], output) == "HTTP/1.1 201 Created"


# --- The first screen ----------------------------------------------------------------------------
def test_the_first_screen_is_one_and_the_readme_is_short():
    assert len(FIRST_SCREEN.splitlines()) <= 60
    assert len(README.splitlines()) <= 330
    for part in ("**Why", "\nmake run ", "\nmake tests ", "## Where to go on"):
        assert part in FIRST_SCREEN
    pages = {f"docs/{page.name}" for page in (ROOT / "docs").glob("*.md")}
    assert len(pages) > 5
    assert pages - {*links(README)} == set()


def links(text):
    return [target.removeprefix("README.md") for target in re.findall(r"\]\(([^)]+)\)", text)]


def commands(text):
    """The commands and addresses of a text, without what is said about them."""
    blocks = "".join(re.findall(r"^```\n(.*?)^```", text, re.MULTILINE | re.DOTALL))
    return [line.partition("#")[0].strip() for line in blocks.splitlines()] + re.findall(
        r"`[^`\n]+`|https?://[\w.:/]+", text.replace(blocks, "")
    )


def test_the_spanish_readme_is_the_first_screen():
    assert links(FIRST_SCREEN)[0] == "README.es.md"
    assert links(SPANISH)[0] == ""  # README.md
    assert links(SPANISH)[1:] == links(FIRST_SCREEN)[1:]
    assert commands(SPANISH) == commands(FIRST_SCREEN)
    assert len(commands(SPANISH)) > 8


# --- What the documents list ---------------------------------------------------------------------
def test_the_readme_has_every_make_target_and_no_other():
    makefile = (ROOT / "Makefile").read_text()
    targets = dict(re.findall(r"^([a-z-]+):.*?## (.*)$", makefile, re.MULTILINE))
    listed = dict(re.findall(r"^\| `make ([a-z-]+)` \| (.*?) \|$", README, re.MULTILINE))
    assert listed == targets


def documents():
    found = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *ROOT.glob("*/README.md")]
    return sorted(path for path in found if not path.parent.name.startswith("."))


def anchors(path):
    """The anchors of a document's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", path.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-") for title in headings}


@pytest.mark.parametrize("path", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_relative_link_leads_somewhere(path):
    text = re.sub(r"```.*?```", "", path.read_text(), flags=re.DOTALL)
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        there = path.parent / name if name else path
        if not there.exists() or (anchor and anchor not in anchors(there)):
            broken.append(target)
    assert broken == []


@pytest.mark.parametrize("path", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_file_that_a_document_names_is_there(path):
    text = re.sub(r"```.*?```", "", path.read_text(), flags=re.DOTALL)
    named = set(re.findall(r"`((?:[\w.-]+/)+[\w.-]+\.(?:py|md|yml|sh|toml|template|csv))`", text))
    assert {name for name in named if not name.startswith(("plants/", "var/"))} <= {
        name for name in named if (ROOT / name).exists() or (path.parent / name).exists()
    }


def sources():
    folders = (*plugs.REQUIRED_APPS, *plugs.every_optional_app())
    for path in (path for folder in folders for path in (ROOT / folder).rglob("*.py")):
        if not {"tests", "migrations"} & set(path.parts):
            yield ast.parse(path.read_text())


def assigned(node, name):
    """The value that a class body gives to a name."""
    for one in node.body:
        if isinstance(one, ast.Assign) and getattr(one.targets[0], "id", "") == name:
            return one.value
    return None


def status_of(node):
    """The number in `404` and in `status.HTTP_404_NOT_FOUND`."""
    if isinstance(node, ast.Attribute):
        return int(re.match(r"HTTP_(\d+)_", node.attr)[1])
    return node.value if isinstance(node, ast.Constant) else None


RAISED = {"ParseError": 400, "UnsupportedMediaType": 415, "ValidationError": 400, "_JSONError": 400}


def codes_of_classes(nodes):
    """The codes that error classes name, each with the status that its class inherits."""
    by_name = {node.name: node for node in nodes}

    def status(node):
        own = assigned(node, "status_code")
        if own is not None:
            return status_of(own)
        names = [getattr(base, "id", getattr(base, "attr", "")) for base in node.bases]
        found = (RAISED.get(name) or (name in by_name and status(by_name[name])) for name in names)
        return next(filter(None, found), None)

    named = [(assigned(node, "default_code"), node) for node in nodes]
    return {code.value: status(node) for code, node in named if code is not None}


def codes_of_call(call):
    """The codes that one call names: a response made by hand, or DRF's error with a code."""
    called = getattr(call.func, "attr", getattr(call.func, "id", ""))
    texts = [one.value for one in call.args if isinstance(one, ast.Constant)]
    if called == "problem_response" and len(texts) > 1:
        return {texts[1]: texts[0]}
    if called not in RAISED or called == "ValidationError":
        return {}
    named = [one.value for one in call.keywords if one.arg == "code"] + call.args[1:]
    return {one.value: RAISED[called] for one in named if isinstance(one, ast.Constant)}


def error_codes():
    """Every code that an answer may carry, with its status, as the code has them."""
    nodes = [node for tree in sources() for node in ast.walk(tree)]
    codes = dict(DRF_CODES)
    codes |= codes_of_classes([node for node in nodes if isinstance(node, ast.ClassDef)])
    for node in nodes:
        if isinstance(node, ast.Call):
            codes |= codes_of_call(node)
    return codes


def test_the_api_document_lists_every_error_code_and_no_other():
    text = chapter((ROOT / "docs" / "api.md").read_text(), "Errors")
    listed = {
        code: int(status)
        for code, status in re.findall(r"^\| `(\w+)` \| (\d+) \|", text, re.MULTILINE)
    }
    found = {code: one.status for code, one in codes().items()}
    assert text.count("\n| `") == len(listed)  # each once
    assert len(found) > 30
    assert listed == found


def test_every_code_that_the_source_names_has_a_page():
    found = error_codes()
    shown = {code: one.status for code, one in codes().items()}
    assert found.items() <= shown.items()
    # Only nginx and gunicorn say these.
    assert shown.keys() - found.keys() == {
        "request_timeout",
        "uri_too_long",
        "bad_gateway",
        "gateway_timeout",
    }


def test_every_decision_says_why_what_and_at_what_cost():
    records = sorted((ROOT / "docs" / "adr").glob("[0-9]*.md"))
    assert len(records) >= 11
    assert [path.name[:4] for path in records] == [f"{n:04}" for n in range(1, len(records) + 1)]
    for path in records:
        headings = re.findall(r"^## (.+)$", path.read_text(), re.MULTILINE)
        assert headings == ["Context", "Decision", "Consequences"], path.name
        assert len(path.read_text().splitlines()) < 80, f"{path.name} is more than a page"


def test_the_er_diagrams_are_what_the_models_say(monkeypatch, tmp_path):
    assert erd.problems() == []
    drifted = tmp_path / "erd.md"
    drifted.write_text(erd.TARGET.read_text().replace("Session {", "Sessions {"))
    monkeypatch.setattr(erd, "TARGET", drifted)
    assert erd.problems() == ["users"]
