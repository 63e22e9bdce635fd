"""What infra/ ships: pinned versions that agree with pyproject, manifests that hang together, SQL that runs."""

import json
import os
import re
import subprocess
import sys
import sysconfig
import time
import tomllib
import urllib.request
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.version import Version

from schemas.recipe import inline_rule
from tasks import units
from tasks.decide import Decided, create_views, drop, resolve_rules
from tasks.ledger import Ledger
from tests.contracts.test_house import HOUSE, ROOMS, tracked

INFRA = HOUSE / "infra"
QUERIES = sorted((INFRA / "sql").glob("*.sql"))
POD_OWNERS = ("Deployment", "StatefulSet")


def pins() -> dict[str, str]:
    """Versions by name, as the constraints say."""
    lines = (INFRA / "constraints.txt").read_text().splitlines()
    return dict(line.split("==") for line in lines if not line.startswith("#"))


def requirements() -> list[Requirement]:
    """What pyproject asks for and the constraints must pin; sentence-transformers brings its own platform's torch."""
    project = tomllib.loads((HOUSE / "pyproject.toml").read_text())
    optional = project["project"]["optional-dependencies"]
    extras = [line for extra, lines in optional.items() if extra != "embeddings" for line in lines]
    return [
        Requirement(line)
        for line in [*project["project"]["dependencies"], *extras, *project["dependency-groups"]["dev"]]
    ]


@pytest.mark.parametrize("requirement", requirements(), ids=lambda requirement: requirement.name)
def test_every_dependency_is_pinned_within_its_bounds(requirement: Requirement) -> None:
    name = requirement.name.lower().replace("_", "-")
    assert requirement.specifier.contains(Version(pins()[name]))


def test_constraints_are_names_and_versions_only() -> None:
    for name, version in pins().items():
        assert re.fullmatch(r"[a-z0-9-]+", name) and Version(version)


def test_prefect_is_kept_from_the_versions_that_break_it() -> None:
    assert Version(pins()["fastapi"]) < Version("0.151")
    assert Version(pins()["sqlalchemy"]) < Version("2.1")


@pytest.mark.parametrize("script", ["infra/setup.sh", "infra/demo.sh", "infra/test.sh", ".ci/run"])
def test_scripts_parse(script: str) -> None:
    shell = "bash" if script == ".ci/run" else "sh"
    assert subprocess.run([shell, "-n", HOUSE / script], check=False).returncode == 0


def manifests() -> list[dict[str, Any]]:
    """Every object of the Kubernetes manifests."""
    files = sorted((INFRA / "kubernetes").glob("*.yaml"))
    return [found for file in files for found in yaml.safe_load_all(file.read_text())]


def pods() -> dict[str, dict[str, Any]]:
    """The pod specifications by the name of what owns them."""
    return {m["metadata"]["name"]: m["spec"]["template"]["spec"] for m in manifests() if m["kind"] in POD_OWNERS}


def test_kustomization_lists_every_manifest() -> None:
    listed = yaml.safe_load((INFRA / "kubernetes" / "kustomization.yaml").read_text())["resources"]
    assert sorted([*listed, "kustomization.yaml"]) == sorted(f.name for f in (INFRA / "kubernetes").iterdir())
    assert all(m["apiVersion"] for m in manifests())


def test_kubernetes_selectors_match_labels() -> None:
    labels = []
    for owner in (m for m in manifests() if m["kind"] in POD_OWNERS):
        labels.append(owner["spec"]["template"]["metadata"]["labels"])
        assert owner["spec"]["selector"]["matchLabels"] == labels[-1]
    for service in (m for m in manifests() if m["kind"] == "Service"):
        assert service["spec"]["selector"] in labels


def test_kubernetes_volumes_exist() -> None:
    claims = {m["metadata"]["name"] for m in manifests() if m["kind"] == "PersistentVolumeClaim"}
    for name, pod in pods().items():
        volumes = {volume["name"] for volume in pod.get("volumes", ())} | ({"data"} if name == "postgres" else set())
        mounts = {mount["name"] for container in pod["containers"] for mount in container.get("volumeMounts", ())}
        assert mounts == volumes
        asked = {
            v["persistentVolumeClaim"]["claimName"] for v in pod.get("volumes", ()) if "persistentVolumeClaim" in v
        }
        assert asked <= claims


def test_runner_and_workers_share_the_warehouse() -> None:
    services = yaml.safe_load((INFRA / "compose.yaml").read_text())["services"]
    for name in ("runner", "worker"):
        assert "warehouse:/warehouse" in services[name]["volumes"]
        mounts = pods()[name]["containers"][0]["volumeMounts"]
        assert {"name": "warehouse", "mountPath": "/warehouse"} in mounts


