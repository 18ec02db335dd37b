"""What scripts/deploy-check.sh checks with Python: deploy_check.py FOLDER prints a line for each part."""

import json
import pathlib
import re
import shlex
import sys

import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent
SOURCES = ROOT / "Sources"
# The oldest release that is still looked after, and the newest that the schemas know.
KUBERNETES = ["1.31", "1.35"]
# Kinds of add-ons, for which there are no schemas offline: what must be there.
REQUIRED = {
    "ScaledObject": ["spec.scaleTargetRef.name", "spec.triggers.0.type", "spec.triggers.0.metadata.listName",
                     "spec.triggers.0.metadata.listLength"],
    "TriggerAuthentication": ["spec.secretTargetRef.0.parameter", "spec.secretTargetRef.0.name",
                              "spec.secretTargetRef.0.key"],
    "PodMonitor": ["spec.selector.matchLabels", "spec.podMetricsEndpoints.0.port"],
}
findings = []


def expect(condition, text):
    if not condition:
        findings.append(text)


def read(path):
    return path.read_text(encoding="utf-8")


def source(pattern, path):
    """What the pattern finds in a source file: the program's own word for it."""
    found = re.findall(pattern, read(SOURCES / path), re.S)
    if not found:
        raise SystemExit(f"FAILED  {path} has changed: nothing matches {pattern}")
    return found


PAGES = re.findall(r'"(/\w+)"', source(r"static let paths = \[(.*?)\]", "CeleryHealth/HTTP/HealthPages.swift")[0])
OPTIONS = set(re.findall(r'"([a-z-]+)"', source(r'"worker": options\((.*?)"call":', "CeleryCLI/CommandLine/OptionEnvironment.swift")[0]))
SETTINGS = {name for path in (SOURCES / "CeleryKit/App").glob("SettingTable*.swift")
            for name in re.findall(r'Setting\(\s*"([a-z_0-9]+)"', read(path))}
METRICS = {name for path in [*(SOURCES / "CeleryHealth").rglob("*.swift"), SOURCES / "CeleryWorker/WorkerMetrics.swift"]
           for name in re.findall(r'"(celery_[a-z_]+|process_[a-z_]+)"', read(path))}


def documents(path):
    try:
        return [document for document in yaml.safe_load_all(read(path)) if document is not None]
    except yaml.YAMLError as error:
        findings.append(f"{path.name} is no YAML: {error}")
        return []


def get(value, path):
    for key in path.split("."):
        if isinstance(value, list):
            value = value[int(key)] if int(key) < len(value) else None
        else:
            value = value.get(key) if isinstance(value, dict) else None
    return value


def check_words(words, where):
    """The options of a command line `worker …`."""
    expect(words[:1] == ["worker"], f"{where}: the command is not worker")
    for word in words[1:]:
        name = word.removeprefix("--").split("=")[0]
        expect(word.startswith("--") and name in OPTIONS, f"{where}: worker has no option {word}")


def port_of(words):
    for word in words:
        if word.startswith("--health-port="):
            return int(word.split("=")[1])
    return None


def schema(document, path):
    """Built-in kinds against Kubernetes' schemas; false for kinds of add-ons."""
    import kubernetes_validate

    if document["kind"] in REQUIRED:
        for field in REQUIRED[document["kind"]]:
            expect(get(document, field), f"{path.name}: {document['kind']} has no {field}")
        return
    for version in KUBERNETES:
        try:
            kubernetes_validate.validate(document, version, strict=True)
        except kubernetes_validate.ValidationError as error:
            findings.append(f"{path.name}: {document['kind']} (Kubernetes {version}): {error.message} at {list(error.path)}")


def check_deployment(deployment, where):
    pod = deployment["spec"]["template"]["spec"]
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    wanted = deployment["spec"]["selector"]["matchLabels"]
    expect(wanted.items() <= labels.items(), f"{where}: the selector does not select its own pods")
    expect(pod.get("terminationGracePeriodSeconds", 0) >= 60, f"{where}: there is no grace for running tasks")
    container = pod["containers"][0]
    check_words(container["args"], where)
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    served = port_of(container["args"])
    for kind, page in [("startupProbe", "/startupz"), ("livenessProbe", "/livez"), ("readinessProbe", "/readyz")]:
        request = get(container, f"{kind}.httpGet") or {}
        expect(request.get("path") == page and page in PAGES, f"{where}: {kind} asks {request.get('path')}, not {page}")
        expect(ports.get(request.get("port")) == served, f"{where}: {kind} asks a port that is not --health-port={served}")
    notes = deployment["spec"]["template"]["metadata"]["annotations"]
    expect(notes["prometheus.io/port"] == str(served), f"{where}: prometheus.io/port is not {served}")
    expect(notes["prometheus.io/path"] in PAGES, f"{where}: prometheus.io/path is no page")
    for variable in container["env"]:
        check_variable(variable["name"], where)
    return deployment["metadata"]["name"], labels, ports


