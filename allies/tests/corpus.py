"""Server logs in many shapes, written from requests that are known: what a reader must find.

Each writer gets a request and returns its line (or lines); nothing here is taken from a real log.
"""

import json
import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from allies.tests.corpus_lines import (
    AGENT,
    CLOUDFRONT,
    IIS,
    Request,
    alb,
    caddy_json,
    cloudfront,
    coloured,
    combined,
    common,
    cri_cut,
    docker,
    ecs_json,
    google_json,
    haproxy,
    heroku,
    iis,
    plaza_json,
    plaza_nginx,
    plaza_text,
    request_line,
    traefik_json,
    uwsgi,
    werkzeug,
)

CREDENTIALS = "/allies/{}/credentials"
START = datetime(2023, 10, 10, 13, 0, 0, tzinfo=UTC)


@dataclass
class Shape:
    """A way to write a log. ``others`` is how many lines of it are no requests."""

    name: str
    write: object
    form: str
    has_client: bool = True
    has_time: bool = True
    encoding: str = "utf-8"
    head: tuple = ()
    structure: int = 0
    end: str = "\n"
    newest: object = None
    lines: list = field(default_factory=list)


def requests(seed, count, allies):
    """Return random requests and the truth about them, counted while they are made."""
    chance = random.Random(seed)
    made = []
    for number in range(count):
        ally = chance.choice([*allies, None, None])
        path = chance.choice(("/health", "/api/dogs/7", "/a%20b?x=1&status=500", "/"))
        made.append(
            Request(
                client=f"10.0.{chance.randrange(3)}.{chance.randrange(1, 250)}",
                moment=START + timedelta(seconds=7 * number),
                method=chance.choice(("GET", "POST")),
                path=CREDENTIALS.format(ally) if ally else path,
                status=chance.choice((200, 200, 200, 201, 304, 400, 404, 404, 500, 503)),
                size=chance.choice((0, 12, 200, 404, 500, 90001)),
                agent=chance.choice(("curl/7.88.1", AGENT)),
            )
        )
    return made


def truth(made):
    """Return what is to be found, by plain counting."""
    hurt = {}
    for one in made:
        ally = one.path.split("/")[2] if one.path.endswith("/credentials") else None
        if ally and one.status >= 400:
            row = hurt.setdefault(ally, {"failed": 0, "clients": Counter(), "times": []})
            row["failed"] += 1
            row["clients"][one.client] += 1
            row["times"].append(one.moment)
    return {
        "succeeded": sum(one.status < 400 for one in made),
        "failed": sum(one.status >= 400 for one in made),
        "statuses": dict(Counter(one.status for one in made)),
        "clients": dict(Counter(one.client for one in made)),
        "hurt": hurt,
    }


