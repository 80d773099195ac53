"""Refuse a commit message that is not a Conventional Commit (the commit-msg hook)."""

import re
import sys
from pathlib import Path

TYPES = "build|chore|ci|docs|feat|fix|perf|refactor|revert|style|test"
HEADER = re.compile(rf"(?:{TYPES})(?:\([a-z0-9, -]+\))?!?: \S.{{0,98}}")
GENERATED = ("Merge ", "Revert ", "fixup! ", "squash! ")


def acceptable(message: str) -> bool:
    """Tell whether the first line reads `type(scope): what`."""
    first = message.lstrip().partition("\n")[0]
    return first.startswith(GENERATED) or HEADER.fullmatch(first) is not None


def main(path: str) -> int:
    """Check the message in the file that git hands over."""
    if acceptable(Path(path).read_text()):
        return 0
    sys.stderr.write("Write `type(scope): what`, for example `fix(dogs): keep the picture`.\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
