"""Write the tables and the figure of README.md from results/*.json and a notebook; a test holds that they agree.

Usage: readme_tables.py
"""

import base64
import json
import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))
sys.path.insert(0, str(ROOT))
import badges  # noqa: E402

from genai_utils import results  # noqa: E402

# The course in order: file name, what the learner meets there. A part without a file is still to come.
COURSE = (
    ("", "00_start_here", "the set-up, the three families in ten minutes, how the course works"),
    ("", "01_what_is_a_generative_model", "densities, sampling, maximum likelihood"),
    ("GAN", "02_gan_math", "the minimax game, divergences, what the losses mean"),
    ("GAN", "03_gan_training", "the training step, its classic faults, quality measured"),
    ("GAN", "04_gan_stability", "four faults, ten repairs, the loss of pairs, all 25 modes of a grid"),
    ("GAN", "05_conditional_gan", "characters on demand: control in nats, leakage, virtual try-on"),
    ("Autoregressive", "06_autoregressive_likelihood", "the chain rule, compression, what learning costs, MADE"),
    ("Autoregressive", "07_sequence_models", "a chain summed exactly, networks that remember, exposure bias"),
    ("Autoregressive", "08_transformer", "attention grown from its parts, what is inside, cached decoding"),
    ("Autoregressive", "09_pixelcnn", "exact image likelihood with masked convolutions"),
    ("Autoencoder", "10_autoencoder", "codes against PCA, honest compression, alarms judged by the truth"),
    ("Autoencoder", "11_vae", "the evidence lower bound, its gap, rate and distortion, axes"),
    ("Autoencoder", "12_vqvae", "discrete codes, a prior over them, an exact ledger of every nat"),
    ("Applications", "13_audio", "what a nat sounds like: spectra, a causal network, tunes, chorales"),
    ("Applications", "14_video", "a loss below the entropy, blur as an average, films drawn frame by frame"),
    ("Applications", "15_text_gan", "a judge for text, temperature, a reward on a leash and its hacking"),
    ("Applications", "16_business_decisions", "orders scored in money, sold-out shelves, collapse, tables attacked"),
    ("Applications", "17_capstone", "a game studio: a quotation from exact likelihood, 2,000 characters, a model card"),
    ("Beyond", "18_diffusion", "a sampler's three errors in nats, an entropy from a loss curve, pixels in any order"),
)


def rows_of(name):
    return json.loads((ROOT / "results" / f"{name}.json").read_text(encoding="utf-8"))["rows"]


def map_table():
    """The course map with measured minutes and memory; notebooks that are not there yet are named as such."""
    minutes, place = rows_of("minutes"), badges.settings(ROOT)
    lines = ["| part | notebook | what it is about | minutes | peak GB |", "|---|---|---|---:|---:|"]
    for part, name, about in COURSE:
        if (ROOT / "notebooks" / f"{name}.ipynb").exists():
            link, m = f"[{name}](notebooks/{name}.ipynb) {badges.badge(place, name)}".rstrip(), minutes[name]
            lines.append(f"| {part} | {link} | {about} | {m['minutes']:.1f} | {m['peak GB']:.1f} |")
        else:
            lines.append(f"| {part} | {name} | {about} | to come | |")
    return "\n".join(lines)


def results_table(name):
    """A notebook's recorded rows as Markdown."""
    rows = rows_of(name)
    columns = list(dict.fromkeys(column for row in rows.values() for column in row))

    def show(value):
        if not isinstance(value, float):
            return "" if value is None else str(value)
        return f"{value:.4f}" if 1e-9 < abs(value) < 0.1 else f"{value:.2f}"  # small distances keep their digits

    heads = [column.replace("|", r"\|") for column in ["", *columns]]  # a bare bar would end the cell
    lines = ["| " + " | ".join(heads) + " |", "|---|" + "---:|" * len(columns)]
    lines += ["| " + " | ".join([row, *(show(rows[row].get(c)) for c in columns)]) + " |" for row in rows]
    return "\n".join(lines)


