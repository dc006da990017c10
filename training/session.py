"""Train and measure the session annotator.

``python -m training.session`` fits the weights of ``src/hashwatch/enrich/session_weights.py`` and
writes them; ``python -m training.session report`` measures the shipped ones. A fixed seed and fixed
data give the same weights.

Model: a post chooses among the candidate sessions and *none*, whose log-odds are 0; a session's are
a weighted sum of its evidence. Fitted by gradient ascent on the likelihood of the right choice.
"""

from __future__ import annotations

import csv
import json
import random
import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from hashwatch.collect.programme import read_programme
from hashwatch.enrich.agenda import Agenda
from hashwatch.enrich.candidate import Candidate
from hashwatch.enrich.evidence import author_hits, is_hopeless, look_at
from hashwatch.enrich.weighing import (
    FEATURES,
    LONG_RUN,
    SURE_NAMING,
    candidates,
    is_pointed,
    threshold_for,
    weigh,
)
from hashwatch.model import Event, Session, Speaker, Theme
from training.session_worlds import (
    Known,
    World,
    event_of,
    found_world,
    ismb_posts,
    made_world,
    programmes,
    session_of,
)

SEED = 20170331
DEMO_COPIES = 3
TARGET = Path("src/hashwatch/enrich/session_weights.py")
DEMO = Path("src/hashwatch/demo")
LABELS = Path("tests/data")
# Evidence never speaks against a session, nor do these speak for one.
AGAINST = {"bias", "other_parent", "one_word"}
FREE = {"live", "now", "near", "crowd"}

KINDS = {
    "name or handle": ("name",), "likely handle": ("likely_handle",),
    "initials": ("initials_now",), "parent": ("parent",), "title": ("whole_title",),
}  # fmt: skip

Floats = NDArray[np.float64]


class Example(NamedTuple):
    """Features of a post's candidate sessions, and which is right (−1: none of them)."""

    features: Floats
    right: int
    known: Known
    codes: tuple[str, ...]


def examples(world: World) -> list[Example]:
    """The posts of a world as the annotator sees them."""
    agenda = Agenda(world.event)
    made = []
    for known in world.posts:
        found = look_at(agenda, known.candidate)
        found.hits += author_hits(agenda, known.candidate)
        places = []
        if not is_hopeless(found, known.candidate):
            places = candidates(agenda, found, known.candidate)
        rows = [weigh(agenda, found, known.candidate, place) for place in places]
        codes = tuple(world.event.sessions[place].code for place in places)
        right = codes.index(known.code) if known.code in codes else -1
        made.append(Example(np.array(rows).reshape(-1, len(FEATURES)), right, known, codes))
    return made


class Packed(NamedTuple):
    """Examples in one matrix: ``of`` is the example of each row, ``right`` marks the right rows."""

    rows: Floats
    of: NDArray[np.intp]
    right: Floats
    count: int


def pack(data: Sequence[Example]) -> Packed:
    """All rows below each other."""
    rows = np.concatenate([one.features for one in data])
    of = np.concatenate([np.full(len(one.features), i) for i, one in enumerate(data)]).astype(
        np.intp
    )
    right = np.concatenate([np.arange(len(one.features)) == one.right for one in data])
    return Packed(rows, of, right.astype(np.float64), len(data))


def chances(packed: Packed, weights: Floats) -> Floats:
    """The chance of each row's session."""
    odds = np.exp(np.clip(packed.rows @ weights, -30, 30))
    total = 1.0 + np.bincount(packed.of, odds, packed.count)
    return np.asarray(odds / total[packed.of])


def fit(data: Sequence[Example], rounds: int = 3_000, penalty: float = 2e-4) -> Floats:
    """The weights that make the right choices likeliest (Adam, full batch)."""
    packed = pack(data)
    weights = np.zeros(len(FEATURES))
    low = np.array([-np.inf if name in AGAINST | FREE else 0.0 for name in FEATURES])
    high = np.array([0.0 if name in AGAINST else np.inf for name in FEATURES])
    mean, square = np.zeros_like(weights), np.zeros_like(weights)
    for step in range(1, rounds + 1):
        error = packed.right - chances(packed, weights)
        gradient = packed.rows.T @ error / packed.count - penalty * weights
        mean = 0.9 * mean + 0.1 * gradient
        square = 0.999 * square + 0.001 * gradient**2
        moved = 0.05 * (mean / (1 - 0.9**step)) / (np.sqrt(square / (1 - 0.999**step)) + 1e-9)
        weights = np.clip(weights + moved, low, high)
    return weights


