"""Tell every notebook and README where the course lives: Open-in-Colab badges and the set-up cell's address.

Usage: badges.py [--repo owner/name --tag v1.0] [--wheel ADDRESS]

The one place is the table [tool.workbook] of pyproject.toml; the options change it, then everything is written anew.
Without a repository there are no badges, and the set-up cell installs a wheel that the reader uploads (`make wheel`).
--wheel is for a repository that Colab cannot read: the address of a wheel that it can.
"""

import argparse
import re
import sys
import tomllib
from pathlib import Path

import nbformat
from workbook import write_whole

ROOT = Path(__file__).resolve().parent.parent
BADGE = "[![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)]"
KEYS = ("repository", "tag", "wheel")


def settings(root=ROOT):
    """The table [tool.workbook], and the version of the package."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    return {**project["tool"]["workbook"], "version": project["project"]["version"]}


def check(place):
    """Raise ValueError unless repository, tag and wheel can be parts of an address."""
    if place["repository"] and not re.fullmatch(r"[\w.-]+/[\w.-]+", place["repository"]):
        raise ValueError(f"REPO: expected owner/name, received {place['repository']!r}")
    if place["tag"] and not re.fullmatch(r"[\w.+-]+", place["tag"]):
        raise ValueError(f"TAG: expected a tag such as v1.0, received {place['tag']!r}")
    if bool(place["repository"]) != bool(place["tag"]):
        raise ValueError("expected REPO and TAG together, such as REPO=owner/name TAG=v1.0")
    if place["wheel"] and not re.fullmatch(r"https://[^\s\"'{}]+\.whl(#\S*)?", place["wheel"]):
        raise ValueError(f"WHEEL: expected an https address that ends in .whl, received {place['wheel']!r}")


def helper(place):
    """What the set-up cell hands to pip: a wheel's address, the tagged source, or the name of an uploaded wheel."""
    if place["wheel"]:
        return place["wheel"]
    if place["repository"]:
        return f"https://github.com/{place['repository']}/archive/refs/tags/{place['tag']}.zip"
    return f"generative_models_workbook-{place['version']}-py3-none-any.whl"


def badge(place, name):
    """Markdown of the badge of notebooks/<name>.ipynb, or "" without a repository."""
    if not place["repository"]:
        return ""
    return f"{BADGE}(https://colab.research.google.com/github/{place['repository']}/blob/{place['tag']}/notebooks/{name}.ipynb)"


def setup_cell(source, place):
    """The set-up cell with this place's address."""
    line = f'HELPER = "{helper(place)}"'
    line += "  # noqa: E501" if len(line) > 120 else ""
    return re.sub(r'^HELPER = "[^"\n]*".*$', lambda _: line, source, count=1, flags=re.M)


def title_cell(source, place, name):
    """The first cell with this place's badge below its title, and no other."""
    title, *rest = [line for line in source.split("\n") if not line.startswith(BADGE)]
    while rest and not rest[0].strip():
        rest.pop(0)
    return "\n".join([title, "", *([badge(place, name), ""] if place["repository"] else []), *rest])


def stamp(path, place):
    """Write badge and address into one notebook; True if that changed it."""
    notebook = nbformat.read(path, as_version=4)
    first = next(cell for cell in notebook.cells if cell.cell_type == "markdown")
    setup = next(cell for cell in notebook.cells if cell.cell_type == "code")
    before = first.source, setup.source
    first.source, setup.source = title_cell(first.source, place, path.stem), setup_cell(setup.source, place)
    if f'HELPER = "{helper(place)}"' not in setup.source:
        raise ValueError(f'{path.name}: expected a line HELPER = "..." in the first code cell, found none')
    if changed := before != (first.source, setup.source):
        write_whole(path, nbformat.writes(notebook) + "\n")
    return changed


def main(arguments=None, root=ROOT):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for option in ("--repo", "--tag", "--wheel"):
        parser.add_argument(option)
    given = parser.parse_args(arguments)
    place = settings(root)
    for key, value in zip(KEYS, (given.repo, given.tag, given.wheel)):
        place[key] = place[key] if value is None else value
    try:
        check(place)
    except ValueError as error:
        sys.exit(str(error))
    pyproject = root / "pyproject.toml"
    text = pyproject.read_text(encoding="utf-8")
    for key in KEYS:
        text = re.sub(rf'^{key} = ".*"$', lambda _, key=key: f'{key} = "{place[key]}"', text, count=1, flags=re.M)
    pyproject.write_text(text, encoding="utf-8")
    changed = [path.stem for path in sorted((root / "notebooks").glob("*.ipynb")) if stamp(path, place)]
    print(f"set-up cells install {helper(place)}; changed: {', '.join(changed) or 'nothing'}")


if __name__ == "__main__":
    main()
