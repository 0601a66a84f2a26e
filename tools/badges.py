"""Tell every notebook where the course lives: Open-in-Colab badges and the set-up cell's address.

Usage: badges.py [--repo owner/name --tag v1.0] [--wheel ADDRESS]

The one place is tools/place.toml; the options change it, then everything is written anew. Without a repository there
are no badges, and the set-up cell installs a wheel that the reader uploads (`make wheel`). --wheel is for a repository
that Colab cannot read: the address of a wheel that it can.
"""

import argparse
import re
import sys
import tomllib
from pathlib import Path

import nbformat
from workbook import write_whole

ROOT = Path(__file__).resolve().parent.parent
COLAB = "https://colab.research.google.com"
BADGE = f"[![Open in Colab]({COLAB}/assets/colab-badge.svg)]"
EXPECTED = {  # what can be part of an address
    "repository": (r"|[\w.-]+/[\w.-]+", "REPO: expected owner/name"),
    "tag": (r"|[\w.+-]+", "TAG: expected a tag such as v1.0"),
    "wheel": (r"|https://[^\s\"'{}]+\.whl(#\S*)?", "WHEEL: expected an https address that ends in .whl"),
}


def settings(root=ROOT):
    """Repository, tag and wheel's address as strings, and the version of the package."""
    place = tomllib.loads((root / "tools" / "place.toml").read_text(encoding="utf-8"))
    return place | {"version": tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]["version"]}


def helper(place):
    """What the set-up cell hands to pip: a wheel's address, the tagged source, or the name of an uploaded wheel."""
    if place["repository"] and not place["wheel"]:
        return f"https://github.com/{place['repository']}/archive/refs/tags/{place['tag']}.zip"
    return place["wheel"] or f"generative_models_workbook-{place['version']}-py3-none-any.whl"


def badge(place, name):
    """Markdown of the badge of notebooks/<name>.ipynb, or "" without a repository."""
    link = f"{COLAB}/github/{place['repository']}/blob/{place['tag']}/notebooks/{name}.ipynb"
    return f"{BADGE}({link})" if place["repository"] else ""


def setup_cell(source, place):
    """The set-up cell with this place's address."""
    line = f'HELPER = "{helper(place)}"'
    line += "  # noqa: E501" if len(line) > 120 else ""
    return re.sub(r'^HELPER = "[^"\n]*".*$', lambda _: line, source, count=1, flags=re.M)


def title_cell(source, place, name):
    """The first cell with this place's badge below its title, and no other."""
    title, rest = "\n".join(line for line in source.split("\n") if not line.startswith(BADGE)).split("\n", 1)
    return "\n\n".join(part for part in (title, badge(place, name), rest.lstrip("\n")) if part)


def main(arguments=None, root=ROOT):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for key in EXPECTED:
        parser.add_argument("--repo" if key == "repository" else f"--{key}", dest=key)
    given = {key: value for key, value in vars(parser.parse_args(arguments)).items() if value is not None}
    place = settings(root) | given
    for key, (pattern, expected) in EXPECTED.items():
        if not re.fullmatch(pattern, place[key]):
            sys.exit(f"{expected}, got {place[key]!r}")
    if bool(place["repository"]) != bool(place["tag"]):
        sys.exit("expected REPO and TAG together, such as REPO=owner/name TAG=v1.0")
    text = (root / "tools" / "place.toml").read_text(encoding="utf-8")
    for key in EXPECTED:
        text = re.sub(rf"^{key} = .*$", f'{key} = "{place[key]}"', text, flags=re.M)
    write_whole(root / "tools" / "place.toml", text)
    for path in sorted((root / "notebooks").glob("*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        setup = next(cell for cell in notebook.cells if cell.cell_type == "code")
        notebook.cells[0].source = title_cell(notebook.cells[0].source, place, path.stem)
        setup.source = setup_cell(setup.source, place)
        write_whole(path, nbformat.writes(notebook) + "\n")
    print(f"set-up cells install {helper(place)}; badges: {place['repository'] or 'none, no repository is named'}")


if __name__ == "__main__":
    main()
