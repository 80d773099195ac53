"""Break a whole platform of real processes, under load, and hold what it promises: `make drill`.

nginx → two gunicorn nodes → PgBouncer → PostgreSQL with a synchronous standby, Redis, RabbitMQ, two
workers and beat, all from Debian's packages, on loopback, in a temporary folder. An act breaks one
thing while clients write and read; then the history of what they were told is held against the
database. Each act is also done with what should help taken away: that control must break a promise,
else the measurement is blind.
"""
