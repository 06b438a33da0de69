"""Metadata of clouds, as servers tell it that answer like theirs."""

import json
import logging
import socket
import threading
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from tests.apm.answering import Answer, Question, answering
from tests.apm.collector import collecting
from tests.apm.conftest import Records

from spruce.apm import Client
from spruce.apm.cloud import ask, cloud, look_up, suspected
from spruce.apm.metadata import metadata_of
from spruce.apm.settings import read_settings

SCHEMA = json.loads((Path(__file__).parents[1] / "data" / "elastic_schemas" / "metadata.json").read_text("utf-8"))
IDENTITY = {
    "accountId": "946960629917",
    "architecture": "x86_64",
    "availabilityZone": "us-east-2a",
    "instanceId": "i-0ae894a7c1c4f2a75",
    "instanceType": "t2.medium",
    "region": "us-east-2",
}
INSTANCE = {
    "instance": {
        "id": 4306570268266786072,
        "name": "web-1",
        "machineType": "projects/513326162531/machineTypes/n1-standard-1",
        "zone": "projects/513326162531/zones/us-west3-a",
    },
    "project": {"numericProjectId": 513326162531, "projectId": "shop"},
}
COMPUTE = {
    "location": "westus2",
    "name": "web-1",
    "resourceGroupName": "shops",
    "subscriptionId": "7657426d-c4c3-44ac-88a2-3b2cd59e6dba",
    "vmId": "e11ebedc-019d-427f-84dd-56cd4388d3a8",
    "vmSize": "Standard_D2s_v3",
    "zone": "",
}
TOLD = {
    "aws": {
        "provider": "aws",
        "account": {"id": "946960629917"},
        "instance": {"id": "i-0ae894a7c1c4f2a75"},
        "machine": {"type": "t2.medium"},
        "availability_zone": "us-east-2a",
        "region": "us-east-2",
    },
    "gcp": {
        "provider": "gcp",
        "instance": {"id": "4306570268266786072", "name": "web-1"},
        "project": {"id": "513326162531", "name": "shop"},
        "machine": {"type": "n1-standard-1"},
        "availability_zone": "us-west3-a",
        "region": "us-west3",
    },
    "azure": {
        "provider": "azure",
        "account": {"id": "7657426d-c4c3-44ac-88a2-3b2cd59e6dba"},
        "instance": {"id": "e11ebedc-019d-427f-84dd-56cd4388d3a8", "name": "web-1"},
        "project": {"name": "shops"},
        "machine": {"type": "Standard_D2s_v3"},
        "region": "westus2",
    },
}


def metadata_server(question: Question) -> Answer:
    """Answer as all three do, to who asks as each wants it."""
    method, path, headers = question
    if (method, path) == ("PUT", "/latest/api/token") and headers["x-aws-ec2-metadata-token-ttl-seconds"] == "300":
        return 200, {}, b"the token"
    if path.startswith("/latest/dynamic/instance-identity/") and headers["x-aws-ec2-metadata-token"] == "the token":
        return 200, {}, json.dumps(IDENTITY).encode()
    if path == "/computeMetadata/v1/?recursive=true" and headers["metadata-flavor"] == "Google":
        return 200, {}, json.dumps(INSTANCE).encode()
    if path.startswith("/metadata/instance/compute?api-version=") and headers["metadata"] == "true":
        return 200, {}, json.dumps(COMPUTE).encode()
    return 400, {}, b"no"


@pytest.mark.parametrize("provider", ["aws", "gcp", "azure"])
def test_what_a_cloud_tells(provider: str) -> None:
    """Its account, place and machine, by Elastic's schema."""
    with answering(metadata_server) as server:
        found = ask(provider, {}, server.url)
    assert found == TOLD[provider]
    jsonschema.Draft202012Validator(SCHEMA["properties"]["cloud"]).validate(found)


def test_addresses_that_the_clouds_own_libraries_know() -> None:
    """AWS' and Google's; and AWS' word for not asking."""
    with answering(metadata_server) as server:
        assert ask("aws", {"AWS_EC2_METADATA_SERVICE_ENDPOINT": f"{server.url}/"}) == TOLD["aws"]
        assert ask("gcp", {"GCE_METADATA_HOST": server.url.removeprefix("http://")}) == TOLD["gcp"]
        assert ask("aws", {"AWS_EC2_METADATA_DISABLED": "true"}, server.url) is None
        assert len(server.questions) == 3


def test_azures_app_service() -> None:
    """Tells by variables, and has no such server."""
    environ = {
        "WEBSITE_OWNER_NAME": "f5940f10-2e30-3e4d-a259-63451ba6dae4+elastic-apm-AustraliaEastwebspace-Linux",
        "WEBSITE_RESOURCE_GROUP": "resource_group",
        "WEBSITE_SITE_NAME": "site_name",
        "WEBSITE_INSTANCE_ID": "instance_id",
    }
    assert ask("azure", environ, "http://127.0.0.1:1") == {
        "provider": "azure",
        "account": {"id": "f5940f10-2e30-3e4d-a259-63451ba6dae4"},
        "instance": {"id": "instance_id", "name": "site_name"},
        "project": {"name": "resource_group"},
        "region": "AustraliaEast",
    }
    assert suspected(environ) == ["azure"]


