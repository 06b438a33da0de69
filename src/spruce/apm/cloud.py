"""Where in which cloud this machine is: AWS, Google's or Azure's, by what their metadata servers tell.

Such a server answers at an address of the machine's own network, and only there. So with `CLOUD_PROVIDER=auto` nobody
is asked on a machine whose hardware or environment doesn't look like that cloud: what is none is not probed.

It is asked once in a process, in a thread; nothing waits for it, and what is sent before it answers goes without.

The variables that the clouds' own libraries know are kept to: `AWS_EC2_METADATA_SERVICE_ENDPOINT`,
`AWS_EC2_METADATA_DISABLED` and `GCE_METADATA_HOST`.
"""

import os
import threading
from collections.abc import Callable, Iterator, Mapping
from http.client import HTTPConnection, HTTPException
from logging import getLogger
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from spruce.apm.settings import ApmSettings

__all__ = ["ask", "cloud", "forget", "look_up", "suspected"]

_log = getLogger("spruce.apm")
_USUAL = "http://169.254.169.254"  # of all three, so no name must be resolved
_HARDWARE = "/sys/class/dmi/id"
_FILES = ("sys_vendor", "product_name", "bios_vendor", "bios_version", "chassis_asset_tag")
_SECONDS = 1.0  # for each step of a question
_LONGEST = 256 * 1024  # bytes of an answer
_AZURES_TAG = "7783-7084-3265-9085-8269-3286-77"  # the chassis of each virtual machine there
_decode = msgspec.json.Decoder(dict[str, Any]).decode

_MARKS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "aws": (("amazon",), ("AWS_EXECUTION_ENV", "ECS_CONTAINER_METADATA_URI_V4", "AWS_EC2_METADATA_SERVICE_ENDPOINT")),
    "gcp": (("google",), ("K_SERVICE", "GAE_ENV", "GCE_METADATA_HOST")),
    "azure": ((_AZURES_TAG,), ("WEBSITE_OWNER_NAME",)),
}
"""Of each cloud: what its hardware calls itself, and variables of those who run there."""


class _Process:
    """What is known in this process."""

    found: Mapping[str, Any] | None = None
    asked = False


def cloud() -> Mapping[str, Any] | None:
    """What is known of the cloud, as Elastic's schema has it; None while that is nothing."""
    return _Process.found


def forget() -> None:
    """Know nothing, so that the next `look_up` asks again."""
    _Process.found, _Process.asked = None, False


def look_up(settings: ApmSettings) -> None:
    """Find out, in a thread, where this is, unless that was done; a forked child knows what its parent knew."""
    if _Process.asked or settings.cloud_provider == "none":
        return
    _Process.asked = True
    provider = settings.cloud_provider
    wanted = suspected() if provider == "auto" else [provider]
    if wanted:
        threading.Thread(target=_find, args=(wanted,), name="spruce-apm-cloud", daemon=True).start()


def _find(providers: list[str]) -> None:
    for provider in providers:
        found = ask(provider)
        if found is not None:
            _Process.found = found
            return
    _log.debug("no metadata server of %s answered", " or ".join(providers))


def suspected(environ: Mapping[str, str] = os.environ, hardware: str | None = None) -> list[str]:
    """The clouds that this machine may be in, by its variables and its hardware (`/sys/class/dmi/id`)."""
    told = " ".join(_hardware(Path(hardware or _HARDWARE))).lower()
    return [
        provider
        for provider, (words, variables) in _MARKS.items()
        if any(word in told for word in words) or any(environ.get(variable) for variable in variables)
    ]


def _hardware(folder: Path) -> Iterator[str]:
    for name in _FILES:
        try:
            yield (folder / name).read_text("utf-8", "replace").strip()
        except OSError:
            continue


def ask(
    provider: str, environ: Mapping[str, str] = os.environ, address: str = "", seconds: float = _SECONDS
) -> dict[str, Any] | None:
    """What a cloud tells of this machine, by Elastic's schema; None when it tells nothing. Blocks, for some `seconds`.

    `address` is that of its metadata server, as `http://127.0.0.1:8080`, if it is not the usual one.
    """
    try:
        found = _ASKED[provider](environ, address, seconds)
        return found if found is not None and len(found) > 1 else None  # with more than the provider's name
    except (OSError, HTTPException, ValueError, TypeError, AttributeError) as error:
        _log.debug("the metadata server of %s said nothing of use: %r", provider, error)
        return None


