"""Words of praise and blame in seven languages; written for hashwatch.

``++`` and ``--`` speak for a short post by themselves, in posts of the other languages too; ``+``
and ``-`` where they are asserted (*is*, *very*, *full of*), negated, absent or compared. A star
stands for any ending. English has VADER's words besides: asserted ones the weights know already.
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import NamedTuple

from hashwatch.enrich.common import UNLISTED_BITS, bits_in
from hashwatch.enrich.sentiment import features
from hashwatch.enrich.sentiment.wordlists import TOPIC_WORDS
from hashwatch.enrich.words import fold

KNOWN_FROM = 1.0
"""VADER's valence from which on an English word turns with its negation."""
LENT_FROM = 1.5
"""The same from which on it counts in a post in another language."""
UNCOUNTED = -2.3
"""The same down to which the counts of common words leave words out, *die* and *sin* among them."""
COMMONER = 2.0
"""By how many bits a word must be commoner in its own language to be lent to another."""


class Polarity(NamedTuple):
    """1 for praise and −1 for blame, and whether it says so without help, or when asserted."""

    sign: int
    is_strong: bool
    is_listed: bool = True


_WORDS = """
    en ++ wonderful fantastic brilliant superb delightful excellent lovely
    en -- awful dreadful horrible terrible appalling pathetic disgraceful shameful useless filthy
    en -- disgusting
    en + prepared useful readable understandable tasty convincing convinced deserve* listen*
    en + recommend* satisf* reliable punctual warm* audible legible accessible organised organized
    en + respect* sense merit fresh sharp lively generous humble smooth* clear clearly trust*
    en + keep* kept apolog* courage warm funny polite professional sensible edible insight better
    en + worked works
    en - complain* critici* fault* hitch* glitch* hiccup* flaw* snag* bug bugs drama fuss jargon ego
    en - worse beats waste delay* slow* cold* quarrel* dull* bore* tedious regret* uncomfortable
    en - unclear long empty wrong confus* crowded noisy loud stuffy queue queues beat freeze froze
    en - crash* dropout* lost chaos chaotic anger shouting rush stress* overrun* idle yawn* unhapp*
    en - unfriendl* unprepared unreliable unhelpful blame* reproach* cancelled
    fr ++ genial* superbe* formidable* excellent* magnifique* merveill* super bravo parfait*
    fr ++ agreable* passionnant* enrichissant* remarquable* fantastique* chapeau delicieu* nickel
    fr ++ sympathique* chaleureu* contente ravi ravie joie impeccable* inspirant* captivant*
    fr ++ eblouissant* instructif instructive emouvant* reussite
    fr -- nul nulle nuls nulles horrible* lamentable* ennuyeu* honte honteu* decev* decu decue decus
    fr -- affreu* pitoyable* penible* mediocre* affligeant* catastroph* ennui desastr* agacant*
    fr -- inadmissible* scandaleu* marre insupportable* ridicule* interminable* bacle baclee
    fr -- soporifique* chaotique* desorganise*
    fr + utile* bon bonne bons bonnes bien aim* plait plu convain* interessan* clair* sympa respect*
    fr + mieux meilleur meilleure content contents satisf* reussi* efficace* merite* confiance
    fr + accueillant* competent* pret prets prepare* recommand* ecout* succes touchant*
    fr - redire retard* reproch* probleme* souci* couac* accroc* panne* bug bugs faute* erreur*
    fr - plainte* ennuie* ennuy* regret* mal mauvais* triste* critiqu* stress* lent lente*
    fr - desagreable* bruit chaos froid* plaindre plaint decept* rate* inutile* pire* bruyant*
    fr - brouillon lassant* echec* deception*
    de ++ tolle* grossartig* wunderbar* hervorragend* super spitze klasse genial* ausgezeichnet*
    de ++ fantastisch* begeister* prima bestens herrlich* wunderschon* lecker* highlight lehrreich*
    de ++ inspirierend* beeindruckend* gelungen* hilfsbereit* bereichernd*
    de -- mies miese mieser mieses miesen schlecht* furchtbar* schrecklich* langweilig* enttausch*
    de -- peinlich* katastroph* unverschamt* unmoglich blod blode bloder blodes grauenhaft* grottig*
    de -- flop ekelhaft* unertraglich* bereu* chaotisch* lacherlich* unfreundlich* unorganisiert*
    de -- nutzlos* frustrierend* ode odes
    de + gut gute guten guter gutes hilfreich* zufrieden* nutzlich* interessan* freundlich* klar
    de + respekt uberzeug* gefall* gefiel* lohn* funktionier* klappt* verstandlich* punktlich*
    de + besser hoflich* empfehl* vorbereitet* nett* spannend* angenehm* sinnvoll* freut* erfolg*
    de + liebevoll* humorvoll*
    de - beschwert beschweren fehler* panne* problem* beschwerde* klage* klagen stress* chaos arger*
    de - verspat* meckern beanstanden kritisieren auszusetzen schlimm* nervig* schwierigkeit* streit
    de - kalt* verwirr* anstreng* langeweile gelangweilt storung* zweifel bedauer* falsch* laut
    de - lauter zah zahe misserfolg* uberfullt* unklar*
    es ++ excelente* maravillos* genial* estupend* fantastic* magnific* buenisim* brillante*
    es ++ perfect* delicios* felicidades enhorabuena increible* inmejorable* contento contenta
    es ++ contentos contentas inspirador* impresionante* emocionante* divertid* encantador*
    es ++ acogedor*
    es -- arrepient* arrepent* pesim* horrible* terrible* malisim* aburrid* verguenz* lamentable*
    es -- decepcion* asqueros* desastr* fatal groser* enfadad* furios* asco horror inutil* ridicul*
    es -- caotic* frustrante* insoportable* desorganizad* agotador*
    es + interesante* bueno buena buenos buenas bien amable* util utiles gust* encant* respet* mejor
    es + satisfech* clar* eficaz* eficient* puntual* recomiend* recomend* sirv* simpatic* calid*
    es + exito* logrado
    es - quej* reproch* problema* fallo* fallas pega pegas error* retras* mal mala malo malos malas
    es - aburr* lament* critic* caos estres culpa* lent* confus* frio objetar molest* peor ruidos*
    es - cansad* fracas* dormid*
    pt ++ excelente* maravilh* otim* fantastic* perfeit* brilhante* genial parabens incrive*
    pt ++ delicios* lindo lindos inspirador* amei adorei impressionante* emocionante* divertid*
    pt ++ encantador* acolhedor*
    pt -- arrepend* pessim* horrive* terrive* chato chata chatos chatas aborrecid* vergonh*
    pt -- lamentave* dececion* decepcion* desastr* seca nojo nojent* ruim inutil* ridicul* caotic*
    pt -- frustrante* insuportave* desorganizad* cansativ*
    pt + linda lindas bom boa bons boas bem util uteis interessant* gost* ador* respeit* satisfeit*
    pt + melhor clar* eficient* pontua* recomend* simpatic* agradave* funcion* valeu sucesso*
    pt - problema* falha* queixa* reclam* erro erros atras* mal mau ma maus lament* critic* caos
    pt - stress* culpa* lent* confus* chatead* apontar pior barulh* cansad* fracass*
    it ++ ottim* bellissim* bravissim* fantastic* meraviglios* eccellent* perfett* splendid*
    it ++ benissimo gentilissim* buonissim* complimenti stupend* delizios* bravi emozionant*
    it ++ istruttiv* divertent* stimolant* coinvolgent* impeccabil* accoglient*
    it -- pessim* orribil* noios* terribil* vergogn* deludent* delusion* schifo schifos* malissimo
    it -- disastr* scortes* penos* brutt* inutil* ridicol* caotic* frustrant* insopportabil*
    it -- disorganizzat*
    it + buon buono buona buoni buone bene bello bella interessant* utile utili piaciut* piace
    it + meglio content* efficient* efficac* soddisfatt* chiar* gentil* puntual* consiglio rispett*
    it + funziona successo
    it - problem* intopp* errore errori ritard* lament* male brutto pent* rimpian* critic* caos
    it - annoi* ridire guast* delus* lent* confus* stress* peggio rumoros* stanc* fallit* freddo
    it - fredda
    ar ++ رائع* ممتاز* جميل* مذهل* ممتع*
    ar -- سيء* سيئ* ممل* فظيع* مخجل* مخيب* كارث* فاشل*
    ar + جيد* مفيد* واضح* اعجبني يعجبني احب سعيد* ناجح* احترام منظم*
    ar - مشاكل مشكل* تاخير شكاوى شكوى اخطاء خطا صعوب* فوضى ملل ضعيف* مزعج* ازعاج
"""
_ENGLISH_ABROAD = """
    ++ awesome amazing great brilliant wonderful excellent love loved lovely best inspiring
    ++ impressive happy proud delicious helpful useful fun perfect beautiful fantastic enjoyed
    ++ thrilled fascinating exciting excited grateful stunning outstanding interesting
    -- awful boring horrible dreadful shame hate hated worst sad terrible disappointing annoying
    -- useless ugly disgusting bored angry waste pathetic ridiculous fail rubbish tired sucks
    -- disappointed stupid frustrating confusing chaotic messy lousy annoyed cringe
    - bad
"""
"""English words that other languages borrow, and hardly one that they have in another sense."""
_OTHERWISE_WORDS = "mal nice kind gift fair care miss fan dear fine cool nickel ravi asco horror"
_OTHERWISE_ABROAD = frozenset(_OTHERWISE_WORDS.split())
"""Words that mean something else, or nothing, in another language than their own."""
_UNTURNED_WORDS = """
    worry care want like mercy joke mind bother sure ready pressure wait true alarm matter pretty
    free yes shit fuck fucking damn hell ass shitty god lol haha shame please play share
    huge top hope wish
"""
_UNTURNED = frozenset(_UNTURNED_WORDS.split())
"""Words whose negation is not their contrary: *don't worry*, *can't wait*, *not sure*, oaths."""


