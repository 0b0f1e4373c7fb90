"""Stand-in until the cache is written."""

from . import index


class IndexCache:
    def __init__(self, folder):
        pass

    def index(self, path, min_height):
        return index(path, min_height=min_height)
