"""Let a real browser use the admin, Swagger UI and a front end elsewhere: ``make browser``.

Where something is missing it says so and leaves out what needs it. Example of a part:
``python -m tests.browser -k upload``.
"""

import sys
from pathlib import Path

import pytest

from scripts import proxy
from tests.browser import axe, chromium

# A platform and a browser for each; what belongs together (conftest.py) is in one of them.
# ``-n 0`` is one of all.
TWO = ("-n", "2", "--dist", "loadgroup")


def main():
    """Run the tests, or say why not."""
    if lacking := chromium.missing():
        sys.stdout.write(f"browser: left out, {lacking}\n")
        return 0
    if proxy.nginx_path() is None:
        sys.stdout.write("browser: what is behind nginx is left out, nginx is not installed\n")
    if lacking := axe.install():
        sys.stdout.write(f"browser: axe is left out, {lacking}\n")
    return int(pytest.main([str(Path(__file__).parent), *TWO, *sys.argv[1:]]))


if __name__ == "__main__":
    sys.exit(main())