class Measured(NamedTuple):
    """One post's outcome: assigned and right codes, confidence."""

    known: Known
    code: str | None
    confidence: float
    kind: str


def apply(data: Iterable[Example], weights: Floats) -> list[Measured]:
    """What the annotator would say."""
    outcomes = []
    for one in data:
        code, best, kind = None, 0.0, "nothing"
        if len(one.features):
            odds = np.exp(np.clip(one.features @ weights, -30, 30))
            shares = odds / (1 + odds.sum())
            top = int(shares.argmax())
            best, kind = float(shares[top]), kind_of(one.features[top])
            if best >= threshold_for(one.features[top]):
                code = one.codes[top]
        outcomes.append(Measured(one.known, code, best, kind))
    return outcomes


def kind_of(features: Floats) -> str:
    """The strongest kind of evidence for a session."""
    value = dict(zip(FEATURES, features, strict=True))
    for kind, names in KINDS.items():
        if any(value[name] >= 0.5 for name in names):
            return kind
    if value["first"] >= SURE_NAMING:
        return "first name"
    if value["place_now"] >= SURE_NAMING and value["title_run"] < LONG_RUN:
        return "place and time"
    return "title" if is_pointed(features.tolist()) else "words"


def summary(outcomes: Sequence[Measured]) -> dict[str, float]:
    """The figures by which the annotator is judged."""

    def rates(some: Sequence[Measured]) -> tuple[float, float]:
        given = [one for one in some if one.code is not None]
        right = [one for one in given if one.code == one.known.code]
        due = [one for one in some if one.known.code is not None]
        return len(right) / max(1, len(given)), len(right) / max(1, len(due))

    naming = [one for one in outcomes if one.known.names]
    none = [one for one in outcomes if one.known.code is None]
    with_none = [one for one in outcomes if one.known.names or one.known.code is None]
    precision, recall = rates(outcomes)
    return {
        "posts": len(outcomes), "naming": len(naming), "precision": precision, "recall": recall,
        "micro_f1": 2 * precision * recall / max(1e-9, precision + recall),
        "macro_f1": macro_f1(outcomes), "precision_naming": rates(naming)[0],
        "recall_naming": rates(naming)[1], "precision_naming_and_none": rates(with_none)[0],
        "none_given": sum(one.code is not None for one in none) / max(1, len(none)),
        "ece": calibration_error(outcomes),
    }  # fmt: skip


def macro_f1(outcomes: Sequence[Measured]) -> float:
    """The mean over the sessions that have posts."""
    due: dict[str, int] = defaultdict(int)
    given: dict[str, int] = defaultdict(int)
    right: dict[str, int] = defaultdict(int)
    for one in outcomes:
        if one.known.code:
            due[one.known.code] += 1
        if one.code:
            given[one.code] += 1
            right[one.code] += one.code == one.known.code
    scores = [2 * right[code] / (due[code] + given[code]) for code in due]
    return sum(scores) / max(1, len(scores))


def calibration_error(outcomes: Sequence[Measured], bins: int = 10) -> float:
    """Expected calibration error of the assignments made."""
    given = [one for one in outcomes if one.code is not None]
    total = 0.0
    for low in range(bins):
        inside = [one for one in given if min(bins - 1, int(one.confidence * bins)) == low]
        if inside:
            right = sum(one.code == one.known.code for one in inside) / len(inside)
            sure = sum(one.confidence for one in inside) / len(inside)
            total += abs(right - sure) * len(inside)
    return total / max(1, len(given))


