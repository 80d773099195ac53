"""Make the two roles of deploy/postgresql/roles.sql in a database, as a superuser."""

import subprocess

from scripts.nodes import environment
from scripts.proxy import ROOT

ROLES = ROOT / "deploy" / "postgresql" / "roles.sql"


def make_roles(
    *,
    port: int,
    database: str,
    owner: str,
    app: str,
    secret: str,
    host: str = "127.0.0.1",
    superuser: str = "postgres",
    password: str = "",
) -> None:
    """Run the file with psql; both roles get the same password."""
    values = {
        "ON_ERROR_STOP": "1",
        "owner": owner,
        "app": app,
        "owner_password": secret,
        "app_password": secret,
    }
    command = ["psql", "-qAX", "-h", host, "-p", str(port), "-U", superuser]
    command += [part for key, value in values.items() for part in ("-v", f"{key}={value}")]
    subprocess.run(  # noqa: S603 - psql and our own file
        [*command, "-f", str(ROLES), database],
        env=environment(PGPASSWORD=password),
        check=True,
        stdout=subprocess.DEVNULL,
    )
