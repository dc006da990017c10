"""A post's text as the student reads it: words, marks of negation, hashtags taken apart, emoji.

Training and use share this module: a change needs new weights (``python -m training.student``).
"""

from __future__ import annotations

import html
import re
from functools import lru_cache

from hashwatch.enrich.sentiment.wordlists import (
    AFTER_NEVER,
    COMMON_WORDS,
    CONTRAST,
    NEGATIVE_EMOJI,
    NEGATORS,
    POSITIVE_EMOJI,
    TOPIC_WORDS,
    TROUBLES,
)

NEGATED = "¬"
POSITIVE_MARK = "⟨emoji+⟩"
NEGATIVE_MARK = "⟨emoji-⟩"
TOPIC = "⟨topic⟩"
SPARED = "⟨spared⟩"
SUPERLATIVE = "⟨most⟩"
_NONE = frozenset(("no", "zero", "without", "¬single", "¬any"))
LINK = "http"
MENTION = "@user"
NEGATION_SCOPE = 4

_EMOTICON = r"[:;=8][-o*']?[)(DPpO/\\|\[\]3*]+(?!\w)|</?3(?!\w)|\(:|:'[()]|\^_+\^|-_+-"
_EMOJI = "\U0001f000-\U0001faff\u2600-\u27bf\u2b50\u2b55\u203c\u2049"
# The commonest first: what does not match costs as much as what does.
_TOKEN = re.compile(
    r"((?!https?\b|www\.)\w+(?:['’´`]\w+)*)"
    r"|((?:https?://|www\.)\S+|https?\b)"
    r"|(@\w[\w.@-]*)"
    r"|#(\w+)"
    rf"|({_EMOTICON})"
    rf"|([{_EMOJI}])"
    r"|([!?؟]+|\.\.+|[….,;:\"“”«»()،؛])"
)
_WORD, _LINK, _MENTION, _HASHTAG, _EMOTICON_GROUP, _EMOJI_GROUP = range(1, 7)
_SAYS = (
    "said|says|say|told|tells|asks|asked|argues|argued|claims|claimed|warns|warned|stated|states|"
    "according to|shouts|shouted|calls? it|called it|quotes|quoted|reads|writes|wrote|heard|"
    "affirme|déclare|répond|écrit|lance|meint|ruft|schreibt|erklärt|so der|so die|heißt es|"
    "afirma|declaró|grita|escribe|declarou|escreve|dichiara|scrive|"
    "dit|selon|sagt|sagte|laut|dice|dijo|según|disse|diz|segundo|detto|secondo|"
    "قال|قالت"
)
_ATTRIBUTED = re.compile(
    rf"(?:(?:\b(?:{_SAYS})\b(?:\s+\w+){{0,2}}|:)\s*,?\s*)([“\"«„][^”\"»“«„]{{8,}}[”\"»“])"
    rf"|([“\"«„][^”\"»“«„]{{8,}}[”\"»“])(?=\s*[,–—-]?\s*(?:\w+\s+){{0,2}}(?:{_SAYS})\b)"
)
_HATE_AS_TOPIC = re.compile(r"\b[Hh]ate(?=[ -](?:speech|crimes?)\b)")
_HUMPS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+|[^\W\d_A-Za-z]+")
_LONG = re.compile(r"(.)\1{2,}")
_ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")
_APOSTROPHES = str.maketrans("’´`", "'''")
_SKIN_TONES = range(0x1F3FB, 0x1F400)


def clean(text: str) -> str:
    """``text`` without what careless exports leave in it: HTML entities, ``\\uXXXX`` escapes."""
    if "\\u" in text:
        text = _ESCAPED.sub(_unescape, text)
    if "&" in text:
        text = html.unescape(text)
    return text


def without_quotations(text: str) -> str:
    """``text`` with the words that it attributes to someone else blanked, places unchanged.

    The hate of *hate speech* and *hate crime* goes too: it is nobody's in particular.
    """
    if "hate" in text or "Hate" in text:
        text = _HATE_AS_TOPIC.sub("    ", text)
    if not ('"' in text or "“" in text or "«" in text):
        return text
    return _ATTRIBUTED.sub(_blank, text)


