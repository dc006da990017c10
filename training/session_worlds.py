"""Programmes and posts about them, to train and to measure the session annotator on.

A *world* is an event with posts that are known to be about one of its sessions, or about none.
Three kinds of worlds:

- made: real programmes (`../shared/programmes`) and posts written by :class:`Writer` out of pieces
  of their titles, abstracts and names, mixed with words of real posts on other matters;
- found: the posts of ISMB 2012 whose hashtag names their session. The programme is pieced together
  from a few early posts of each session, which are then left out; the code is removed from the
  rest. A part of the sessions is left off the programme: their posts belong to none;
- the demo: posts labelled by hand, see `training.session`.
"""

from __future__ import annotations

import csv
import gzip
import random
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import NamedTuple

import msgspec

from hashwatch.collect.programme import read_programme
from hashwatch.enrich.candidate import Candidate
from hashwatch.enrich.people import name_words, surname
from hashwatch.enrich.words import WORD, fold
from hashwatch.model import Event, Session, Speaker

SHARED = Path("../shared")
CODE = re.compile(r"#((?:kn|ss|wk|pp|tt|lbr|hl|opt|bof)\d+[a-z]?)\b", re.IGNORECASE)
NAME = re.compile(r"\b([A-Z][a-zé]{2,} (?:[A-Z]\. )?[A-Z][a-zé-]{2,})\b")
QUOTED = re.compile(r"[\"“]([^\"”]{15,})[\"”]")
NOT_NAMES = re.compile(
    r"Long Beach|Keynote|Track|Tech|Room|Next|Great|Human|Open|Genome|Data|Source|Project|Nature"
    r"|Now|Talk|This|Cell|Special|Session|Starting|Take|Note|Just|More|Today|Check|First|Last"
)
CHATTER = """
Good morning {tag}! Coffee is on the second floor|Anyone up for dinner after {tag}?
The wifi at {tag} is down again|So many great people at {tag}|Excited for {tag} this week
On my way to {tag}|Landed. See you at {tag}|Queue for the cloakroom at {tag} is endless
Come and see us at our booth at {tag}|We are hiring, talk to us at {tag}
My slides will be online later {tag}|What a day. Thanks to all the organisers of {tag}!
Is there a live stream of {tag}?|Where is the bus stop for {tag}?|Lunch time at {tag}
Great talks today at {tag}|Really enjoying this session {tag}|Standing room only {tag}
Following {tag} from home|Too many parallel tracks at {tag}, cannot decide
Great panel, lots to think about {tag}|Interesting question from the audience {tag}
Bon, la conférence {tag} commence|Muy buena jornada en {tag}|Heute bei {tag}, volle Hütte
Best conference of the year {tag}|First time speaker here, wish me luck {tag}
Lovely to meet so many of you at {tag}|Day two of {tag} and my feet hurt
Big thanks to our sponsors! {tag}|The posters at {tag} are amazing|Sad to miss {tag} this year
"""


class Known(NamedTuple):
    """A post and the code of its session; ``None`` where it belongs to none.

    ``kind`` says how it was made; ``names`` whether it names a speaker or a talk.
    """

    candidate: Candidate
    code: str | None
    kind: str
    names: bool


class World(NamedTuple):
    """An event and posts whose sessions are known."""

    name: str
    event: Event
    posts: list[Known]


def event_of(name: str, sessions: Sequence[Session], hashtag: str) -> Event:
    """An event around a programme."""
    starts = [session.start for session in sessions if session.start is not None] or [0]
    return Event(
        slug=name, title=name, hashtags=(hashtag,), timezone="UTC", starts=min(starts),
        ends=max(starts) + 86_400, collect_from=min(starts) - 86_400,
        collect_until=max(starts) + 7 * 86_400, languages=("en",), sessions=tuple(sessions),
    )  # fmt: skip


def other_posts(randomness: random.Random, count: int) -> list[str]:
    """Real English posts on no conference at all."""
    with gzip.open(SHARED / "training/unlabelled_en.txt.gz", "rt", encoding="utf-8") as file:
        lines = [line.strip() for line in file]
    return [line.replace("@user", "").strip() for line in randomness.sample(lines, count)]


