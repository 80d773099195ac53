"""What is wrong with a set of manifests: names that nobody has, ports that nobody opens, rights."""

from django.urls import Resolver404, resolve

from tests.helpers_kustomize import containers, pod_of
from tests.test_repository import EXAMPLE, variables_shown

OPERATORS = {"plaza-db-app", "plaza-mq-default-user"}  # Secrets that operators make
BY_HAND = {"plaza-secrets", "plaza-tls"}
# Our own, from which ALLOWED_HOSTS is put together.
HELPERS = {"PLAZA_HOSTS", "POD_IP"}
PROBES = ("startupProbe", "livenessProbe", "readinessProbe")
RESTRICTED = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"]},
}


def problems(documents):
    """Return what is wrong, as sentences."""
    named = {(one["kind"], one["metadata"]["name"]): one for one in documents}
    found = [] if len(named) == len(documents) else ["two resources have one name"]
    pods = {name: one for (_kind, name), one in named.items() if pod_of(one)}
    for name, document in pods.items():
        found += [f"{name}: {what}" for what in wrong_with_pod(document, named)]
    for (kind, name), document in named.items():
        check = CHECKS.get(kind)
        if check:
            found += [f"{kind} {name}: {what}" for what in check(document, named, pods)]
    return found


def wrong_with_pod(document, named):
    pod = pod_of(document)["spec"]
    if document["kind"] == "Deployment":
        wanted = document["spec"]["selector"]
        if not selected(wanted, {"own": document}):
            yield "selects other pods than its own"
    yield from wrong_with_rights(pod, named)
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    for volume in volumes.values():
        claim = volume.get("persistentVolumeClaim", {}).get("claimName")
        if claim and ("PersistentVolumeClaim", claim) not in named:
            yield f"mounts {claim}, which is not there"
    for container in containers(document):
        yield from wrong_with_container(container, volumes, named)


def wrong_with_rights(pod, named):
    if not pod["securityContext"].get("runAsNonRoot"):
        yield "may run as root"
    if pod["securityContext"].get("seccompProfile") != {"type": "RuntimeDefault"}:
        yield "has no seccomp profile"
    if pod.get("automountServiceAccountToken") is not False:
        yield "gets a token of Kubernetes"
    if ("ServiceAccount", pod["serviceAccountName"]) not in named:
        yield "has an account that is not there"


def wrong_with_container(container, volumes, named):
    if container["securityContext"] != RESTRICTED:
        yield "has rights"
    if not {"cpu", "memory"} <= container["resources"]["requests"].keys():
        yield "does not say what it needs"
    if "memory" not in container["resources"]["limits"]:
        yield "has no limit of memory"
    mounted = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    if mounted.get("tmp") != "/tmp":  # noqa: S108 - VAR_DIR of the image
        yield "cannot write to /tmp"
    if not mounted.keys() <= volumes.keys():
        yield "mounts what is not there"
    yield from wrong_with_variables(container, named)
    ports = {port["name"]: port["containerPort"] for port in container.get("ports", [])}
    for kind in PROBES:
        yield from wrong_with_probe(container.get(kind, {}), ports)


def wrong_with_variables(container, named):
    said = {entry["name"] for entry in container["env"]}
    for source in container["envFrom"]:
        if "configMapRef" in source:
            config = named.get(("ConfigMap", source["configMapRef"]["name"]))
            if config is None:
                yield "reads a ConfigMap that is not there"
                continue
            said |= config["data"].keys()
        elif source["secretRef"]["name"] not in BY_HAND:
            yield "reads a Secret that nobody makes"
    for entry in container["env"]:
        secret = entry.get("valueFrom", {}).get("secretKeyRef", {}).get("name")
        if secret and secret not in OPERATORS:
            yield f"reads the Secret {secret}, which nobody makes"
    for name in said - variables_shown(EXAMPLE) - HELPERS:
        yield f"sets {name}, which nothing reads"


def wrong_with_probe(probe, ports):
    request = probe.get("httpGet")
    if request is None:
        return
    if request["port"] not in ports:
        yield f"is probed at the port {request['port']}, which it does not open"
    try:
        resolve(request["path"])
    except Resolver404:
        yield f"is probed at {request['path']}, which is no route"


def selected(selector, pods):
    """The pods that a selector by labels finds."""
    labels = {name: pod_of(one)["metadata"]["labels"] for name, one in pods.items()}
    wanted = selector.get("matchLabels", {}).items()
    rules = selector.get("matchExpressions", [])
    return [
        name
        for name, own in labels.items()
        if wanted <= own.items() and all(own.get(rule["key"]) in rule["values"] for rule in rules)
    ]


def ports_of(names, pods):
    """The ports of some pods, by name and by number."""
    opened = [
        port
        for name in names
        for container in containers(pods[name])
        for port in container.get("ports", [])
    ]
    return {port["name"] for port in opened} | {port["containerPort"] for port in opened}


def wrong_service(document, _named, pods):
    hit = selected({"matchLabels": document["spec"]["selector"]}, pods)
    if len(hit) != 1:
        yield f"selects {hit}"
    for port in document["spec"]["ports"]:
        if port["targetPort"] not in ports_of(hit, pods):
            yield f"leads to {port['targetPort']}, which no pod opens"


def wrong_ingress(document, named, _pods):
    for rule in document["spec"]["rules"]:
        for path in rule["http"]["paths"]:
            wanted = path["backend"]["service"]
            service = named.get(("Service", wanted["name"]))
            if service is None:
                yield f"leads to {wanted['name']}, which is not there"
            elif wanted["port"]["name"] not in {port["name"] for port in service["spec"]["ports"]}:
                yield f"leads to the port {wanted['port']['name']}"
    for tls in document["spec"]["tls"]:
        if tls["secretName"] not in BY_HAND:
            yield f"has the certificate {tls['secretName']}, which nobody makes"


def wrong_budget(document, _named, pods):
    if len(selected(document["spec"]["selector"], pods)) != 1:
        yield "protects no pods"


def wrong_scaler(document, named, _pods):
    target = document["spec"]["scaleTargetRef"]
    deployment = named.get((target["kind"], target["name"]))
    if deployment is None:
        yield "scales what is not there"
    elif "replicas" in deployment["spec"]:
        yield "is undone by `replicas` at each release"


def wrong_policy(document, named, pods):
    hit = selected(document["spec"]["podSelector"], pods)
    labels = document["spec"]["podSelector"].get("matchLabels", {})
    operated = {named.get(("Cluster", labels.get("cnpg.io/cluster")), {}).get("kind")} | {
        named.get(("RabbitmqCluster", labels.get("app.kubernetes.io/name")), {}).get("kind")
    }
    if not hit and operated == {None}:
        yield "selects no pods"
    for rule in document["spec"].get("ingress", []):
        for port in rule.get("ports", []):
            if hit and port["port"] not in ports_of(hit, pods):
                yield f"opens {port['port']}, which no pod has"


CHECKS = {
    "Service": wrong_service,
    "Ingress": wrong_ingress,
    "PodDisruptionBudget": wrong_budget,
    "HorizontalPodAutoscaler": wrong_scaler,
    "NetworkPolicy": wrong_policy,
}
