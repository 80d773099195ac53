"""What the benchmark's runner publishes, and when it does not."""

import json

import pytest

from benchmarks import growth, quiet, run

ROW = {"name": "one dog", "kind": "read", "plaza": {"cpu_ms": 1.0}, "peers": {}}


@pytest.fixture
def results(tmp_path, monkeypatch):
    """Publish below a folder of this test, without a database or a picture."""
    monkeypatch.setattr(run, "ROOT", tmp_path)
    monkeypatch.setattr(run, "RESULTS", tmp_path / "results.json")
    monkeypatch.setattr(run, "machine", lambda _: {"cores": 2, "cpu": "x", "python": "3.11"})
    monkeypatch.setattr(run.plot, "draw", lambda *_: None)
    run.RESULTS.write_text("before")
    return run.RESULTS


def watch_of(monkeypatch, *shares):
    """Return a watch that saw these shares of two busy cores, each in one second."""
    clock, spent = iter(range(99)), [0.0]
    for share in shares:
        spent += [spent[-1], spent[-1] + 2 * share]
    looks = iter(spent[1:])
    monkeypatch.setattr(quiet.os, "cpu_count", lambda: 2)
    monkeypatch.setattr(quiet.time, "monotonic", lambda: next(clock))
    monkeypatch.setattr(quiet.time, "sleep", lambda _: None)
    monkeypatch.setattr(quiet, "busy_seconds", lambda: next(looks))
    watch = quiet.Watch()
    assert [watch.look() for _ in shares] == pytest.approx(shares)
    return watch


def test_figures_from_busy_cores_are_not_published(results, monkeypatch, capsys):
    watch = watch_of(monkeypatch, 0.02, 0.4, 0.02)
    assert run.publish([ROW], watch, is_whole=True) == 75
    assert results.read_text() == "before"
    assert "busy at most 40% of the cores" in capsys.readouterr().out


def test_a_whole_run_on_quiet_cores_is_published(results, monkeypatch):
    assert run.publish([ROW], watch_of(monkeypatch, 0.02, 0.1), is_whole=True) == 0
    assert json.loads(results.read_text())["scenarios"] == [ROW]


def test_a_part_of_a_run_is_not_published(results, monkeypatch):
    assert run.publish([ROW], watch_of(monkeypatch, 0.02), is_whole=False) == 0
    assert results.read_text() == "before"


def test_scenarios_say_what_kind_of_request_they_are():
    kinds = {one.name: one.kind for one in run.EVERY_SCENARIO}
    assert {*kinds.values()} == {"read", "list", "write", "login"}
    assert kinds["one dog by name"] == kinds["sync: head, unchanged"] == "read"
    assert kinds["page of 50 dogs"] == kinds["sync: first sync (4 requests)"] == "list"
    assert kinds["create a dog"] == kinds["sync: push 20 visits"] == "write"


def test_all_who_take_part_have_a_port():
    taking_part = {name for one in run.EVERY_SCENARIO for name in one.peers}
    assert {"plaza", *taking_part} == {*run.PORTS}


def test_a_cost_that_grows_with_the_rows_is_an_error(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(growth, "RESULTS", tmp_path / "growth.json")
    monkeypatch.setattr(growth, "machine", lambda _: {"cores": 2})
    monkeypatch.setattr(growth.plot, "draw_growth", lambda *_: None)
    flat = {"name": "flat", "cpu_ms": {"1": 1.0, "10": 1.1, "100": 0.9}}
    grown = {"name": "grown", "cpu_ms": {"1": 1.0, "10": 1.12, "100": 1.0}}
    quiet_cores = watch_of(monkeypatch, 0.01)
    assert growth.publish([flat], quiet_cores, is_whole=False) == 0
    assert not growth.RESULTS.exists()
    assert growth.publish([flat, grown], quiet_cores, is_whole=True) == 1
    assert json.loads(growth.RESULTS.read_text())["scenarios"] == [flat, grown]
    assert "dearer with more rows: grown" in capsys.readouterr().out
    growth.RESULTS.unlink()
    assert growth.publish([grown], watch_of(monkeypatch, 0.5), is_whole=True) == 75
    assert not growth.RESULTS.exists()
