"""A batch of archived posts, tagged: everything the dashboard will say of them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

import msgspec

from hashwatch.archive.reading import ArchivedAuthor, ArchivedPost
from hashwatch.enrich.candidate import Candidate
from hashwatch.enrich.question import Question
from hashwatch.model import Assignment, Decision, Reason
from hashwatch.publish.corrections import Corrected, Tone, correct, tone_of
from hashwatch.publish.membership import Membership
from hashwatch.publish.rows import folded
from hashwatch.publish.tagging import Tagger, Words
from hashwatch.publish.visibility import Visibility


class Relative(msgspec.Struct, frozen=True, gc=False):
    """What a post takes from the one it is about: its events and sessions by event.

    A reply and a boost take both, a quote the sessions alone.
    """

    events: tuple[int, ...]
    sessions: Mapping[int, str]


class Tagged(msgspec.Struct, gc=False):
    """A post with its tags. Events are places in the configured sequence."""

    post: ArchivedPost
    words: Words
    hashtags: tuple[tuple[str, str], ...]  # folded, as written
    events: tuple[int, ...]
    themes: dict[int, tuple[Assignment, ...]]
    sessions: dict[int, Assignment]
    tone: Tone
    corrected: dict[tuple[str, int], Corrected]  # by field and event
    questions: dict[int, Question]

    def as_relative(self) -> Relative:
        """What its replies and boosts take from it."""
        codes = {event: assignment.key for event, assignment in self.sessions.items()}
        return Relative(self.events, codes)


NO_RELATIVE = Relative((), {})


def tag_batch(
    posts: Sequence[ArchivedPost],
    authors: Mapping[int, ArchivedAuthor],
    relatives: Mapping[int, Relative],
    known: Mapping[tuple[str, str | None], Words],
    tagger: Tagger,
    membership: Membership,
    corrections: Mapping[int, Sequence[Decision]],
    visibility: Visibility,
) -> list[Tagged]:
    """Tags ``posts``; those that belong to no event, are hidden in all of theirs, or have lost
    their words, are left out.

    ``corrections`` are people's, by post; a boost takes those of its original. ``relatives`` are
    the posts already in the dashboard that these answer, quote or boost. Within the batch, what is
    answered is tagged before its answers.
    """
    shown = [post for post in posts if post.text is not None]
    words = tagger.words([(post.text or "", post.language) for post in shown], known)
    words_of = {post.id: word for post, word in zip(shown, words, strict=True)}
    done: dict[int, Tagged] = {}
    for generation in _generations(shown):
        tagged = [
            _place(post, words_of[post.id], authors.get(post.author_id), membership,
                   _relative(post, done, relatives), visibility)
            for post in generation
        ]  # fmt: skip
        if tagger.tags:
            _add_themes(tagged, tagger)
            _add_sessions(tagged, authors, done, relatives, tagger)
            _add_questions(tagged, tagger)
        for one in tagged:
            if decisions := _decisions(one.post, corrections):
                correct(one, decisions, tagger)
        done.update((one.post.id, one) for one in tagged)
    return [done[post.id] for post in shown if done[post.id].events]


def _generations(posts: Sequence[ArchivedPost]) -> list[list[ArchivedPost]]:
    """Posts split so that each stands in a later list than what it answers or boosts."""
    here = {post.id for post in posts}
    depth: dict[int, int] = {}
    generations: list[list[ArchivedPost]] = []
    # In order of time a parent comes first; a clock that lies only costs an inherited tag.
    for post in posts:
        about = _about(post)
        place = depth.get(about, -1) + 1 if about in here and about is not None else 0
        depth[post.id] = place
        while len(generations) <= place:
            generations.append([])
        generations[place].append(post)
    return generations


def _about(post: ArchivedPost) -> int | None:
    if post.boost_of:
        return post.original_id
    return post.parent_id if post.reply_to else post.quoted_id


def _relative(
    post: ArchivedPost, done: Mapping[int, Tagged], relatives: Mapping[int, Relative]
) -> Relative:
    about = _about(post)
    if about is None:
        return NO_RELATIVE
    if about in done:
        return done[about].as_relative()
    return relatives.get(about, NO_RELATIVE)


def _place(
    post: ArchivedPost,
    words: Words,
    author: ArchivedAuthor | None,
    membership: Membership,
    relative: Relative,
    visibility: Visibility,
) -> Tagged:
    detail = post.detail
    hashtags = _with_folded(detail.hashtags)
    handle = author.handle if author else ""
    events = membership.of(post, [name for name, _ in hashtags], handle, detail.mentions)
    if relative.events and relative.events != events and post.quoted_id is None:
        events = tuple(sorted({*events, *relative.events}))
    events = visibility.shown_in(post, events)
    return Tagged(post, words, hashtags, events, {}, {}, tone_of(words.sentiment), {}, {})


@lru_cache(maxsize=8192)
def _with_folded(hashtags: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Each hashtag once, folded and as written; the same few combinations come again and again."""
    return tuple({folded(hashtag): hashtag for hashtag in hashtags}.items())


