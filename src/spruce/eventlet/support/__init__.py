"""`eventlet.support`: what belongs nowhere else."""

from spruce.eventlet.support import greenlets

__all__ = ["bytes_to_str", "get_errno", "greenlets"]


def get_errno(error: BaseException) -> object:
    """The number of an OSError; of any other exception its first argument, None without one."""
    number: object = getattr(error, "errno", None)
    if number is not None:
        return number
    return error.args[0] if error.args else None


def bytes_to_str(data: bytes | str, encoding: str = "ascii") -> str:
    """Return bytes as text; text stays as it is."""
    return data.decode(encoding) if isinstance(data, bytes) else data
