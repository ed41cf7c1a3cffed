"""What users start from, in deploy/: each file is checked by the tool of its kind, and against each other, the option
table, the metrics and docs/OPERATING.md. Nothing of it is started here; dashboards.test.mjs does that.

    tests/deploy/.venv/bin/python -m unittest discover --start-directory tests/deploy --verbose
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
TOOLS = Path(sys.executable).parent
BINARY = os.environ.get("QALA_BIN", str(ROOT / "target/debug/qala"))
#: The oldest and the newest Kubernetes that the manifests are checked against.
KUBERNETES = ("1.30", "1.33")
#: What systemd-analyze security calls the worst that is fine, in tenths.
EXPOSURE = 15
#: What gcr.io/distroless/cc-debian12 has: glibc 2.36 and libgcc.
LIBRARIES = {"libc.so.6", "libm.so.6", "libgcc_s.so.1", "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"}
SECRET = re.compile(r"(?i)secret|password|token")


def run(*words, **more):
    """A tool's output, which must end well."""
    words = [str(word) for word in words]
    ended = subprocess.run(words, capture_output=True, text=True, timeout=60, **more)
    said = ended.stdout + ended.stderr
    assert ended.returncode == 0, f"{' '.join(words)}: {ended.returncode}\n{said}"
    return said


def check(environment):
    """Exit code and words of `qala serve --check` with these variables alone."""
    environment = {name: str(value) for name, value in environment.items()}
    ended = subprocess.run([BINARY, "serve", "--check"], env=environment, capture_output=True, text=True, timeout=60)
    return ended.returncode, ended.stdout + ended.stderr


def documents(path):
    return list(yaml.safe_load_all(path.read_text(encoding="utf-8")))


def alerts():
    [file] = documents(DEPLOY / "prometheus/alerts.yml")
    return [rule for group in file["groups"] for rule in group["rules"]]


def dashboards():
    return {path.name: json.loads(path.read_text()) for path in sorted((DEPLOY / "grafana/dashboards").glob("*.json"))}


def metrics():
    """Every name that /metrics may show."""
    names = set()
    for name, kind in re.findall(r"^\| `(\w+)` \| (\w+) \|", (ROOT / "docs/METRICS.md").read_text(), re.M):
        names |= {f"{name}{suffix}" for suffix in ("_bucket", "_sum", "_count")} if kind == "histogram" else {name}
    return names


def metrics_in(query):
    return set(re.findall(r"\b(?:qala|process|webrtc|redis)_\w+", re.sub(r'"[^"]*"', "", query)))


def options():
    """Every variable that an option is known by."""
    return set(re.findall(r"`([A-Z][A-Z0-9_]+)`", (ROOT / "docs/CONFIGURATION.md").read_text()))


class Prometheus(unittest.TestCase):
    def test_rules_and_configuration_are_valid(self):
        run("promtool", "check", "rules", DEPLOY / "prometheus/alerts.yml")
        run("promtool", "check", "config", DEPLOY / "prometheus/prometheus.yml")

    def test_alerts_fire_when_they_should_and_not_before(self):
        run("promtool", "test", "rules", ROOT / "tests/deploy/alerts.test.yml")
        [cases] = documents(ROOT / "tests/deploy/alerts.test.yml")
        expected = [(rule["alertname"], bool(rule.get("exp_alerts")))
                    for case in cases["tests"] for rule in case["alert_rule_test"]]
        for rule in alerts():
            for fires in (False, True):
                self.assertIn((rule["alert"], fires), expected, "a moment of each kind")

    def test_every_alert_says_how_bad_it_is_and_has_its_section(self):
        text = (ROOT / "docs/OPERATING.md").read_text()
        sections = re.findall(r"^### (Qala\w+)$(.*?)(?=^##)", text + "\n##", re.M | re.S)
        names = [rule["alert"] for rule in alerts()]
        self.assertEqual([name for name, _ in sections], names, "in the order of the rules")
        for rule in alerts():
            self.assertIn(rule["labels"]["severity"], ("critical", "warning"))
            self.assertEqual(rule["annotations"]["runbook"], f"docs/OPERATING.md#{rule['alert'].lower()}")
            self.assertTrue(rule["annotations"]["summary"])
        for name, section in sections:
            for part in ("**Means**", "**Do**"):
                self.assertIn(part, section, name)

    def test_every_metric_that_is_asked_for_exists(self):
        known = metrics()
        self.assertGreater(len(known), 90)
        for rule in alerts():
            self.assertLessEqual(metrics_in(rule["expr"]), known, rule["alert"])
        for name, dashboard in dashboards().items():
            for panel in dashboard["panels"]:
                for target in panel["targets"]:
                    self.assertLessEqual(metrics_in(target["expr"]), known, f"{name}: {panel['title']}")


