"""What a container engine reads of a folder, by its ``.dockerignore``.

The rules are those of github.com/moby/patternmatcher, which Docker uses: each line is cleaned as a
path, ``*`` stops at a slash, ``**`` does not, a line fits a file that it fits a folder above, and
the last line that fits decides. Podman's rules are the same but for one: a folder that is out is
entered only for a ``!`` line that begins with its name.
"""

import os
import posixpath
import re
from collections.abc import Iterator
from pathlib import Path

TOKEN = re.compile(r"\*\*/?$|\*\*/?|\*|\?|\[[^]]*\]|.")
WILD = {"**/": "(.*/)?", "**": "(.*/)?", "*": "[^/]*", "?": "[^/]"}


def expression(pattern: str) -> re.Pattern[str]:
    """Return a line's pattern as a regular expression for a whole path."""
    parts = []
    for token in TOKEN.finditer(pattern):
        text = token[0]
        if text.startswith("**") and token.end() == len(pattern):
            parts.append(".*")
        else:
            parts.append(WILD.get(text) or (text if text[0] == "[" else re.escape(text)))
    return re.compile("".join(parts), re.DOTALL)


def rules(ignore: str) -> Iterator[tuple[bool, re.Pattern[str], str]]:
    """Yield for each line whether it keeps out, its expression and its pattern."""
    for line in ignore.splitlines():
        pattern = line.strip()
        if pattern and not pattern.startswith("#"):
            out = not pattern.startswith("!")
            cleaned = posixpath.normpath(pattern.removeprefix("!")).lstrip("/")
            yield out, expression(cleaned), cleaned


def context(folder: Path, *, podman: bool = False) -> set[str]:
    """Return the files of ``folder`` that reach the engine, as paths below it."""
    lines = list(rules((folder / ".dockerignore").read_text()))

    def is_out(path: str) -> bool:
        steps = path.split("/")
        above = ["/".join(steps[: number + 1]) for number in range(len(steps))]
        last = [out for out, fits, _ in lines if any(map(fits.fullmatch, above))][-1:]
        return last == [True]

    def is_entered(path: str) -> bool:
        kept = [pattern for out, _, pattern in lines if not out]
        return not podman or not is_out(path) or any(f"{one}/".startswith(path) for one in kept)

    found = set()
    for here, folders, files in os.walk(folder):
        base = Path(here).relative_to(folder)
        folders[:] = [name for name in folders if is_entered((base / name).as_posix())]
        paths = ((base / name).as_posix() for name in files)
        found.update(path for path in paths if not is_out(path))
    return found