def demo_world(slug: str, speakers: bool) -> World:
    """A labelled demo event; with ``speakers``, the invented ones join the programme."""
    with (LABELS / f"demo_labels_{slug}.csv").open(encoding="utf-8", newline="") as file:
        labels = {row["id"]: row for row in csv.DictReader(file)}
    lines = (DEMO / f"{slug}.jsonl").read_text(encoding="utf-8").splitlines()
    posts = [json.loads(line) for line in lines if line]
    zone = {"natsec17": "Europe/London", "ipu137": "Europe/Moscow"}[slug]
    sessions = read_programme(Path(f"programmes/{slug}.csv"), zone)
    if speakers:
        sessions = tuple(
            msgspec.structs.replace(
                session, speakers=tuple(map(Speaker, DEMO_SPEAKERS[session.code]))
            )
            for session in sessions
        )
    event = demo_event(slug, sessions)
    parents = {post["id"]: labels[post["id"]]["session"] or None for post in posts}
    known = []
    for post in posts:
        label = labels[post["id"]]
        candidate = Candidate(
            text=post["text"], created_at=int(datetime.fromisoformat(post["at"]).timestamp()),
            author=post["who"], language=post["lang"],
            parent_session=parents.get(post.get("reply_to") or post.get("quote_of") or ""),
            hashtags=tuple(word[1:] for word in post["text"].split() if word.startswith("#")),
        )  # fmt: skip
        names = label["names_speaker_or_talk"] == "1"
        known.append(Known(candidate, label["session"] or None, "demo", names))
    return World(f"{slug}{' with speakers' if speakers else ''}", event, known)