@pytest.mark.parametrize("provider", ["aws", "gcp", "azure"])
@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"<html>", b'{"instance": 7, "project": []}', b"\xff"])
def test_rubbish_is_nothing(provider: str, body: bytes) -> None:
    """Whatever it is that answers there."""
    with answering(lambda _: (200, {}, body)) as server:
        assert ask(provider, {}, server.url) is None


@pytest.mark.parametrize("provider", ["aws", "gcp", "azure"])
def test_who_does_not_answer_is_not_waited_for(provider: str) -> None:
    """Neither somebody frozen, nor nobody."""
    with socket.create_server(("127.0.0.1", 0)) as frozen:
        url = f"http://127.0.0.1:{frozen.getsockname()[1]}"
        assert ask(provider, {}, url, seconds=0.05) is None
    assert ask(provider, {}, url, seconds=0.05) is None


@pytest.mark.parametrize(
    ("file", "text", "found"),
    [
        ("sys_vendor", "Amazon EC2", ["aws"]),
        ("bios_version", "4.11.amazon", ["aws"]),
        ("product_name", "Google Compute Engine", ["gcp"]),
        ("chassis_asset_tag", "7783-7084-3265-9085-8269-3286-77", ["azure"]),
        ("sys_vendor", "Microsoft Corporation", []),
        ("sys_vendor", "Dell Inc.", []),
    ],
)
def test_hardware_tells_whom_to_ask(tmp_path: Path, file: str, text: str, found: list[str]) -> None:
    """What is no cloud is not probed for one."""
    (tmp_path / file).write_text(text)
    assert suspected({}, str(tmp_path)) == found


def test_variables_tell_too(tmp_path: Path) -> None:
    """Where there is no hardware to be seen, as on Cloud Run."""
    assert suspected({"K_SERVICE": "shop"}, str(tmp_path)) == ["gcp"]
    assert suspected({}, str(tmp_path)) == []


def found_by_thread() -> None:
    for thread in threading.enumerate():
        if thread.name == "spruce-apm-cloud":
            thread.join(30)


def test_it_is_sent_once_it_is_known(records: Records, monkeypatch: pytest.MonkeyPatch) -> None:
    """To Elastic as metadata, by OTLP with the resource; the work doesn't wait for it."""
    with answering(metadata_server) as server, collecting() as elastic, collecting() as other:
        monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", server.url)
        client = Client(server_url=elastic.url, otlp_endpoint=other.url, metrics_interval=0, central_config=False)
        assert server.questions == []
        client.begin_transaction("job")
        client.end_transaction("first")
        found_by_thread()
        client.flush()
        client.begin_transaction("job")
        client.end_transaction("second")
        client.close()
        assert elastic.of("metadata")[-1]["cloud"] == TOLD["aws"]
        request = ExportTraceServiceRequest.FromString(other.requests[-1][2])
        told: dict[str, Any] = {
            one.key: one.value.string_value for one in request.resource_spans[0].resource.attributes
        }
        assert (told["cloud.provider"], told["cloud.region"], told["host.type"]) == ("aws", "us-east-2", "t2.medium")
        assert len(server.questions) == 2  # once, though there were two transactions


@pytest.mark.parametrize("provider", ["none", "azure"])
def test_who_is_asked_is_a_setting(monkeypatch: pytest.MonkeyPatch, provider: str) -> None:
    """Nobody, or one, whatever the machine looks like."""
    monkeypatch.setenv("GCE_METADATA_HOST", "127.0.0.1:1")
    monkeypatch.setenv("WEBSITE_OWNER_NAME", "me+group-EastUSwebspace")
    monkeypatch.setenv("WEBSITE_INSTANCE_ID", "1")
    settings = read_settings({"CLOUD_PROVIDER": provider}, environ={})
    look_up(settings)
    found_by_thread()
    assert (cloud() or {}).get("provider") == (None if provider == "none" else "azure")
    assert ("cloud" in metadata_of(settings)) == (provider == "azure")


def test_a_machine_without_a_cloud_asks_nobody(caplog: pytest.LogCaptureFixture) -> None:
    """There isn't even a thread."""
    with caplog.at_level(logging.DEBUG, "spruce.apm"):
        look_up(read_settings(environ={}))
    assert not any(thread.name == "spruce-apm-cloud" for thread in threading.enumerate())
    assert caplog.records == []


def test_nobody_answers(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """Then nothing is known, and only who debugs is told."""
    monkeypatch.setenv("GCE_METADATA_HOST", "127.0.0.1:1")
    with caplog.at_level(logging.DEBUG, "spruce.apm"):
        look_up(read_settings(environ={}))
        found_by_thread()
    assert cloud() is None
    assert caplog.messages[-1] == "no metadata server of gcp answered"
