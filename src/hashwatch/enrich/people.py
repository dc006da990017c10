"""The ways in which posts name a person: in full, by surname, by handle, by a handle like the name.

Each way has a strength from 0 to 1: how surely it means this person and nothing else.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

import msgspec

from hashwatch.enrich.common import bits
from hashwatch.enrich.skeleton import skeleton
from hashwatch.enrich.words import WORD, fold
from hashwatch.model import Speaker, fold_account

_TITLE_WORDS = """
    dr prof professor mr mrs ms mx sir dame lord lady hon rt phd md msc ba ma obe mbe cbe mp mep
    senator sen rep jr sr ii iii herr frau dipl ing mme mlle monsieur madame sra dra don dona lic
    sheikh the minister commander commissioner colonel judge justice ambassador chair chairman
    chairwoman speaker keynote rapporteur director councillor delegate deputy president
    herrn kollege kollegin senatorin senator richter richterin ministerin abgeordnete prasidentin
    senateur senatrice juge ministre deputee depute presidente president commissaire commandante
    senora senor senadora jueza juez ministra ministro diputada diputado coronel comandante
    senhora senhor senador deputada deputado juiza juiz presidenta
"""
TITLES = frozenset(_TITLE_WORDS.split())
# Last names of so many people that one alone does not tell who is meant.
_COMMON_SURNAMES = """
    smith johnson williams brown jones miller davis wilson anderson taylor thomas moore martin
    jackson thompson white harris clark lewis robinson walker young allen king wright scott
    green baker adams nelson hill campbell mitchell roberts carter phillips evans turner parker
    collins edwards stewart morris murphy cook rogers morgan cooper reed bailey bell kelly
    howard ward cox richardson watson wood gray james hughes price myers long foster ross khan
    patel singh kumar sharma gupta das roy shah ali ahmed hassan hussein ibrahim mohamed
    mohammed abdullah wang li zhang liu chen yang huang zhao wu zhou xu sun ma zhu hu guo he lin
    luo zheng liang xie tang cheng chang chan wong ng lee kim park choi jung kang cho yoon
    nguyen tran pham le hoang garcia rodriguez martinez hernandez lopez gonzalez perez sanchez
    ramirez torres flores rivera gomez diaz cruz morales reyes gutierrez ortiz silva santos
    oliveira souza pereira costa ferreira rodrigues almeida lima fernandes muller schmidt
    schneider fischer weber meyer wagner becker schulz hoffmann koch bauer richter klein wolf
    schroder neumann schwarz bernard dubois robert richard petit durand leroy moreau simon
    laurent rossi russo ferrari esposito bianchi romano colombo ricci ivanov petrov novak horvat
    nowak kowalski jansen visser smit bakker hansen johansen olsen larsen andersen nielsen
    jensen pedersen johansson andersson karlsson nilsson eriksson tanaka sato suzuki takahashi
    watanabe ito yamamoto nakamura kobayashi cohen levi yilmaz kaya demir
