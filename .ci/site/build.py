"""Build the documentation site, ``python .ci/site/build.py FOLDER``; a warning ends it."""

import sys
from pathlib import Path

from faces import write_faces
from gallery import write_gallery
from pages import Site
from sphinx.cmd.build import build_main

HERE = Path(__file__).parent


def build(folder: Path) -> int:
    """Write the sources and build the pages in ``FOLDER/html``; return the exit status."""
    site = Site(folder / "source")
    site.write_pages()
    write_gallery(site, folder / "cache")
    write_faces(site)
    site.remove_others()
    options = ["-W", "--keep-going", "-q", "-b", "html", "-c", str(HERE)]
    places = ["-d", str(folder / "trees"), str(site.source), str(folder / "html")]
    return build_main([*options, *places])


if __name__ == "__main__":
    sys.exit(build(Path(sys.argv[1])))