class Writer:
    """Writes posts about sessions, and about none, for one event."""

    def __init__(
        self, event: Event, absent: Sequence[Session], fillers: Sequence[str],
        randomness: random.Random,
    ) -> None:  # fmt: skip
        self.event = event
        present = {speaker.name for session in event.sessions for speaker in session.speakers}
        self.absent = [s for s in absent if not present & {one.name for one in s.speakers}]
        self.fillers = fillers
        self.random = randomness
        self.tag = "#" + event.hashtags[0]
        self.chatter = [one for line in CHATTER.split("\n") for one in line.split("|") if one]
        spread = Counter(
            word
            for session in (*event.sessions, *self.absent)
            for word in sorted(set(WORD.findall(f"{session.title} {session.abstract}")))
            if len(word) > 3
        )
        # What several sessions speak of: words of one alone would be about that one.
        self.topic = [
            word for word, count in spread.items() for _ in range(min(count, 30)) if count > 1
        ]

    def about(self, session: Session) -> Known:
        """A post about a session, by one of the ways in which people write about sessions."""
        choose = self.random.random
        names, pieces = False, []
        live = choose() < 0.5
        parent = self.parent(session)
        # Replies say little by themselves: "Quite so!"
        often = (20, 20, 12, 20, 12, 6, 5, 5) if parent is None else (8, 8, 6, 8, 14, 56, 2, 2)
        styles = ("name_title", "name_words", "name", "title", "words", "bare", "cue", "place")
        style = self.random.choices(styles, often)[0]
        if "name" in style and session.speakers:
            pieces.append(self.naming(self.random.choice(session.speakers)))
            names = True
        if "title" in style or (style == "name" and not session.speakers):
            pieces.append(self.piece_of_title(session.title))
            names = True
        if style == "cue":
            pieces.append(self.cue(session))
            names = True
        if style == "place":
            pieces.append(self.place(session))
            live = True
        elif choose() < 0.08:
            pieces.append(self.place(session))
        if "words" in style:
            pieces.append(self.piece_of_abstract(session))
        if choose() < 0.6 or not pieces:
            pieces.append(self.filler())
        if live:
            pieces.append(self.random.choice(LIVE))
        self.random.shuffle(pieces)
        text = " ".join([*pieces, self.tag])
        if choose() < 0.2:
            text = text.lower()
        post = self.post(text, session, parent)
        return Known(post, session.code, f"made {style}", names)

    def about_none(self) -> Known:
        """A post that belongs to no session of the programme."""
        style = self.random.choices(
            ("other", "chatter", "absent", "topic", "stranger"), (20, 25, 25, 22, 8)
        )[0]
        session = None
        if style == "absent" and self.absent:
            session = self.random.choice(self.absent)
            text = self.about(session).candidate.text
        elif style == "topic" and self.topic:
            words = self.random.choices(self.topic, k=self.random.randint(1, 4))
            if self.random.random() < 0.15:
                words.append(self.random.choice(SESSION_KINDS))
            if self.random.random() < 0.1:
                words.append(self.place(self.random.choice(self.event.sessions)))
            text = f"{self.filler()} {' '.join(words)} {self.tag}"
        elif style == "stranger":
            text = f"{self.random.choice(STRANGERS)} {self.filler()} {self.tag}"
        elif style == "other":
            text = f"{self.random.choice(self.fillers)} {self.tag}"
        else:
            text = self.random.choice(self.chatter).format(tag=self.tag)
        return Known(self.post(text, session, self.parent(session)), None, f"none {style}", False)

    def naming(self, speaker: Speaker) -> str:
        """A speaker as people name them."""
        words = [word.capitalize() for word in name_words(speaker.name)]
        last = " ".join(word.capitalize() for word in surname(speaker.name))
        if len(words) < 2:
            return speaker.name
        ways = [speaker.name, speaker.name, f"{words[0]} {last}", last, f"Dr {last}",
                f"{words[0][0]}. {last}", "#" + "".join(words), "@" + fold("".join(words)),
                "@" + fold(words[0][0] + last.replace(" ", ""))]  # fmt: skip
        if self.random.random() < 0.1:
            return words[0]
        if self.random.random() < 0.1:
            return "".join(word[0] for word in words) + ":"
        if speaker.handles:
            ways += ["@" + speaker.handles[0]] * 4
        return self.random.choice(ways)

    def cue(self, session: Session) -> str:
        """A word or two of the title beside a word for a session, or a name in the title."""
        words = [word for word in WORD.findall(session.title) if len(word) > 3]
        if not words:
            return session.title
        odd = [word for word in words if word[1:] != word[1:].lower()]
        if odd and self.random.random() < 0.5:
            return self.random.choice(odd)
        some = " ".join(self.random.sample(words, min(len(words), self.random.choice((1, 2, 2)))))
        kind = self.random.choice(SESSION_KINDS)
        return self.random.choice((f"the {some} {kind}", f"{kind} on {some}", f"{kind}: {some}"))

    def place(self, session: Session) -> str:
        """Where it takes place."""
        where = [one for one in (session.room, session.track) if one]
        named = self.random.choice(where or ["Room 2"]).partition("(")[0].strip()
        return self.random.choice((f"in {named}", f"{named}:", f"at {named} now", named))

    def piece_of_title(self, title: str) -> str:
        """A title, a run of its words, or some of them."""
        words = title.split()
        way = self.random.random()
        if way < 0.25 or len(words) < 3:
            return f'"{title}"' if self.random.random() < 0.5 else title
        if way < 0.75:
            size = self.random.randint(2, min(7, len(words)))
            start = self.random.randint(0, len(words) - size)
            return " ".join(words[start : start + size])
        if way < 0.85:
            start = self.random.randint(0, len(words) - 2)
            return "#" + "".join(
                w[:1].upper() + w[1:] for w in WORD.findall(" ".join(words[start : start + 3]))
            )
        return " ".join(word for word in words if self.random.random() < 0.6) or title

    def piece_of_abstract(self, session: Session) -> str:
        """What somebody reports: words of the abstract in a row, or only some, shortened."""
        words = (session.abstract or session.title).split()
        size = min(len(words), self.random.randint(4, 14))
        start = self.random.randint(0, len(words) - size)
        piece = words[start : start + size]
        if self.random.random() < 0.5:
            piece = [word for word in piece if self.random.random() < 0.6]
        return " ".join(word[:-1] if self.random.random() < 0.05 else word for word in piece)

    def parent(self, session: Session | None) -> str | None:
        """The session of the post that this one answers: mostly its own."""
        here = {one.code for one in self.event.sessions}
        own = session.code if session is not None and session.code in here else None
        if self.random.random() > (0.25 if own else 0.008):
            return None
        return own if own and self.random.random() < 0.96 else self.random.choice(sorted(here))

    def author(self, session: Session | None) -> str:
        """Who wrote it: now and then a speaker of the session, or of any."""
        chosen = session
        if self.random.random() > 0.05:
            return "somebody"
        if session is None or self.random.random() < 0.3:
            chosen = self.random.choice(self.event.sessions)
        if chosen is None or not chosen.speakers:
            return "somebody"
        speaker = self.random.choice(chosen.speakers)
        return speaker.handles[0] if speaker.handles else fold("".join(name_words(speaker.name)))

    def filler(self) -> str:
        """Some words of a real post on something else."""
        words = self.random.choice(self.fillers).split()
        return " ".join(words[: self.random.randint(2, 12)])

    def post(self, text: str, session: Session | None, parent: str | None) -> Candidate:
        """The post at a likely time: mostly within the session, often after, sometimes before."""
        uniform = self.random.uniform
        author = self.author(session)
        moment = int(uniform(self.event.starts - 6 * 3_600, self.event.ends))
        if session is None and self.random.random() < 0.8:
            # People chat while sessions run, too.
            session = self.random.choice(self.event.sessions)
        if session is not None and session.start is not None:
            end = session.end or session.start + 1_800
            way = self.random.random()
            if way < 0.62:
                moment = int(uniform(session.start, end + 600))
            elif way < 0.85:
                moment = int(uniform(end, end + 2 * 3_600))
            elif way < 0.93:
                moment = int(uniform(session.start - 8 * 3_600, session.start))
        handles = tuple(re.findall(r"@([\w.@-]+)", text))
        return Candidate(
            text=text[:300], created_at=moment, language="en", mentions=handles,
            hashtags=tuple(re.findall(r"#(\w+)", text)), parent_session=parent,
            author=author,
        )  # fmt: skip