def check_variable(name, where):
    word = name.removeprefix("CELERY_").lower()
    isOption = word.startswith("worker_") and word.removeprefix("worker_").replace("_", "-") in OPTIONS
    expect(name.startswith("CELERY_") and (word in SETTINGS or isOption), f"{where}: there is no setting or option {name}")


def check_kubernetes(folder):
    found = [(path, document) for path in sorted(folder.glob("*.yaml")) for document in documents(path)]
    for path, document in found:
        schema(document, path)
    workers = [(path, document) for path, document in found if document["kind"] == "Deployment"]
    expect(len(workers) == 1, "there is not one Deployment")
    for path, deployment in workers[:1]:
        name, labels, ports = check_deployment(deployment, path.name)
        for path, document in found:
            target = get(document, "spec.scaleTargetRef.name")
            expect(target in (None, name), f"{path.name}: {document['kind']} scales {target}, which is not there")
            selector = get(document, "spec.selector.matchLabels")
            expect(selector is None or selector.items() <= labels.items(), f"{path.name}: it selects no worker")
            for endpoint in get(document, "spec.podMetricsEndpoints") or []:
                expect(endpoint["port"] in ports and endpoint["path"] in PAGES, f"{path.name}: it asks what is not served")
            for metric in get(document, "spec.metrics") or []:
                name_of = get(metric, "external.metric.name")
                expect(name_of in METRICS, f"{path.name}: there is no metric {name_of}")


def check_rules(folder):
    for path in folder.glob("*.yaml"):
        for document in documents(path):
            for rule in [rule for group in document["groups"] for rule in group["rules"]]:
                expect({"alert", "expr", "labels", "annotations"} <= rule.keys(), f"{path.name}: {rule.get('alert')}")
                names = set(re.findall(r"\b(?:celery|process)_[a-z_]+", rule["expr"]))
                expect(names and names <= METRICS, f"{path.name}: {rule['alert']}: there is no metric {names - METRICS}")


def check_units(folder):
    for path in folder.glob("*.service"):
        lines = dict(line.split("=", 1) for line in read(path).splitlines() if re.match(r"[A-Za-z]+=", line))
        check_words(shlex.split(lines["ExecStart"])[1:], path.name)
        expect("%h" not in lines["ExecStart"].replace("%%h", ""), f"{path.name}: %h is systemd's; the worker's is %%h")
    for path in folder.glob("*.env"):
        for line in read(path).splitlines():
            if re.match(r"#?CELERY", line):
                check_variable(line.lstrip("#").split("=")[0], path.name)


def check_container(path):
    text = re.sub(r"\\\n", " ", "\n".join(line for line in read(path).split("\n") if not line.strip().startswith("#")))
    steps = [line.split(None, 1) for line in text.split("\n") if line.strip()]
    stages = [index for index, step in enumerate(steps) if step[0] == "FROM"]
    expect(len(stages) == 2, "Dockerfile: it has not two stages")
    last = dict(steps[stages[-1]:])
    for step, rest in steps:
        if step == "COPY" and "--from=" not in rest:
            for name in rest.split()[:-1]:
                expect((ROOT / name).exists(), f"Dockerfile: COPY {name}: there is no such file")
    arguments = dict(rest.split("=", 1) for step, rest in steps if step == "ARG" and "=" in rest)
    manifest = ROOT / arguments["PACKAGE"] / "Package.swift"
    expect(manifest.exists() and f'"{arguments["PRODUCT"]}"' in read(manifest), "Dockerfile: there is no such product")
    copied = [rest.split()[-1] for step, rest in steps if step == "COPY" and "--from=" in rest]
    entry = json.loads(last.get("ENTRYPOINT", "[]"))
    expect(entry and entry[0] in copied, f"Dockerfile: nothing is copied to {entry}")
    expect(last.get("STOPSIGNAL") == "SIGTERM", "Dockerfile: the signal to stop is not SIGTERM")
    expect(re.match(r"[1-9]\d*(:|$)", last.get("USER", "")), "Dockerfile: it runs as root")
    words = json.loads(last["CMD"])
    check_words(words, "Dockerfile")
    health = last.get("HEALTHCHECK", "")
    expect(f":{port_of(words)}/livez" in health, "Dockerfile: the health check asks another port or page")
    expect(last.get("EXPOSE") == str(port_of(words)), "Dockerfile: it exposes another port")


def part(name, check, *arguments):
    before = len(findings)
    try:
        check(*arguments)
    except (KeyError, IndexError, TypeError, AttributeError, ValueError) as error:
        findings.append(f"{name}: {type(error).__name__}: {error}")
    print(("ok      " if len(findings) == before else "FAILED  ") + name)
    for finding in findings[before:]:
        print(f"        {finding}")


def main():
    folder = pathlib.Path(sys.argv[1])
    part("systemd: options and settings", check_units, folder / "systemd")
    part(f"Kubernetes manifests, schemas of {' and '.join(KUBERNETES)}, and the program's ports and pages",
         check_kubernetes, folder / "kubernetes")
    part("Prometheus rules: the program's metrics", check_rules, folder / "prometheus")
    part("container: its steps", check_container, folder / "container" / "Dockerfile")
    sys.exit(1 if findings else 0)


main()