def words_of(posts: Iterable[ArchivedPost]) -> list[int]:
    """The posts whose words these show, each once: decisions about those hold for these."""
    return list(dict.fromkeys(map(_worded_by, posts)))


def _worded_by(post: ArchivedPost) -> int:
    return post.id if not post.boost_of or post.original_id is None else post.original_id


def _decisions(
    post: ArchivedPost, corrections: Mapping[int, Sequence[Decision]]
) -> Sequence[Decision]:
    return corrections.get(_worded_by(post), ())


def _add_themes(tagged: Sequence[Tagged], tagger: Tagger) -> None:
    for event, members in _by_event(tagged).items():
        texts = [one.post.text or "" for one in members]
        distinct = list(dict.fromkeys(texts))
        found = dict(zip(distinct, tagger.themes(event, distinct), strict=True))
        for one, text in zip(members, texts, strict=True):
            if found[text]:
                one.themes[event] = found[text]


def _add_sessions(
    tagged: Sequence[Tagged],
    authors: Mapping[int, ArchivedAuthor],
    done: Mapping[int, Tagged],
    relatives: Mapping[int, Relative],
    tagger: Tagger,
) -> None:
    for event, members in _by_event(tagged).items():
        candidates, asking = [], []
        for one in members:
            post, author = one.post, authors.get(one.post.author_id)
            relative = _relative(post, done, relatives)
            if post.boost_of and event in relative.events:
                if code := relative.sessions.get(event):
                    one.sessions[event] = Assignment(code, 1.0, (Reason("parent", code, 1.0),))
                continue  # a boost is about what its original is about
            asking.append(one)
            candidates.append(
                Candidate(
                    text=post.text or "", created_at=post.created_at,
                    author=author.handle if author else "", language=one.words.language,
                    hashtags=post.detail.hashtags, mentions=post.detail.mentions,
                    parent_session=relative.sessions.get(event), links=post.detail.links,
                )
            )  # fmt: skip
        for one, session in zip(asking, tagger.sessions(event, candidates), strict=True):
            if session is not None:
                one.sessions[event] = session


def _add_questions(tagged: Sequence[Tagged], tagger: Tagger) -> None:
    """A boost asks nothing: its original does."""
    originals = [one for one in tagged if one.post.kind != "boost"]
    for event, members in _by_event(originals).items():
        texts = [one.post.text or "" for one in members]
        languages = [one.words.language for one in members]
        for one, question in zip(members, tagger.questions(event, texts, languages), strict=True):
            if question is not None:
                one.questions[event] = question


def _by_event(tagged: Sequence[Tagged]) -> dict[int, list[Tagged]]:
    members: dict[int, list[Tagged]] = {}
    for one in tagged:
        for event in one.events:
            members.setdefault(event, []).append(one)
    return members
