"""Alerts and dashboard speak of numbers that there are: each name against what /metrics says."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from core.ops import exposition
from core.ops.processes import ProcessTree
from core.outbound import breaker
from tests.test_docs import chapter

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "deploy"
RULES = yaml.safe_load((FOLDER / "prometheus" / "rules.yml").read_text())
DASHBOARD = json.loads((FOLDER / "grafana" / "plaza.json").read_text())
ALL_RULES = [rule for group in RULES["groups"] for rule in group["rules"]]
NAME = re.compile(r"\b(?:plaza|process)[a-z_]*(?::[a-z0-9_]+)*")
LABELS = re.compile(r"\b([a-z_]+)(?:=~|!=|!~|=)\"")
POSTGRES_ONLY = ("connections", "lock_waits", "max_connections", "oldest_transaction_seconds")
pytestmark = pytest.mark.django_db


def expressions():
    found = [rule["expr"] for rule in ALL_RULES]
    for panel in DASHBOARD["panels"]:
        found += [target["expr"] for target in panel.get("targets", [])]
    return found


def names_in(expression):
    return set(NAME.findall(re.sub(r'"[^"]*"', "", expression)))


@pytest.fixture
def said(monkeypatch, is_postgres):
    """Every sample's name, and the label names of all."""
    breaker.names.add("anybody")
    monkeypatch.setattr(exposition.facts, "collect", exposition.ask)
    registry = exposition.page(1)
    families = [*text_string_to_metric_families(generate_latest(registry).decode())]
    families += [*ProcessTree(1).collect(), *exposition.REGISTRY.collect()]
    names = {family.name for family in families}
    names |= {sample.name for family in families for sample in family.samples}
    # A counter that nobody has counted with yet has no sample, only a type.
    for family in families:
        names |= {
            "counter": {f"{family.name}_total"},
            "histogram": {f"{family.name}_{part}" for part in ("bucket", "count", "sum")},
        }.get(family.type, set())
    if not is_postgres:
        names |= {f"plaza_database_{name}" for name in POSTGRES_ONLY}
    return names


def test_every_name_is_one_that_metrics_says_or_a_rule_records(said):
    recorded = {rule["record"] for rule in ALL_RULES if "record" in rule}
    used = set().union(*map(names_in, expressions()))
    assert len(used) > 20
    assert used - said - recorded == set()


def test_a_name_that_nobody_says_would_be_noticed(said):
    assert names_in('sum(plaza_gone_total{app="plaza_x"}) / plaza:gone:ratio') - said == {
        "plaza_gone_total",
        "plaza:gone:ratio",
    }


def test_everything_of_ours_is_shown_on_the_dashboard(said):
    shown = " ".join(
        target["expr"] for panel in DASHBOARD["panels"] for target in panel.get("targets", [])
    )
    ours = {re.sub(r"_(total|bucket|count|sum|created)$", "", name) for name in said}
    missing = {name for name in ours if name.startswith("plaza_") and name not in shown}
    assert missing - {"plaza_build"} == set()  # its sample is plaza_build_info


def test_an_alert_says_what_is_and_where_to_read_on():
    headings = re.findall(r"^#+ (.+)$", (ROOT / "docs" / "operations.md").read_text(), re.MULTILINE)
    anchors = {re.sub(r"[^a-z0-9 -]", "", one.lower()).replace(" ", "-") for one in headings}
    alerts = [rule for rule in ALL_RULES if "alert" in rule]
    assert len({rule["alert"] for rule in alerts}) == len(alerts) > 10
    for rule in alerts:
        assert rule["alert"].startswith("Plaza")
        assert rule["labels"]["severity"] in {"page", "ticket"}
        assert rule["annotations"]["summary"]
        assert rule["annotations"]["runbook"] in anchors, rule["alert"]
    listed = chapter((ROOT / "docs" / "observability.md").read_text(), "Alerts")
    assert set(re.findall(r"^\| `(\w+)`", listed, re.MULTILINE)) == {
        rule["alert"] for rule in alerts
    }


def test_the_dashboards_panels_have_places_and_ids_of_their_own():
    panels = DASHBOARD["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels]
    assert len(set(places)) == len(places)


@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool (prometheus) is not installed")
@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "rules", "rules.yml"),
        ("check", "config", "prometheus.yml"),
        ("test", "rules", "rules.test.yml"),
    ],
)
def test_promtool_finds_nothing(arguments):
    done = subprocess.run(
        ["promtool", *arguments],  # noqa: S607 - promtool from the PATH
        cwd=FOLDER / "prometheus",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool (prometheus) is not installed")
def test_promtool_finds_nothing_in_the_page(monkeypatch):
    monkeypatch.setattr(exposition.facts, "collect", exposition.ask)
    done = subprocess.run(
        ["promtool", "check", "metrics"],  # noqa: S607 - promtool from the PATH
        input=generate_latest(exposition.page(1)),
        capture_output=True,
        check=False,
    )
    assert (done.stdout + done.stderr).decode() == ""