def tokenise(text: str, language: str, spans: list[tuple[int, int]] | None = None) -> list[str]:
    """The tokens of cleaned ``text``; ``spans``, when given, receives the place of each.

    A word under negation carries ``¬``; one that only says what an English post is about
    becomes ``TOPIC``; *no complaints* and *never better* are marked as what they are. A hashtag
    gives itself and then its words; an emoji gives itself and, when its tone is known, a mark;
    what repeats (👏👏👏, ``!!!``) stands once.
    """
    negators = NEGATORS.get(language, NEGATORS[""])
    tokens: list[str] = []
    negated = 0
    english = language == "en"
    for match in _TOKEN.finditer(text):
        group = match.lastindex
        if group == _WORD:
            word = _normal(match[0])
            if english and word in TOPIC_WORDS:
                tokens.append(TOPIC)
            elif english and word in TROUBLES and tokens and tokens[-1] in _NONE:
                tokens += (NEGATED + word, SPARED)
            elif negated > 0:
                tokens.append(NEGATED + word)
                if word in AFTER_NEVER:
                    tokens.append(SUPERLATIVE)
            else:
                tokens.append(word)
            if word in negators or word.endswith("n't"):
                negated = NEGATION_SCOPE
            elif word in CONTRAST or word in AFTER_NEVER:
                negated = 0
            else:
                negated -= 1
        elif group == _LINK:
            tokens.append(LINK)
        elif group == _MENTION:
            tokens.append(MENTION)
        elif group == _HASHTAG:
            tokens.extend(_hashtag(match[_HASHTAG], language))
        elif group == _EMOTICON_GROUP:
            tokens.append(match[0][:4].upper())
        elif group == _EMOJI_GROUP:
            if not tokens or tokens[-1] not in _emoji(match[0]):
                tokens.extend(_emoji(match[0]))
        else:
            negated = 0
            mark = _punctuation(match[0])
            if mark:
                tokens.append(mark)
        if spans is not None:
            spans.extend([match.span()] * (len(tokens) - len(spans)))
    return tokens


def expand_hashtags(text: str, language: str) -> str:
    """``text`` with each hashtag written as the words it is made of, for lexicons."""
    if "#" not in text:
        return text
    return re.sub(r"#(\w+)", lambda match: " ".join(split_hashtag(match[1], language)), text)


@lru_cache(maxsize=20_000)
def split_hashtag(tag: str, language: str) -> tuple[str, ...]:
    """The words that a hashtag is made of, as written; the tag alone when it is one word.

    CamelCase and digits part words; a lower-case English tag is cut into known words when they
    cover it whole (``notgood`` → ``not``, ``good``).
    """
    if not tag.islower():
        parts = tuple(_HUMPS.findall(tag))
        if len(parts) > 1:
            return parts
    if language == "en" and tag.isascii() and tag.isalpha() and not tag.isupper():
        return _cut(tag.lower()) or (tag,)
    return (tag,)


def _cut(tag: str) -> tuple[str, ...] | None:
    """The fewest known words that make up ``tag``, or ``None``."""
    best: list[tuple[str, ...] | None] = [()] + [None] * len(tag)
    for end in range(1, len(tag) + 1):
        for start in range(max(0, end - 14), end):
            before = best[start]
            if before is None or tag[start:end] not in COMMON_WORDS:
                continue
            current = best[end]
            if current is None or len(before) + 1 < len(current):
                best[end] = (*before, tag[start:end])
    return best[len(tag)]


@lru_cache(maxsize=20_000)
def _hashtag(tag: str, language: str) -> tuple[str, ...]:
    parts = split_hashtag(tag, language)
    whole = "#" + tag.lower()
    if len(parts) == 1:
        return (whole, _normal(tag))
    negators = NEGATORS.get(language, NEGATORS[""])
    tokens = [whole]
    negated = False
    for part in parts:
        word = _normal(part)
        tokens.append(NEGATED + word if negated else word)
        negated = negated or word in negators
    return tuple(tokens)


@lru_cache(maxsize=50_000)
def _normal(word: str) -> str:
    word = word.lower().translate(_APOSTROPHES)
    return _LONG.sub(r"\1\1", word) if len(word) > 2 else word


@lru_cache(maxsize=5_000)
def _emoji(emoji: str) -> tuple[str, ...]:
    if ord(emoji) in _SKIN_TONES:
        return ()
    if emoji in POSITIVE_EMOJI:
        return (emoji, POSITIVE_MARK)
    if emoji in NEGATIVE_EMOJI:
        return (emoji, NEGATIVE_MARK)
    return (emoji,)


def _punctuation(mark: str) -> str:
    if mark[0] in "!?؟":
        return mark[0] if len(mark) == 1 else mark[:2]
    if mark == "…" or mark.startswith(".."):
        return ".."
    return '"' if mark in '"“”«»' else ""


def _blank(match: re.Match[str]) -> str:
    quoted = match[1] or match[2]
    return match[0].replace(quoted, '"' + " " * (len(quoted) - 2) + '"')


def _unescape(match: re.Match[str]) -> str:
    code = int(match[1], 16)
    return match[0] if 0xD800 <= code <= 0xDFFF or not code else chr(code)