"""
COMMON_SURNAMES = frozenset(_COMMON_SURNAMES.split())
_PARTICLE_WORDS = (
    "van von der den de del di da dos das du la le ter ten zu af al el bin ibn ben abu st"
)
PARTICLES = frozenset(_PARTICLE_WORDS.split())
_ASIDE = re.compile(r"[(\[{].*?[)\]}]|[\"“”„«»'‘’].*?[\"“”«»'‘’](?=\s|$)|\s[-–—|/].*$|,.*$")
_JUNK = re.compile(r"[\W_]+")
_HANDLE_TITLE = re.compile(r"^(?:dr|prof|mr|mrs|ms|the|real|its|iam|im)(?=[a-z]{4})")
MOST_BITS = 16.0
INITIALS_BITS = 9.0
CROWD = 300
COMMON_SURNAME = 0.45


class Naming(msgspec.Struct, frozen=True, gc=False):
    """One way to name: folded words in a row → whom (``key``), and how surely.

    ``kind`` is full, surname or first. ``capital`` says that a post which uses capitals at all
    must begin the word with one.
    """

    words: tuple[str, ...]
    kind: str
    key: int
    strength: float
    capital: bool = False


class People:
    """The speakers of a programme, each once, and how they are named.

    ``sessions[key]`` are the sessions (by place) in which a person speaks, ``initials[key]`` is the
    first letter of the name, folded.
    """

    def __init__(self, speakers: Sequence[Sequence[Speaker]]) -> None:
        self.names: list[str] = []
        self.sessions: list[list[int]] = []
        self.handles: dict[str, list[int]] = {}
        self._keys: dict[str, int] = {}
        for place, members in enumerate(speakers):
            for speaker in members:
                self._add(speaker, place)
        self._given = [name_words(name) for name in self.names]
        self.initials = [words[0][:1] if words else "" for words in self._given]
        self._first = Counter(words[0] for words in self._given if len(words) > 1)
        self._last = Counter(words[-1] for words in self._given if len(words) > 1)

    def _add(self, speaker: Speaker, place: int) -> None:
        folded = " ".join(name_words(speaker.name)) or fold(speaker.name)
        key = self._keys.setdefault(folded, len(self.names))
        if key == len(self.names):
            self.names.append(speaker.name)
            self.sessions.append([])
        if place not in self.sessions[key]:
            self.sessions[key].append(place)
        for handle in speaker.handles:
            self.handles.setdefault(fold_account(handle), []).append(key)

    def words_of(self, key: int) -> tuple[str, ...]:
        """The folded words of a person's name."""
        return self._given[key]

    def namings(self) -> list[Naming]:
        """Every way in which a text may name a person."""
        found: dict[tuple[tuple[str, ...], int], Naming] = {}
        for key, words in enumerate(self._given):
            for naming in self._of(key, words):
                known = found.get((naming.words, key))
                if naming.strength > 0.05 and (known is None or naming.strength > known.strength):
                    found[naming.words, key] = naming
        return list(found.values())

    def _of(self, key: int, words: tuple[str, ...]) -> Iterable[Naming]:
        if not words:
            return
        nicknames = [n for n in nicknames_in(self.names[key]) if n not in words]
        for nickname in nicknames:
            yield Naming((nickname,), "surname", key, rarity(nickname, 11))
        if len(words) == 1:
            # A team, a nickname: as sure as the word is rare.
            yield Naming(words, "surname", key, rarity(words[0], 9), self.names[key][:1].isupper())
            return
        first, last = words[0], surname(self.names[key])
        yield Naming(words, "full", key, 1.0)
        yield Naming((first, *last), "full", key, 1.0)
        yield Naming((first, words[-1]), "full", key, 1.0)
        yield Naming((first + "".join(last),), "full", key, 1.0)  # as a hashtag
        if len(words) == 2:
            yield Naming((words[1], first), "full", key, 0.9)
        alone = rarity(last[-1], 8) if len(last) == 1 else 1.0
        if last[-1] in COMMON_SURNAMES:
            alone *= COMMON_SURNAME
        yield Naming(last, "surname", key, alone, len(last) == 1)
        if len(last) > 1 and last[0] in PARTICLES:
            yield Naming(last[-1:], "surname", key, rarity(last[-1], 9), True)
        letters = "".join(word[0] for word in words)
        if 2 <= len(letters) <= 3 and bits(letters) > INITIALS_BITS:
            # In a crowd, somebody on stage has any two letters.
            yield Naming((letters,), "initials", key, 1.0 - len(self.names) / CROWD)
        if self._first[first] == 1:
            yield Naming((first,), "first", key, rarity(first, 11), True)

    def transliterated(self) -> list[Naming]:
        """The same people as texts in Arabic letters name them; words are ``~`` and a skeleton.

        A skeleton alone is as sure as it is long, and less sure the more people there are.
        """
        found = []
        crowd = 1 if len(self.names) > 100 else 0
        for key, words in enumerate(self._given):
            bones = tuple("~" + skeleton(word) for word in words)
            last = tuple("~" + skeleton(word) for word in surname(self.names[key]))
            if len(words) > 1 and all(len(bone) > 2 for bone in (bones[0], *last)):
                found.append(Naming((bones[0], *last), "full", key, 0.9))
            size = sum(map(len, last)) - len(last) - crowd
            strength = {3: 0.45, 4: 0.7}.get(size, 0.9 if size > 4 else 0.0)
            if strength and all(len(bone) > 1 for bone in last):
                found.append(Naming(last, "surname", key, strength))
        return found

    def likely_handles(self) -> dict[str, list[tuple[int, float]]]:
        """Handles that people with these names often have → whom, and how surely."""
        found: dict[str, dict[int, float]] = {}
        for key, words in enumerate(self._given):
            for handle, strength in self._handles_of(words, self.names[key]):
                known = found.setdefault(handle, {})
                known[key] = max(known.get(key, 0.0), strength)
        return {handle: sorted(people.items()) for handle, people in found.items()}

    def _handles_of(self, words: tuple[str, ...], name: str) -> Iterable[tuple[str, float]]:
        if len(words) < 2:
            if words and len(words[0]) > 4:
                yield words[0], rarity(words[0], 9)
            return
        first, last = words[0], "".join(surname(name))
        for end in {last, words[1], words[-1], "".join(words[1:])}:
            yield first + end, 1.0
            yield end + first, 1.0
            if len(end) > 3:
                yield first[0] + end, 0.85
                yield end + first[0], 0.7
            if len(end) > 4:
                yield end, 0.8 * rarity(end, 10)
        if len(first) > 4:
            yield first + last[0], 0.5
        yield "".join(words), 1.0