def test_compose_hangs_together() -> None:
    compose = yaml.safe_load((INFRA / "compose.yaml").read_text())
    for service in compose["services"].values():
        assert set(service.get("depends_on", ())) <= set(compose["services"])
        assert "image" in service and not service["image"].endswith("latest")
        named = {volume.split(":")[0] for volume in service.get("volumes", ()) if volume[0] not in "./$"}
        assert named <= set(compose["volumes"])
    assert (INFRA / compose["x-gristmill"]["build"]["dockerfile"].removeprefix("infra/")).is_file()


def addresses() -> Iterator[tuple[str, str]]:
    """Every (host, port) inside the deployment that compose, Kubernetes or the Prefect deployments name."""
    for file in (INFRA / "compose.yaml", INFRA / "prefect.yaml", *(INFRA / "kubernetes").glob("*.yaml")):
        yield from re.findall(r"(?:tcp://|http://|@)(server|scheduler|postgres):(\d+)", file.read_text())


def test_addresses_are_those_of_services() -> None:
    ports = {m["metadata"]["name"]: m["spec"]["ports"][0]["port"] for m in manifests() if m["kind"] == "Service"}
    composed = yaml.safe_load((INFRA / "compose.yaml").read_text())["services"]
    found = set(addresses())
    assert {host for host, _ in found} == {"server", "scheduler", "postgres"}
    for host, port in found:
        assert ports[host] == int(port) and host in composed


def test_prefect_variables_are_settings_of_prefect() -> None:
    from prefect import settings

    for file in (f for f in tracked() if f.is_relative_to(INFRA) and f.suffix in ("", ".yaml")):
        for name in set(re.findall(r"\bPREFECT_[A-Z_]+", file.read_text())) - {"PREFECT_UI_API_URL"}:
            assert hasattr(settings, name), f"{file}: {name}"


def test_deployments_give_parameters_that_the_flow_takes() -> None:
    from flows.curate import curate

    for deployment in yaml.safe_load((INFRA / "prefect.yaml").read_text())["deployments"]:
        assert deployment["entrypoint"] == "flows.curate.curate"
        assert deployment["concurrency_limit"]["limit"] == 1
        curate.validate_parameters(deployment["parameters"])


@pytest.mark.slow
def test_deployment_is_scheduled(tmp_path: Path) -> None:
    """Newer FastAPI stops the server from starting; with newer SQLAlchemy it starts, but no schedule ever fires."""
    from flows.services import Server

    server = Server(tmp_path)
    try:
        api = f"{server.ready()}/api"
        environment = os.environ | {"PREFECT_API_URL": api, "PREFECT_HOME": str(tmp_path)}
        for arguments in (
            ("work-pool", "create", "curation", "--type", "process", "--overwrite"),
            ("--no-prompt", "deploy", "--all", "--prefect-file", INFRA / "prefect.yaml"),
        ):
            call([sys.executable, "-m", "prefect", *arguments], cwd=tmp_path, env=environment)
        deadline = time.monotonic() + 120
        while not (runs := scheduled(api)) and time.monotonic() < deadline:
            time.sleep(0.5)
        assert runs and all(run["state_type"] == "SCHEDULED" for run in runs)
    finally:
        server.close()


def scheduled(api: str) -> list[dict[str, Any]]:
    """The flow runs that the server knows."""
    asked = urllib.request.Request(f"{api}/flow_runs/filter", b"{}", {"Content-Type": "application/json"})
    with urllib.request.urlopen(asked, timeout=10) as answer:
        return list(json.load(answer))


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    with Ledger.create(tmp_path_factory.mktemp("empty") / "ledger.duckdb") as ledger:
        ledger.run("CREATE VIEW measured AS FROM documents")
        create_views(ledger, [])
        yield ledger


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    """A hundred documents of 1 to 100 bytes; the rules keep those of 31 bytes and more, and of at most 90."""
    with Ledger.create(tmp_path_factory.mktemp("filled") / "ledger.duckdb") as ledger:
        given = [{"doc_id": n, "source": "a" if n % 2 else "b", "bytes": n, "tokens": n + 1} for n in range(1, 101)]
        ledger.insert("documents", given)
        ledger.insert(
            "steps", [{"step": step, "kind": kind} for step, kind in enumerate(("read", "filter", "deduplicate"))]
        )
        ledger.run("INSERT INTO live BY NAME SELECT doc_id, source, bytes, tokens FROM documents")
        ledger.run(
            "CREATE VIEW measured AS "
            "SELECT *, coalesce(step, 1000) AS left_at FROM documents LEFT JOIN fates USING (doc_id)"
        )
        rules = [Decided(1, "inline", inline_rule(text), False, "") for text in ("bytes >= 31", "bytes <= 90")]
        resolve_rules(ledger, rules)
        drop(ledger, 1, rules)
        create_views(ledger, rules)
        removed = [
            {"doc_id": n, "step": 2, "method": "exact", "survivor_id": 50, "cluster_id": 50} for n in (41, 42, 43)
        ]
        ledger.insert("duplicates", [row | {"similarity": 1.0} for row in removed])
        pieces = [(0, 0, 50, 0, 40), (1, 0, 50, 40, 51), (1, 1, 60, 0, 29)]
        names = ("context_id", "position", "doc_id", "start", "stop")
        ledger.insert("segments", [dict(zip(names, piece, strict=True)) | {"copy": 0} for piece in pieces])
        yield ledger


