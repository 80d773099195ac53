"""A catalogue that counts its calls and answers as it is told."""

from datetime import timedelta

import orjson

KEY = "popular:1::"
HOUR = timedelta(hours=1)


class Catalog:
    """A catalogue that counts its calls and answers as it is told."""

    def __init__(self):
        self.calls = []
        self.error = None

    def popular(self, **question):
        return self.answer(question)

    def movie(self, **question):
        return self.answer(question)

    def answer(self, question):
        self.calls.append(question)
        if self.error:
            raise self.error
        return {"call": len(self.calls)}


def body(answer):
    return orjson.loads(answer.body)
