"""The manifests of deploy/kubernetes are valid, and fit each other and the platform."""

import copy
import re
from pathlib import Path

import jsonschema
import kubernetes_validate
import pytest
import yaml

from tests.helpers_kustomize import build, containers, every_file, files, pod_of
from tests.manifests import problems

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "deploy" / "kubernetes"
BASE = FOLDER / "base"
SETS = [BASE, *sorted((FOLDER / "overlays").iterdir())]
VERSIONS = ("1.31", "1.37")
# The operators' kinds have no schema here: what we say of them is held against what we mean to say,
# taken from their documentation. An operator may refuse it all the same.
OPERATED = {
    "postgresql.cnpg.io/v1": {
        "instances": {"type": "integer", "minimum": 3},
        "imageName": {"type": "string", "pattern": ":[0-9]"},
        "bootstrap": {"type": "object", "required": ["initdb"]},
        "postgresql": {
            "type": "object",
            "required": ["synchronous"],
            "properties": {
                "parameters": {"type": "object", "additionalProperties": {"type": "string"}},
                "synchronous": {
                    "type": "object",
                    "properties": {
                        "method": {"enum": ["any", "first"]},
                        "number": {"type": "integer"},
                        "dataDurability": {"enum": ["required", "preferred"]},
                    },
                    "additionalProperties": False,
                },
            },
            "additionalProperties": False,
        },
        "storage": {"type": "object", "required": ["size"]},
        "walStorage": {"type": "object", "required": ["size"]},
        "resources": {"type": "object", "required": ["requests", "limits"]},
        "affinity": {"type": "object"},
    },
    "rabbitmq.com/v1beta1": {
        "replicas": {"type": "integer", "enum": [3, 5]},
        "image": {"type": "string", "pattern": ":[0-9]"},
        "persistence": {"type": "object", "required": ["storage"]},
        "resources": {"type": "object", "required": ["requests", "limits"]},
        "rabbitmq": {"type": "object", "properties": {"additionalConfig": {"type": "string"}}},
    },
}


def schema_of(properties):
    return {
        "type": "object",
        "required": ["apiVersion", "kind", "metadata", "spec"],
        "properties": {
            "spec": {
                "type": "object",
                "properties": properties,
                "required": [*properties],
                "additionalProperties": False,
            }
        },
    }


@pytest.mark.parametrize("folder", SETS, ids=lambda folder: folder.name)
def test_each_manifest_is_valid(folder):
    documents = build(folder)
    assert len(documents) >= 16
    for document in documents:
        if properties := OPERATED.get(document["apiVersion"]):
            jsonschema.validate(document, schema_of(properties))
            continue
        for version in VERSIONS:
            kubernetes_validate.validate(document, version, strict=True)


def test_a_manifest_that_is_not_valid_is_refused():
    (deployment,) = (
        one
        for one in build(BASE)
        if one["kind"] == "Deployment" and one["metadata"]["name"] == "plaza-api"
    )
    deployment["spec"]["template"]["spec"]["containers"][0]["readynessProbe"] = {}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(deployment, VERSIONS[-1], strict=True)


@pytest.mark.parametrize("folder", SETS, ids=lambda folder: folder.name)
def test_the_parts_fit_each_other_and_the_platform(folder):
    assert problems(build(folder)) == []


def test_every_file_belongs_to_a_set():
    named = {(folder / "kustomization.yaml").resolve() for folder in SETS}
    for folder in SETS:
        for path in files(folder):
            assert path.exists(), path
            if path.is_file():
                named.add(path.resolve())
    assert every_file(FOLDER) - named == set()


def test_no_manifest_holds_a_secret():
    for folder in SETS:
        assert [one for one in build(folder) if one["kind"] == "Secret"] == []
    config = next(one for one in build(BASE) if one["kind"] == "ConfigMap")["data"]
    assert [name for name in config if re.search("KEY|PASSWORD|TOKEN|_URL$", name)] == [
        "PUBLIC_URL"
    ]


def of(documents, kind, name):
    return next(one for one in documents if (one["kind"], one["metadata"]["name"]) == (kind, name))


def api(documents):
    return pod_of(of(documents, "Deployment", "plaza-api"))["spec"]["containers"][0]


