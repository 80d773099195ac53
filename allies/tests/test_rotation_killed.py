"""Rotation survives SIGKILL: the real command in a process of its own, on PostgreSQL."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.db import connection, transaction

from allies.credentials import rotation
from allies.models import AllyCredential
from allies.tests.factories import AllyFactory, history, with_credentials
from allies.tests.test_rotation import entry, opened
from core.tests.locks import wait_until_somebody_waits

ROWS, BATCH_ROWS = 22, 4


def start(*arguments, keys):
    """Start ``manage.py rotate_credentials`` on the test's own database."""
    url = urlsplit(os.environ["DATABASE_URL"])  # noqa: TID251 - handed on to a child process
    name = connection.settings_dict["NAME"]
    return subprocess.Popen(
        [sys.executable, "manage.py", "rotate_credentials", f"--batch={BATCH_ROWS}", *arguments],
        cwd=Path(settings.BASE_DIR),
        env={
            **os.environ,  # noqa: TID251 - see above
            "DJANGO_SETTINGS_MODULE": "config.settings.local",
            "DATABASE_URL": url._replace(path=f"/{name}").geturl(),
            "CREDENTIALS_KEYS": ",".join(keys),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def killed_when_it_reaches(row, *, keys):
    """Let a run get as far as ``row``, whose lock is ours, and kill it there."""

    def is_alive():
        assert process.poll() is None, process.communicate()

    with transaction.atomic():
        AllyCredential.objects.select_for_update().get(pk=row)
        process = start(keys=keys)
        wait_until_somebody_waits(is_alive)
        process.kill()
        out, _err = process.communicate(timeout=30)
        assert (process.returncode, out) == (-signal.SIGKILL, "")


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_killed_in_the_middle_again_and_again_and_resumed(settings):
    keys = [entry("new"), entry("old")]
    settings.CREDENTIALS_KEYS = keys[1:]
    allies = [with_credentials(AllyFactory(id=f"a{n}"), user=f"user-{n}") for n in range(ROWS)]
    settings.CREDENTIALS_KEYS = keys
    rows = list(AllyCredential.objects.order_by("pk").values_list("pk", flat=True))
    # Each run dies on the row that is named, in the middle of a batch, which is undone as a whole.
    # The first dies before anything is done, the last in the batch that would have been the last.
    for place, left in ((2, 22), (9, 14), (16, 6), (21, 2)):
        killed_when_it_reaches(rows[place], keys=keys)
        assert rotation.what_is_left() == {"old": left}
        # What was done has its entries, what was undone has none.
        done = history().filter(reason="rotate_credentials").values_list("count", flat=True)
        assert sum(done) == ROWS - left
        assert opened(allies) == [f"user-{n}" for n in range(ROWS)]
    process = start(keys=keys)
    out, _err = process.communicate(timeout=60)
    assert process.returncode == 0
    assert out == "2 wrapped by key 'new'.\nleft: 0. Every credential is wrapped by key 'new'.\n"
    settings.CREDENTIALS_KEYS = keys[:1]
    assert opened(allies) == [f"user-{n}" for n in range(ROWS)]
