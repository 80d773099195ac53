"""Run nginx with the repository's template in a folder of its own, without root.

What nginx/start.sh does in a container, for `make smoke` and the tests: fill in the template, write
the list of nodes, start, reload, stop.
"""

import contextlib
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Self

ROOT = Path(__file__).resolve().parent.parent
TEMPLATE = ROOT / "nginx" / "nginx.conf.template"
DEFAULTS = {
    "ACCESS_LOG": "access.log",
    "ERROR_LOG": "error.log",
    "MAX_UPLOAD_BYTES": "33554432",
    "LOGIN_RATE": "10r/s",
    "LOGIN_BURST": "40",
    "READ_TIMEOUT": "6s",
    "FAILOVER": "error timeout",
    "FAILOVER_KEYED": "error timeout non_idempotent",
}


def nginx_path() -> str | None:
    """Return where nginx is, which Debian keeps out of people's PATH."""
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on.

    It lies below those that systems hand out for outgoing connections, one of which would else
    take it before the caller's process is there.
    """
    for _try in range(100):
        port = 20_000 + secrets.randbelow(10_000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise RuntimeError("no port between 20000 and 30000 is free")


def answers(port: int) -> bool:
    """Tell whether somebody listens there."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=0.2).close()
    except OSError:
        return False
    return True


def rendered(template: str, values: dict[str, str]) -> str:
    """Fill in ${NAME}; nginx's own $variables are lower case and stay."""
    return re.sub(r"\$\{([A-Z_]+)\}", lambda match: values[match[1]], template)


class Proxy:
    """One nginx, its configuration and its logs, in ``folder``."""

    def __init__(
        self,
        folder: Path,
        port: int = 0,
        *,
        trusted: Iterable[str] = (),
        origins: Iterable[str] = (),
        **values: str,
    ) -> None:
        self.folder = folder
        self.port = port or free_port()
        self.process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o755)
        settings = {
            **DEFAULTS,
            "LISTEN": f"127.0.0.1:{self.port}",
            "RUN_DIR": str(folder),
            **values,
        }
        for name in ("ACCESS_LOG", "ERROR_LOG"):
            settings[name] = str(folder / settings[name])
        self.config = folder / "nginx.conf"
        self.config.write_text(rendered(TEMPLATE.read_text(), settings))
        networks = list(trusted)
        (folder / "real_ip.conf").write_text(
            "geo $realip_remote_addr $plaza_trusted {\n    default 0;\n"
            + "".join(f"    {network} 1;\n" for network in networks)
            + "}\n"
            + "".join(f"set_real_ip_from {network};\n" for network in networks)
        )
        known = list(origins)
        (folder / "cors.conf").write_text(
            'map $http_origin $plaza_known_origin {\n    default "";\n'
            + "".join(f'    "{origin}" $http_origin;\n' for origin in known)
            + "}\nmap $host $plaza_any_origin {\n"
            + f'    default "{"*" if known else ""}";\n}}\n'
        )
        self.nodes({})

    def nodes(self, ports: dict[int, str], options: str = "max_fails=0") -> None:
        """Write the list of nodes: port → extra words such as ``down``."""
        lines = [f"server 127.0.0.1:{port} {options} {extra};\n" for port, extra in ports.items()]
        (self.folder / "upstream.conf").write_text("".join(lines) or "server 127.0.0.1:1 down;\n")

    def command(self, *arguments: str) -> list[str]:
        """Return nginx's command line for this folder."""
        path = nginx_path()
        if path is None:
            raise FileNotFoundError("nginx is not installed (Debian: apt-get install nginx-light)")
        return [
            path,
            "-p",
            str(self.folder),
            "-e",
            str(self.folder / "error.log"),
            "-c",
            str(self.config),
            *arguments,
        ]

    def check(self) -> str:
        """Return what ``nginx -t`` says about the configuration; empty when it is accepted."""
        tested = subprocess.run(  # noqa: S603 - nginx and our own files
            self.command("-t", "-q"), capture_output=True, text=True, check=False
        )
        return tested.stderr

    def start(self) -> None:
        """Start and wait until it listens."""
        # As root nginx would hand its workers to a user who may not enter our folder.
        user = " user root;" if os.geteuid() == 0 else ""
        command = self.command("-g", f"daemon off;{user}")
        self.process = subprocess.Popen(command)  # noqa: S603 - see check
        deadline = time.monotonic() + 10
        while not answers(self.port):
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(
                    f"nginx did not start: {(self.folder / 'error.log').read_text()}"
                )
            time.sleep(0.02)

    def reload(self) -> None:
        """Take the new list of nodes; requests under way finish on the old one."""
        if self.process is not None:
            os.kill(self.process.pid, signal.SIGHUP)

    def stop(self) -> None:
        """Stop at once."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(10)

    def access_lines(self) -> list[str]:
        """Return the access log so far."""
        return (self.folder / "access.log").read_text().splitlines()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
