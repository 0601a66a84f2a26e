"""The reader's own .csv: numbers come through, and what stands in the way is named in one sentence."""

import csv

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer

from genai_utils import datasets


def rows(n=40):
    rng = np.random.default_rng(0)
    return [[f"{a:.3f}", f"{b:.3f}", label] for a, b, label in zip(*rng.normal(size=(2, n)), "ab" * (n // 2))]


def save(path, lines, names=("age", "dose", "ill"), separator=","):
    content = ([names] if names else []) + list(lines)
    path.write_text("\n".join(separator.join(line) for line in content) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_table_comes_through(tmp_path, separator):
    lines = rows()
    data = datasets.load(save(tmp_path / "my.csv", lines, separator=separator))
    assert (len(data.train), len(data.val), len(data.test)) == (32, 4, 4)
    assert data.train.x.dtype == np.float32 and data.label_names == ("a", "b")
    assert data.source.endswith("columns age, dose; label ill")
    found = [
        (f"{x[0]:.3f}", f"{x[1]:.3f}", data.label_names[y])
        for part in (data.train, data.val, data.test)
        for x, y in zip(part.x, part.labels)
    ]
    assert sorted(found) == sorted(map(tuple, lines))


def test_scikit_learns_table_comes_back(tmp_path):
    x, y = load_breast_cancer(return_X_y=True)
    with open(tmp_path / "b.csv", "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow([f"c{j}" for j in range(30)] + ["kind"])
        writer.writerows([*map(repr, map(float, row)), int(label)] for row, label in zip(x, y))
    data = datasets.load(str(tmp_path / "b.csv"))
    found = np.concatenate([data.train.x, data.val.x, data.test.x])
    np.testing.assert_allclose(np.sort(found, axis=0), np.sort(x, axis=0), rtol=1e-6)


def changed(row, column, value):
    lines = rows()
    lines[row][column] = value
    return lines


BAD = [
    (changed(2, 1, ""), "column 'dose', row 3: expected a number, got nothing"),
    (changed(2, 0, "NaN"), "column 'age', row 3: expected a number, got NaN"),
    (changed(0, 0, "inf"), "column 'age', row 1: expected a number, got inf"),
    (changed(0, 0, "infinity"), "column 'age', row 1: expected a number, got the text 'infinity'"),
    (changed(0, 0, "1_000"), "got the text '1_000'"),
    (changed(4, 0, "2024-01-31"), "got the date '2024-01-31'; write what matters of it as numbers"),
    (changed(4, 0, "31.1.2024"), "got the date '31.1.2024'"),
    (changed(5, 1, "Bern"), "column 'dose', row 6: expected a number, got the text 'Bern'"),
    (changed(39, 2, "?"), "row 40, column 'ill': expected a label, got nothing"),
    (rows()[:1], "expected at least 30 rows below the names, got 1"),
    ([], "expected at least 30 rows below the names, got 0"),
    ([row[:2] if i == 7 else row for i, row in enumerate(rows())], "row 8: expected 3 fields as in the first line"),
    ([[*row[:2], "a"] for row in rows()], "expected 2 to 20 different labels in the last column, got 1"),
    ([[*row[:2], row[0]] for row in rows()], "expected 2 to 20 different labels in the last column, got 40"),
]


@pytest.mark.parametrize("lines, said", BAD)
def test_what_stands_in_the_way_is_named(tmp_path, lines, said):
    with pytest.raises(ValueError) as caught:
        datasets.load(save(tmp_path / "my.csv", lines))
    assert said in str(caught.value) and "my.csv" in str(caught.value) and "\n" not in str(caught.value)


def test_a_file_without_names_or_columns_or_in_another_code(tmp_path):
    with pytest.raises(ValueError, match="expected the columns' names in the first line, got"):
        datasets.load(save(tmp_path / "my.csv", rows(), names=None))
    (tmp_path / "one.csv").write_text("age\n1\n2\n")
    with pytest.raises(ValueError, match="expected columns separated by commas, got 'age'"):
        datasets.load(tmp_path / "one.csv")
    (tmp_path / "none.csv").write_text("")
    with pytest.raises(ValueError, match="expected columns separated by commas, got ''"):
        datasets.load(tmp_path / "none.csv")
    (tmp_path / "latin.csv").write_bytes("größe,b\n1,2\n".encode("latin-1"))
    with pytest.raises(ValueError, match="save the file as UTF-8"):
        datasets.load(tmp_path / "latin.csv")
    with pytest.raises(ValueError, match="size= and levels= with images only, got them with a table"):
        datasets.load(save(tmp_path / "t.csv", rows()), size=8)


def test_a_decimal_comma_is_named(tmp_path):
    lines = [[row[0], row[1].replace(".", ","), row[2]] for row in rows()]
    with pytest.raises(ValueError, match="got '.*,.*'; write decimals with a point"):
        datasets.load(save(tmp_path / "my.csv", lines, separator=";"))
