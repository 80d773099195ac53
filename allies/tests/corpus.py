"""Server logs in many shapes, written from requests that are known: what a reader must find.

Each writer gets a request and returns its line (or lines); nothing here is taken from a real log.
"""

import json
import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone

CREDENTIALS = "/allies/{}/credentials"
BOGOTA = timezone(timedelta(hours=-5))
START = datetime(2023, 10, 10, 13, 0, 0, tzinfo=UTC)
AGENT = 'Mozilla/5.0 (X11) \\"quoted\\" \\x22status: 500\\x22'


@dataclass(frozen=True)
class Request:
    client: str
    moment: datetime
    method: str
    path: str
    status: int
    size: int
    agent: str = "curl/7.88.1"

    @property
    def local(self):
        return self.moment.astimezone(BOGOTA)

    def clf(self):
        return f"{self.moment:%d/%b/%Y:%H:%M:%S} +0000"

    def iso(self, form="%Y-%m-%dT%H:%M:%S"):
        return f"{self.moment:{form}}"


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


# --- Writers ---------------------------------------------------------------------------------
def request_line(r):
    return f'"{r.method} {r.path} HTTP/1.1"'


def common(r):
    return f"{r.client} - - [{r.clf()}] {request_line(r)} {r.status} {r.size}"


def combined(r):
    return f'{common(r)} "-" "{r.agent}"'


def werkzeug(r):
    return f"{r.client} - - [{r.local:%d/%b/%Y %H:%M:%S}] {request_line(r)} {r.status} -"


def coloured(r):
    request = f"\x1b[35m\x1b[1m{r.method} {r.path} HTTP/1.1\x1b[0m"
    return f'{r.client} - - [{r.local:%d/%b/%Y %H:%M:%S}] "{request}" {r.status} -'


def plaza_json(r, **more):
    return json.dumps(
        {
            "timestamp": f"{r.iso()}.000+00:00",
            "level": "INFO",
            "logger": "plaza.request",
            "message": "request",
            "request_id": "abc",
            "actor": "nobody",
            "method": r.method,
            "path": r.path,
            "status": r.status,
            "ms": 1.5,
            "client": r.client,
            **more,
        }
    )


def plaza_nginx(r):
    return (
        f'{{"time":"{r.iso()}+00:00","request_id":"x","client":"{r.client}","method":"{r.method}",'
        f'"path":"{r.path}","status":{r.status},"bytes":{r.size},"seconds":0.001,'
        f'"upstream":"127.0.0.1:9050","upstream_status":"200","upstream_seconds":"0.1",'
        f'"protocol":"HTTP/1.1","host":"h","agent":"x\\" \\"status\\":200"}}'
    )


def plaza_text(r):
    path = json.dumps(r.path) if "=" in r.path else r.path
    return (
        f"{r.local:%H:%M:%S}.123 \x1b[32mINFO    \x1b[0m {r.method} {path} {r.status} 3 ms"
        f" {r.client} 1f585fc9"
    )


def docker(line, moment, stream="stdout"):
    time = f"{moment:%Y-%m-%dT%H:%M:%S}.123456789Z"
    return json.dumps({"log": line, "stream": stream, "time": time})


def docker_cut(r):
    line = combined(r) + "\n"
    return [
        docker(line[:60], r.moment),
        docker("oops\n", r.moment, "stderr"),
        docker(line[60:], r.moment),
    ]


def cri_cut(r):
    line, time = combined(r), f"{r.iso()}.123456789Z"
    return [f"{time} stdout P {line[:60]}", f"{time} stdout F {line[60:]}"]


def alb(r):
    return (
        f"h2 {r.iso()}.186641Z app/lb/50dc6c495c0c9188 {r.client}:2817 10.9.9.9:80 0.0 0.001 0.000"
        f' {r.status} {r.status} 34 {r.size} "{r.method} https://w.example:443{r.path} HTTP/2.0"'
        f' "{r.agent}" ECDHE TLSv1.2 arn:aws:x "Root=1-58337281" "www.example.com" "-" 0'
    )


