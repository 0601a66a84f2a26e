"""Read the sprite art (text files, one character per pixel) and draw characters from it, layer over layer."""

import json
from dataclasses import dataclass

import numpy as np

SIZE = 16
BACKGROUND, INK = 0, 1
# From back to front: art file, and the factor that chooses the block in it (None: a single block for everybody).
LAYERS = (
    ("walk", "walk_frame"),
    ("body", "class"),
    ("head", None),
    ("hair", "hair_style"),
    ("hat", "class"),
    ("item", "item"),
)


@dataclass(frozen=True, eq=False)
class Palette:
    """Sixteen colours: `letters` as in the art files, `names`, `rgb` uint8 (16, 3); index 0 is the background."""

    letters: str
    names: tuple[str, ...]
    rgb: np.ndarray


def read_json(path):
    """Read a JSON object. Raises ValueError, naming file and line, if it is none."""
    try:
        table = json.loads(path.read_text("utf-8"))
    except json.JSONDecodeError as error:
        raise ValueError(f"{path}, line {error.lineno}: expected JSON, received {error.msg!r}.") from None
    if not isinstance(table, dict):
        raise ValueError(f"{path}: expected a JSON object, received {type(table).__name__}.")
    return table


def read_palette(path):
    """Read lines `letter red green blue name`; the order of the lines is the palette index.

    Raises:
        ValueError: naming the line, if it has another form or the file does not hold 16 different letters.
    """
    rows = [(n, line.split()) for n, line in enumerate(path.read_text("utf-8").splitlines(), 1)]
    rows = [(n, cells) for n, cells in rows if cells and cells[0] != "#"]
    for n, cells in rows:
        levels = [int(c) for c in cells[1:4] if c.isdigit()]
        if len(cells) != 5 or len(cells[0]) != 1 or len(levels) != 3 or max(levels) > 255:
            line = " ".join(cells)
            raise ValueError(f"{path}, line {n}: expected 'letter red green blue name' with 0..255, received {line!r}.")
    letters = "".join(cells[0] for _, cells in rows)
    if len(set(letters)) != len(letters) or len(letters) != 16 or letters[0] != ".":
        raise ValueError(f"{path}: expected 16 different letters, the first of them '.', received {letters!r}.")
    rgb = np.array([cells[1:4] for _, cells in rows]).astype(np.uint8)
    return Palette(letters, tuple(cells[4] for _, cells in rows), rgb)


def read_art(path, letters):
    """Read blocks `[name]` of 16 rows of 16 letters; lines that start with '#' between blocks are comments.

    Args:
        path: the art file.
        letters: str, the letters a pixel may have.

    Returns:
        dict from block name to uint8 (16, 16), each pixel the position of its letter in `letters`.

    Raises:
        ValueError: naming file, block and row, for a wrong size, an unknown letter or a block given twice.
    """
    lines_of, name = {}, None
    for n, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        line = line.rstrip()
        if not line or line.startswith("#"):
            continue
        if line.startswith("["):
            name = line.strip("[]")
            if name in lines_of:
                raise ValueError(f"{path}, line {n}: expected every block once, received block [{name}] a second time.")
            lines_of[name] = []
        elif name is None:
            raise ValueError(f"{path}, line {n}: expected a block name such as [hat] first, received {line!r}.")
        else:
            lines_of[name].append(line)
    blocks = {}
    for name, rows in lines_of.items():
        if len(rows) != SIZE:
            raise ValueError(f"{path}, block [{name}]: expected {SIZE} rows, received {len(rows)}.")
        for r, row in enumerate(rows):
            where = f"{path}, block [{name}], row {r}"
            if len(row) != SIZE:
                raise ValueError(f"{where}: expected {SIZE} letters, received {len(row)} ({row!r}).")
            for letter in row:
                if letter not in letters:
                    raise ValueError(f"{where}: expected one of '{letters}', received {letter!r}.")
        blocks[name] = np.array([[letters.index(c) for c in row] for row in rows], np.uint8)
    return blocks


