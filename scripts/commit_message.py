"""Refuse a commit message that is not a Conventional Commit (the commit-msg hook)."""

import re
import sys
from pathlib import Path

TYPES = "build|chore|ci|docs|feat|fix|perf|refactor|revert|style|test"
HEADER = re.compile(rf"(?:{TYPES})(?:\([a-z0-9, -]+\))?!?: \S.{{0,98}}")
GENERATED = ("Merge ", "Revert ", "fixup! ", "squash! ")
# How a subject begins that says what is so instead of what the commit does.
NO_VERBS = {
    *("a", "an", "the", "this", "that", "these", "those", "it", "its", "there", "here"),
    *("what", "who", "whoever", "which", "how", "why", "where", "when", "if", "as", "of", "in"),
    *("each", "every", "all", "some", "many", "no", "none", "nobody", "nothing", "not", "only"),
    *("one", "two", "three", "four", "five", "more", "less", "new", "after", "before"),
}
# "adds", "added", "adding", "nginx's"; not "pass", "focus", "embed" or "bring".
INFLECTED = re.compile(
    r"(?!bring|ping|string)\w+ing|(?!embed|exceed|feed|need|seed|speed)\w+ed|\w+[^su]s|\w+'s"
)


def acceptable(message: str) -> bool:
    """Tell whether the first line reads `type(scope): verb what`, the verb in the imperative."""
    first = message.lstrip().partition("\n")[0]
    if first.startswith(GENERATED):
        return True
    verb = first.partition(": ")[2].partition(" ")[0].lower()
    inflected = verb in NO_VERBS or INFLECTED.fullmatch(verb) is not None
    return HEADER.fullmatch(first) is not None and not inflected


def main(path: str) -> int:
    """Check the message in the file that git hands over."""
    if acceptable(Path(path).read_text()):
        return 0
    sys.stderr.write(
        "Write `type(scope): verb what` with the verb in the imperative,"
        " for example `fix(dogs): keep the picture`.\n"
    )
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
