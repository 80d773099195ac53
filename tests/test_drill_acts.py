"""The acts of ``make drill``: which there are, and what each needs to be played."""

import subprocess
import sys

from scripts import debian
from scripts.calls import BROKEN_OFF
from scripts.drill import __main__, programs
from scripts.drill.acts import ACTS
from scripts.drill.clients import CONFLICT
from scripts.drill.promises import AWAY
from scripts.drill.release import copied_to, last_migration
from scripts.proxy import ROOT


def drill(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "scripts.drill", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_act_of_the_plan_is_listed_with_its_control():
    listed = drill("--list")
    assert listed.returncode == 0
    names = [line.split()[0] for line in listed.stdout.splitlines()[::2]]
    assert names == [
        "node-killed",
        "node-hung",
        "background-killed",
        "postgresql-killed",
        "failover",
        "patroni-machine-lost",
        "patroni-server-killed",
        "pooler-restarted",
        "redis-killed",
        "rabbitmq-killed",
        "disk-full",
        "connections-exhausted",
        "table-locked",
        "clocks-apart",
        "deployment",
        "backup",
    ]
    for act in ACTS:
        differs = (act.control_setting, act.control_fault, act.control_proxy or None)
        assert any(differs), act.name
        assert act.limits.first <= {AWAY, BROKEN_OFF, CONFLICT}


def test_an_act_that_is_none_is_refused_with_those_that_are():
    refused = drill("failover,earthquake")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith("drill: there is no act earthquake. There are: node-killed,")


def test_a_program_that_is_missing_is_named_with_its_package(monkeypatch):
    there = programs.path_of
    monkeypatch.setattr(
        programs, "path_of", lambda name: None if name == "epmd" else there("sh") or "/bin/sh"
    )
    assert programs.missing() == ["epmd is not here (Debian: apt-get install erlang-base)"]


def test_what_needs_a_disk_to_fill_is_left_out_aloud(capsys):
    left = __main__.without_disk(list(ACTS))
    assert [act.name for act in ACTS if act not in left] == ["disk-full"]
    assert "disk-full: left out, nobody but root may mount" in capsys.readouterr().out


def test_acts_under_patroni_are_played_only_when_they_are_asked_for(capsys):
    under_patroni = ["patroni-machine-lost", "patroni-server-killed"]
    assert [act.name for act in ACTS if act not in __main__.chosen("")] == under_patroni
    asked = __main__.chosen("patroni-server-killed,failover")
    assert [act.name for act in asked] == ["patroni-server-killed", "failover"]
    assert [act.name for act in __main__.without_patroni(asked)] == ["failover"]
    assert "patroni-server-killed: left out, no Patroni and etcd" in capsys.readouterr().out


def test_what_could_not_be_unpacked_is_not_taken_for_there(tmp_path, monkeypatch):
    """A fetch that ends well with other files than the wanted one, and one that fails."""
    monkeypatch.setattr(debian.subprocess, "run", lambda *_, **__: None)
    assert debian.unpacked(tmp_path / "empty", "usr/bin/patroni", ["patroni"]) is None

    def fail(*_, **__):
        raise subprocess.CalledProcessError(100, "apt-get")

    monkeypatch.setattr(debian.subprocess, "run", fail)
    assert debian.unpacked(tmp_path / "failed", "usr/bin/patroni", ["patroni"]) is None
    program = tmp_path / "there" / "usr" / "bin" / "patroni"
    program.parent.mkdir(parents=True)
    program.touch()
    assert debian.unpacked(tmp_path / "there", "usr/bin/patroni", ["patroni"]) == tmp_path / "there"


def test_what_needs_a_shifted_clock_is_left_out_aloud(capsys):
    left = __main__.without_compiler(list(ACTS))
    assert [act.name for act in ACTS if act not in left] == ["clocks-apart"]
    assert "clocks-apart: left out, cc is not here" in capsys.readouterr().out


def test_the_next_release_adds_two_migrations_to_the_newest(tmp_path):
    copied_to(tmp_path / "release")
    folder = tmp_path / "release" / "dogs" / "migrations"
    assert last_migration(tmp_path / "release") == "9002_drill"
    assert f'("dogs", "{last_migration()}")' in (folder / "9001_drill.py").read_text()
    assert '("dogs", "9001_drill")' in (folder / "9002_drill.py").read_text()
