"""Films of a walking character whose next frame is random in known places, so that every p(next | past) is exact."""

import numpy as np

from genai_utils.datasets._sprites_joint import is_held_out
from genai_utils.datasets.base import Dataset, Split
from genai_utils.datasets.sprites import SpriteTruth

FRAMES = 8
# With its legs together a character decides: what it does next, after a step and after having stood.
AFTER_STEP = {"walk": 0.5, "turn": 0.25, "stand": 0.25}
AFTER_REST = {"walk": 0.5, "stand": 0.25, "swap": 0.25}
CLASS, ITEM, LEGS, LEFT, RESTED = 0, 2, 6, 7, 8  # columns of a state; the first seven are the sprite's factors
_LASTING = [0, 1, 3, 4, 5]  # class, outfit, skin, hair style, hair colour: who somebody is


class ClipTruth:
    """The exact distribution of the clips: p(x) = p(x_0) prod_t p(x_t | x_{t-1}, x_{t-2}).

    A first frame is a sprite, to either side with probability 1/2, on the move. From legs apart (`contact_*`) it always
    goes on to legs together (`pass_*`). There it decides. After a step: on 1/2, on and turned round 1/4, stand 1/4.
    After having stood: on 1/2, stand 1/4, stand and swap the item 1/4, for i with p(i | class) / (1 - p(old | class)).
    Turned round is mirrored. Two frames show the whole state, so p(x_t | all before) needs no more than them.

    Attributes:
        sprites: the `SpriteTruth` of single frames.
        floors: float64 (T,), H(x_t | x_<t) in nats; the first is H(x_0).
        entropy: their sum, nats per clip.
        held_out_mass: total p of the characters (class, outfit, skin, hair) that never occur in train and val.
    """

    def __init__(self, frames=FRAMES):
        self.sprites = SpriteTruth()
        combinations = self.sprites.combinations()
        names = self.sprites.names(combinations)
        self._held_out = np.array([is_held_out([row[i] for i in _LASTING]) for row in names])
        self._by_row = {tuple(c): h for c, h in zip(combinations.tolist(), self._held_out)}
        p = self.sprites.prob(combinations)
        self.held_out_mass = float(p[self._held_out].sum())
        shape = [len(values) for values in self.sprites.factor_values]
        joint = np.zeros((shape[CLASS], shape[ITEM]))
        np.add.at(joint, (combinations[:, CLASS], combinations[:, ITEM]), p)
        self._swap = self._swaps(joint / joint.sum(1, keepdims=True))  # (classes, items, items)
        self.floors = self._floors(joint, frames)
        self.entropy = float(self.floors.sum())

    def _swaps(self, given_class):
        """p(new item | class, old item): another item that the class carries."""
        n = given_class.shape[1]
        other = np.repeat(given_class[:, None], n, axis=1) * (1 - np.eye(n))
        return other / other.sum(-1, keepdims=True)

    def _floors(self, joint, frames):
        """H(x_0), H(x_1 | x_0), ... by a forward sum over class, item, and apart / together / rested."""
        apart, together, rested = joint / 2, joint / 2, joint * 0
        h_swap = -np.sum(self._swap * np.log(np.where(self._swap > 0, self._swap, 1)), axis=-1)
        step, rest = (-sum(q * np.log(q) for q in table.values()) for table in (AFTER_STEP, AFTER_REST))
        floors = [self.sprites.entropy + np.log(2)]
        for _ in range(frames - 1):
            floors.append(together.sum() * step + np.sum(rested * (rest + AFTER_REST["swap"] * h_swap)))
            swapped = np.einsum("ci,cij->cj", rested, self._swap)
            apart, together, rested = (
                (1 - AFTER_STEP["stand"]) * together + AFTER_REST["walk"] * rested,
                apart,
                AFTER_STEP["stand"] * together + AFTER_REST["stand"] * rested + AFTER_REST["swap"] * swapped,
            )
        return np.array(floors)

    def draw(self, states):
        """The frames of states int (..., 9), uint8 (..., 16, 16)."""
        flat = states.reshape(-1, 9)
        x = self.sprites.render(flat[:, :7])
        x = np.where(flat[:, LEFT, None, None] == 1, x[:, :, ::-1], x)
        return x.reshape(*states.shape[:-1], 16, 16)

    def look(self, x):
        """What single frames show: factors and whether it faces left, int64 (n, 8); -1 where no legal frame is equal.

        Args:
            x: integer palette indices (n, 16, 16).
        """
        right, left = self.sprites.factors(x), self.sprites.factors(np.asarray(x)[:, :, ::-1])
        facing = np.where(right[:, 0] >= 0, 0, np.where(left[:, 0] >= 0, 1, -1))
        return np.column_stack([np.where(right >= 0, right, left), facing])

    def states(self, past):
        """The state after two frames, int64 (n, 9); a row of -1 where the last frame is illegal.

        Args:
            past: integer palette indices (n, 2, 16, 16).
        """
        before, now = self.look(past[:, 0]), self.look(past[:, 1])
        rested = (before[:, LEGS] == now[:, LEGS]) & (now[:, LEGS] % 2 == 1)
        return np.where(now[:, :1] < 0, -1, np.column_stack([now, rested]))

    def futures(self, states):
        """All next states and their probabilities; the first frame's past is itself alone, `rested` = 0.

        Args:
            states: int (n, 9), of the columns: seven factors, faces left, has rested.

        Returns:
            (int64 (n, M, 9), float64 (n, M)), M = 2 + the number of items; what cannot happen has probability 0.
        """
        states, items = np.asarray(states), self._swap.shape[1]
        # on, on and turned, then one for each item that may be in hand
        after = np.repeat(states[:, None], 2 + items, axis=1)
        apart, rested = states[:, LEGS] % 2 == 0, states[:, RESTED] == 1
        after[:, :2, LEGS] = (after[:, :2, LEGS] + 1) % 4
        after[:, 1, LEFT] = 1 - states[:, LEFT]
        after[:, :2, RESTED], after[:, 2:, RESTED] = 0, 1
        after[:, 2:, ITEM] = np.arange(items)
        p = np.zeros((len(states), 2 + items))
        p[:, 0] = np.where(apart, 1, np.where(rested, AFTER_REST["walk"], AFTER_STEP["walk"]))
        p[:, 1] = np.where(apart | rested, 0, AFTER_STEP["turn"])
        swap = self._swap[states[:, CLASS], states[:, ITEM]]  # (n, items)
        stay = np.where(rested, AFTER_REST["stand"], AFTER_STEP["stand"])
        p[:, 2:] = np.where(rested[:, None], AFTER_REST["swap"] * swap, 0)
        p[np.arange(len(p)), 2 + states[:, ITEM]] += stay
        p[apart, 2:] = 0
        return after, p

    def log_prob_next(self, past, x):
        """log p(x_t | x_{t-2}, x_{t-1}) in nats, (n,); -inf for a frame that cannot follow, NaN after an illegal one.

        Args:
            past: integer palette indices (n, 2, 16, 16), two frames that can follow each other.
            x: integer palette indices (n, 16, 16), the next frame.
        """
        states = self.states(past)
        after, p = self.futures(np.maximum(states, 0))
        same = (after[:, :, :8] == self.look(x)[:, None]).all(-1)  # (n, M)
        with np.errstate(divide="ignore"):
            return np.where(states[:, 0] < 0, np.nan, np.log((p * same).sum(1)))

    def log_prob(self, x):
        """log p of clips in nats, (n,), -inf where a frame is illegal or cannot follow.

        Args:
            x: integer palette indices (n, T, 16, 16).
        """
        x = np.asarray(x)
        first = self.look(x[:, 0])
        total = np.log(np.maximum(self.sprites.prob(first[:, :7]), 0.0) / 2, where=first[:, 0] >= 0,
                       out=np.full(len(x), -np.inf))  # fmt: skip
        states = np.column_stack([np.maximum(first, 0), np.zeros(len(x), int)])  # on the move
        for t in range(1, x.shape[1]):
            after, p = self.futures(states)
            same = (after[:, :, :8] == self.look(x[:, t])[:, None]).all(-1) & (p > 0)
            with np.errstate(divide="ignore"):
                total = total + np.log((p * same).sum(1))
            states = after[np.arange(len(x)), same.argmax(1)]
        return total

    def held_out(self, factors):
        """Whether the character of each combination, int (n, 7), is kept out of train and val, bool (n,)."""
        return np.array([self._by_row.get(tuple(row), False) for row in np.asarray(factors)[:, :7].tolist()], bool)

    def walk(self, factors, seed, frames=FRAMES, left=None):
        """Films of given characters: states int64 (n, frames, 9).

        Args:
            factors: int (n, 7), the first frames; to either side by chance, or all `left` = 0 or 1.
            seed: int, or a sequence of int.
        """
        rng = np.random.default_rng(seed)
        facing = rng.integers(2, size=len(factors)) if left is None else np.full(len(factors), left)
        states = [np.column_stack([factors, facing, np.zeros(len(factors), int)])]
        for _ in range(frames - 1):
            after, p = self.futures(states[-1])
            chosen = (rng.random((len(p), 1)) >= p.cumsum(1)[:, :-1]).sum(1)
            states.append(after[np.arange(len(p)), chosen])
        return np.stack(states, axis=1)

    def sample(self, n, seed):
        """n clips from p, uint8 (n, T, 16, 16)."""
        return self.split(n, seed).x

    def split(self, n, seed, seen_only=False):
        """A `Split` of n clips from p, or from p given that the character is not held out; labels are the classes."""
        combinations, rng = self.sprites.combinations(), np.random.default_rng(seed)
        p = self.sprites.prob(combinations) * ~(self._held_out & seen_only)
        factors = combinations[rng.choice(len(p), n, p=p / p.sum())]
        states = self.walk(factors, rng.integers(2**31), len(self.floors))
        return Split(self.draw(states), factors[:, 0].copy(), states)

    def nearest(self, x):
        """The legal frame that differs in the fewest pixels: (int64 (n, 8), distance int64 (n,)). x as `look`."""
        (right, far_right), (left, far_left) = self.sprites.nearest(x), self.sprites.nearest(np.asarray(x)[:, :, ::-1])
        turned = far_left < far_right
        found = np.column_stack([np.where(turned[:, None], left, right), turned])
        return found, np.minimum(far_left, far_right)

    def wrong_pixels(self, x):
        """Which pixels differ from the nearest legal frame, bool (n, 16, 16); all False if and only if it is legal."""
        states = np.column_stack([self.nearest(x)[0], np.zeros(len(x), int)])
        return np.asarray(x) != self.draw(states)


def load_clips():
    """Clips of 8 frames: 12,000 train and 500 val of seen characters, 1,000 test of all; factors are the states."""
    truth = ClipTruth()
    return Dataset(
        "clips",
        train=truth.split(12_000, [2026, 0], seen_only=True),
        val=truth.split(500, [2026, 1], seen_only=True),
        test=truth.split(1_000, [2026, 2]),
        levels=len(truth.sprites.palette),
        source="made for this course from the sprites (data/sprites); art CC0, code MIT",
        truth=truth,
        label_names=truth.sprites.factor_values[0],
        palette=truth.sprites.palette,
    )