def half_of_demo(world: World, half: int) -> World:
    """Every other hour of a demo's conversation, so that no exchange is split."""
    posts = [k for k in world.posts if k.candidate.created_at // 3_600 % 2 == half]
    return World(world.name, world.event, posts)


def demo_event(slug: str, sessions: Sequence[Session]) -> Event:
    """The event of the example configuration."""
    import tomllib

    tables = tomllib.loads(Path("config.toml").read_text(encoding="utf-8"))["event"]
    table = next(one for one in tables if one["slug"] == slug)
    themes = tuple(Theme(one["name"], tuple(one["terms"])) for one in table["theme"])
    event = event_of(slug, sessions, table["hashtags"][0])
    return msgspec.structs.replace(
        event, title=table["title"], hashtags=tuple(table["hashtags"]), themes=themes,
        languages=tuple(table["languages"]),
    )  # fmt: skip


DEMO_SPEAKERS = {
    "d4-1": ("Odalys Ferreira", "Tamsin Okereke-Lund", "Ravindu Hesketh",
             "Marguerite Assante-Voss"),
    "d4-2": ("Halima Tversky-Noor", "Anselm Quartey-Brandt", "Lindiwe Castelmoyo"),
    "d4-3": ("Perpetua Aldercott", "Ngaire Solheim-Tau", "Ikram Devereux-Salloum"),
    "d4-4": ("Tavita Brannigan-Leota", "Joost Kallenbach-Ruiz", "Kwabena Larkspur"),
    "d4-5": ("Solvei Matanda",),
    "d4-6": ("Perrine Gallowhithe", "Barnaby Achterberg-Ncube", "Wren Oduya-Pike"),
    "d5-1": ("Sunniva Pereira-Kwan", "Baptiste Rakotobe-Lys", "Grace Thistlewood-Adomako",
             "Nuno Abrantes-Vale"),
    "panel": ("Ilse Vandermoor", "Rui Castanhal", "Haldor Brekkvassli", "Tahani Merrouche",
              "Nadira Okelo-Vance"),
}  # fmt: skip


def foreign_world(name: str, sessions: Sequence[Session], share: float) -> World:
    """Real posts of ISMB 2012 against a programme of another conference: none belongs to any."""
    randomness = random.Random(SEED)
    rows = [row for row in ismb_posts() if randomness.random() < share]
    event = event_of(name, sessions, "ISMB")
    known = []
    for row in rows:
        start = randomness.choice(event.sessions).start or event.starts
        moment = int(start + randomness.uniform(0, 3_000))
        candidate = Candidate(text=row["text"], created_at=moment, language="en",
                              hashtags=tuple(row["hashtags"].split()))  # fmt: skip
        known.append(Known(candidate, None, "foreign", False))
    return World(f"ISMB's posts against {name}", event, known)


def split_programmes() -> tuple[dict[str, tuple[Session, ...]], dict[str, tuple[Session, ...]]]:
    """Programmes to train on and to test on: by conference, FOSDEM by track."""
    read = programmes()
    tracks = sorted({session.track for session in read["fosdem"]})
    random.Random(SEED).shuffle(tracks)
    for_test = set(tracks[: len(tracks) // 2])
    training = {
        "fosdem": tuple(s for s in read["fosdem"] if s.track not in for_test),
        "c3": read["c3"], "rc3": read["rc3"],
    }  # fmt: skip
    test = {
        "fosdem": tuple(s for s in read["fosdem"] if s.track in for_test),
        "user": read["user"], "camp": read["camp"],
    }  # fmt: skip
    return training, test


def halves_of_ismb(world: World) -> tuple[World, World]:
    """ISMB's posts by session: some to train on, others to test on; the programme is shared."""
    randomness = random.Random(SEED)
    test_codes = {
        code
        for code in sorted({session_of("#" + s.code) or "" for s in world.event.sessions})
        if randomness.random() < 0.5
    }
    test, train = [], []
    for known in world.posts:
        to_test = known.code in test_codes if known.code else randomness.random() < 0.5
        (test if to_test else train).append(known)
    return World("ismb train", world.event, train), World("ismb test", world.event, test)


def training_worlds() -> list[World]:
    """What the weights are fitted on."""
    randomness = random.Random(SEED)
    training, _ = split_programmes()
    worlds = []
    for name, count in (("fosdem", 26), ("c3", 14), ("rc3", 4)):
        worlds += [made_world(name, training[name], 500, randomness) for _ in range(count)]
    for seed in range(6):
        worlds.append(halves_of_ismb(found_world(random.Random(seed)))[0])
    for slug in ("natsec17", "ipu137"):
        halves = [half_of_demo(demo_world(slug, speakers), 0) for speakers in (False, True)]
        worlds += halves * DEMO_COPIES  # the only replies whose sessions people have labelled
    worlds.append(foreign_world("rc3", training["rc3"], 0.2))
    worlds.append(foreign_world("fosdem", training["fosdem"], 0.2))
    return worlds


def test_worlds() -> list[World]:
    """What the figures are measured on; nothing here was trained on."""
    randomness = random.Random(SEED + 1)
    _, test = split_programmes()
    whole = programmes()
    worlds = [made_world("fosdem", test["fosdem"], 400, randomness) for _ in range(8)]
    worlds += [made_world("user", test["user"], 400, randomness) for _ in range(8)]
    worlds += [made_world("camp", test["camp"], 400, randomness) for _ in range(4)]
    worlds.append(halves_of_ismb(found_world(random.Random(99)))[1])
    worlds.append(foreign_world("FOSDEM", whole["fosdem"], 0.5))
    worlds.append(foreign_world("useR", whole["user"], 0.5))
    for slug in ("natsec17", "ipu137"):
        worlds += [half_of_demo(demo_world(slug, speakers), 1) for speakers in (False, True)]
    return worlds


def grouped(worlds: Iterable[World]) -> dict[str, list[Example]]:
    """Examples by the conference that they come from."""
    groups: dict[str, list[Example]] = defaultdict(list)
    for world in worlds:
        groups[world.name.rpartition("-")[0] or world.name].extend(examples(world))
    return groups


def print_table(groups: dict[str, list[Example]], weights: Floats) -> None:
    """A line a group, then a line a kind of evidence over the groups with posts on sessions."""
    everything: list[Measured] = []
    for name, data in groups.items():
        outcomes = apply(data, weights)
        figures = summary(outcomes)
        everything += outcomes if figures["naming"] else []
        print(f"{name:28}", " ".join(f"{key}={value:.3g}" for key, value in figures.items()))
    for kind in (*KINDS, "words"):
        some = [one for one in everything if one.kind == kind]
        given = [one for one in some if one.code]
        right = sum(one.code == one.known.code for one in given)
        due = sum(one.known.code is not None for one in some)
        figures = f"precision={right / max(1, len(given)):.3f} recall={right / max(1, due):.3f}"
        print(f"{kind:28} posts={len(some)} given={len(given)} {figures}")


def write(weights: Floats) -> None:
    """The module of weights."""
    lines = [f'    "{name}": {value:.4f},' for name, value in zip(FEATURES, weights, strict=True)]
    TARGET.write_text(
        '"""Weights of the evidence for a session, fitted by ``python -m training.session``."""\n\n'
        "from __future__ import annotations\n\n"
        "WEIGHTS = {\n" + "\n".join(lines) + "\n}\n",
        encoding="utf-8",
    )


def main() -> None:
    """Train, unless asked to report; then measure."""
    if "report" not in sys.argv:
        data = [one for world in training_worlds() for one in examples(world)]
        fitted = fit([one for one in data if len(one.features)])
        write(fitted)
    from hashwatch.enrich.session_weights import WEIGHTS

    weights = np.array([WEIGHTS[name] for name in FEATURES])
    for name, value in WEIGHTS.items():
        print(f"{name:16} {value:7.3f}")
    print_table(grouped(test_worlds()), weights)


if __name__ == "__main__":
    main()
