"""Read the sprite art (text files, one character per pixel) and draw characters from it, layer over layer."""

import json

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


def read_palette(path):
    """Read lines `letter red green blue name`; their order is the palette index. Returns letters, float32 (16, 3)."""
    rows = [line.split() for line in path.read_text("utf-8").splitlines() if line[:1] not in ("", "#")]
    return "".join(row[0] for row in rows), np.array([row[1:4] for row in rows], "float32") / np.float32(255)


def read_art(path, letters):
    """Read blocks `[name]` of 16 rows of 16 letters as dict from name to uint8 (16, 16), positions in `letters`."""
    blocks, rows = {}, None
    for line in path.read_text("utf-8").split("\n"):
        if line.startswith("["):
            rows = blocks[line.strip("[]\r ")] = []
        elif line.strip() and not line.startswith("#"):
            rows.append([letters.index(letter) for letter in line.rstrip()])
    return {name: np.array(rows, np.uint8) for name, rows in blocks.items()}


class Painter:
    """Draw characters: stack the layers, give every role its colour, outline the figure in ink.

    Args:
        folder: pathlib.Path with palette.txt, roles.json and art/.
        factor_names, factor_values: names of the factors, and of the values of each.
    """

    def __init__(self, folder, factor_names, factor_values):
        letters, self.palette = read_palette(folder / "palette.txt")
        self._roles, self._layers, roles = [], [], ""
        # roles.json: factor -> value -> {role letter: palette letter}
        for factor, table in json.loads((folder / "roles.json").read_text("utf-8")).items():
            column = factor_names.index(factor)
            for role in table[factor_values[column][0]]:
                colours = np.array([letters.index(table[value][role]) for value in factor_values[column]], np.uint8)
                self._roles.append((column, colours))
                roles += role
        for layer, factor in LAYERS:
            blocks = read_art(folder / "art" / f"{layer}.txt", letters + roles)
            column = factor_names.index(factor) if factor else None
            self._layers.append((column, np.stack([blocks[v] for v in (factor_values[column] if factor else blocks)])))

    def __call__(self, factors):
        """Palette indices uint8 (n, 16, 16) of the characters with the given factor values, int (n, F)."""
        n = len(factors)
        picture = np.zeros((n, SIZE, SIZE), np.uint8)  # positions in palette letters + role letters
        for column, blocks in self._layers:
            layer = blocks if column is None else blocks[factors[:, column]]  # (1|n, 16, 16)
            picture = np.where(layer == BACKGROUND, picture, layer)
        colours = [np.full(n, index, np.uint8) for index in range(len(self.palette))]
        colours += [table[factors[:, column]] for column, table in self._roles]
        colours = np.stack(colours, axis=1)  # (n, 16 + roles)
        picture = np.take_along_axis(colours, picture.reshape(n, -1).astype(np.intp), axis=1).reshape(n, SIZE, SIZE)
        # ink every background pixel that touches (left, right, above, below) a pixel of another colour than ink
        filled = np.pad((picture != BACKGROUND) & (picture != INK), ((0, 0), (1, 1), (1, 1)))
        touches = filled[:, :-2, 1:-1] | filled[:, 2:, 1:-1] | filled[:, 1:-1, :-2] | filled[:, 1:-1, 2:]
        return np.where((picture == BACKGROUND) & touches, np.uint8(INK), picture)
