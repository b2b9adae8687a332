"""The browser that shows the site."""

from browser import browser  # noqa: F401
