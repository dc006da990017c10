"""What hashwatch exports, it imports again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from hashwatch.collect.importers import ImportSettings, find_importer
from hashwatch.queries.rows import COLUMNS, write_csv, write_jsonl

ROW: dict[str, Any] = {
    **dict.fromkeys(COLUMNS),
    "id": 1_561_234_567_890,
    "uri": "https://s.example/users/ada/1",
    "url": "https://s.example/@ada/1",
    "source": "mastodon",
    "instance": "s.example",
    "author": "ada@s.example",
    "author_name": "Ada",
    "created_at": "2017-03-31T10:30:00Z",
    "text": "Hello",
    "language": "en",
    "kind": "post",
    "boosts": 3,
    "likes": 0,
    "themes": [],
    "hashtags": ["NatSec17", "Été"],
    "links": ["https://a.example/?b=1,2"],
    "has_media": False,
    "has_link": True,
    "invented": False,
}

text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1)


@pytest.mark.parametrize("form", ["csv", "jsonl"])
@settings(
    deadline=None, max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(words=text.filter(str.strip), kind=st.sampled_from(["post", "reply", "quote", "boost"]))
@example(words="@bo =1+1", kind="reply")
@example(words="=1+1", kind="post")
@example(words="RT @bo: R&amp;D", kind="post")
@example(words="NA", kind="post")
def test_an_export_comes_back(tmp_path: Path, form: str, words: str, kind: str) -> None:
    """Every column that the model holds is as it was, formula-like texts included."""
    row = {**ROW, "text": words, "kind": kind, "reply_to": "https://s.example/0"}
    path = tmp_path / f"posts.{form}"
    with path.open("w", encoding="utf-8", newline="") as file:
        (write_csv if form == "csv" else write_jsonl)([row], file)
    (page,) = find_importer("auto", path).read(path, ImportSettings())
    assert page.rejects == ()
    (post,) = page.posts
    for name in ("uri", "url", "source", "instance", "text", "language", "kind", "reply_to"):
        assert getattr(post, name) == row[name]
    assert (post.author.handle, post.author.name) == ("ada@s.example", "Ada")
    assert post.created_at == 1_490_956_200
    assert set(post.hashtags) >= {"NatSec17", "Été"}
    assert set(post.links) >= {"https://a.example/?b=1,2"}
    assert (post.engagement.boosts, post.engagement.likes) == (3, 0)
