"""Invented sentences of a conference in the six pooled languages.

Labelled posts in these languages come from 2013 to 2018 and from arguments; conferences thank,
announce and list. Each language gives sentences with one gap and what may stand in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

from training.lessons import NEGATIVE, NEUTRAL, POSITIVE, Lesson


@dataclass(frozen=True)
class Phrases:
    """Sentences by tone; ``{}`` takes each of ``things``."""

    things: str
    praise: str
    blame: str
    plain: str

    def lessons(self) -> list[Lesson]:
        """Every sentence with every thing."""
        things = self.things.split("; ")
        return [
            (sentence.format(thing), target)
            for sentences, target in (
                (self.praise, POSITIVE),
                (self.blame, NEGATIVE),
                (self.plain, NEUTRAL),
            )
            for sentence, thing in product(sentences.split("; "), things)
        ]


def by_language() -> dict[str, list[Lesson]]:
    """Language → its lessons, in a fixed order."""
    return {language: phrases.lessons() for language, phrases in _PHRASES.items()}


_PHRASES = {
    "fr": Phrases(
        "la séance; la conférence; l'atelier; le débat; la traduction; la délégation; le panel",
        "Merci à toutes et tous pour {} !; Très belle énergie pendant {}; Fière de participer : {}"
        "; Bravo, {} était passionnant du début à la fin; Heureux de retrouver les collègues, {}"
        " commence bien; Un grand pas en avant, {} a adopté le texte 👏; Excellente intervention,"
        " {} valait le déplacement; J'ai beaucoup appris, {} m'a inspiré; Quel plaisir, {}"
        ", quelle qualité d'écoute; Enfin une bonne nouvelle : {}; Enthousiasmant, {}, on en"
        " redemande; Hâte de suivre {} demain",
        "Encore en retard, {}, personne ne prévient; {} : beaucoup de paroles, aucun acte; On"
        " n'entend rien pendant {}; Déçue par {}; C'est honteux, {}, pas une seule femme; Une heure"
        " de file pour {}, c'est n'importe quoi; {} ne marche pas, comme d'habitude; Pénible, {},"
        " je m'ennuie; Inquiétant : {} ignore les petits États; Ras le bol de {}",
        "{} reprend à 14 h en salle 2; En direct : {}; Le programme de {} est en ligne; La ministre"
        " présente {}; Vote prévu demain sur {}; Au menu cet après-midi : {}; {} porte sur les"
        " attaques informatiques et le terrorisme; Selon le rapport, {} réunit 120 pays; Quelqu'un"
        " sait où se tient {} ?; Les violences faites aux femmes à l'ordre du jour, {}",
    ),
    "es": Phrases(
        "la sesión; la conferencia; el taller; el debate; la traducción; la delegación; el panel",
        "¡Gracias a todas y todos por {}!; Muy buena energía en {}; Orgullosa de participar en {};"
        " Felicidades, {} estuvo genial; Feliz de ver a los colegas en {}; Un gran paso adelante,"
        " {} aprobó el texto 👏; Excelente intervención en {}; Aprendí muchísimo en {}; Qué gusto,"
        " {}, qué nivel; Por fin una buena noticia: {}; Inspirador, {}; Con ganas de seguir {}",
        "Otra vez tarde, {}, y nadie avisa; {}: muchas palabras y ningún hecho; No se oye nada en"
        " {}; Decepcionada con {}; Vergonzoso, {}, ni una sola mujer; Una hora de cola para {}, qué"
        " desastre; {} no funciona, como siempre; Aburrido, {}, me duermo; Preocupante: {} olvida a"
        " los países pequeños; Harto de {}",
        "{} se reanuda a las 14 h en la sala 2; En directo: {}; El programa de {} está en línea; La"
        " ministra presenta {}; Mañana se vota sobre {}; Esta tarde: {}; {} trata sobre ataques"
        " informáticos y terrorismo; Según el informe, {} reúne a 120 países; ¿Alguien sabe dónde"
        " es {}?; La violencia contra las mujeres en la agenda, {}",
    ),
    "pt": Phrases(
        "a sessão; a conferência; a oficina; o debate; a tradução; a delegação; o painel",
        "Obrigada a todos por {}!; Que energia boa, {}; Orgulho de participar: {}; Parabéns, {} foi"
        " ótimo; Feliz por rever os colegas, {} começa bem; Um grande passo, {} aprovou o texto 👏;"
        " Excelente intervenção, {} valeu a viagem; Aprendi muito com {}; Que prazer, {}, que"
        " qualidade; Até que enfim uma boa notícia: {}; Inspirador, {}; Ansiosa para acompanhar {}",
        "De novo atrasado, {}, e ninguém avisa; {}: muita conversa e nenhuma ação; Não se ouve nada"
        " em {}; Decepcionada com {}; Vergonha, {}, nem uma mulher; Uma hora de fila para {}, que"
        " desastre; {} não funciona, como sempre; Chato, {}, que sono; Preocupante: {} esquece os"
        " países pequenos; Cansado de {}",
        "{} recomeça às 14h na sala 2; Ao vivo: {}; O programa de {} está online; A ministra"
        " apresenta {}; Amanhã há votação sobre {}; Hoje à tarde: {}; {} trata de ataques"
        " informáticos e terrorismo; Segundo o relatório, {} reúne 120 países; Alguém sabe onde é"
        " {}?; A violência contra as mulheres na agenda, {}",
    ),
    "it": Phrases(
        "la sessione; la conferenza; il dibattito; la traduzione; la delegazione; il panel",
        "Grazie a tutti per {}!; Bella energia, {}; Orgogliosa di partecipare: {}; Bravi, {} è"
        " stato bellissimo; Felice di rivedere i colleghi, {} comincia bene; Un grande passo"
        " avanti, {} 👏; Ottimo intervento, {}; Ho imparato tanto, {}; Che piacere, {}; Finalmente"
        " una buona notizia: {}; Stimolante, {}",
        "Ancora in ritardo, {}, nessuno avvisa; {}: tante parole e nessun fatto; Non si sente"
        " niente, {}; Delusa, {}; Vergognoso, {}, nemmeno una donna; Un'ora di fila per {}, che"
        " disastro; {} non funziona, come sempre; Noioso, {}; Preoccupante: {}",
        "{} riprende alle 14 in sala 2; In diretta: {}; Il programma di {} è online; La ministra"
        " presenta {}; Domani si vota: {}; Oggi pomeriggio: {}; {} parla di attacchi informatici e"
        " terrorismo; Secondo il rapporto, {} riunisce 120 paesi; Qualcuno sa dove si tiene {}?",
    ),
    "de": Phrases(
        "die Sitzung; die Konferenz; der Workshop; die Debatte; die Übersetzung; das Panel",
        "Danke an alle für {}!; Tolle Stimmung, {}; Stolz, dabei zu sein: {}; Glückwunsch, {} war"
        " großartig; Schön, die Kollegen wiederzusehen, {} fängt gut an; Ein großer Schritt, {} 👏;"
        " Starke Rede, {} hat sich gelohnt; Viel gelernt, {}; Eine Freude, {}, so gut vorbereitet;"
        " Endlich eine gute Nachricht: {}; Inspirierend, {}; Freue mich auf {} morgen",
        "Schon wieder Verspätung, {}, niemand sagt Bescheid; {}: viele Worte, keine Taten; Man hört"
        " nichts, {}; Enttäuscht, {}; Peinlich, {}, keine einzige Frau; Eine Stunde Schlange, {},"
        " so ein Unsinn; {} funktioniert nicht, wie immer; Langweilig, {}; Besorgniserregend: {}"
        " vergisst die kleinen Staaten; Genervt, {}",
        "{} geht um 14 Uhr in Saal 2 weiter; Jetzt live: {}; Das Programm steht online, {}; Die"
        " Ministerin eröffnet: {}; Morgen wird abgestimmt, {}; Heute Nachmittag: {}; {} behandelt"
        " Angriffe im Netz und Terrorismus; Laut Bericht: {} mit 120 Ländern; Weiß jemand, wo {}"
        " ist?; Gewalt gegen Frauen auf der Tagesordnung, {}",
    ),
    "ar": Phrases(
        "الجلسة; المؤتمر; الورشة; النقاش; الترجمة; الوفد",
        "شكرا للجميع على {}; {} كانت رائعة ومفيدة; فخورة بالمشاركة في {}; مبروك {} خطوة كبيرة 👏;"
        " سعيد بلقاء الزملاء في {}; مداخلة ممتازة في {}; تعلمت الكثير من {}; أخيرا خبر جميل عن {};"
        " {} ملهمة حقا; متحمس لمتابعة {} غدا",
        "تأخير مرة أخرى في {} ولا أحد يخبرنا; {} كلام كثير بلا أفعال; لا نسمع شيئا في {}; خيبة أمل"
        " من {}; من المؤسف أن {} بلا نساء; ساعة انتظار من أجل {} فوضى; {} لا تعمل كالعادة; {} مملة;"
        " أمر مقلق أن {} تتجاهل الدول الصغيرة",
        "تستأنف {} الساعة الثانية في القاعة 2; مباشر الآن {}; برنامج {} على الموقع; الوزيرة تتحدث"
        " في {}; التصويت غدا على {}; بعد الظهر {}; {} حول الهجمات الإلكترونية والإرهاب; حسب التقرير"
        " {} بمشاركة 120 دولة; هل يعرف أحد أين {}؟; العنف ضد المرأة على جدول أعمال {}",
    ),
}
