#!/usr/bin/env python
"""Django's command line, on the local settings unless DJANGO_SETTINGS_MODULE says otherwise."""

import os
import sys


def main() -> None:
    """Run one management command."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")  # noqa: TID251 - Django reads its settings' name from here
    from django.core.management import execute_from_command_line  # noqa: PLC0415 - after the default

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
