"""The built site: links, figures and search, on a desktop and on a phone, without a network.

``python .ci/site/build.py out/site && pytest tests/site -m site``.
"""

import time
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from browser import Browser

pytestmark = pytest.mark.site

SITE = Path(__file__).parents[2] / "out" / "site" / "html"
SCREENS = {"desktop": (1280, 800), "phone": (390, 844)}
SHOWN = (
    *("index", "start", "which-solver", "concepts", "glossary", "benchmarks", "faq"),
    *("howto/own-scheduler", "gallery/index", "gallery/own_scheduler", "guides/scheduling"),
    *("api/index", "api/edgeopt.optim.scheduling", "results/field", "results/paper"),
)
LEAST_TUTORIALS = 12
SECONDS = 10


class Page(HTMLParser):
    """What a page names, links to, and loads."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.images: list[str] = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep the names and addresses of an element."""
        given = dict(attrs)
        self.names.update(filter(None, (given.get("id"), given.get("name"))))
        if tag == "a" and given.get("href"):
            self.links.append(given["href"] or "")
        elif tag == "link" and given.get("rel") not in ("canonical", "next", "prev"):
            self.loaded.append(given.get("href") or "")
        elif given.get("src"):
            self.loaded.append(given["src"] or "")
            self.images += [given["src"] or ""] if tag == "img" else []


@pytest.fixture(scope="module")
def pages() -> dict[Path, Page]:
    """Return all pages, or skip where the site has not been built."""
    if not (SITE / "index.html").is_file():
        pytest.skip("the site is not built: python .ci/site/build.py out/site")
    return {path: Page(path) for path in SITE.rglob("*.html")}


def broken(page: Path, addresses: list[str], pages: dict[Path, Page]) -> Iterator[str]:
    """Yield the addresses within the site that lead nowhere."""
    for address in addresses:
        parts = urlsplit(address)
        if parts.scheme or parts.netloc:
            continue
        target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
        if target.is_dir():
            target /= "index.html"
        # a page of source code links to the right page, but knows one package of its names only
        named = not parts.fragment or target not in pages or "_modules" in page.parts
        if not target.is_file() or not (named or unquote(parts.fragment) in pages[target].names):
            yield f"{page.relative_to(SITE)}: {address}"


def test_all_links_lead_somewhere(pages: dict[Path, Page]):
    assert len(pages) > 100
    assert not [each for path, page in pages.items() for each in broken(path, page.links, pages)]


def test_nothing_is_loaded_from_elsewhere(pages: dict[Path, Page]):
    loaded = [(path, page.loaded) for path, page in pages.items()]
    assert not [each for path, addresses in loaded for each in broken(path, addresses, pages)]
    outside = [each for _, addresses in loaded for each in addresses if urlsplit(each).netloc]
    assert not outside
    styles = [path.read_text(encoding="utf-8") for path in SITE.rglob("*.css")]
    assert not [text for text in styles if "@import" in text or "url(http" in text]


def test_every_tutorial_has_a_figure(pages: dict[Path, Page]):
    tutorials = [page for path, page in pages.items() if path.parent == SITE / "gallery"]
    with_figures = [page for page in tutorials if any("_images/" in one for one in page.images)]
    assert len(with_figures) > LEAST_TUTORIALS  # the contents are one of them


@pytest.mark.parametrize("screen", SCREENS)
def test_pages_are_quiet_and_fit(screen: str, pages: dict[Path, Page], browser: Browser):
    for name in SHOWN:
        browser.open(SITE / f"{name}.html", *SCREENS[screen])
        width = browser.run("document.documentElement.scrollWidth")
        assert width <= SCREENS[screen][0], name
        for image in browser.run(
            "Promise.all([...document.images].map(async one => {"
            "one.loading = 'eager'; await one.decode().catch(() => 0);"
            "return [one.src, one.naturalWidth]}))"
        ):
            assert image[1] > 0, image
    assert not browser.complaints


@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize("term", ["makespan", "branch_and_price", "Raspberry"])
def test_search_finds(term: str, screen: str, pages: dict[Path, Page], browser: Browser):
    browser.open(SITE / "search.html", *SCREENS[screen], query=f"?q={term}")
    assert wait_for(browser, "document.querySelectorAll('#search-results li a').length") > 0
    first = browser.run("document.querySelector('#search-results li a').href")
    assert Path(unquote(urlsplit(first).path)) in pages
    assert not browser.complaints


def test_a_phone_opens_the_contents(pages: dict[Path, Page], browser: Browser):
    browser.open(SITE / "index.html", *SCREENS["phone"])
    left = "document.querySelector('.sidebar-drawer').getBoundingClientRect().left"
    assert browser.run(left) < 0
    browser.run("document.querySelector('label.nav-overlay-icon').click()")
    assert wait_for(browser, f"{left} >= 0")


def wait_for(browser: Browser, expression: str) -> int:
    """Return the value of an expression once it is true."""
    end = time.monotonic() + SECONDS
    while not (value := browser.run(expression)) and time.monotonic() < end:
        time.sleep(0.1)
    return int(value)