def handle_key(handle: str) -> str:
    """A handle's own part, as `People.likely_handles` writes it."""
    own = fold(handle.partition("@")[0].partition(".")[0])
    return _HANDLE_TITLE.sub("", _JUNK.sub("", own)).rstrip("0123456789")


def rarity(word: str, common: float) -> float:
    """0 for a word that stands in one of 2^``common`` posts or more, rising to 1 for unknown ones.

    Short words are never sure.
    """
    if len(word) < 3:
        return 0.0
    sure = (bits(word) - common) / (MOST_BITS - common)
    return max(0.0, min(1.0, sure)) * (0.6 if len(word) == 3 else 1.0)


def name_words(name: str) -> tuple[str, ...]:
    """The folded words of a name without titles, initials and asides; ``Lee, Ann`` is turned."""
    if name.count(",") == 1:
        last, _, first = name.partition(",")
        if len(first.split()) in (1, 2) and not {fold(w) for w in WORD.findall(first)} & TITLES:
            name = f"{first} {last}"
    bare = _ASIDE.sub(" ", name)
    words = [fold(word) for word in WORD.findall(bare)] or [fold(w) for w in WORD.findall(name)]
    kept = [word for word in words if word not in TITLES]
    whole = [word for word in kept if len(word) > 1 or not word.isascii()]
    return tuple(whole or kept or words)


def surname(name: str) -> tuple[str, ...]:
    """The folded words of the last name, with its particles and both parts of a double one."""
    words = name_words(name)
    bare = _ASIDE.sub(" ", name)
    pieces = [tuple(fold(w) for w in WORD.findall(piece)) for piece in bare.split()]
    pieces = [piece for piece in pieces if piece and piece[-1] in words]
    if not pieces or len(pieces) < 2 or name.count(","):
        return words[-1:]
    last = pieces[-1]
    for piece in reversed(pieces[1:-1]):
        if len(piece) != 1 or piece[0] not in PARTICLES:
            break
        last = (*piece, *last)
    return last


def nicknames_in(name: str) -> list[str]:
    """Words in quotation marks or brackets within a name: Richard "RichiH" Hartmann."""
    found = re.findall(r"[\"“„«(\[@]\s*([\w.-]{4,})\s*[\"”“»)\]]?", name)
    return [fold(word) for word in found]