def _aws(environ: Mapping[str, str], address: str, seconds: float) -> dict[str, Any] | None:
    if environ.get("AWS_EC2_METADATA_DISABLED", "").lower() == "true":
        return None
    address = address or environ.get("AWS_EC2_METADATA_SERVICE_ENDPOINT") or _USUAL
    wanted = {"X-aws-ec2-metadata-token-ttl-seconds": "300"}
    token = _fetched(address, "/latest/api/token", wanted, seconds, "PUT").decode("ascii")
    path = "/latest/dynamic/instance-identity/document"
    told = _decode(_fetched(address, path, {"X-aws-ec2-metadata-token": token}, seconds))
    return _clean(
        provider="aws",
        account={"id": told.get("accountId")},
        instance={"id": told.get("instanceId")},
        machine={"type": told.get("instanceType")},
        availability_zone=told.get("availabilityZone"),
        region=told.get("region"),
    )


def _gcp(environ: Mapping[str, str], address: str, seconds: float) -> dict[str, Any] | None:
    host = environ.get("GCE_METADATA_HOST")
    address = address or (f"http://{host}" if host else _USUAL)
    path = "/computeMetadata/v1/?recursive=true"
    told = _decode(_fetched(address, path, {"Metadata-Flavor": "Google"}, seconds))
    instance, project = told.get("instance", {}), told.get("project", {})
    zone = instance.get("zone", "").rpartition("/")[2]
    return _clean(
        provider="gcp",
        instance={"id": instance.get("id"), "name": instance.get("name")},
        project={"id": project.get("numericProjectId"), "name": project.get("projectId")},
        machine={"type": instance.get("machineType", "").rpartition("/")[2]},
        availability_zone=zone,
        region=zone.rpartition("-")[0],
    )


def _azure(environ: Mapping[str, str], address: str, seconds: float) -> dict[str, Any] | None:
    owner = environ.get("WEBSITE_OWNER_NAME", "")
    if owner and environ.get("WEBSITE_INSTANCE_ID"):
        return _app_service(environ, owner)
    path = "/metadata/instance/compute?api-version=2019-08-15"
    told = _decode(_fetched(address or _USUAL, path, {"Metadata": "true"}, seconds))
    return _clean(
        provider="azure",
        account={"id": told.get("subscriptionId")},
        instance={"id": told.get("vmId"), "name": told.get("name")},
        project={"name": told.get("resourceGroupName")},
        machine={"type": told.get("vmSize")},
        availability_zone=told.get("zone"),
        region=told.get("location"),
    )


def _app_service(environ: Mapping[str, str], owner: str) -> dict[str, Any]:
    """What Azure's App Service tells by variables; the owner is `subscription+group-REGIONwebspace…`."""
    account, _, space = owner.partition("+")
    group, _, region = space.partition("webspace")[0].rpartition("-")
    return _clean(
        provider="azure",
        account={"id": account},
        instance={"id": environ.get("WEBSITE_INSTANCE_ID"), "name": environ.get("WEBSITE_SITE_NAME")},
        project={"name": environ.get("WEBSITE_RESOURCE_GROUP") or group},
        region=region,
    )


_ASKED: dict[str, Callable[[Mapping[str, str], str, float], dict[str, Any] | None]] = {
    "aws": _aws,
    "gcp": _gcp,
    "azure": _azure,
}


def _fetched(address: str, path: str, headers: dict[str, str], seconds: float, method: str = "GET") -> bytes:
    """The body of an answer, asked for directly: never by way of a proxy. Raises ValueError for another status."""
    url = urlsplit(address)
    connection = HTTPConnection(url.hostname or "", url.port, timeout=seconds)
    try:
        connection.request(method, f"{url.path.rstrip('/')}{path}", headers=headers)
        response = connection.getresponse()
        if response.status != 200:
            raise ValueError(f"status {response.status}")
        return response.read(_LONGEST)
    finally:
        connection.close()


def _clean(**told: Any) -> dict[str, Any]:
    """What is known of it, as texts of at most 1,024 characters."""
    found: dict[str, Any] = {}
    for name, value in told.items():
        if isinstance(value, dict):
            value = _clean(**value)
        if value not in (None, "", {}):
            found[name] = value if isinstance(value, dict) else str(value)[:1024]
    return found
