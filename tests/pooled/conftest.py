"""One database with the two roles of deploy/postgresql/roles.sql for all tests here."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg2
import pytest

from scripts.local import settings_in
from scripts.nodes import environment
from scripts.pooler import Pooler
from scripts.proxy import ROOT
from scripts.roles import make_roles

URL = os.environ.get("CI_DATABASE_URL") or "postgres://postgres@127.0.0.1:5432/postgres"  # noqa: TID251 - make says it
SECRET = "only-for-tests"


class Database:
    """A database of its own on the server of CI_DATABASE_URL, and how to reach it."""

    def __init__(self):
        parts = urlsplit(URL)
        self.host, self.port = parts.hostname or "127.0.0.1", parts.port or 5432
        self.superuser, self.password = parts.username or "postgres", parts.password or ""
        tag = uuid4().hex[:8]
        self.name = f"plaza_pooled_{tag}"
        self.owner, self.app = f"plaza_owner_{tag}", f"plaza_app_{tag}"

    def connect(self, *, user=None, port=None, name=None):
        connection = psycopg2.connect(
            host=self.host,
            port=port or self.port,
            user=user or self.superuser,
            password=SECRET if user else self.password,
            dbname=name or self.name,
        )
        connection.autocommit = True
        return connection

    def run(self, *statements, name=None):
        connection = self.connect(name=name)
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            rows = cursor.fetchall() if cursor.description else None
        connection.close()
        return rows

    def make_roles(self):
        make_roles(
            host=self.host,
            port=self.port,
            superuser=self.superuser,
            password=self.password,
            database=self.name,
            owner=self.owner,
            app=self.app,
            secret=SECRET,
        )

    def url(self, user, port=None):
        return f"postgres://{user}:{SECRET}@{self.host}:{port or self.port}/{self.name}"


@pytest.fixture
def database():
    made = Database()
    made.run(f"CREATE DATABASE {made.name}", name="postgres")
    try:
        made.make_roles()
        yield made
    finally:
        made.run(f"DROP DATABASE {made.name} WITH (FORCE)", name="postgres")
        made.run(f"DROP ROLE {made.owner}", f"DROP ROLE {made.app}", name="postgres")


@pytest.fixture
def pooler_with(database):
    """Return a function that starts a PgBouncer with some values changed."""
    started = []
    # Not pytest's: whom PgBouncer becomes instead of root cannot look into that.
    folder = Path(tempfile.mkdtemp(prefix="plaza-pooled-"))

    def start(**values):
        users = {database.superuser: "", database.owner: SECRET, database.app: SECRET}
        pooler = Pooler(
            folder / f"pgbouncer{len(started)}",
            host=database.host,
            port=database.port,
            users=users,
            **values,
        )
        pooler.start()
        started.append(pooler)
        return pooler

    yield start
    for pooler in started:
        pooler.stop()
    shutil.rmtree(folder)


@pytest.fixture
def platform(database, tmp_path):
    """Return the environment of a platform behind a pooler."""

    def settings(pooler, **more):
        return settings_in(
            tmp_path,
            **{
                "DATABASE_URL": database.url(database.app, pooler.port),
                "DATABASE_POOLED": "true",
                "DATABASE_DIRECT_URL": database.url(database.owner),
                "WEB_WORKERS": "2",
                **more,
            },
        )

    return settings


@pytest.fixture
def manage():
    """Return a function that runs a command of manage.py in an environment."""

    def run(settings, *arguments, check=True):
        ran = subprocess.run(
            [str(ROOT / ".venv/bin/python"), "manage.py", *arguments],
            cwd=ROOT,
            env=environment(**settings),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert not check or ran.returncode == 0, ran.stdout + ran.stderr
        return ran

    return run