CORE = {  # model: whether its number is a likelihood, and what it can be asked
    "real": ("", "(sprites: draws of the truth; digits: training images)"),
    "GAN": ("none", "a request (sprites): class, outfit and item; never how likely an image is"),
    "PixelCNN": ("exact", "how likely any image is; what is wrong where; to finish a picture begun at the top"),
    "VAE": ("bound", "roughly how likely; a code of 16 numbers, and the ways between two codes"),
    "VQ": ("bound", "roughly how likely; a short word, to change symbol by symbol"),
}


def core_table():
    """The families of the core on sprites and digits; least and largest of the seeds."""
    rows = rows_of("12_vqvae_core")
    columns = {"gap seen": 2, "gap unseen": 2, "nats": 1, "legal": 0, "covered": 0, "novel": 0, "Fréchet": 1}
    columns |= {"seconds": 0, "ms a sample": 2}
    lines = ["| data | model | likelihood | " + " | ".join(columns) + " | what it can be asked |"]
    lines += ["|---|---|---|" + "---:|" * len(columns) + "---|"]
    for data in ("sprites", "digits"):
        for model, (kind, asked) in CORE.items():
            seeds = [row for name, row in rows.items() if name.startswith(f"{data}, {model}")]
            cells = []
            for column, places in columns.items():
                values = sorted(row[column] for row in seeds if column in row)
                ends = [f"{value:.{places}f}" for value in (*values[:1], *values[-1:])]
                cells.append(" to ".join(dict.fromkeys(ends)))
            lines.append(f"| {data} | {model} | {kind} | " + " | ".join(cells) + f" | {asked} |")
    return "\n".join(lines)


def claims_table():
    """What the course measured for each claim of the article."""
    lines = ["| the article says | verdict | measured | notebook |", "|---|---|---|---|"]
    row = "| {claim} | **{verdict}** | {number} | [{notebook}](notebooks/{notebook}.ipynb) |"
    return "\n".join([*lines, *(row.format(**claim) for claim in results.claims())])


VERSIONS = (
    *("TensorFlow", "Keras", "NumPy", "SciPy", "scikit-learn", "Matplotlib", "Pillow"),
    *("ipywidgets", "IPython", "ipykernel", "JupyterLab"),
)


def pinned(name):
    """dict package -> version of a constraints file."""
    lines = (ROOT / name).read_text(encoding="utf-8").lower().splitlines()
    return dict(line.split("==") for line in lines if line and not line.startswith("#"))


def versions_table():
    """What the tests run on, beside what the package asks for."""
    asked = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    bounds = dict(r.split(">=") for r in asked["dependencies"] + asked["optional-dependencies"]["lab"])
    newest, colab = pinned("constraints.txt"), pinned("constraints-colab.txt")
    lines = ["| | at least | newest tested | Colab |", "|---|---:|---:|---:|", "| Python | 3.11 | 3.11 | 3.13 |"]
    for name in VERSIONS:
        key = name.lower()
        there = "" if name == "JupyterLab" else colab[key]  # Colab has a page of its own
        lines.append(f"| {name} | {bounds.get(key, '')} | {newest[key]} | {there} |")
    return "\n".join(lines)


def filled(text):
    """README with every table between `<!-- table NAME -->` and `<!-- end -->` written anew."""

    def table(match):
        name = match[1]
        own = {"map": map_table, "versions": versions_table, "core": core_table, "claims": claims_table}
        content = own.get(name, lambda: results_table(name))()
        return f"<!-- table {name} -->\n{content}\n<!-- end -->"

    return re.sub(r"<!-- table (\S+) -->\n.*?<!-- end -->", table, text, flags=re.S)


def figure():
    """The first figure of notebook 09, as PNG: recorded samples, pixels outlined where they are not legal."""
    cells = json.loads((ROOT / "notebooks" / "09_pixelcnn.ipynb").read_text(encoding="utf-8"))["cells"]
    outputs = [output.get("data", {}) for cell in cells for output in cell.get("outputs", [])]
    pictures = [data["image/png"] for data in outputs if "image/png" in data]
    return base64.b64decode(pictures[0])


if __name__ == "__main__":
    (ROOT / "docs").mkdir(exist_ok=True)
    (ROOT / "docs" / "sprites.png").write_bytes(figure())
    readme = ROOT / "README.md"
    readme.write_text(filled(readme.read_text(encoding="utf-8")), encoding="utf-8")