class Painter:
    """Draw characters: stack the layers, give every role its colour, outline the figure in ink.

    Args:
        folder: pathlib.Path with palette.txt, roles.json and art/.
        factor_names, factor_values: names of the factors, and of the values of each.

    Raises:
        ValueError: naming file, block and row, if the art does not fit the factors.
    """

    def __init__(self, folder, factor_names, factor_values):
        self.palette = read_palette(folder / "palette.txt")
        self.factor_names, self.factor_values = factor_names, factor_values
        values_of = dict(zip(factor_names, factor_values, strict=True))
        roles = self._read_roles(folder / "roles.json", values_of)
        letters = self.palette.letters + "".join(role for _, role, _ in roles)
        self._roles = [(factor_names.index(factor), table) for factor, _, table in roles]
        self._layers = []
        for layer, factor in LAYERS:
            path = folder / "art" / f"{layer}.txt"
            if not path.exists():
                raise ValueError(f"{path}: expected an art file for the layer {layer!r}, received none.")
            blocks = read_art(path, letters)
            wanted = values_of[factor] if factor else (layer,)
            if set(blocks) != set(wanted):
                raise ValueError(f"{path}: expected the blocks {sorted(wanted)}, received {sorted(blocks)}.")
            column = factor_names.index(factor) if factor else None
            self._layers.append((column, np.stack([blocks[value] for value in wanted])))

    def _read_roles(self, path, values_of):
        """roles.json: factor -> value -> {role letter: palette letter}. Returns [(factor, role, index per value)]."""
        letters, roles = self.palette.letters, []
        for factor, table in read_json(path).items():
            values = values_of.get(factor, ())
            if not values or set(table) != set(values):
                raise ValueError(f"{path}, {factor}: expected the values {list(values)}, received {list(table)}.")
            names = list(table[values[0]])
            for value, colours in table.items():
                where = f"{path}, {factor}, {value}"
                if list(colours) != names:
                    raise ValueError(f"{where}: expected the roles {names}, received {list(colours)}.")
                for role, letter in colours.items():
                    if len(role) != 1 or role in letters:
                        raise ValueError(f"{where}: expected a role letter other than '{letters}', received {role!r}.")
                    if len(letter) != 1 or letter not in letters[1:]:
                        raise ValueError(f"{where}, {role}: expected one of '{letters[1:]}', received {letter!r}.")
            for name in names:
                roles.append((factor, name, np.array([letters.index(table[v][name]) for v in values])))
        taken = [role for _, role, _ in roles]
        if len(set(taken)) != len(taken):
            raise ValueError(f"{path}: expected every role once, received {taken}.")
        return roles

    def __call__(self, factors):
        """Palette indices uint8 (n, 16, 16) of the characters with the given factor values, int (n, F)."""
        n = len(factors)
        picture = np.zeros((n, SIZE, SIZE), np.uint8)  # positions in palette letters + role letters
        for column, blocks in self._layers:
            layer = blocks[factors[:, column]] if column is not None else blocks[:1]  # (n|1, 16, 16)
            picture = np.where(layer == BACKGROUND, picture, layer)
        colours = [np.full(n, index) for index in range(16)]
        colours += [table[factors[:, column]] for column, table in self._roles]
        colours = np.stack(colours, axis=1).astype(np.uint8)  # (n, 16 + roles)
        picture = np.take_along_axis(colours, picture.reshape(n, -1).astype(np.intp), axis=1).reshape(n, SIZE, SIZE)
        return _outlined(picture)


def _outlined(picture):
    """Ink every background pixel that touches (left, right, above, below) a pixel of another colour than ink."""
    filled = np.pad((picture != BACKGROUND) & (picture != INK), ((0, 0), (1, 1), (1, 1)))
    touches = filled[:, :-2, 1:-1] | filled[:, 2:, 1:-1] | filled[:, 1:-1, :-2] | filled[:, 1:-1, 2:]
    return np.where((picture == BACKGROUND) & touches, np.uint8(INK), picture)