@lru_cache(maxsize=50_000)
def polarity(word: str, language: str) -> Polarity | None:
    """What a folded word says in a post in ``language``; ``None`` for nothing."""
    if word in TOPIC_WORDS:
        return None
    own = _own(word, language, KNOWN_FROM)
    if own is not None or word in _OTHERWISE_ABROAD:
        return own
    lent = {_lent(word, code, language) for code in features.LANGUAGES if code != language}
    return next(iter(lent - {None})) if len(lent) == 2 else None


def _own(word: str, language: str, known_from: float) -> Polarity | None:
    listed = _listed(_lexicon(language), word)
    if listed is not None or language != "en" or word in _UNTURNED:
        return listed
    known = features.valence(word)
    if abs(known) < known_from:
        return None
    return Polarity(1 if known > 0 else -1, is_strong=False, is_listed=False)


def _lent(word: str, lender: str, borrower: str) -> Polarity | None:
    """What a word of another language says: one much commoner there, or one rare in both.

    In English it is strong: there a word of praise from abroad is chosen for what it says, while
    English words abroad are often names.
    """
    abroad = _english_abroad().get(word) if lender == "en" else None
    if abroad is not None:
        return abroad
    own = _own(word, lender, LENT_FROM)
    if own is None:
        return None
    at_home, here = bits_in(word, lender), bits_in(word, borrower)
    is_rare = at_home == here == UNLISTED_BITS and (
        own.is_strong or (lender == "en" and features.valence(word) > UNCOUNTED)
    )
    if not (is_rare or at_home + COMMONER <= here):
        return None
    return Polarity(own.sign, own.is_strong or borrower == "en")


def _listed(lexicon: dict[str, Polarity], word: str) -> Polarity | None:
    whole = lexicon.get(word)
    if whole is not None:
        return whole
    stems = (lexicon.get(word[:end] + "*") for end in range(len(word), 2, -1))
    return next((stem for stem in stems if stem is not None), None)


@cache
def _lexicon(language: str) -> dict[str, Polarity]:
    found: dict[str, Polarity] = {}
    for line in _WORDS.strip().split("\n"):
        code, mark, *words = line.split()
        if code == language:
            found |= dict.fromkeys(map(fold, words), _polarity(mark))
    return found


@cache
def _english_abroad() -> dict[str, Polarity]:
    found: dict[str, Polarity] = {}
    for line in _ENGLISH_ABROAD.strip().split("\n"):
        mark, *words = line.split()
        found |= dict.fromkeys(words, _polarity(mark))
    return found


def _polarity(mark: str) -> Polarity:
    return Polarity(1 if mark[0] == "+" else -1, len(mark) == 2)
