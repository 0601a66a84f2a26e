"""Who has solved what: the table of a class's progress files.

Usage: progress.py FOLDER        (the folder that GENAI_PROGRESS named)

Shown are the exercises of every notebook that somebody has begun, how many have solved each, and name by name "solved"
or "tried". A file says no more than that and when; a solution that a learner has read and typed in counts as solved.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
from genai_utils import checks, progress, results  # noqa: E402


def table(folder):
    """(`results.Table` exercise x names, sentences about lines that are left out) of the progress files in a folder."""
    found, odd = {}, []
    for path in sorted(Path(folder).glob("progress-*.csv")):
        if path.is_symlink() or not path.is_file():  # learners write here: what they link to is read with our rights
            odd.append(f"{path.name}: left out, as it is no file of its own")
            continue
        found |= {key: solved or found.get(key, False) for key, solved in progress.read(path).items()}
        _, *lines = path.read_text(encoding="utf-8", errors="replace").splitlines() or [""]
        if others := [line for line in lines if not progress.LINE.fullmatch(line)]:
            odd.append(f"{path.name}: lines left out that are not {progress.HEAD}: {others}")
    names = sorted({name for name, _ in found})
    begun = {exercise.partition(".")[0] for _, exercise in found}
    rows = {}
    for exercise in (name for name in checks.names() if name.partition(".")[0] in begun):
        said = {name: {True: "solved", False: "tried"}.get(found.get((name, exercise)), "") for name in names}
        rows[exercise] = {"solved by": f"{list(said.values()).count('solved')} of {len(names)}"} | said
    return results.Table(rows), odd


def main(arguments):
    if len(arguments) != 1 or not arguments[0] or not Path(arguments[0]).is_dir():
        sys.exit(f"expected one folder, that which GENAI_PROGRESS named, got {' '.join(arguments) or 'none'}")
    shown, odd = table(arguments[0])
    if not shown.rows:
        sys.exit(f"expected files progress-NAME.csv in {arguments[0]}, found none with an exercise of this course")
    print(shown, *odd, sep="\n")


if __name__ == "__main__":
    main(sys.argv[1:])
