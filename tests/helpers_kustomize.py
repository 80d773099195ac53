"""As much of kustomize as deploy/kubernetes uses: resources, patches, namespace, images."""

import copy
import re
from pathlib import Path

import yaml

KNOWN = {"apiVersion", "kind", "namespace", "resources", "patches", "images"}


def read(path):
    return [each for each in yaml.safe_load_all(path.read_text()) if each is not None]


def files(folder):
    """The files and folders that a kustomization names."""
    wanted = read(folder / "kustomization.yaml")[0]
    named = [*wanted["resources"], *(patch["path"] for patch in wanted.get("patches", []))]
    return [folder / name for name in named]


def build(folder):
    """What `kustomize build` would print, as documents."""
    wanted = read(folder / "kustomization.yaml")[0]
    assert wanted.keys() <= KNOWN, "this reads no more of kustomize"
    found = []
    for name in wanted["resources"]:
        path = (folder / name).resolve()
        found += build(path) if path.is_dir() else read(path)
    for document in found:
        if "namespace" in wanted and document["kind"] != "Namespace":
            document["metadata"]["namespace"] = wanted["namespace"]
        name_images(document, wanted.get("images", []))
    for patch in wanted.get("patches", []):
        hit = [one for one in found if matches(one, patch["target"])]
        assert hit, f"{patch} hits nothing"
        for document in hit:
            for operation in read(folder / patch["path"])[0]:
                add(document, operation)
    return found


def name_images(document, images):
    for container in containers(document):
        for image in images:
            if container["image"].partition(":")[0] == image["name"]:
                container["image"] = f"{image['newName']}:{image['newTag']}"


def matches(document, target):
    said = {"kind": document["kind"], "name": document["metadata"]["name"]}
    return all(re.fullmatch(pattern, said[key]) for key, pattern in target.items())


def add(document, operation):
    """Do one operation of JSON Patch (RFC 6902): to add to the end of a list."""
    assert operation["op"] == "add", operation
    *steps, last = operation["path"].strip("/").split("/")
    assert last == "-", operation
    place = document
    for step in steps:
        place = place[int(step)] if isinstance(place, list) else place[step]
    place.append(copy.deepcopy(operation["value"]))


def pod_of(document):
    """The pod that a Deployment or Job makes, or None."""
    return document["spec"]["template"] if document["kind"] in {"Deployment", "Job"} else None


def containers(document):
    pod = pod_of(document)
    if pod is None:
        return []
    return [*pod["spec"].get("initContainers", []), *pod["spec"]["containers"]]


def every_file(folder):
    return {path.resolve() for path in Path(folder).rglob("*") if path.is_file()}
