"""`eventlet.support`: what belongs nowhere else."""

from spruce.eventlet.support import greenlets

__all__ = ["get_errno", "greenlets"]


def get_errno(error: BaseException) -> object:
    """The number of an OSError; of any other exception its first argument, None without one."""
    number: object = getattr(error, "errno", None)
    if number is not None:
        return number
    return error.args[0] if error.args else None
