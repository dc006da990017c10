"""The untouched half of the labelled pairs of posts: nothing was tuned on it.

Written before the rules in `hashwatch.enrich.message`, by other patterns than the tuning half and
with other people and words; `test_enrich_message` measures on it. Whoever changes a rule looks at
the tuning half only.
"""

from __future__ import annotations

from msgspec.structs import replace

from enrich.message_pairs import NOON, Pair, bluesky, fediverse, feed, x

# Name, handle without a server, other handle.
_PEOPLE = (
    ("Ottoline Marchetti-Bauer", "ottoline", "ottolinemb"),
    ("Dr. Kwabena Oduya", "koduya", "kwabena-oduya"),
    ("Sunniva Håkestad", "sunniva", "sunnivah"),
    ("Rasmus Pellikka", "pellikka", "pellikka"),
    ("Zofia Wrzeszcz", "zofiaw", "zofia_writes"),
    ("Tamsin Quill", "tamsinquill", "tamsinquill"),
    ("Ibrahima Soumaré", "isoumare", "soumare"),
    ("Delphine Vautrin", "dvautrin", "delphinev"),
    ("Harbour Cities Forum", "harbourforum", "harbourforum"),
    ("Yui Tanigaki", "yuitani", "yui-t"),
)
_SAID = (
    "Two hundred people in a tent arguing about storm surge models, and nobody raised their voice. More of this please #HarbourForum",
    "Just realised the quay outside our hotel is below next century's low tide line. Puts the breakfast buffet into perspective. #HarbourForum",
    "Heute auf dem Podium: warum Deiche allein keine Stadt retten, und was Fischer schon immer wussten #HarbourForum",
    "La salle est comble pour l'atelier sur les ports bas carbone, on a dû ouvrir les fenêtres malgré la pluie. #HarbourForum",
    "My notes from the insurance panel are up, with the slide on flood bonds that everybody photographed: https://notes.example/flood-bonds #HarbourForum",
    "I asked the minister whether the tidal gate will be finished before I retire. She asked when I retire. Laughter, no answer. #HarbourForum",
    "Reminder: the walking tour of the old locks leaves from gate B at half past four, bring boots, we will get wet #HarbourForum",
    "The poster by the Gdynia students on mussels as breakwaters deserves every prize there is 🦪 #HarbourForum",
    "Someone left a very nice umbrella in the back row of the main hall, it is now holding up the projector screen #HarbourForum",
    "Kiitos kaikille! Satamapäivien paras keskustelu käytiin taas kahvijonossa eikä lavalla #HarbourForum",
)


def pairs() -> list[Pair]:
    """Every pair, the same each time."""
    return [*_bridged(), *_posted_twice(), *_by_link(), *_not_the_same()]


def _bridged() -> list[Pair]:
    found = []
    for number, (name, handle, _) in enumerate(_PEOPLE):
        text, at = _SAID[number], NOON + number * 700
        native = bluesky(f"{handle}.bsky.social", name, text, at, did=f"did:plc:q{number}untouched")
        # From Bluesky by way of the bridge: the account is the bridge's, names become links.
        over = fediverse(
            f"{handle}.bsky.social", name, text, at, host="bsky.brid.gy",
            uri=f"https://bsky.brid.gy/convert/ap/{native.uri}", url=native.url,
        )  # fmt: skip
        found.append(Pair(native, over, True, "bridged from Bluesky"))
        if number % 2:
            found.append(Pair(replace(native, handle=native.author_uri, name=""), over, True,
                              "bridged from Bluesky, which told no name"))  # fmt: skip
        # The other way: long text cut by the bridge, no name by Jetstream.
        home = fediverse(handle, name, text + "\n\nAnd one more thing, since there is room here: thank the volunteers. " * 4, at + 60)  # fmt: skip
        cut = home.text[:270].rsplit(" ", 1)[0] + " […]"
        there = bluesky(
            f"did:plc:w{number}untouched", "", cut, at + 60, did=f"did:plc:w{number}untouched",
            copy_of=home.url,
        )  # fmt: skip
        if number % 3 != 2:
            there = replace(there, handle=f"{handle}.{home.handle.partition('@')[2]}.ap.brid.gy")
        found.append(Pair(home, there, True, "bridged to Bluesky"))
        # A claim that nothing bears out.
        other = _PEOPLE[(number + 3) % len(_PEOPLE)]
        liar = bluesky(
            f"{other[1]}.example.com", other[0], "look at this " + _SAID[(number + 5) % 10], at + 60,
            did=f"did:plc:liar{number}", copy_of=home.url,
        )  # fmt: skip
        found.append(Pair(home, liar, False, "says to be bridged and is not"))
        home_of_another = fediverse(other[1], other[0], _SAID[(number + 3) % 10], at)
        found.append(
            Pair(over, home_of_another, False, "bridged, and another's post at that second")
        )
    return found


