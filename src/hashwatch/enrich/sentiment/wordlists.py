"""Closed lists that the student's tokens and lexicon scores need; written for hashwatch."""

from __future__ import annotations


def _words(spaced: str) -> frozenset[str]:
    return frozenset(spaced.split())


NEGATORS: dict[str, frozenset[str]] = {
    "": frozenset(),
    "en": _words(
        "not no never none nobody nothing neither nor without hardly barely cannot cant dont wont "
        "isnt arent wasnt werent doesnt didnt couldnt shouldnt wouldnt aint havent hasnt hadnt "
        "lacks lacking"
    ),
    "fr": _words("ne pas jamais rien aucun aucune sans ni personne"),
    "de": _words("nicht kein keine keinen keiner keinem nie niemals ohne nichts"),
    "it": _words("non mai senza nessun nessuna niente né"),
    "pt": _words("não nao nunca nem sem jamais nenhum nenhuma n"),
    "es": _words("no nunca ni sin jamás jamas ningún ninguna tampoco nada"),
    "ar": _words("لا لم لن ليس ليست ما مش مو غير بدون دون"),
}

CONTRAST = _words("but however though aber mais pero ma mas sed لكن")

AFTER_NEVER = _words("more better happier")

# Of these it is good to have none.
TROUBLES = _words(
    "complaint complaints problem problems issue issues regret regrets trouble troubles worry "
    "worries drama delay delays doubt doubts hiccup hiccups mistake mistakes glitch glitches fuss"
)

POSITIVE_EMOJI = frozenset(
    "😀😃😄😁😆😂🤣😊😇🙂😉😍🥰😘😗😙😚😋😛😜🤪🤗🤩🥳😎😌😻😺😸🙌👏👍👌🤝💪🙏✌🤞🎉🎊🎈🏆🥇🌟⭐✨💯🔥"
    "❤💕💖💗💘💙💚💛💜🧡🤎🖤🤍💓💞💝💐🌹🌷🌸🌺🌻🌞☀🌈💃🕺🥂🍾🎂🎁☺♥✅🚀🫶🤟🤙"
)
NEGATIVE_EMOJI = frozenset(
    "😞😟😔😕🙁☹😣😖😫😩😢😭😤😠😡🤬😨😰😥😓😒🙄😑😬🤢🤮🤒😷😵😱😳👎💔🖕💩☠💀😾😿😧😦😪🤦🥱🚫❌🤡😐🥺"
)

# What conferences on security, law and health are about; not how people feel about them there.
TOPIC_WORDS = _words(
    "war wars crime crimes criminal criminals attack attacks attacked extremism extremist "
    "extremists terror terrorism terrorist terrorists cybercrime cyberattack cyberattacks cyberwar "
    "warfare cyber weapon weapons threat threats risk risks violence violent conflict conflicts "
    "genocide security defence defense armed nuclear bomb bombs victims victim poverty abuse "
    "trafficking corruption crisis emergency disaster radicalisation radicalization fraud malware "
    "ransomware hackers hacking theft intelligence surveillance sanctions refugee refugees torture "
    "harassment discrimination vulnerability vulnerabilities secure treaty peace freedom rights "
    "justice united kingdom commonwealth parliament cybersecurity piracy smuggling laundering "
    "espionage interference legislation"
)

# The commonest short English words and the words of praise and blame that hashtags glue together.
COMMON_WORDS = _words(
    "a i the to and of in is it you that he was for on are with as his they at be this have from "
    "or one had by but not what all were we when your can said there use an each which she do how "
    "their if will up other about out many then them these so some her would make like him into "
    "time has look two more write go see no way could people my than first been call who its now "
    "find long down day did get come made may part over new take only little work know place year "
    "live me back give most very after thing our just name good great best worst bad sad happy "
    "angry love hate never again always ever enough impressed proud fun funny cool nice awesome "
    "amazing awful terrible horrible boring bored tired fail fails failed failure win wins winning "
    "wrong right true false fair unfair ready sorry thanks thank welcome please stop start help "
    "news fake real life world home today tomorrow tonight week weekend morning night monday "
    "tuesday wednesday thursday friday saturday sunday feel feeling feels blessed lucky grateful "
    "excited exciting interesting interested helpful useless useful worth waste wasted wait "
    "waiting cant wont dont isnt wasnt didnt doesnt ok okay yes yeah well done job jobs cute "
    "beautiful ugly stupid smart clever dumb crazy insane epic lame pathetic disgrace disgraceful "
    "shame shameful shameless disappointed disappointing disappointment hope hopeful hopeless "
    "hopes wish joke fantastic wonderful excellent brilliant perfect superb outstanding inspiring "
    "inspired motivated organised organized prepared convinced amused surprised funded safe "
    "really too much still even why where here any every big small old high low hard easy man men "
    "woman women girl girls boy boys guy guys kids family friend friends team game music movie "
    "book books food coffee beer show talk talks panel speaker conference event session late "
    "early slow fast rude kind loving happening going coming working broken sick ill loved hated "
    "liked hating missing miss missed sleep sleepy hungry laugh smile cry crying kill killing die "
    "dead end ending mess messy problem problems issue issues complaints complaint regrets regret "
    "trust change climate action rights human law vote voting party war peace free freedom nope "
    "acceptable okay sure serious seriously clear better worse less least near far say saying "
    "speak think thought believe buying sold sell money cheap expensive pay paid join joined read "
    "reading learn learning watch watching listen run running play playing"
)