CLOUDFRONT = (
    "#Version: 1.0",
    (
        "#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status "
        "cs(Referer) cs(User-Agent) cs-uri-query"
    ),
)
IIS = (
    "#Software: Microsoft Internet Information Services 10.0",
    "#Version: 1.0",
    "#Date: 2023-10-10 13:00:00",
    (
        "#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip "
        "cs(User-Agent) cs(Referer) sc-status sc-substatus sc-win32-status time-taken"
    ),
)


def cloudfront(r):
    stem, _, query = r.path.partition("?")
    day, clock = f"{r.moment:%Y-%m-%d}", f"{r.moment:%H:%M:%S}"
    values = (day, clock, "FRA2", r.size, r.client, r.method, "d.example", stem, r.status, "-", "x")
    return "\t".join(map(str, (*values, query or "-")))


def iis(r):
    stem, _, query = r.path.partition("?")
    return (
        f"{r.iso('%Y-%m-%d %H:%M:%S')} 10.9.9.9 {r.method} {stem} {query or '-'} 443 - {r.client}"
        f" curl/7 - {r.status} 0 0 15"
    )


def heroku(r):
    return (
        f'{r.iso()}.123456+00:00 heroku[router]: at=info method={r.method} path="{r.path}" host=h'
        f' request_id=x fwd="{r.client}" dyno=web.1 connect=1ms service=3ms status={r.status}'
        f" bytes={r.size} protocol=https"
    )


def haproxy(r):
    return (
        f"Oct 10 13:55:30 lb haproxy[14389]: {r.client}:33317 [{r.local:%d/%b/%Y:%H:%M:%S}.655]"
        f" http-in static/srv1 10/0/30/69/109 {r.status} {r.size} - - ---- 1/1/1/1/0 0/0"
        f' {{1wt.eu|200}} {{}} "{r.method} {r.path} HTTP/1.1"'
    )


def traefik_json(r):
    return json.dumps(
        {
            "ClientAddr": f"{r.client}:51234",
            "ClientHost": r.client,
            "DownstreamStatus": r.status,
            "OriginStatus": 200,
            "RequestMethod": r.method,
            "RequestPath": r.path,
            "time": f"{r.iso()}Z",
            "level": "info",
            "msg": "",
        }
    )


def caddy_json(r):
    return json.dumps(
        {
            "level": "info",
            "ts": r.moment.timestamp() + 0.25,
            "logger": "http.log.access",
            "msg": "handled request",
            "request": {
                "remote_ip": r.client,
                "remote_port": "1234",
                "proto": "HTTP/2.0",
                "method": r.method,
                "host": "h",
                "uri": r.path,
                "headers": {"status": ["1"]},
            },
            "duration": 0.1,
            "resp_headers": {"Status": ["2"]},
            "size": r.size,
            "status": r.status,
        }
    )


def google_json(r):
    return json.dumps(
        {
            "httpRequest": {
                "requestMethod": r.method,
                "requestUrl": f"https://h{r.path}",
                "status": r.status,
                "remoteIp": r.client,
            },
            "timestamp": f"{r.iso()}.123456789Z",
        }
    )


def ecs_json(r):
    return json.dumps(
        {
            "@timestamp": f"{r.iso()}.000Z",
            "source": {"ip": r.client},
            "http": {"request": {"method": r.method}, "response": {"status_code": r.status}},
            "url": {"path": r.path},
        }
    )


def uwsgi(r):
    return (
        f"[pid: 1|app: 0|req: 1/1] {r.client} () {{28 vars in 300 bytes}}"
        f" [{r.local:%a %b %d %H:%M:%S %Y}] {r.method} {r.path} => generated {r.size} bytes in 3 ms"
        f" (HTTP/1.1 {r.status}) 2 headers in 78 bytes"
    )


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
