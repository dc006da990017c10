"""Known posts asked for again: what is changed, what is deleted and what is only lost."""

from __future__ import annotations

from collect.rounds import AT, SINCE, Round, going, rows
from fake_platform.mastodon import FakeMastodon, Timeline
from hashwatch.archive.runs import PlaceKey
from hashwatch.archive.store import Archive
from hashwatch.collect.refreshing import CONFIRMATIONS, DAY
from hashwatch.collect.sources.mastodon.refreshing import BATCH
from hashwatch.model import RunState


def test_counts_and_edits_are_seen_again(archive: Archive, home: FakeMastodon) -> None:
    """What changed long after the timeline had gone by is in the archive; what has not is not."""
    first = home.post("one", AT)
    second = home.post("two", AT + 1)

    async def job(round: Round) -> None:
        await round.poll()
        assert await round.again(home) is None  # nothing is due so soon
        changes = rows(archive, "SELECT max(seq) FROM changes WHERE kind = 'post'")
        round.now += 600
        home.edit(first, "one, better", AT + 300)
        home.statuses[int(second)]["favourites_count"] = 7
        report = await round.again(home)
        assert report is not None
        assert (report.state, report.pages, report.stored.changed) == (RunState.OK, 1, 2)
        assert set(home.asked[-1].every["id[]"]) == {first, second}
        assert rows(archive, "SELECT text, likes FROM posts ORDER BY created_at") == [
            ("one, better", 0), ("two #natsec17", 7),
        ]  # fmt: skip
        assert rows(archive, "SELECT text FROM versions") == ["one #natsec17"]
        assert rows(archive, "SELECT max(seq) FROM changes WHERE kind = 'post'") > changes
        changes = rows(archive, "SELECT max(seq) FROM changes WHERE kind = 'post'")
        round.now += 600
        report = await round.again(home)
        assert report is not None
        assert report.stored.changed == 0
        assert rows(archive, "SELECT max(seq) FROM changes WHERE kind = 'post'") == changes
        runs = rows(archive, "SELECT state, received, new FROM runs WHERE hashtag = '*'")
        assert runs == [("ok", 2, 0), ("ok", 2, 0)]

    going(archive, [home], job)


def test_a_post_gone_from_its_own_server_is_deleted(archive: Archive, home: FakeMastodon) -> None:
    """Everywhere, with its versions and counts, and it does not come back from elsewhere."""
    home.post("stays", AT)
    gone = home.post("goes", AT + 1)
    copy = dict(home.statuses[int(gone)])

    async def job(round: Round) -> None:
        await round.poll()
        home.edit(gone, "goes soon", AT + 60)
        round.now += 600
        await round.again(home)
        home.delete(gone)
        round.now += 600
        report = await round.again(home)
        assert report is not None
        assert (report.state, report.stored.deleted) == (RunState.OK, 1)
        # Made sure of by itself, and that there still is a server that knows of posts.
        assert [one.path for one in home.asked[-2:]] == [
            f"/api/v1/statuses/{gone}", "/api/v1/instance",
        ]  # fmt: skip
        assert rows(archive, "SELECT text FROM posts") == ["stays #natsec17"]
        for table in ("versions", "engagement"):
            assert rows(archive, f"SELECT count(*) FROM {table}") == [0]
        assert rows(archive, "SELECT reason FROM tombstones") == ["deleted at its own server"]
        (number,) = rows(archive, "SELECT ref FROM changes WHERE kind = 'gone'")
        assert number not in rows(archive, "SELECT id FROM posts")
        home.receive(copy, AT + 700)
        await round.poll()
        assert rows(archive, "SELECT text FROM posts") == ["stays #natsec17"]

    going(archive, [home], job)


def test_a_post_gone_from_another_server_is_not(
    archive: Archive, home: FakeMastodon, elsewhere: FakeMastodon
) -> None:
    """That server has blocked its author, or cleared its cache: the post stays, and is asked for
    at a server that still has it."""
    number = home.post("stays", AT)
    copy = elsewhere.receive(home.statuses[int(number)], AT + 5)
    home.unknown_tag_is_missing = True

    async def job(round: Round) -> None:
        round.servers = [elsewhere]
        await round.poll()
        elsewhere.delete(copy)
        round.now += 600
        report = await round.again(elsewhere)
        assert report is not None
        assert (report.state, report.stored.deleted) == (RunState.OK, 0)
        assert elsewhere.asked[-1].path in ("/api/v1/instance", f"/api/v1/statuses/{copy}")
        assert rows(archive, "SELECT text FROM posts") == ["stays #natsec17"]
        assert rows(archive, "SELECT count(*) FROM tombstones") == [0]
        round.now += DAY
        asked = len(elsewhere.asked)
        assert await round.again(elsewhere) is None  # it has said that it has it no more
        assert len(elsewhere.asked) == asked
        elsewhere.receive(home.statuses[int(number)], AT + DAY)
        await round.poll()
        round.now += DAY
        report = await round.again(elsewhere)
        assert report is not None  # it has it again
        assert (report.stored.received, report.stored.deleted) == (1, 0)

    going(archive, [home, elsewhere], job)


