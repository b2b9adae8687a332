"""The learning file of `learning_files`."""

from learning_files import learning_file, one_thread

__all__ = ["learning_file", "one_thread"]
