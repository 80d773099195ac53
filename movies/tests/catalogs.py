"""A catalogue that counts its calls and answers as it is set to, and ways through the real one."""

from datetime import timedelta

import orjson

from movies.catalog.port import Answer, MovieCatalog

KEY = "popular:1::"
HOUR = timedelta(hours=1)


class Catalog(MovieCatalog):
    """Counts its calls; answers with ``values``, fails with ``error``, offers ``stale`` before."""

    def __init__(self, **values):
        self.calls = []
        self.values = values
        self.error = None
        self.stale = None

    def popular(self, *, on_stale=None, **question):
        return self.answer(question, on_stale)

    def search(self, *, on_stale=None, **question):
        return self.answer(question, on_stale)

    def movie(self, *, fresh=False, on_stale=None, **question):
        return self.answer(question | ({"fresh": True} if fresh else {}), on_stale)

    def answer(self, question, on_stale):
        self.calls.append(question)
        if self.stale and on_stale:
            on_stale(self.stale)
        if self.error:
            raise self.error
        return Answer(orjson.dumps({"call": len(self.calls)}), **self.values)


def layers(catalog):
    """Return a catalogue and all that it decorates, the outermost first."""
    found = [catalog]
    while hasattr(found[-1], "inner"):
        found.append(found[-1].inner)
    return found
