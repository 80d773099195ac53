"""The broker on disk: processes that start together and write together meet no half files."""

import fcntl
import multiprocessing
import sys
from pathlib import Path

from kombu import Connection, Exchange, Queue
from kombu.exceptions import ChannelError
from kombu.transport import filesystem, virtual

import core.jobs.broker
from core.jobs.broker import Transport

ROUNDS, PROCESSES = 10, 4
NAMES = ("core", "things", "users")
WRITERS = {filesystem.__file__, core.jobs.broker.__file__}


def channel_in(folder: Path, transport: type):
    """Return a process's own channel to the broker in ``folder``."""
    for name in ("messages", "control"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    options = {
        "data_folder_in": str(folder / "messages"),
        "data_folder_out": str(folder / "messages"),
        "control_folder": str(folder / "control"),
    }
    # What a transport remembers is one process's own: kombu keeps it in the class.
    own = type("Own", (transport,), {"global_state": virtual.BrokerState()})
    return Connection(transport=own, transport_options=options).default_channel


def declare_and_send(channel) -> None:
    """Declare the queues and leave a message in each, as a process that starts does."""
    for name in NAMES:
        Queue(name, Exchange(name), routing_key=name)(channel).declare()
        channel.basic_publish(channel.prepare_message("x"), name, name)


def start(folder: Path, barrier, failures) -> None:
    """Start at the same time as the others."""
    try:
        channel = channel_in(folder, Transport)
        barrier.wait(30)
        declare_and_send(channel)
    except Exception as error:  # noqa: BLE001 - whatever it is, the test asserts on it
        failures.put(repr(error))


def test_processes_that_start_together(tmp_path):
    context = multiprocessing.get_context("fork")
    failures = context.SimpleQueue()
    for number in range(ROUNDS):
        barrier = context.Barrier(PROCESSES)
        processes = [
            context.Process(target=start, args=(tmp_path / str(number), barrier, failures))
            for _ in range(PROCESSES)
        ]
        for process in processes:
            process.start()
        for process in processes:
            process.join(30)
    assert failures.empty()
    assert len(list(tmp_path.rglob("*.msg"))) == ROUNDS * PROCESSES * len(NAMES)


def read_everything(channel) -> None:
    """Read the tables and take the messages, as any other process may at any moment."""
    for name in NAMES:
        try:
            channel.get_table(name)
            if channel._size(name):
                channel._get(name)
        except ChannelError as error:
            # It would wait for the writer's lock, which is no half file: it looks again later.
            if not isinstance(error.__cause__, BlockingIOError):
                raise


def looked_at_on_every_line(folder: Path, transport: type, monkeypatch) -> list[str]:
    """Start one process, let another one look before each line, and return what that died of."""

    def lock_or_leave(file, flags):
        fcntl.flock(file.fileno(), flags | fcntl.LOCK_NB)

    monkeypatch.setattr(filesystem, "lock", lock_or_leave)
    writer, reader = channel_in(folder, transport), channel_in(folder, transport)
    failures = []

    def look(frame, event, _argument):
        if frame.f_code.co_filename not in WRITERS:
            return None
        if event == "line":
            try:
                read_everything(reader)
            except Exception as error:  # noqa: BLE001 - whatever it is, the test asserts on it
                failures.append(repr(error))
        return look

    before = sys.gettrace()
    sys.settrace(look)
    try:
        declare_and_send(writer)
    finally:
        sys.settrace(before)
    assert [writer.get_table(name)[0].queue for name in NAMES] == list(NAMES)
    return failures


def test_who_reads_at_any_moment_finds_whole_files(tmp_path, monkeypatch):
    assert looked_at_on_every_line(tmp_path, Transport, monkeypatch) == []


def test_with_kombus_own_transport_they_are_half(tmp_path, monkeypatch):
    """The control: the day it fails, core/jobs/broker.py can go."""
    failures = looked_at_on_every_line(tmp_path, filesystem.Transport, monkeypatch)
    assert any("JSONDecodeError" in failure for failure in failures)
