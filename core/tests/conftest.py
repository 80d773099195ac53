"""Which of the kernel's tests need rows of an app that may be off."""

from django.apps import apps

collect_ignore = [] if apps.is_installed("dogs") else ["test_reading.py", "test_statements.py"]
