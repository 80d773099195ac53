"""What must hold for the repository as a whole, whoever changes it."""

import ast
import base64
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

from core import plugs
from scripts import commit_message, dotenv, imports

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = (ROOT / ".env.example").read_text()
READERS = {
    *("text", "integer", "number", "flag", "words", "database", "read"),
    *("choice", "choices", "time_zone", "networks", "outside", "page", "service"),
}


def python_files():
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.py"],  # noqa: S607 - git from the PATH
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    ).stdout.split()
    return [ROOT / name for name in listed if (ROOT / name).is_file()]


def reads(call):
    """Whether the call is `env.text(…)`, or inside config/env.py `text(…)`."""
    if isinstance(call.func, ast.Attribute):
        named_env = isinstance(call.func.value, ast.Name) and call.func.value.id == "env"
        return named_env and call.func.attr in READERS
    return isinstance(call.func, ast.Name) and call.func.id in READERS


def variables_read(folder):
    """The names in `env.text("NAME", …)` calls, wherever they stand in the folder."""
    names = set()
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and node.args and reads(node):
                first = node.args[0]
                if isinstance(first, ast.Constant) and re.fullmatch(
                    r"[A-Z][A-Z0-9_]+", first.value
                ):
                    names.add(first.value)
    return names


def variables_shown(example):
    return set(re.findall(r"^#?([A-Z][A-Z0-9_]*)=", example, re.MULTILINE))


def test_every_variable_that_is_read_is_in_the_example_and_the_other_way_round():
    read, shown = variables_read(ROOT / "config"), variables_shown(EXAMPLE)
    assert len(read) > 20
    assert read - shown == set(), "missing in .env.example"
    # What the programs that `make run` starts are given.
    started = set(re.findall(r"\$\{([A-Z_]+):-", (ROOT / "Procfile").read_text()))
    assert shown - read - started == set(), "in .env.example, but nothing reads it"


def test_every_variable_in_the_example_has_a_comment():
    lines = EXAMPLE.splitlines()
    for number, text in enumerate(lines):
        if re.match(r"#?[A-Z][A-Z0-9_]*=", text):
            above = next(
                one for one in reversed(lines[:number]) if not re.match(r"#?[A-Z_]+=", one)
            )
            assert above.startswith("# "), f"{text} has no comment above it"


def test_dotenv_fills_secrets_that_differ_and_leaves_a_file_alone(tmp_path):
    target = tmp_path / ".env"
    dotenv.main([str(ROOT / ".env.example"), str(target)])
    first = target.read_text()
    other = tmp_path / "other"
    dotenv.main([str(ROOT / ".env.example"), str(other)])
    mine, theirs = (
        re.search(r"^SECRET_KEY=(.+)$", text, re.MULTILINE)[1]
        for text in (first, other.read_text())
    )
    assert mine != theirs
    assert len(mine) == 64
    assert not re.search("^[A-Z_]+=.*GENERATE", first, re.MULTILINE)
    key = re.search(r"^CREDENTIALS_KEYS=k1:(.+)$", first, re.MULTILINE)[1]
    assert len(base64.b64decode(key, validate=True)) == 32
    assert target.stat().st_mode & 0o077 == 0
    dotenv.main([str(ROOT / ".env.example"), str(target)])
    assert target.read_text() == first
    target.write_text("SECRET_KEY=mine\nLOG_LEVEL=DEBUG")
    dotenv.main([str(ROOT / ".env.example"), str(target)])
    lines = target.read_text().splitlines()
    assert lines[:2] == ["SECRET_KEY=mine", "LOG_LEVEL=DEBUG"]
    expected = {
        placeholder[1]
        for placeholder in dotenv.PLACEHOLDER.finditer((ROOT / ".env.example").read_text())
    }
    assert {line.partition("=")[0] for line in lines[2:]} == expected - {"SECRET_KEY"}


def test_the_optional_apps_are_independent_by_contract():
    apps = ["plants", "zoo"]
    text = imports.filled((ROOT / "pyproject.toml").read_text(), apps)
    settings = tomllib.loads(text)["tool"]["importlinter"]
    contracts = {contract["id"]: contract for contract in settings["contracts"]}
    assert settings["root_packages"] == ["config", "core", "users", *apps, "sandbox"]
    assert contracts["optional-apps"]["modules"] == apps
    assert contracts["kernel"]["forbidden_modules"] == ["users", *apps, "sandbox"]
    assert contracts["users"]["forbidden_modules"] == [*apps, "sandbox"]
    assert contracts["sandbox"]["forbidden_modules"] == ["config", "core", "users", *apps]
    assert contracts["inside"]["containers"] == ["users", *apps]


