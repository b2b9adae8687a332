"""The version of the installed package."""

import importlib.metadata

try:
    __version__ = importlib.metadata.version("edgeopt")
except importlib.metadata.PackageNotFoundError:  # run from the sources without installation
    __version__ = "0+sources"
