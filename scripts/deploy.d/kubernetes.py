"""Manifests: the API's strict schemas, what kustomize would join, and that pods run with their settings."""
import hashlib
import json
import os
import pathlib
import re
import subprocess
import tempfile
import zipfile

import jsonschema
import yaml

import rules

MANIFESTS = rules.ROOT / "deploy" / "kubernetes"
SCHEMAS = "kubernetes_validate/kubernetes-json-schema/v1.29.0-local-strict/"

# KEDA's own kind is in no schema of the API's. Fields as https://keda.sh/docs/2.16 has them.
SCALED_OBJECT = {
    "type": "object", "additionalProperties": False,
    "required": ["apiVersion", "kind", "metadata", "spec"],
    "properties": {
        "apiVersion": {"const": "keda.sh/v1alpha1"}, "kind": {"const": "ScaledObject"},
        "metadata": {"type": "object", "required": ["name"]},
        "spec": {
            "type": "object", "additionalProperties": False, "required": ["scaleTargetRef", "triggers"],
            "properties": {
                "scaleTargetRef": {"type": "object", "additionalProperties": False, "required": ["name"],
                                   "properties": {"name": {"type": "string"}, "kind": {"type": "string"}}},
                "minReplicaCount": {"type": "integer", "minimum": 1},
                "maxReplicaCount": {"type": "integer", "minimum": 1},
                "cooldownPeriod": {"type": "integer"}, "pollingInterval": {"type": "integer"},
                "triggers": {"type": "array", "minItems": 1, "items": {
                    "type": "object", "additionalProperties": False, "required": ["type", "metadata"],
                    "properties": {"type": {"const": "kafka"}, "metadata": {
                        "type": "object", "additionalProperties": {"type": "string"},
                        "required": ["bootstrapServers", "consumerGroup", "topic", "lagThreshold"]}}}},
            }},
    },
}


def schemas():
    """The package of schemas.txt, fetched once for all checkouts; nothing of it is ever run."""
    line = re.search(r"(\S+)==(\S+) --hash=sha256:(\w+)", (MANIFESTS / "schemas.txt").read_text())
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "bora" / "tools"
    wheel = cache / f"{line[1].replace('-', '_')}-{line[2]}-py3-none-any.whl"
    if not wheel.exists():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as fresh:
            subprocess.run(["/usr/bin/python3", "-m", "pip", "download", "-q", "--no-deps",
                            "--disable-pip-version-check", "--only-binary", ":all:", "--require-hashes",
                            "-r", MANIFESTS / "schemas.txt", "-d", fresh], check=True)
            os.replace(pathlib.Path(fresh) / wheel.name, wheel)
    if hashlib.sha256(wheel.read_bytes()).hexdigest() != line[3]:
        raise SystemExit(f"check-deploy: {wheel} is not what schemas.txt pins\n  mend: remove it")
    return zipfile.ZipFile(wheel)


class Schemas:
    def __init__(self, archive):
        self._archive = archive
        definitions = json.loads(archive.read(SCHEMAS + "_definitions.json"))
        self._store = {"https://kubernetes.io/api/_definitions.json": definitions}

    def fault_of(self, document):
        if document["kind"] == "ScaledObject":
            schema = SCALED_OBJECT
        else:
            group, _, version = document["apiVersion"].rpartition("/")
            name = "-".join([document["kind"].lower(), *filter(None, [group.split(".")[0]]), version])
            schema = json.loads(self._archive.read(f"{SCHEMAS}{name}.json"))
        resolver = jsonschema.RefResolver.from_schema(schema, store=self._store)
        error = jsonschema.exceptions.best_match(
            jsonschema.Draft7Validator(schema, resolver=resolver).iter_errors(document))
        return None if error is None else f"{'.'.join(map(str, error.path))}: {error.message}"


def check(faults, programs):
    kustomization = yaml.safe_load((MANIFESTS.parent / "kustomization.yaml").read_text(encoding="utf-8"))
    listed = {path.removeprefix("kubernetes/") for path in kustomization["resources"]}
    files = {path.name for path in MANIFESTS.glob("*.yaml")}
    faults.unless(listed == files, "deploy/kustomization.yaml", f"lists {sorted(listed ^ files)} or misses it")
    generated = {maker["name"]: maker["files"] for maker in kustomization["configMapGenerator"]}
    for name, paths in generated.items():
        for path in paths:
            faults.unless((MANIFESTS.parent / path).exists(), name, f"there is no deploy/{path}")

    documents = []
    known = Schemas(schemas())
    for name in sorted(files):
        for document in yaml.safe_load_all((MANIFESTS / name).read_text(encoding="utf-8")):
            fault = known.fault_of(document)
            faults.unless(fault is None, f"deploy/kubernetes/{name}", f"{document['kind']}: {fault}")
            documents.append((name, document))
    of_kind = lambda *kinds: [(n, d) for n, d in documents if d["kind"] in kinds]  # noqa: E731
    job = next(d for _, d in of_kind("Job"))
    arguments = job["spec"]["template"]["spec"]["containers"][0]["args"]
    partitions = int(arguments[arguments.index("--partitions") + 1])
    running = {d["metadata"]["name"]: d for _, d in of_kind("Deployment", "StatefulSet")}
    for name, document in of_kind("Deployment", "StatefulSet"):
        check_workload(faults, programs, f"deploy/kubernetes/{name}", document, partitions, generated)
    guarded = {d["spec"]["selector"]["matchLabels"]["app"] for _, d in of_kind("PodDisruptionBudget")}
    for name, document in running.items():
        faults.unless(name in guarded or document["spec"]["replicas"] == 1, name, "has no PodDisruptionBudget")
    for name, scaled in of_kind("ScaledObject"):
        spec = scaled["spec"]
        where = f"deploy/kubernetes/{name}"
        faults.unless(spec["scaleTargetRef"]["name"] in running, where, "scales what is not there")
        faults.unless(spec["maxReplicaCount"] <= partitions, where, f"scales beyond {partitions} partitions")
    return len(documents)


def check_workload(faults, programs, where, document, partitions, generated):
    pod = document["spec"]["template"]["spec"]
    container = pod["containers"][0]
    faults.unless(document["spec"]["replicas"] <= partitions, where, f"more replicas than {partitions} partitions")
    faults.unless(pod["terminationGracePeriodSeconds"] > rules.DRAIN, where, "is killed before it has drained")
    for probe, path in (("livenessProbe", "/livez"), ("readinessProbe", "/readyz")):
        faults.unless(container.get(probe, {}).get("httpGet", {}).get("path") == path, where, f"{probe} does not ask {path}")
    mounted = {volume["configMap"]["name"] for volume in pod["volumes"] if "configMap" in volume}
    faults.unless(mounted <= set(generated), where, f"nobody makes {sorted(mounted - set(generated))}")
    program = container["args"][0]
    command = [part.replace("/etc/bora/", f"{rules.ROOT}/deploy/config/") for part in container["args"]]
    environment = {v["name"]: v.get("value", f"{program}-0") for v in container["env"]}
    fault = programs.fault_of(command, environment)
    faults.unless(fault is None, where, fault)