def ask(ledger: Ledger, name: str) -> list[dict[str, Any]]:
    return ledger.rows((INFRA / "sql" / f"{name}.sql").read_text())


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.stem)
def test_query_runs_and_says_what_it_answers(query: Path, empty: Ledger, filled: Ledger) -> None:
    assert query.read_text().startswith("-- ")
    assert not ask(empty, query.stem)
    ask(filled, query.stem)


def test_what_if_agrees_with_the_rule_at_its_threshold(filled: Ledger) -> None:
    curve = ask(filled, "what_if")
    (now,) = [row for row in curve if row["in_force"]]
    assert (now["threshold"], now["documents"], now["share"], now["bytes"]) == (31, 70, 0.7, sum(range(31, 101)))
    assert [row["documents"] for row in curve] == [101 - row["threshold"] for row in curve]


def test_near_threshold_shows_both_sides(filled: Ledger) -> None:
    near = ask(filled, "near_threshold")
    assert [(row["value"], row["kept"]) for row in near] == [(n, n >= 31) for n in range(21, 41)]


def test_rules_alone_counts_what_only_they_drop(filled: Ledger) -> None:
    found = {row["rule"]: row["drops_alone"] for row in ask(filled, "rules_alone")}
    assert found == {"bytes >= 31": 30, "bytes <= 90": 10}


def test_survival_counts_every_document_once(filled: Ledger) -> None:
    rows = ask(filled, "survival_by_source")
    assert sum(row["documents"] for row in rows) == 100
    assert sum(row["kept"] for row in rows) == 100 - 30 - 10 - 3
    assert all(row["kept"] + row["dropped"] + row["duplicates"] + row["failed"] == row["documents"] for row in rows)


def test_clusters_count_the_survivor(filled: Ledger) -> None:
    (cluster,) = ask(filled, "largest_clusters")
    assert (cluster["members"], cluster["removed_bytes"]) == (4, 41 + 42 + 43)


def test_contexts_show_the_neighbors(filled: Ledger) -> None:
    assert [(row["context_id"], row["doc_id"], row["asked"]) for row in ask(filled, "contexts_of_document")] == [
        (0, 50, True),
        (1, 50, True),
        (1, 60, False),
    ]
    assert [row["pieces"] for row in ask(filled, "cut_documents")] == [2]


@pytest.mark.slow
def test_wheel_works_away_from_the_checkout(tmp_path: Path) -> None:
    pip = [sys.executable, "-m", "pip"]
    call([*pip, "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", tmp_path, HOUSE])
    (wheel,) = tmp_path.glob("gristmill-*.whl")
    assert set(zipfile.ZipFile(wheel).namelist()) >= {
        file.relative_to(HOUSE).as_posix() for file in tracked() if file.relative_to(HOUSE).parts[0] in ROOMS
    }
    home = tmp_path / "venv"
    venv.create(home, with_pip=False)
    python, site = home / "bin" / "python", next(home.glob("lib/python*/site-packages"))
    call([*pip, "--python", python, "install", "--quiet", "--no-deps", "--no-index", wheel])
    # Lends the dependencies but not the checkout: the editable install's own .pth is not followed from here.
    (site / "dependencies.pth").write_text("\n".join({sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}))

    where = call([python, "-c", f"import {', '.join(ROOMS)}; print({', '.join(f'{r}.__file__' for r in ROOMS)})"])
    assert all(Path(place).is_relative_to(site) for place in where.split())
    listed = call([home / "bin" / "gristmill", "units", "--format", "csv"])
    assert all(f"{unit.kind}/{unit.name}," in listed for unit in units.units())


def call(command: list[Any], cwd: str | Path = "/", env: dict[str, str] | None = None) -> str:
    """Run a command to its end, without input, and return what it prints."""
    done = subprocess.run(
        command, cwd=cwd, env=env, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
    )
    return done.stdout
