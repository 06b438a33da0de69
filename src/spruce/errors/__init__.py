"""The one tree of public exceptions, each with a hint of what to do: everything here can be caught as `SpruceError`."""

from spruce.errors import accounts, advice, cache, database, http, phrases, safety, storage, tasks, tree, validation
from spruce.errors.accounts import *  # noqa: F403 - the module's own __all__ is the list of its names
from spruce.errors.advice import *  # noqa: F403 - the module's own __all__ is the list of its names
from spruce.errors.cache import *  # noqa: F403 - the module's own __all__ is the list of its names
from spruce.errors.database import *  # noqa: F403 - the module's own __all__ is the list of its names
from spruce.errors.http import *  # noqa: F403 - the module's own __all__ is the list of its names
from spruce.errors.phrases import *  # noqa: F403 - the module's own __all__ is the list of its names
from spruce.errors.safety import *  # noqa: F403 - the module's own __all__ is the list of its names
from spruce.errors.storage import *  # noqa: F403 - the module's own __all__ is the list of its names
from spruce.errors.tasks import *  # noqa: F403 - the module's own __all__ is the list of its names
from spruce.errors.tree import *  # noqa: F403 - the module's own __all__ is the list of its names
from spruce.errors.validation import *  # noqa: F403 - the module's own __all__ is the list of its names

__all__: list[str] = []
__all__ += accounts.__all__
__all__ += advice.__all__
__all__ += cache.__all__
__all__ += database.__all__
__all__ += http.__all__
__all__ += phrases.__all__
__all__ += safety.__all__
__all__ += storage.__all__
__all__ += tasks.__all__
__all__ += tree.__all__
__all__ += validation.__all__
