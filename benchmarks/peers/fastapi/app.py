"""Plaza's measured routes with FastAPI, SQLAlchemy 2 (async), asyncpg and pydantic 2."""

from fastapi import FastAPI

from benchmarks.common import KEEPS_PROMISES
from benchmarks.peers.fastapi import clinic, dogs, figures, login, movies, promises, sync, visits

app = FastAPI()
for module in (dogs, clinic, movies, login, sync, visits, figures):
    app.include_router(module.router)
if KEEPS_PROMISES:
    promises.keep(app)