LIVE = ("now", "talking about", "on stage", "great talk", "says", "up next", "listening to",
        "session", "keynote", "presents", "slides", "speaking")  # fmt: skip
SESSION_KINDS = ("session", "panel", "talk", "keynote", "workshop", "presentation", "lecture")
STRANGERS = ("Maria Example", "Tom Sample", "Prof Nobody", "Anna Muster", "John Placeholder",
             "@annamuster", "Kim Invented", "Dr Fictive")  # fmt: skip


def made_world(
    name: str, sessions: Sequence[Session], posts: int, randomness: random.Random
) -> World:
    """A world out of a part of a programme, some of its facts withheld."""
    size = min(len(sessions), randomness.choice((1, 2, 4, 10, 25, 60, 120, 200, len(sessions))))
    sample = list(sessions)
    if randomness.random() < 0.5:
        randomness.shuffle(sample)
    start = randomness.randint(0, len(sample) - size)
    chosen = sample[start : start + size]
    cut = max(1, size // 5)
    here, absent = chosen[cut:], chosen[:cut]
    withheld = {what: randomness.random() for what in ("abstract", "times", "speakers", "handles")}
    if size == 1 or len(here) == 0:
        here, absent = chosen[:1], list(sessions[:40])
    shown = [_withhold(session, withheld) for session in here]
    event = event_of(f"{name}-{size}", shown, randomness.choice(("conf17", "OpenDays", "ex2026")))
    writer = Writer(event, absent, other_posts(randomness, 400), randomness)
    known = []
    places = list(range(len(here)))
    for _ in range(posts):
        if randomness.random() < 0.5:
            place = randomness.choice(places)
            full = msgspec.structs.replace(shown[place], abstract=here[place].abstract)
            known.append(writer.about(full))
        else:
            known.append(writer.about_none())
    return World(event.slug, event, known)


def _withhold(session: Session, withheld: dict[str, float]) -> Session:
    changes: dict[str, object] = {}
    if withheld["abstract"] < 0.2:
        changes["abstract"] = ""
    if withheld["times"] < 0.2:
        changes |= {"start": None, "end": None}
    if withheld["speakers"] < 0.12:
        changes["speakers"] = ()
    elif withheld["handles"] < 0.3:
        changes["speakers"] = tuple(
            Speaker(one.name, (fold("".join(name_words(one.name)))[:9] + "x",))
            for one in session.speakers
        )
    return msgspec.structs.replace(session, **changes)


def programmes() -> dict[str, tuple[Session, ...]]:
    """The real programmes by name."""
    files = {
        "fosdem": "fosdem2026.xml", "c3": "38c3_2024.xml", "camp": "frab_camp2019.json",
        "rc3": "pretalx_rc3_2020.json", "user": "user2018.csv",
    }  # fmt: skip
    return {
        name: read_programme(SHARED / "programmes" / file, "UTC") for name, file in files.items()
    }


def ismb_posts() -> list[dict[str, str]]:
    """The archive's rows."""
    with (SHARED / "archives/ismb2012.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def session_of(text: str) -> str | None:
    """The one session whose code a post carries: ``#WK02b`` is a part of ``wk2``."""
    codes = {re.sub(r"(?<=[a-z])0|(?<=\d)[a-z]$", "", code.lower()) for code in CODE.findall(text)}
    return codes.pop() if len(codes) == 1 else None


def found_world(randomness: random.Random, absent_share: float = 0.35) -> World:
    """ISMB 2012, half of what was posted early in each session taken for its programme."""
    by_code: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in ismb_posts():
        code = session_of(row["text"])
        if code:
            by_code[code].append(row)
    sessions, posts = [], []
    for code, rows in sorted(by_code.items()):
        if len(rows) < 4:
            continue
        session, used = _pieced(code, rows, randomness)
        present = randomness.random() > absent_share
        if present:
            sessions.append(session)
        seen = set(used)
        for row in rows:
            text = _without_code(row["text"])
            bare = _bare(text)
            if bare in seen:
                continue
            seen.add(bare)
            names = present and _names(text, session)
            candidate = Candidate(
                text=text, created_at=_seconds(row), author=row["author"], language="en",
                hashtags=tuple(re.findall(r"#(\w+)", text)),
                mentions=tuple(re.findall(r"@(\w+)", text)),
            )  # fmt: skip
            posts.append(Known(candidate, code if present else None, "found", names))
    return World("ismb", event_of("ismb", sessions, "ISMB"), posts)


def _pieced(
    code: str, rows: Sequence[dict[str, str]], randomness: random.Random
) -> tuple[Session, list[str]]:
    """A session out of some early posts, and those posts."""
    early = sorted(rows, key=lambda row: row["id"])[: max(2, len(rows) // 4)]
    texts = [_without_code(row["text"]) for row in early]
    quoted = [match[1] for text in texts for match in QUOTED.finditer(text)]
    counted = Counter(n for row in rows for n in sorted(set(NAME.findall(row["text"]))))
    named = [n for n, count in counted.most_common(9) if count > 1 and _is_person(n)]
    speakers = named[:4]
    title = max(quoted, key=len) if quoted else _plain(texts[0])
    used = [text for text in texts if title in text] or texts[:1]
    used += randomness.sample(texts, min(2, len(texts)))
    moments = sorted(map(_seconds, rows))
    start = moments[len(moments) // 10] // 300 * 300
    end = max(start + 1_200, moments[len(moments) * 8 // 10])
    session = Session(
        code=f"s-{code}", title=title, start=start, end=end,
        abstract=" ".join(map(_plain, dict.fromkeys(used))),
        speakers=tuple(map(Speaker, speakers)),
    )  # fmt: skip
    session = msgspec.structs.replace(session, code=code)
    return session, [_bare(text) for text in used]


def _is_person(name: str) -> bool:
    """Whether capitals mean a name: words that posts also write small are a beginning or a title.

    *Gene Networks*, *But Marcotte*, *Exception Rather*.
    """
    return not NOT_NAMES.search(name) and not any(
        word[:1].lower() + word[1:] in _small_words() for word in name.split()
    )


@cache
def _small_words() -> frozenset[str]:
    """The words that the archive's posts write in small letters, more than once."""
    counted = Counter(
        word for row in ismb_posts() for word in set(WORD.findall(row["text"])) if word.islower()
    )
    return frozenset(word for word, count in counted.items() if count > 1)


def _seconds(row: dict[str, str]) -> int:
    return int(datetime.fromisoformat(row["created_at"]).timestamp())


def _without_code(text: str) -> str:
    return " ".join(CODE.sub(" ", text).split())


def _plain(text: str) -> str:
    return " ".join(re.sub(r"#\w+|@\w+:?|https?://\S+|\bRT\b", " ", text).split())


def _bare(text: str) -> str:
    words = re.sub(r"^.*?RT @\w+:?", "", text)
    return " ".join(sorted(WORD.findall(_plain(words).casefold())))[:80]


def _names(text: str, session: Session) -> bool:
    words = {fold(word) for word in WORD.findall(text)}
    if any(name_words(speaker.name)[-1] in words for speaker in session.speakers):
        return True
    title = [fold(word) for word in WORD.findall(session.title) if len(word) > 3]
    return sum(word in words for word in title) >= max(3, len(title) // 2)