WRONG = {
    "another port": lambda all_: api(all_)["ports"][0].update(name="web"),
    "another path": lambda all_: api(all_)["readinessProbe"]["httpGet"].update(path="/healthz"),
    "a variable that nothing reads": lambda all_: of(all_, "ConfigMap", "plaza-config")[
        "data"
    ].update(LOG_LEVLE="INFO"),
    "other labels": lambda all_: pod_of(of(all_, "Deployment", "plaza-worker"))["metadata"][
        "labels"
    ].update({"app.kubernetes.io/component": "work"}),
    "a writable root": lambda all_: api(all_)["securityContext"].update(
        readOnlyRootFilesystem=False
    ),
    "root": lambda all_: pod_of(of(all_, "Job", "plaza-migrate"))["spec"]["securityContext"].pop(
        "runAsNonRoot"
    ),
    "no limit": lambda all_: api(all_)["resources"]["limits"].clear(),
    "replicas and a scaler": lambda all_: of(all_, "Deployment", "plaza-api")["spec"].update(
        replicas=1
    ),
    "a service that is not there": lambda all_: of(all_, "Service", "plaza-api")["metadata"].update(
        name="plaza-web"
    ),
    "a volume that is not there": lambda all_: of(all_, "PersistentVolumeClaim", "plaza-media")[
        "metadata"
    ].update(name="media"),
    "a policy for nobody": lambda all_: of(all_, "NetworkPolicy", "plaza-worker")["spec"][
        "podSelector"
    ]["matchLabels"].update({"app.kubernetes.io/component": "beat2"}),
}


@pytest.mark.parametrize("change", WRONG.values(), ids=WRONG.keys())
def test_what_does_not_fit_is_noticed(change):
    documents = copy.deepcopy(build(BASE))
    change(documents)
    assert problems(documents) != []


def test_what_production_cannot_do_without_is_set_or_asked_for():
    config = (BASE / "config.yaml").read_text()
    for name in ("SECRET_KEY", "CREDENTIALS_KEYS", "DATABASE_URL", "CELERY_BROKER_URL"):
        assert name in config.partition("apiVersion")[0]
    documents = build(BASE)
    assert of(documents, "ConfigMap", "plaza-config")["data"]["PLAZA_HOSTS"] != "*"
    for document in documents:
        for container in containers(document):
            env = {entry["name"]: entry for entry in container["env"]}
            assert env["ALLOWED_HOSTS"]["value"] == "$(PLAZA_HOSTS),$(POD_IP)"
            assert [*env].index("POD_IP") < [*env].index("ALLOWED_HOSTS")  # else it stays as it is


def test_the_overlays_ask_their_operators_secrets():
    for folder, name, key in (
        ("cloudnative-pg", "DATABASE_URL", "uri"),
        ("rabbitmq", "CELERY_BROKER_URL", "connection_string"),
    ):
        for document in build(FOLDER / "overlays" / folder):
            for container in containers(document):
                env = {entry["name"]: entry for entry in container["env"]}
                assert env[name]["valueFrom"]["secretKeyRef"]["key"] == key


def test_a_pod_ends_after_all_that_it_waits_for():
    documents = build(BASE)
    pod = pod_of(of(documents, "Deployment", "plaza-api"))["spec"]
    grace = int(of(documents, "ConfigMap", "plaza-config")["data"]["WEB_GRACE_SECONDS"])
    pause = int(pod["containers"][0]["lifecycle"]["preStop"]["exec"]["command"][-1])
    assert pod["terminationGracePeriodSeconds"] > pause + grace
    from config.celery import app

    worker = pod_of(of(documents, "Deployment", "plaza-worker"))["spec"]
    assert worker["terminationGracePeriodSeconds"] > app.conf.task_time_limit


def test_the_image_listens_where_the_manifests_look():
    dockerfile = (ROOT / "Dockerfile").read_text()
    documents = build(BASE)
    assert f"PORT={api(documents)['ports'][0]['containerPort']} " in dockerfile
    assert "VAR_DIR=/tmp " in dockerfile
    config = of(documents, "ConfigMap", "plaza-config")["data"]
    worker = pod_of(of(documents, "Deployment", "plaza-worker"))["spec"]["containers"][0]
    assert str(worker["ports"][0]["containerPort"]) == config["WORKER_METRICS_PORT"]


def test_tags_say_a_version():
    for folder in SETS:
        for document in build(folder):
            text = yaml.safe_dump(document)
            for image in re.findall(r"image(?:Name)?: (\S+)", text):
                assert re.search(r":[0-9]", image), image
                assert not image.endswith(":latest")


@pytest.mark.parametrize(
    ("said", "arguments"), [("quorum", {"x-queue-type": "quorum"}), ("classic", {})]
)
def test_quorum_queues_are_asked_for_by_a_variable(settings, said, arguments):
    from config.celery import queue_arguments

    settings.CELERY_QUEUES = said
    assert queue_arguments() == arguments