def test_no_tool_has_a_list_of_the_apps():
    for name in ("pyproject.toml", "Makefile", ".dockerignore", "Dockerfile", "core/plugs.py"):
        words = set(re.findall(r"\w+", (ROOT / name).read_text()))
        assert len(words & set(plugs.every_optional_app())) < 2, name


def test_every_layer_stands_in_some_app_and_circles_are_looked_for_everywhere():
    text = imports.filled((ROOT / "pyproject.toml").read_text(), plugs.every_optional_app())
    settings = tomllib.loads(text)["tool"]["importlinter"]
    contracts = {contract["id"]: contract for contract in settings["contracts"]}
    inside = contracts["inside"]
    layers = [name for layer in inside["layers"] for name in re.findall(r"\w+", layer)]
    apps = [ROOT / app for app in inside["containers"]]
    modules = {path.stem for app in apps for path in app.glob("*.py")}
    modules |= {path.parent.name for app in apps for path in app.glob("*/__init__.py")}
    assert len(layers) == len(set(layers))
    assert set(layers) - modules == set(), "import-linter says nothing of a layer that is gone"
    assert contracts["circles"]["ancestors"] == settings["root_packages"]
    assert settings["exclude_type_checking_imports"] is False


def test_every_exception_carries_its_reason():
    marks = "|".join(("noqa", "type: ignore", "pragma: no cover", "nosec"))
    mark = re.compile(rf"#\s*(?:{marks})(?P<rest>.*)$")
    silent = []
    for path in python_files():
        if "migrations" in path.parts:
            continue
        for number, text in enumerate(path.read_text().splitlines(), 1):
            found = mark.search(text)
            if found and not re.search(r"(?: - |# )\s*\S+", found["rest"]):
                silent.append(f"{path.relative_to(ROOT)}:{number}: {text.strip()}")
    assert silent == []


def test_make_lists_every_target_that_people_may_call():
    makefile = (ROOT / "Makefile").read_text()
    phony = {
        name
        for line in re.findall(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)
        for name in line.split()
    }
    described = set(re.findall(r"^([a-z-]+):.*## ", makefile, re.MULTILINE))
    assert phony == described
    listed = subprocess.run(
        ["make", "--no-print-directory"],  # noqa: S607 - make from the PATH
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    assert {line.split()[0] for line in listed} == described
    assert described >= {
        "run",
        "tests",
        "ci",
        "lint-fix",
        "install-local",
        "requirements",
        "coverage-report",
        "migrate",
        "create-superuser",
        "start",
        "stop-containers",
        "remove-containers",
        "smoke",
        "drill",
        "sbom",
    }


def test_the_pipeline_calls_what_developers_call():
    run = (ROOT / ".ci" / "run").read_text()
    assert "make --no-print-directory ci" in run
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text())
    assert {"run": ".ci/run"} in workflow["jobs"]["checks"]["steps"]
    assert {"run": "make browser"} in workflow["jobs"]["browser"]["steps"]
    assert workflow["permissions"] == {"contents": "read"}
    assert workflow["concurrency"]["cancel-in-progress"] is True
    assert workflow["jobs"]["checks"]["strategy"]["matrix"]["python"] == ["3.11", "3.12", "3.13"]


def test_the_suite_leaves_the_browser_to_make_browser(pytestconfig):
    assert "browser" in pytestconfig.getini("norecursedirs")
    assert [*(ROOT / "tests" / "browser").glob("test_*.py")]


def test_actions_are_pinned_by_commit():
    for path in (ROOT / ".github" / "workflows").glob("*.yml"):
        used = re.findall(r"uses: *(\S+)(.*)", path.read_text())
        assert used
        for action, comment in used:
            assert re.fullmatch(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}", action), action
            assert re.search(r"# v\d+\.\d+\.\d+", comment), f"{action} does not say its version"


@pytest.mark.parametrize(
    ("message", "good"),
    [
        ("feat(dogs): keep the picture", True),
        ("fix!: refuse\n\nbody", True),
        ("Merge branch 'x'", True),
        ("fix(delivery): pass the port on", True),
        ("perf(core): embed the key", True),
        ("added stuff", False),
        ("feat: added stuff", False),
        ("feat: adds stuff", False),
        ("feat: adding stuff", False),
        ("fix(movies): whoever waits gets the 404", False),
        ("test: nginx's script is told to quit", False),
        ("feat: ", False),
        ("Feat: big", False),
    ],
)
def test_commit_messages(message, good):
    assert commit_message.acceptable(message) is good