SHAPES = [
    Shape("werkzeug", werkzeug, "werkzeug"),
    Shape("werkzeug-logging", lambda r: "INFO:werkzeug:" + werkzeug(r), "logging: werkzeug"),
    Shape("werkzeug-colours", coloured, "werkzeug"),
    Shape("common", common, "common"),
    Shape("combined", combined, "combined"),
    Shape("crlf", combined, "combined", end="\r\n"),
    Shape("utf-16", combined, "combined", encoding="utf-16"),
    Shape("utf-8-sig", combined, "combined", encoding="utf-8-sig"),
    Shape("vhost", lambda r: f"www.example.com:443 {combined(r)}", "virtual hosts"),
    Shape("gunicorn", combined, "combined"),
    Shape(
        "uvicorn",
        lambda r: f"INFO:     {r.client}:1234 - {request_line(r)} {r.status} OK",
        "uvicorn",
        has_time=False,
    ),
    Shape("plaza-json", plaza_json, "plaza json"),
    Shape("plaza-nginx", plaza_nginx, "nginx json"),
    Shape("plaza-text", plaza_text, "plaza text", has_time=False),
    Shape("make-run", lambda r: f"02:47:06 web.1     | {plaza_json(r)}", "honcho: plaza json"),
    Shape(
        "make-run-text",
        lambda r: f"\x1b[36m02:47:06 web.1     |\x1b[0m {plaza_text(r)}",
        "honcho: plaza text",
        has_time=False,
    ),
    Shape("compose", lambda r: f"web-1  | {plaza_json(r)}", "compose: plaza json"),
    Shape("compose-combined", lambda r: f"nginx-1  | {combined(r)}", "compose: combined"),
    Shape("docker", lambda r: docker(combined(r) + "\n", r.moment), "docker: combined"),
    Shape("docker-json", lambda r: docker(plaza_json(r) + "\n", r.moment), "docker: plaza json"),
    Shape("cri", lambda r: f"{r.iso()}.123456789Z stdout F {plaza_json(r)}", "cri: plaza json"),
    Shape("cri-cut", cri_cut, "cri: combined", structure=1),
    Shape(
        "kubectl",
        lambda r: f"[pod/web-6d4/app] {plaza_json(r)}",
        "kubectl: plaza json",
    ),
    Shape(
        "kubectl-uvicorn",
        lambda r: (
            f"[pod/web-6d4/app] {r.iso()}.123456789Z INFO:     {r.client}:1 - "
            f"{request_line(r)} {r.status} OK"
        ),
        "kubectl: logging: uvicorn",
    ),
    Shape(
        "syslog",
        lambda r: f"<134>{r.local:%b %d %H:%M:%S} web-1 nginx: {combined(r)}",
        "syslog: combined",
    ),
    Shape(
        "syslog-json",
        lambda r: (
            f"{r.local:%b %d %H:%M:%S} web-1 plaza[77]: "
            + json.dumps({"method": r.method, "path": r.path, "status": r.status, "ip": r.client})
        ),
        "syslog: json",
        newest=datetime(2023, 12, 24, tzinfo=UTC),
    ),
    Shape(
        "rfc5424",
        lambda r: f"<134>1 {r.iso()}.5Z web-1 plaza 77 - - {request_line(r)} {r.status} {r.client}",
        "syslog: free form",
        has_client=False,
    ),
    Shape(
        "journald-json",
        lambda r: json.dumps(
            {"__REALTIME_TIMESTAMP": str(int(r.moment.timestamp() * 1e6)), "MESSAGE": common(r)}
        ),
        "journald: common",
    ),
    Shape(
        "journald-iso",
        lambda r: f"{r.iso()}+0000 web-1 gunicorn[7]: {combined(r)}",
        "syslog: combined",
    ),
    Shape(
        "logging",
        lambda r: (
            f"{r.local:%Y-%m-%d %H:%M:%S},123 INFO werkzeug {r.client} {request_line(r)} {r.status}"
        ),
        "logging: free form",
    ),
    Shape(
        "django-verbose",
        lambda r: (
            f"INFO {r.local:%Y-%m-%d %H:%M:%S},123 basehttp 12 140 {request_line(r)}"
            f" {r.status} {r.size}"
        ),
        "logging: free form",
        has_client=False,
    ),
    Shape(
        "runserver",
        lambda r: f"[{r.local:%d/%b/%Y %H:%M:%S}] {request_line(r)} {r.status} {r.size}",
        "free form",
        has_client=False,
    ),
    Shape(
        "labelled",
        lambda r: (
            f"{r.client} [INFO] [{r.clf()}] {request_line(r)} status: {r.status} len: {r.size}"
        ),
        "free form",
    ),
    Shape(
        "size-first",
        lambda r: f"{r.client} - - [{r.clf()}] {request_line(r)} {r.size} {r.status}",
        "free form",
    ),
    Shape(
        "duration-first",
        lambda r: f"{r.client} - - [{r.clf()}] {request_line(r)} 0.002 {r.status} {r.size}",
        "free form",
    ),
    Shape("alb", alb, "aws load balancer"),
    Shape("elb", lambda r: alb(r)[3:], "aws load balancer"),
    Shape("cloudfront", cloudfront, "cloudfront", head=CLOUDFRONT),
    Shape("cloudfront-cut", cloudfront, "cloudfront"),
    Shape("iis", iis, "iis", head=IIS),
    Shape("iis-cut", iis, "iis"),
    Shape("heroku", heroku, "syslog: heroku"),
    Shape("haproxy", haproxy, "syslog: haproxy"),
    Shape(
        "traefik",
        lambda r: f'{combined(r)} 1 "web@docker" "http://10.9.9.9:80" 3ms',
        "traefik",
    ),
    Shape("traefik-json", traefik_json, "traefik json"),
    Shape("caddy-json", caddy_json, "caddy json"),
    Shape("google-json", google_json, "google json"),
    Shape("ecs-json", ecs_json, "json"),
    Shape("uwsgi", uwsgi, "uwsgi"),
    Shape(
        "s3",
        lambda r: (
            f"79a5 bucket [{r.clf()}] {r.client} arn 3E57 REST.GET.OBJECT key"
            f' {request_line(r)} {r.status} - {r.size} - 7 - "-" "{r.agent}" -'
        ),
        "s3",
    ),
    Shape(
        "squid",
        lambda r: (
            f"{r.moment.timestamp():.3f}    180 {r.client} TCP_MISS/{r.status} {r.size}"
            f" {r.method} http://h{r.path} - DIRECT/10.9.9.9 text/html"
        ),
        "squid",
    ),
    Shape(
        "gin",
        lambda r: (
            f"[GIN] {r.local:%Y/%m/%d - %H:%M:%S} | {r.status} |     1.2ms | {r.client} |"
            f' {r.method}      "{r.path}"'
        ),
        "gin",
    ),
    Shape(
        "php",
        lambda r: (
            f"[{r.local:%a %b %d %H:%M:%S %Y}] {r.client}:1234 [{r.status}]: {r.method} {r.path}"
        ),
        "php",
    ),
    Shape(
        "logfmt",
        lambda r: (
            f"time={r.iso()}Z level=info method={r.method} path={r.path} status={r.status}"
            f" remote_addr={r.client}:9 bytes={r.size}"
        ),
        "key=value",
    ),
    Shape(
        "epoch-ms",
        lambda r: json.dumps(
            {
                "ts": int(r.moment.timestamp() * 1000),
                "request": f"{r.method} {r.path} HTTP/2.0",
                "status": str(r.status),
                "remote_addr": f"[::ffff:{r.client}]:443",
            }
        ),
        "json",
    ),
]


def written(shape, made):
    """Return the bytes of a log of these requests, and how many lines of it are structure."""
    lines = list(shape.head)
    for one in made:
        line = shape.write(one)
        lines += line if isinstance(line, list) else [line]
    content = shape.end.join(lines) + shape.end
    return content.encode(shape.encoding), len(lines), len(shape.head) + shape.structure * len(made)
