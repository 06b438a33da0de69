"""What is told of a service once in each request to the collector: itself, its process and its machine."""

import os
import platform
import re
import socket
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

from spruce.apm.cloud import cloud
from spruce.apm.settings import ApmSettings

__all__ = ["metadata_of"]

_CONTAINER = re.compile(r"[0-9a-f]{64}")
_MOUNTED = re.compile(r"/containers/([0-9a-f]{64})/hostname|/pods/[0-9a-f-]{36}/")  # where control groups tell nothing
_POD = re.compile(r"pods?/?([0-9a-f]{8}(?:[-_][0-9a-f]{4}){3}[-_][0-9a-f]{12})")


def metadata_of(settings: ApmSettings) -> dict[str, Any]:
    """The metadata of this process, by Elastic's schema."""
    service: dict[str, Any] = {
        "name": settings.service_name,
        "agent": {"name": "spruce", "version": version("spruce")},
        "language": {"name": "python", "version": platform.python_version()},
        "runtime": {"name": platform.python_implementation(), "version": platform.python_version()},
        "framework": {
            "name": settings.framework_name or "spruce",
            "version": settings.framework_version or version("spruce"),
        },
    }
    for name, value in (("version", settings.service_version), ("environment", settings.environment)):
        if value:
            service[name] = value
    if settings.service_node_name:
        service["node"] = {"configured_name": settings.service_node_name}
    metadata: dict[str, Any] = {"service": service, "process": _process(settings), "system": _system(settings)}
    if settings.global_labels:
        metadata["labels"] = {str(name): str(value) for name, value in settings.global_labels.items()}
    if settings.cloud_provider != "none" and (found := cloud()) is not None:
        metadata["cloud"] = dict(found)
    return metadata


def _process(settings: ApmSettings) -> dict[str, Any]:
    told: dict[str, Any] = {"pid": os.getpid(), "ppid": os.getppid()}
    told["title"] = os.path.basename(sys.argv[0] or "python")
    if settings.include_process_args:
        told["argv"] = list(sys.argv)
    return told


def _system(settings: ApmSettings) -> dict[str, Any]:
    system: dict[str, Any] = {
        "detected_hostname": socket.gethostname(),
        "architecture": platform.machine(),
        "platform": platform.system().lower(),
    }
    if settings.hostname:
        system["configured_hostname"] = settings.hostname
    return {**system, **containers(_groups(), os.environ)}


def _groups() -> str:
    try:
        mounts = Path("/proc/self/mountinfo").read_text("utf-8", "replace")
        return "\n".join(
            [Path("/proc/self/cgroup").read_text("utf-8"), *(found[0] for found in _MOUNTED.finditer(mounts))]
        )
    except OSError:
        return ""


def containers(groups: str, environ: Any) -> dict[str, Any]:
    """The container and the pod that a process runs in, as its control groups and variables tell."""
    found: dict[str, Any] = {}
    container = _CONTAINER.search(groups)
    if container:
        found["container"] = {"id": container[0]}
    pod = _POD.search(groups)
    if pod or environ.get("KUBERNETES_SERVICE_HOST"):
        told = {
            "uid": environ.get("KUBERNETES_POD_UID") or (pod[1].replace("_", "-") if pod else None),
            "name": environ.get("KUBERNETES_POD_NAME") or environ.get("HOSTNAME"),
        }
        kubernetes: dict[str, Any] = {"pod": {name: value for name, value in told.items() if value}}
        for name, variable in (("namespace", "KUBERNETES_NAMESPACE"), ("node", "KUBERNETES_NODE_NAME")):
            if environ.get(variable):
                kubernetes[name] = environ[variable] if name == "namespace" else {"name": environ[variable]}
        found["kubernetes"] = kubernetes
    return found