class Documents(unittest.TestCase):
    def test_the_rest_part_is_valid_openapi(self):
        text = (ROOT / "docs/openapi.json").read_text()
        self.assertEqual(json.loads(text)["openapi"], "3.1.0")
        run(TOOLS / "openapi-spec-validator", ROOT / "docs/openapi.json")


class Grafana(unittest.TestCase):
    def test_dashboards_are_of_one_kind(self):
        [sources] = documents(DEPLOY / "grafana/provisioning/datasources/prometheus.yaml")
        [source] = sources["datasources"]
        files = dashboards()
        self.assertEqual(
            [f"qala-{name.removesuffix('.json')}" for name in files], [file["uid"] for file in files.values()])
        self.assertEqual(
            set(files), {f"{name}.json" for name in ("connections", "matching", "signaling", "infrastructure", "business")})
        for name, dashboard in files.items():
            panels = dashboard["panels"]
            ids = [panel["id"] for panel in panels]
            self.assertEqual(len(set(ids)), len(ids), name)
            self.assertEqual(len({panel["title"] for panel in panels}), len(panels), name)
            places = set()
            for panel in panels:
                at = panel["gridPos"]
                self.assertLessEqual(at["x"] + at["w"], 24, name)
                own = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
                self.assertFalse(places & own, f"{name}: {panel['title']} lies over another panel")
                places |= own
                for thing in (panel, *panel["targets"]):
                    self.assertEqual(thing["datasource"], {"type": source["type"], "uid": source["uid"]})
                self.assertIn("unit", panel["fieldConfig"]["defaults"])
                refs = [target["refId"] for target in panel["targets"]]
                self.assertEqual(len(set(refs)), len(refs))

    def test_what_is_provisioned_is_mounted(self):
        [compose] = documents(DEPLOY / "compose.yaml")
        mounts = [mount.split(":") for mount in compose["services"]["grafana"]["volumes"]]
        [provider] = documents(DEPLOY / "grafana/provisioning/dashboards/qala.yaml")[0]["providers"]
        self.assertIn(["./grafana/dashboards", provider["options"]["path"], "ro"], mounts)
        self.assertIn(["./grafana/provisioning", "/etc/grafana/provisioning", "ro"], mounts)
        for source, *_ in mounts:
            self.assertTrue(not source.startswith(".") or (DEPLOY / source).exists(), source)


class Image(unittest.TestCase):
    TEXT = (DEPLOY / "Dockerfile").read_text()

    def test_hadolint_has_nothing_against_it(self):
        run(TOOLS / "hadolint", "--failure-threshold", "style", DEPLOY / "Dockerfile")

    def test_it_starts_as_nobody_and_asks_the_binary_how_it_is(self):
        last = self.TEXT[self.TEXT.rindex("\nFROM"):]
        self.assertIn("\nUSER 65532:65532\n", last)
        self.assertRegex(last, r'HEALTHCHECK .*CMD \["/usr/local/bin/qala", "health"\]')

    def test_the_binary_links_nothing_that_the_image_lacks(self):
        needed = set(re.findall(r"NEEDED.*\[(.*)\]", run("readelf", "--dynamic", BINARY)))
        self.assertLessEqual(needed, LIBRARIES)
        self.assertIn("libc.so.6", needed)

    def test_without_a_word_about_who_may_enter_it_does_not_start(self):
        [line] = re.findall(r"^ENV (.*)$", self.TEXT, re.M)
        environment = dict(pair.split("=") for pair in line.split())
        self.assertLessEqual(set(environment), options())
        code, said = check(environment)
        self.assertEqual(code, 2, said)
        code, said = check({**environment, "JWT_SECRET": "a secret of enough bytes"})
        self.assertEqual(code, 0, said)


