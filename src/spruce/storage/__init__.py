"""Files of users: kept in a local folder by default, or wherever a class of yours puts them.

`storage.default_storage.save("photos/cat.png", content)` gives the name that it got; `open`, `url`, `size`, `exists`
and `delete` take that name. `STORAGES` names other places by alias, which `storages["alias"]` gives.
"""

from spruce.storage.contents import ContentFile, File
from spruce.storage.filesystem import FileSystemStorage
from spruce.storage.memory import InMemoryStorage
from spruce.storage.places import default_storage, storages
from spruce.storage.storage import Storage

__all__ = [
    "ContentFile",
    "File",
    "FileSystemStorage",
    "InMemoryStorage",
    "Storage",
    "default_storage",
    "storages",
]
