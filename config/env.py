"""The one place that reads the environment (rule 8 of docs/architecture.md).

Every variable has a line in ``.env.example``; a missing or malformed one stops the process with one
sentence that says what to set.
"""

import importlib.util
import ipaddress
import os
import sys
import zoneinfo
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit
from uuid import uuid4

from environs import Env, EnvError

BASE_DIR = Path(__file__).resolve().parent.parent

env = Env()
env.read_env(str(BASE_DIR / ".env"), recurse=False)


def refuse(reason: str) -> NoReturn:
    """Stop the process with one line on stderr instead of a traceback."""
    sys.exit(f"plaza: {reason}")


def read(kind: str, name: str, default: Any = None, **options: Any) -> Any:
    """Return variable ``name`` cast by environs' ``kind``, or stop the process.

    Without a default the variable is required.
    """
    try:
        if default is None:
            return getattr(env, kind)(name, **options)
        return getattr(env, kind)(name, default, **options)
    except EnvError as error:
        refuse(f"{name}: {error}. Set it in the environment or in .env (see .env.example).")


def text(name: str, default: str | None = None) -> str:
    """Return a text variable."""
    return str(read("str", name, default))


def integer(name: str, default: int, *, minimum: int = 0, maximum: int = 10**9) -> int:
    """Return a whole number from ``minimum`` to ``maximum`` (31 years as seconds)."""
    value = int(read("int", name, default))
    if not minimum <= value <= maximum:
        limit = f"at least {minimum}" if value < minimum else f"at most {maximum}"
        refuse(f"{name} must be {limit}, not {value}.")
    return value


def choice(name: str, default: str, choices: Collection[str]) -> str:
    """Return one of ``choices``, which may be written in any case."""
    value = text(name, default)
    for one in choices:
        if one.lower() == value.lower():
            return one
    refuse(f"{name} is {value!r}. Set one of {', '.join(choices)}.")


def choices(name: str, default: str, among: Collection[str]) -> list[str]:
    """Return a comma-separated list of some of ``among``, each once, in the order given."""
    values = words(name, [default])
    for value in values:
        if value not in among:
            refuse(f"{name} holds {value!r}. Each is one of {', '.join(among)}.")
    return list(dict.fromkeys(values))


def time_zone(name: str, default: str) -> str:
    """Return the name of a time zone."""
    value = text(name, default)
    try:
        zoneinfo.ZoneInfo(value)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        refuse(f"{name} is {value!r}, which is no time zone. Example: America/Bogota.")
    return value


def networks(name: str) -> list[str]:
    """Return a comma-separated list of addresses and networks."""
    values = words(name, [])
    for value in values:
        try:
            ipaddress.ip_network(value, strict=False)
        except ValueError:
            refuse(f"{name} holds {value!r}, no address or network. Example: 10.0.0.0/8.")
    return values


def outside(name: str, default: str, *, required: bool = False) -> str:
    """Return an outside API's base URL; a wrong one is not quoted, as it may hold a password.

    The default of a required one is an example only.
    """
    value = text(name, "" if required else default)
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname or {*"@?#"} & {*value}:
        refuse(f"{name} is no http(s) URL without user and query. Example: {default}.")
    return value


def page(name: str, placeholder: str) -> str:
    """Return the http(s) address of a page with a place for something, or an empty text."""
    value = text(name, "")
    if value and not (value.startswith(("http://", "https://")) and placeholder in value):
        refuse(f"{name} is no http(s) URL with {placeholder} in it.")
    return value


def service(name: str, schemes: Collection[str]) -> str:
    """Return the URL of a service of ours, or an empty text where there is none."""
    value = text(name, "")
    if value and value.partition("://")[0] not in schemes:
        refuse(f"{name} must begin with one of {', '.join(f'{each}://' for each in schemes)}.")
    return value


def flag(name: str, *, default: bool) -> bool:
    """Return a yes/no variable."""
    return bool(read("bool", name, default))


def words(name: str, default: list[str]) -> list[str]:
    """Return a comma-separated list without empty entries."""
    return [word.strip() for word in read("list", name, default) if word.strip()]


def log_options() -> dict[str, Any]:
    """Return the arguments of ``core.ops.logging.logging_config`` that variables decide."""
    levels = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
    return {
        "level": choice("LOG_LEVEL", "INFO", levels),
        "form": choice("LOG_FORMAT", "json", ("json", "text")),
        "colour": colour(),
    }


def colour() -> bool:
    """Tell whether stderr takes colour: a terminal that nobody has said no for.

    ``NO_COLOR``, ``TERM=dumb`` and ``FORCE_COLOR`` mean the same to many programs. `make run` sets
    the last one in a terminal, as its processes write into a pipe of honcho's.
    """
    if env.str("NO_COLOR", "") or env.str("TERM", "") == "dumb":
        return False
    return bool(env.str("FORCE_COLOR", "")) or sys.stderr.isatty()


def installed(module: str) -> bool:
    """Tell whether an optional package can be imported."""
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:  # of a package around it
        return False


def handed_on(**more: str) -> dict[str, str]:
    """Return the environment for a program of others', with some variables set."""
    return {**os.environ, **more}  # noqa: TID251 - nothing is read


def put(name: str, value: str) -> None:
    """Let a variable have this value, for whatever reads it later."""
    os.environ[name] = value  # noqa: TID251 - the one place that reads it


def keep_secret(name: str, make: Callable[[], str]) -> None:
    """Make up a secret that is set, but empty or still what ``.env.example`` says in its place.

    It is made once, and every process of this machine reads it from ``VAR_DIR/secrets``.
    """
    value = env.str(name, None)
    if value is None or (value and not value.endswith(("GENERATE", "GENERATE_KEY"))):
        return
    path = VAR_DIR / "secrets" / name
    try:
        put(name, kept(path, make))
    except OSError as error:
        refuse(f"{name} is not set, and {path} cannot be made ({error.strerror}). Set it in .env.")


def kept(path: Path, make: Callable[[], str]) -> str:
    """Return the text of a file that only its owner may read; the first process makes it."""
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = path.with_name(f".{uuid4().hex}")
        part.touch(mode=0o600)
        try:
            part.write_text(make())
            os.link(part, path)  # whole or not at all, and never over what is there
        except FileExistsError:
            pass
        finally:
            part.unlink()
    return path.read_text()


# Everything that the platform writes, unless a variable of its own says otherwise.
VAR_DIR = Path(text("VAR_DIR", str(BASE_DIR / "var")))