class Compose(unittest.TestCase):
    FILE = DEPLOY / "compose.yaml"

    def test_it_is_valid(self):
        run(TOOLS / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", self.FILE)

    def test_nothing_secret_has_a_default(self):
        text = self.FILE.read_text()
        variables = re.findall(r"\$\{(\w+)(.*?)\}", text)
        for name, rest in variables:
            if SECRET.search(name):
                self.assertRegex(rest, r"^:\?.", f"{name} must be asked for")
        asked = {name for name, rest in variables if rest.startswith(":?")}
        example = dict(line.split("=", 1) for line in (DEPLOY / ".env.example").read_text().splitlines()
                       if line and not line.startswith("#"))
        self.assertEqual(example, dict.fromkeys(asked, ""), "every variable that is asked for, without a value")
        [compose] = documents(self.FILE)
        for name, service in compose["services"].items():
            for variable, value in service.get("environment", {}).items():
                if SECRET.search(variable) or variable == "REDISCLI_AUTH":
                    self.assertRegex(value, r"^\$\{\w+:\?", f"{name}: {variable}")

    def test_only_this_machine_reaches_what_is_published(self):
        [compose] = documents(self.FILE)
        for name, service in compose["services"].items():
            for port in service.get("ports", []):
                self.assertRegex(port, r"^(\$\{\w+:-)?127\.0\.0\.1:", name)

    def test_qala_knows_its_options(self):
        [compose] = documents(self.FILE)
        environment = compose["services"]["qala"]["environment"]
        self.assertLessEqual(set(environment), options())
        given = {"JWT_SECRET": "a secret of enough bytes", "QALA_ALLOWED_ORIGINS": "https://app.example"}
        code, said = check({**environment, "REDIS_PASSWORD": "of redis", **given})
        self.assertEqual(code, 0, said)

    def test_redis_asks_for_the_password(self):
        """The very command of the file, with a real Redis, in a directory of its own."""
        [compose] = documents(self.FILE)
        [shell, flag, script] = compose["services"]["redis"]["command"]
        script = script.replace("$$", "$")
        with tempfile.TemporaryDirectory() as folder:
            socket = f"{folder}/socket"
            own = f"redis-server - --port 0 --unixsocket {socket} --dir {folder} --logfile {folder}/log"
            server = subprocess.Popen([shell, flag, script.replace("redis-server -", own, 1)],
                                      env={**os.environ, "REDISCLI_AUTH": "of redis"})
            try:
                bare = {name: value for name, value in os.environ.items() if name != "REDISCLI_AUTH"}

                def ask(*words):
                    return subprocess.run(["redis-cli", "-s", socket, "--no-auth-warning", *words],
                                          env=bare, capture_output=True, text=True, timeout=10).stdout

                deadline = time.monotonic() + 20
                while not os.path.exists(socket) and time.monotonic() < deadline:
                    time.sleep(0.02)
                self.assertIn("NOAUTH", ask("ping"))
                self.assertIn("PONG", ask("-a", "of redis", "ping"))
                self.assertIn("noeviction", ask("-a", "of redis", "config", "get", "maxmemory-policy"))
            finally:
                # The shell has become Redis: the signal reaches it, and it ends in order.
                server.terminate()
                self.assertEqual(server.wait(timeout=20), 0)


class Kubernetes(unittest.TestCase):
    FOLDER = DEPLOY / "kubernetes"

    def manifests(self):
        files = [path for path in sorted(self.FOLDER.glob("*.yaml")) if path.name != "kustomization.yaml"]
        return {path.name: documents(path) for path in files}

    def one(self, kind):
        [found] = [item for items in self.manifests().values() for item in items if item["kind"] == kind]
        return found

    def test_every_manifest_is_valid(self):
        files = [self.FOLDER / name for name in self.manifests()]
        for version in KUBERNETES:
            run(TOOLS / "kubernetes-validate", "--strict", "--kubernetes-version", version, *files)

    def test_all_but_the_secret_are_applied(self):
        [kustomization] = documents(self.FOLDER / "kustomization.yaml")
        self.assertEqual(set(kustomization["resources"]), set(self.manifests()) - {"secret.yaml"})

    def test_they_mean_the_same_pods(self):
        deployment = self.one("Deployment")
        labels = deployment["spec"]["selector"]["matchLabels"]
        self.assertEqual(deployment["spec"]["template"]["metadata"]["labels"], labels)
        self.assertEqual(self.one("Service")["spec"]["selector"], labels)
        self.assertEqual(self.one("PodDisruptionBudget")["spec"]["selector"]["matchLabels"], labels)
        self.assertEqual(self.one("NetworkPolicy")["spec"]["podSelector"]["matchLabels"], labels)
        target = self.one("HorizontalPodAutoscaler")["spec"]["scaleTargetRef"]
        self.assertEqual((target["kind"], target["name"]), ("Deployment", deployment["metadata"]["name"]))
        [rule] = self.one("Ingress")["spec"]["rules"]
        self.assertEqual(rule["http"]["paths"][0]["backend"]["service"]["name"], self.one("Service")["metadata"]["name"])

    def test_ports_and_probes_are_those_of_the_node(self):
        [pod] = self.one("Deployment")["spec"]["template"]["spec"]["containers"]
        ports = {port["name"]: port["containerPort"] for port in pod["ports"]}
        values = self.one("ConfigMap")["data"]
        self.assertEqual(ports, {"clients": 3001, "operators": int(values["QALA_ADMIN_LISTEN"].split(":")[1])})
        for probe, path in (("livenessProbe", "live"), ("readinessProbe", "ready"), ("startupProbe", "live")):
            self.assertEqual(pod[probe]["httpGet"], {"path": f"/health/{path}", "port": "operators"})
        [clients, operators] = self.one("NetworkPolicy")["spec"]["ingress"]
        self.assertEqual([clients["ports"][0]["port"], operators["ports"][0]["port"]], list(ports.values()))

    def test_there_is_time_to_stop(self):
        pod = self.one("Deployment")["spec"]["template"]["spec"]
        pause = pod["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"]
        values = self.one("ConfigMap")["data"]
        stopping = int(values["QALA_DRAIN_SECONDS"]) + int(values["QALA_SHUTDOWN_TIMEOUT"])
        self.assertGreaterEqual(pod["terminationGracePeriodSeconds"], pause + stopping + 5)

    def test_options_are_options_and_secrets_have_no_values(self):
        values, secrets = self.one("ConfigMap")["data"], self.one("Secret")["stringData"]
        self.assertLessEqual(set(values) | set(secrets), options())
        self.assertEqual(set(secrets.values()), {""})
        image = {"QALA_HOST": "0.0.0.0", "QALA_PRODUCTION": "on"}
        code, said = check({**image, **values, **secrets})
        self.assertEqual(code, 2, f"without a secret it must not start: {said}")
        given = {"JWT_SECRET": "a secret of enough bytes", "QALA_REDIS_URL": "redis://redis.example:6379"}
        code, said = check({**image, **values, **given})
        self.assertEqual(code, 0, said)


class Systemd(unittest.TestCase):
    UNIT = DEPLOY / "systemd/qala.service"

    def test_systemd_understands_it_and_calls_it_safe(self):
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / "qala.service"
            copy.write_text(self.UNIT.read_text().replace("/usr/local/bin/qala", BINARY))
            self.assertEqual(run("systemd-analyze", "verify", "--man=no", copy), "")
            run("systemd-analyze", "security", "--offline=yes", f"--threshold={EXPOSURE}", copy)


if __name__ == "__main__":
    unittest.main()
