"""Let Plaza work behind a real PgBouncer: ``make pooled``.

Where something is missing it says so and leaves out what needs it. Example of a part:
``python -m tests.pooled -k export``.
"""

import shutil
import sys
from pathlib import Path

import pytest

from scripts import pooler


def main():
    """Run the tests, or say why not."""
    if pooler.found() is None:
        sys.stdout.write("pooled: left out, PgBouncer is not installed and cannot be fetched\n")
        return 0
    if shutil.which("psql") is None:
        sys.stdout.write("pooled: left out, psql is not installed\n")
        return 0
    return int(pytest.main([str(Path(__file__).parent), *sys.argv[1:]]))


if __name__ == "__main__":
    sys.exit(main())
