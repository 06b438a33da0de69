"""What is told of a service."""

import json
import os
import sys
from pathlib import Path

import jsonschema
import pytest

from spruce.apm.metadata import containers, metadata_of
from spruce.apm.settings import read_settings

SCHEMA = json.loads((Path(__file__).parents[1] / "data" / "elastic_schemas" / "metadata.json").read_text("utf-8"))


def test_all_that_can_be_said() -> None:
    """By Elastic's schema."""
    settings = read_settings(
        {
            "SERVICE_NAME": "shop",
            "SERVICE_VERSION": "1.2",
            "SERVICE_NODE_NAME": "node-1",
            "ENVIRONMENT": "production",
            "HOSTNAME": "web-1",
            "GLOBAL_LABELS": "team=a",
        },
        environ={},
    )
    metadata = metadata_of(settings)
    jsonschema.Draft202012Validator(SCHEMA).validate(metadata)
    service = metadata["service"]
    assert (service["name"], service["version"], service["environment"]) == ("shop", "1.2", "production")
    assert service["node"] == {"configured_name": "node-1"}
    assert service["agent"]["name"] == service["framework"]["name"] == "spruce"
    assert metadata["process"]["pid"] == os.getpid()
    assert metadata["system"]["configured_hostname"] == "web-1"
    assert metadata["labels"] == {"team": "a"}


def test_as_little_as_is_known() -> None:
    """Fits, too."""
    metadata = metadata_of(read_settings(environ={}))
    jsonschema.Draft202012Validator(SCHEMA).validate(metadata)
    assert "labels" not in metadata
    assert "version" not in metadata["service"]


@pytest.mark.parametrize(
    ("groups", "environ", "found"),
    [
        ("0::/", {}, {}),
        (f"12:devices:/docker/{'a' * 64}\n", {}, {"container": {"id": "a" * 64}}),
        (
            f"1:name=systemd:/kubepods/besteffort/pod15aa6e53-b09a-40c7-8558-c6c31e36c88a/{'b' * 64}",
            {"KUBERNETES_POD_NAME": "shop-1", "KUBERNETES_NAMESPACE": "web", "KUBERNETES_NODE_NAME": "n1"},
            {
                "container": {"id": "b" * 64},
                "kubernetes": {
                    "pod": {"uid": "15aa6e53-b09a-40c7-8558-c6c31e36c88a", "name": "shop-1"},
                    "namespace": "web",
                    "node": {"name": "n1"},
                },
            },
        ),
        (
            f"0::/\n/containers/{'c' * 64}/hostname\n/pods/15aa6e53-b09a-40c7-8558-c6c31e36c88a/",
            {},
            {
                "container": {"id": "c" * 64},
                "kubernetes": {"pod": {"uid": "15aa6e53-b09a-40c7-8558-c6c31e36c88a"}},
            },
        ),
        (
            "",
            {"KUBERNETES_SERVICE_HOST": "10.0.0.1", "HOSTNAME": "shop-2"},
            {"kubernetes": {"pod": {"name": "shop-2"}}},
        ),
    ],
)
def test_containers_and_pods(groups: str, environ: dict[str, str], found: dict[str, object]) -> None:
    """As control groups and variables tell."""
    assert containers(groups, environ) == found
    jsonschema.Draft202012Validator(SCHEMA["properties"]["system"]).validate(found)


def test_arguments_of_the_program() -> None:
    """Only if that is wanted: there may be secrets among them."""
    assert "argv" not in metadata_of(read_settings(environ={}))["process"]
    told = metadata_of(read_settings({"INCLUDE_PROCESS_ARGS": True}, environ={}))
    jsonschema.Draft202012Validator(SCHEMA).validate(told)
    assert told["process"]["argv"] == sys.argv