def test_a_post_is_asked_for_at_one_server(
    archive: Archive, home: FakeMastodon, elsewhere: FakeMastodon
) -> None:
    """Its own, if that is among them; the deletion is heard there whatever the other still has."""
    number = home.post("seen twice", AT)
    elsewhere.receive(home.statuses[int(number)], AT + 5)

    async def job(round: Round) -> None:
        round.servers = [elsewhere, home]
        await round.poll()
        round.now += 600
        assert await round.again(elsewhere) is None
        home.delete(number)
        report = await round.again(home)
        assert report is not None
        assert report.stored.deleted == 1
        assert rows(archive, "SELECT count(*) FROM posts") == [0]

    going(archive, [home, elsewhere], job)


def test_a_deletion_is_heard_although_another_server_had_the_latest_text(
    archive: Archive, home: FakeMastodon, elsewhere: FakeMastodon
) -> None:
    """The post is shown from there, but its own server is still the one to ask."""
    number = home.post("first words", AT)
    copy = elsewhere.receive(home.statuses[int(number)], AT + 5)

    async def job(round: Round) -> None:
        round.servers = [home]
        await round.poll()
        elsewhere.edit(copy, "better words", AT + 60)
        round.servers = [elsewhere]
        await round.poll()
        assert rows(
            archive, "SELECT text, host FROM posts JOIN instances i ON i.id = instance_id"
        ) == [("better words", elsewhere.instance)]
        home.delete(number)
        round.now += 700
        assert await round.again(elsewhere) is None
        report = await round.again(home)
        assert report is not None
        assert report.stored.deleted == 1

    going(archive, [home, elsewhere], job)


def test_the_other_server_is_asked_when_the_first_has_lost_it(
    archive: Archive, home: FakeMastodon, elsewhere: FakeMastodon
) -> None:
    """A post of a third server, seen on two: both counts are not asked for, but one always is."""
    third = Timeline()
    number = third.post("from afar", AT)
    one = home.receive(third.statuses[int(number)], AT + 5)
    two = elsewhere.receive(third.statuses[int(number)], AT + 6)

    async def job(round: Round) -> None:
        round.servers = [home, elsewhere]
        await round.poll()
        round.now += 600
        reports = {server: await round.again(server) for server in (home, elsewhere)}
        asked = [server for server, report in reports.items() if report is not None]
        assert len(asked) == 1
        asked[0].delete(one if asked[0] is home else two)
        round.now += 600
        await round.again(asked[0])
        assert rows(archive, "SELECT count(*) FROM posts") == [1]
        other = elsewhere if asked[0] is home else home
        report = await round.again(other)
        assert report is not None
        assert report.stored.received == 1

    going(archive, [home, elsewhere], job)


def test_a_boost_and_its_original_are_both_asked_for(archive: Archive, home: FakeMastodon) -> None:
    """A boost that was taken back goes; what it had boosted stays."""
    original = home.post("said first", AT)
    boost = home.boost(original, AT + 5)

    async def job(round: Round) -> None:
        await round.poll()
        round.now += 600
        home.delete(boost)
        report = await round.again(home)
        assert report is not None
        assert report.stored.deleted == 1
        assert rows(archive, "SELECT kind FROM posts") == ["post"]

    going(archive, [home], job)


def test_old_posts_are_found_by_the_index(archive: Archive, home: FakeMastodon) -> None:
    """A day's round reads those that are due, not the archive."""
    for number in range(BATCH + 5):
        home.post(f"{number}", AT - 3 * DAY + number)

    async def job(round: Round) -> None:
        await round.poll()
        assert await round.again(home) is None
        round.now += DAY
        round.requests = 1
        for expected in (BATCH, 5):
            report = await round.again(home)
            assert report is not None
            assert report.stored.received == expected
        assert await round.again(home) is None

    going(archive, [home], job)
    key = PlaceKey("mastodon", home.instance, "*")
    asked = {"since": SINCE, "recent": AT + 5 * DAY, "checked_before": AT + 9 * DAY}
    assert len(archive.known_posts(key, **asked, most=7)) == 7


def test_a_post_that_claims_to_be_ancient_is_asked_for(
    archive: Archive, home: FakeMastodon
) -> None:
    """It came during the collection; that it was deleted is noticed as well."""
    gone = home.post("from 1970", 10, id_at=AT)

    async def job(round: Round) -> None:
        await round.poll()
        home.delete(gone)
        round.now += 2 * DAY
        await round.again(home)
        assert rows(archive, "SELECT count(*) FROM posts") == [0]

    going(archive, [home], job)


def test_a_deleted_account_does_not_hold_up_the_others(
    archive: Archive, home: FakeMastodon
) -> None:
    """All its posts are missing at once: some are made sure of in each round, the rest stay due."""
    gone = [home.post(f"{n}", AT + n, author="eve") for n in range(2 * CONFIRMATIONS + 3)]
    stays = home.post("stays", AT + 60)

    async def job(round: Round) -> None:
        await round.poll()
        for number in gone:
            home.delete(number)
        round.now += 700
        home.statuses[int(stays)]["favourites_count"] = 4
        deleted = []
        for _ in range(3):
            report = await round.again(home)
            assert report is not None
            deleted.append(report.stored.deleted)
            assert rows(archive, "SELECT likes FROM posts WHERE text LIKE 'stays%'") == [4]
        assert deleted == [CONFIRMATIONS, CONFIRMATIONS, 3]
        assert await round.again(home) is None
        assert rows(archive, "SELECT text FROM posts") == ["stays #natsec17"]

    going(archive, [home], job)
