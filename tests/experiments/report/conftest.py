"""The browser that shows reports."""

from browser import browser  # noqa: F401
