"""The next release of Plaza: a copy of this one with two migrations more."""

import shutil
from pathlib import Path

from core import plugs
from scripts.proxy import ROOT

APP = "dogs"
COLUMN, INDEX = "drilled", "dogs_dog_drilled"
# What a rolling deployment may do to a table that is written to: a column that may be empty, and an
# index that is made while others write.
ADD_COLUMN = '''"""A column that the former release does not know."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("{app}", "{before}")]
    operations = [
        migrations.AddField("dog", "{column}", models.CharField(max_length=20, null=True)),
    ]
'''
ADD_INDEX = '''"""An index, made while others write."""

from django.db import migrations, models

from core.postgresql.operations import AddIndexWhileWriting


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("{app}", "{before}")]
    operations = [
        AddIndexWhileWriting("dog", models.Index(fields=["{column}"], name="{index}")),
    ]
'''


def last_migration(root: Path = ROOT) -> str:
    """Return the name of the app's newest migration."""
    return max(path.stem for path in (root / APP / "migrations").glob("[0-9]*.py"))


def copied_to(folder: Path) -> Path:
    """Copy what runs into ``folder``, with the new migrations; return the folder."""
    ignore = shutil.ignore_patterns("__pycache__", "tests", "var")
    for name in ("config", "sandbox", "scripts", *plugs.REQUIRED_APPS, *plugs.every_optional_app()):
        shutil.copytree(ROOT / name, folder / name, ignore=ignore)
    shutil.copy(ROOT / "manage.py", folder)
    before = last_migration(folder)
    for number, text in enumerate((ADD_COLUMN, ADD_INDEX), 9001):
        name = f"{number}_drill"
        said = text.format(app=APP, before=before, column=COLUMN, index=INDEX)
        (folder / APP / "migrations" / f"{name}.py").write_text(said)
        before = name
    return folder