def _posted_twice() -> list[Pair]:
    found = []
    for number, (name, handle, other) in enumerate(_PEOPLE):
        text, at = _SAID[number], NOON + 9000 + number * 611
        first = fediverse(handle, name, text, at)
        second = bluesky(f"{other}.bsky.social", name, text, at + 2 + number)
        found.append(Pair(first, second, True, "posted by one tool"))
        tidy = text.replace("'", "’").replace(", ", " – ", 1)
        third = x(
            other.replace("-", "_"), f"{name} @ #HarbourForum", "🧵 " + tidy, at + 45 * number
        )
        found.append(Pair(first, third, True, "pasted, quotes and dashes made curly"))
        found.append(
            Pair(
                first,
                replace(second, text=text.replace(" #HarbourForum", "\n\n#harbourforum #ports #climate"), created_at=at + 130),
                True,
                "hashtags put elsewhere",
            )
        )  # fmt: skip
        long = text.replace(" #HarbourForum", "") + " Details of who said what, with sources, are in the thread that follows, as always in the order of the programme and with corrections where I was wrong. #HarbourForum"  # fmt: skip
        words = long.split()
        cut = (
            " ".join(words[: len(words) * 2 // 3])
            + f"… https://social.example/@{handle}/{1000 + number}"
        )
        found.append(Pair(fediverse(handle, name, long, at), x(handle, name, cut, at + 20), True,
                          "cut, with a link to the whole"))  # fmt: skip
        if number % 2 == 0:
            better = text.replace("everybody", "everyone").replace("people", "people or so")
            found.append(Pair(first, replace(second, text=better + " (photo by a friend)", created_at=at + 400), True,
                              "a few words added"))  # fmt: skip
        else:
            found.append(Pair(first, replace(second, created_at=at + 1500, name=f"{name} ⚓️ (they/them)"), True,
                              "by hand, 25 minutes later, pronouns in the name"))  # fmt: skip
    for number in range(4):  # said anew for the other network: beyond words
        name, handle, other = _PEOPLE[number]
        anew = ("Storm surge people are the politest people. Whole tent of them.",
                "Breakfast below sea level, soon enough!",
                "Podium jetzt: Fischer wussten es besser. Komme gleich mit Notizen.",
                "Atelier bas carbone plein à craquer !")[number]  # fmt: skip
        found.append(Pair(fediverse(handle, name, _SAID[number], NOON),
                          bluesky(f"{other}.bsky.social", name, anew, NOON + 90), True, "said anew"))  # fmt: skip
    return found


def _by_link() -> list[Pair]:
    found = []
    for number in range(8):
        name, handle, _ = _PEOPLE[number]
        page = f"https://{handle}-writes.example/2031/05/tide-{number}/"
        entry = feed(
            f"{name}’s log", page, f"Tide table {number}\n\n{_SAID[number]}", NOON + 50 * number
        )
        post = replace(
            fediverse(handle, name, f"Tide table {number} {page}", NOON + 50 * number + 5, host=f"{handle}-writes.example"),
            uri=f"https://{handle}-writes.example/?p={number}", url=page,
        )  # fmt: skip
        found.append(Pair(entry, post, True, "one page, as a feed's entry and as a post"))
        reader = fediverse(
            _PEOPLE[number + 1][1],
            _PEOPLE[number + 1][0],
            f"Tide table {number} {page}",
            NOON + 50 * number + 300,
        )
        found.append(Pair(entry, reader, False, "a reader links to it"))
        found.append(Pair(entry, feed("Another log", page + "?from=elsewhere", "Tide table, a reply", NOON + 60), False,
                          "another page"))  # fmt: skip
    return found


def _not_the_same() -> list[Pair]:
    found = []
    for number, (name, handle, other) in enumerate(_PEOPLE):
        at = NOON + 30_000 + number * 977
        next_name, next_handle, _ = _PEOPLE[(number + 1) % len(_PEOPLE)]
        there = f"{other}.bsky.social"
        share = "I am going to the Harbour Cities Forum, meet me at the docks and get your free ticket here https://tickets.example/share #HarbourForum"
        found.append(Pair(fediverse(handle, name, share, at), bluesky(f"{next_handle}.bsky.social", next_name, share, at + 40),
                          False, "one button, two people"))  # fmt: skip
        found.append(Pair(fediverse(handle, name, share, at), bluesky(f"{handle[:1]}-other.example.org", name.split()[-1], share, at + 3),
                          False, "one button, people with a name in common"))  # fmt: skip
        found.append(Pair(bluesky(there, name, _SAID[number], at), x(next_handle, next_name, f"“{_SAID[number]}” – {name}", at + 100),
                          False, "quoted word for word"))  # fmt: skip
        found.append(Pair(fediverse(handle, name, f"Panel {number + 2} of the day is about to start in the long shed, seats are filling fast #HarbourForum", at),
                          bluesky(there, name, f"Panel {number + 3} of the day is about to start in the long shed, seats are filling fast #HarbourForum", at + 900),
                          False, "one template, another panel"))  # fmt: skip
        places = (
            "north pier",
            "south pier",
            "chart room",
            "sail loft",
            "rope walk",
            "boat shed",
            "dry dock",
            "net store",
            "tower",
            "canteen",
            "chapel",
        )
        found.append(Pair(fediverse(handle, name, f"The workshop on silt has moved to the {places[number]}, please tell the others #HarbourForum", at),
                          bluesky(there, name, f"The workshop on silt has moved to the {places[number + 1]}, please tell the others #HarbourForum", at + 600),
                          False, "one template, another place"))  # fmt: skip
        speakers = (
            "Ama",
            "Bjørn",
            "Chidi",
            "Daria",
            "Emre",
            "Freya",
            "Goran",
            "Hana",
            "Idris",
            "Jorge",
            "Kaia",
        )
        found.append(Pair(x(other, name, f"Now on stage: {speakers[number]} on ports after oil, questions please under this post #HarbourForum", at),
                          fediverse(handle, name, f"Now on stage: {speakers[number + 1]} on ports after oil, questions please under this post #HarbourForum", at + 1100),
                          False, "one template, another speaker"))  # fmt: skip
        found.append(Pair(fediverse(handle, name, "Good morning from the harbour, coffee first, tides later #HarbourForum", at),
                          bluesky(there, name, "Good morning from the harbour, coffee first, tides later #HarbourForum", at + 86_340),
                          False, "the same greeting a day later"))  # fmt: skip
        found.append(Pair(fediverse(handle, name, "Exactly this!", at), bluesky(there, name, "Exactly this!", at + 800),
                          False, "two short answers"))  # fmt: skip
        found.append(Pair(fediverse(handle, name, _SAID[number], at), bluesky(there, name, _SAID[(number + 4) % 10], at + 15),
                          False, "one person, two thoughts"))  # fmt: skip
        found.append(Pair(fediverse(handle, name, _SAID[number], at), fediverse(next_handle, next_name, f"RT @{handle}: {_SAID[number]}", at + 9, host="quay.example"),
                          False, "repeated by hand"))  # fmt: skip
    return found
