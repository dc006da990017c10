"""Hypothesis strategies for posts and their histories: invented people only."""

from __future__ import annotations

from hypothesis import strategies as st

from hashwatch.model import Author, Engagement, Post

BEGIN = 1_490_950_800  # 31 March 2017, 09:00 UTC
HOSTS = ("town.example", "commons.example", "presse.example")
WORDS = ("oversight", "of the", "private sector", "rights", "surveillance", "merci", "great", "no")


def post(
    number: int,
    *,
    host: str = "town.example",
    text: str = "A post about oversight",
    edited_at: int | None = None,
    likes: int | None = 0,
    at: int | None = None,
    person: str | None = None,
    source: str = "mastodon",
    **more: object,
) -> Post:
    """The post with this number, as ``host`` shows it."""
    person = person or f"person{number % 5}"
    return Post(
        uri=f"https://town.example/users/{person}/statuses/{1000 + number}",
        source=source,
        instance=host,
        author=Author(uri=f"https://town.example/users/{person}", handle=f"{person}@town.example"),
        created_at=BEGIN + number * 30 if at is None else at,
        text=text,
        raw=f'{{"id":"{number}","text":"{text}"}}'.encode(),
        raw_format="mastodon",
        edited_at=edited_at,
        engagement=Engagement(likes=likes),
        hashtags=("NATSEC17",),
        **more,  # type: ignore[arg-type]
    )


def sights(numbers: int = 4) -> st.SearchStrategy[list[Post]]:
    """Sights of a few posts by several servers: later edits have later texts everywhere."""

    def sight(number: int, host: str, edit: int, likes: int) -> Post:
        return post(
            number,
            host=host,
            text=f"Post {number}, version {edit}",
            edited_at=BEGIN + 10_000 + edit if edit else None,
            likes=likes,
        )

    one = st.builds(
        sight,
        st.integers(0, numbers - 1),
        st.sampled_from(HOSTS),
        st.integers(0, 2),
        st.integers(0, 3),
    )
    # One count per server and post: a server that changes its mind is a matter of order.
    return st.lists(one, min_size=1, max_size=12, unique_by=lambda p: (p.uri, p.instance))
