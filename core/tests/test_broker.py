"""The broker on disk: processes that start together and write together meet no half files."""

import multiprocessing
from pathlib import Path

from kombu import Connection, Exchange, Queue
from kombu.transport import filesystem

from core.broker import Transport

ROUNDS, PROCESSES = 40, 4
NAMES = ("core", "dogs", "users")


def start(folder: Path, transport: type, barrier, failures) -> None:
    """Declare the queues at the same time as the others, and leave a message in each."""
    options = {
        "data_folder_in": str(folder / "messages"),
        "data_folder_out": str(folder / "messages"),
        "control_folder": str(folder / "control"),
    }
    try:
        with Connection(transport=transport, transport_options=options) as connection:
            channel = connection.default_channel
            barrier.wait(10)
            for name in NAMES:
                Queue(name, Exchange(name), routing_key=name)(channel).declare()
                channel.basic_publish(channel.prepare_message("x"), name, name)
    except Exception as error:  # noqa: BLE001 - whatever it is, the test asserts on it
        failures.put(repr(error))


def start_together(folder: Path, transport: type) -> tuple[list[str], int]:
    """Return what failed, and how many messages there are, when processes start at once."""
    context = multiprocessing.get_context("fork")
    failures = context.SimpleQueue()
    for number in range(ROUNDS):
        made = folder / str(number)
        for name in ("messages", "control"):
            (made / name).mkdir(parents=True)
        barrier = context.Barrier(PROCESSES)
        processes = [
            context.Process(target=start, args=(made, transport, barrier, failures))
            for _ in range(PROCESSES)
        ]
        for process in processes:
            process.start()
        for process in processes:
            process.join(30)
    found = []
    while not failures.empty():
        found.append(failures.get())
    return found, len(list(folder.rglob("*.msg")))


def test_nobody_meets_half_a_file(tmp_path):
    failures, messages = start_together(tmp_path, Transport)
    assert failures == []
    assert messages == ROUNDS * PROCESSES * len(NAMES)


def test_with_kombus_own_transport_somebody_does(tmp_path):
    """The control: the day it fails, core/broker.py can go."""
    failures, _messages = start_together(tmp_path, filesystem.Transport)
    assert failures != []
