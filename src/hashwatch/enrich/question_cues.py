"""By what questions are known in English, French, Spanish, Portuguese, German and Arabic.

Patterns are matched against text without addresses, markup and quotations, case ignored.
"""

from __future__ import annotations

import re

IGNORE = re.IGNORECASE

_PEOPLE = (
    r"(?:panel(?:l?ists?)?|speakers?|professors?|experts?|professeure?|profesora?|professora?|facilitators?|moderators?|chair|minister|senator|regulators?"
    r"|panélistes?|panelistes?|intervenante?s?|orateurs?|oratrices?|table|tribune|spécialistes?"
    r"|ministre|sénat\w+|régulateur|animat\w+|président\w*"
    r"|panelistas?|ponentes?|mesa|oradore?s?|oradoras?|ministr[oa]|senador[ae]?s?|juez[a]?"
    r"|painel|palestrantes?|comandante|coronel"
    r"|podium|referent\w*|redner\w*|vortragend\w*"
    r"|four|quatre|cuatro|quatro|vier)"
)
_TITLE = (
    r"(?:mr|mrs|ms|dr|prof|professor|sir|senator|minister|commander|commissioner|judge|colonel"
    r"|mme|m|monsieur|madame|docteure?|professeure?|doutora?|dra|sénateur|sénatrice|ministre|docteur|colonel"
    r"|sr|sra|señora?|señor|doctora?|senadora?|jueza?|ministr[oa]|senhora?|senhor|coronel"
    r"|comandante"
    r"|herrn?|frau|doktor|professorin)"
)
_VOCATIVE = r"(?:madame|monsieur|frau|herr|señora?|senhora?)"
_NAME = r"[A-ZÀ-ÖØ-Þ][\w’'-]+"

ADDRESSED = re.compile(
    r"\b(?:any(?:one|body)?(?: of you)?|some(?:one|body)|nobody|none of you) (?:up there"
    r"|on (?:the )?(?:podium|panel|platform))\b|\bany of you on the\b"
    r"|\bsur l['’]estrade\b|\bauf dem podium\b|\ben (?:la )?tarima\b|\bno palco\b"
    r"|\b(?:would|i['’]d) love (?:the|our) \w+ to (?:tell|say|explain|answer)\b"
    r"|\bi have an? (?:\w+ )?question\b|\blike an answer from\b|\bcan i push back\b"
    r"|\b(?:une|ma) (?:autre |dernière )?question (?:depuis|de la part|aux|à)\b"
    r"|\bfor whoever wants it\b|\bq\d? from\b"
    # "Dear panel", "on stage", "put this to the speaker", "asking from Suva", "online viewer here"
    rf"\b(?:dear|chers?|chères?|estimad[oa]s?|querid[oa]s|car[oa]s|liebe[sr]?)\s+{_PEOPLE}\b"
    r"|\b(?:any(?:one|body)|somebody|someone|you) (?:up )?on (?:the )?stage\b"
    r"|\b(?:put|pass) (?:this|that|it) (?:on )?to the\b"
    r"|\bone for (?:the (?:whole|table)|all of you)\b"
    r"|\basking from\b|\b(?:online|remote) viewer\b"
    r"|\b(?:bonjour|salut|bonsoir)[ ,]+depuis\b|\bje (?:suis|regarde) (?:en ligne|depuis)\b"
    r"|\b(?:saludos|hola|preguntan?) desde\b|\b(?:saudações|olá) (?:de|desde)\b"
    r"|\b(?:grüße|gruß|hallo) aus\b"
    rf"|\b(?:could|can|would|will|does|did|do|has|have) (?:the|our|any|either) "
    rf"(?:\w+ )?{_PEOPLE}\b"
    rf"|\b(?:est-ce que|pourquoi) (?:le|la|les|notre|nos) {_PEOPLE}\b"
    r"|\b(?:table(?: ronde)?|tribune|ministre|panélistes|intervenants?) "
    r"(?:peut|peuvent|pourrait|pourraient)-(?:il|elle)s?\b"
    rf"|\b(?:podría|puede|podrían|pueden|pode|podem|poderia|kann|könnte|können) "
    rf"(?:la|el|los|las|o|a|os|as|das|die|der) {_PEOPLE}\b"
    # "Question for …", "Q to …", "my question", "Frage an …", "Pregunta para …", "Pergunta a …"
    r"\b(?:question|q)s?\b[^?.!]{0,40}?\s*(?:for|to|à|a|aux?|pour|with)\b"
    r"|\b(?:follow-up|question|q)\s+for\b"
    r"|\b(?:my|our|notre|ma|la|mi|nuestra|minha|nossa|uma|una|meine|unsere|first|last)\s+"
    r"(?:\w+\s+)?(?:question|pregunta|pergunta|frage)\b"
    r"|\bquestion\s+(?:de|à|au|aux|pour)\b|\bfragen?\b\s*(?:an|ans|zu|:)"
    r"|\b(?:pregunta|pergunta)s?\b[^?.!]{0,12}(?:para|a|al|ao|aos|à|às|:)"
    r"|\basking (?:the |our )?(?:speakers?|panel\w*|chair|minister|presenters?|experts?)\b"
    r"|\b(?:can|may|could|might) i ask\b|\bhear the (?:panel|speakers?)\b"
    r"|\b(?:j['’]aimerais|je voudrais|je veux) (?:savoir|demander|entendre)\b"
    r"|\bme gustaría (?:saber|preguntar|oír)\b|\bgostava de (?:saber|ouvir|perguntar)\b"
    r"|\bmich würde interessieren\b|\bich möchte (?:fragen|wissen)\b"
    r"|\b(?:want|like|need|wish)s?\s+to\s+ask\b|\bi(?:'d| would)?\s+ask\b|\bso i ask\b"
    r"|\b(?:quiero|quisiera)\s+pregunt\w+|\bla (?:posons|poserons)\b|\bà poser\b"
    r"|\bposons donc\b|\bquero perguntar\b|\bich frage\b"
    r"|(?:^|[.!:])\s*(?:سؤال|سؤالي|أكرر سؤالي)|أسأل"
    r"|أودّ? سماع|أتمنى أن يجيب|إلى (?:المتحدثين|المنصّ?ة|السيدة?|الوزيرة?)",
    IGNORE,
)
TO_PEOPLE = re.compile(
    # "To the panel:", "For the private sector panel:", "Au panel :", "Al panel:", "Ans Podium:"
    rf"(?:^|[.!:,;…]\s+)(?:(?:to|for|from)\s+(?:all\s+)?(?:the\s+)?|aux?\s+|à\s+la\s+"
    rf"|pour\s+l[ae]s?\s+"
    rf"|pour\s+le\s+|al\s+|a\s+l[ao]s?\s+|para\s+(?:el|la|los|las|o|a|os|as)\s+|aos?\s+|às?\s+"
    rf"|ans?\s+(?:das\s+|die\s+)?)(?:[\w’'-]+\s+){{0,6}}?{_PEOPLE}\b[^?.!]{{0,60}}[:,]"
    rf"|(?:^|[.!]\s+){_PEOPLE}\s*[:,]",
    IGNORE,
)
NAMED = re.compile(
    # "To Mr Castanhal:", "For Lindiwe Castelmoyo:", "A Grace Thistlewood:", "An Kallenbach-Ruiz:"
    rf"(?:^|[.!?:,]\s+)(?:To|For|À|A|Au|Pour|Para|An|Für|Ao)\s+(?:(?:la|el|le|o|a|die|den)\s+)?"
    rf"(?:(?i:{_TITLE})\.?\s+)?{_NAME}(?:\s+{_NAME}){{0,3}}"
    rf"(?:\s+(?i:specifically|especially|directly))?\s*(?::|\s[-–—]\s)"
    rf"|(?:^|[.!?]\s+)(?i:frau|herr)\s+(?i:dr|prof)\.?\s+{_NAME}\s*,"
    # "Senator Ferreira, what …", "… , Herr Brekkvassli?", "Would Commander Aldercott …"
    rf"|(?:^|[.!?:]\s+)(?i:{_TITLE})\.?\s+{_NAME}(?:\s+{_NAME}){{0,2}}\s*,"
    rf"|(?:^|[.!?:]\s+)(?i:{_VOCATIVE})\s+(?:(?i:la|le|o|a)\s+)?[\w’'-]+\s*,"
    rf"|,\s*(?i:{_TITLE})\.?\s+{_NAME}(?:\s+{_NAME}){{0,2}}\s*[?؟]"
    rf"|^(?i:{_TITLE})\s+{_NAME}(?:\s+{_NAME}){{0,2}}\s*(?:[-–—:]|\.\.\.)\s"
    rf"|\byou,\s+(?i:{_TITLE})\.?\s+{_NAME},"
    rf"|^(?i:{_TITLE}|commissioner|professor|minister|chair)\s*,\s"
    rf"|,\s+(?i:my lord|commissioner|professor|minister|doctor|chair|madam)\s*[?]"
    rf"|(?:^|[.!]\s+)(?i:for|to) (?i:the) (?i:lady|gentleman|man|woman|person|engineers?|experts?)"
    rf"\b[^?.!]{{0,60}}:"
    rf"|^(?i:would|could|can|will|does|did)\s+(?i:{_TITLE})\.?\s+{_NAME}"
    rf"|^¿[^?]{{0,40}}\b(?i:{_TITLE})\.?\s+{_NAME}|سيدة? \w+[؟?]|معالي \w+\s*،"
)
SPEAKERS_WITHIN = re.compile(
    r"\b(?:any|one|all) of (?:the (?:panel|speakers?|four|three))\b"
    r"|\bour (?:speakers?|panell?ists?|presenters?)\b|\bthe (?:whole|entire) (?:table|panel)\b"
    r"|\b(?:el|o|le|das|les|los|os|die|the) (?:panel|painel|podium|panelistas|panélistes|ponentes"
    r"|oradores|palestrantes|intervenants|orateurs|vortragenden|referent\w+|redner\w*"
    r"|speakers|panell?ists|presenters)\b|المتحدثين|المتحدثون|المشاركين"
    r"|\b(?:de los|des|dos) (?:panelistas|panélistes|oradores)\b",
    IGNORE,
)
ORGANISER = re.compile(
    r"\b(?:organi[sz]ers?|organi[sz]ation|organizaci[óo]n|organiza[çc][ãa]o|orga|organisateurs?"
    r"|organisation|(?:help|assembly|info)\s?desk)\b",
    IGNORE,
)
ANYONE = re.compile(
    r"\b(?:any(?:one|body)|somebody|someone) (?:else )?(?:know|have|has|got)s?\b"
    r"|\balgu(?:ém|ien)\b.{0,30}\b(?:sabe|tem|tiene)\b|\b(?:weiß|weiss|hat) (?:jemand|wer)\b"
    r"|\bquelqu['’]un (?:sait|a|aurait|connaît)\b|من لديه|هل يعرف أحد|هل لدى أحد",
    IGNORE,
)
WANTED = re.compile(
    # How one asks for something practical: "where …", "is there …", "will the slides …"
    r"\b(?:where|when|what time|which|is there|are there|will|can (?:i|we|you|somebody|someone)"
    r"|how (?:do|can|to)|is (?:the|this|it|registration|lunch)|are (?:the|this|these)"
    r"|has (?:it|my|anyone)"
    r"|how late|how long is|did the|has the|who can|can someone|bis wann|bekommt man|wo hängen"
    r"|se entregan|hasta qué hora|está incluid|est-il|sont-elles|seront-elles|a changé|está incluí"
    r"|does (?:my|the|our)|could (?:you|somebody|someone)|any chance|who (?:do|can) (?:i|we)"
    r"|what['’]s|what is the|where should"
    r"|où|y a[- ]t[- ]il|à quelle|à quel|sera\w*|commence|peut[- ](?:on|elle)|la presse"
    r"|hay|habrá|dónde|a qué|van a|se (?:graba|puede)\w*|onde|vai haver|haverá|a que horas|há"
    r"|comment (?:fait|faire|peut)|quelqu['’]un a|vai ser|é que|weiß jemand"
    r"|wo|wann|gibt es|ist (?:der|die|das|es)|kann (?:ich|man))\b|هل|أين|متى",
    IGNORE,
)
PRACTICAL = re.compile(
    r"\b(?:floor|lab|exhibition|gala|dinner|reception|certificates?|posters?|deadline|qr code"
    r"|lost and found|air conditioning|heating|quiet place|lactation|coat check|building"
    r"|poster session|get in before|session move[d]?|workshop|field trip|excursion|seats? left"
    r"|dîner|attestations?|affiches|exposition|endroit calme|changé de salle|compris"
    r"|carteles|certificados?|cena|exposición|incluid[oa]|guardarropa|autobús"
    r"|cartazes|jantar|certificado|inscrição|incluído|exposição|autocarro"
    r"|poster|abendessen|teilnahmebestätigung|ausstellung|raum \w?\d|inbegriffen|enthalten"
    r"|fundbüro|steckdosen?)\b|الملصقات|العشاء|شهادات|المعرض|مواقف"
    r"|\b(?:live ?stream\w*|stream(?:ed|ing)?|audio[- ]only|recordings?|recorded|slides?"
    r"|interpret(?:ation|er)s?"
    r"|translat(?:ion|ed)|captions?|subtitles?|register|registration|badge|wi-?fi|password"
    r"|cloakroom"
    r"|luggage|parking|shuttle|bus|tram|entrance|doors?|step-free|wheelchair|ramp|toilets?|loo"
    r"|quiet room|prayer room|lunch|vegan|tickets?|agenda|timetable|programme page|schedule"
    r"|lost property|charger|sockets?|link|room number|which room|what time|hashtag"
    r"|(?:day|my) ticket|workshop (?:full|choice)|change my|missing badge|rucksack|backpack"
    r"|umbrella|dogs?|pram|pushchair|window|terrace|visite|ateliers?|parapluie|navette"
    r"|casques?|parking|auscultadores|auriculares|kopfhörer|aufgezeichnet|saal \d"
    r"|room for"
    r"|diffusion|retransmission|enregistr\w+|traduction|interpr[èé]t\w+|valises?|consigne|vestiaire"
    r"|mot de passe|inscri\w+|salle|badge|horaires?|lien|résumés?|balcon"
    r"|retransmisi[óo]n|grab\w+|traducci[óo]n|enlace|contraseña|acreditaci[óo]n|aparcamiento"
    r"|por escrito"
    r"|transmiss[ãa]o|grav\w+|tradu[çc][ãa]o|palavra-passe|senha|credencia\w+|estacionamento|link"
    r"|aufzeichnung|übertragung|livestream|übersetzung|dolmetsch\w+|passwort|wlan|garderobe"
    r"|anmeldung"
    r"|eingebettet\w*|folien|eingang)\b"
    r"|\broom \d|\bwhat time (?:does|do|is|are)\b|\bà quelle heure\b|\b[àa] qu[ée] horas?\b"
    r"|\bum wie ?viel uhr\b|\bguided tour\b|\bbadges\b|\bvestiaires?\b|\bguardarropa\b"
    r"|\bvisita guiada\b|\brece(?:p)?[çc][ãa]o\b|\bnamensschild\w*|\bbarrierefrei\b"
    r"|\bcertificado\b|\bpresentaciones\b|\bbahnhof\b|\bstep-free\b|\bhanded in\b"
    r"|ستُ?سج|تُ?ستلم|البطاقات|البث|حافلة|سماعات|رابط|مترجمة|ترجمة|كلمة السر|التسجيل متاح"
    r"|موقف",
    IGNORE,
)
REPORT = re.compile(
    # "JC: Which design …", "Steve Turner: is …": somebody on stage said it
    r"^(?:#\w+\s+)*(?!(?:Q|QQ|Question|Frage|Pregunta|Pergunta|Panel|To|For|Au|Al|Ao|An|Para|A)\b)"
    r"[A-ZÀ-ÖØ-Þ][\w.’'-]*(?:\s[A-ZÀ-ÖØ-Þ][\w.’'-]*){0,3}\s?:\s"
    r"|\b(?:A|Answer|R|Réponse|Respuesta|Antwort)\s?:\s?\S"
)
REPORTED = re.compile(
    r"\b(?:opened|opens|began|begins|ended|ends|closed|closes) with (?:a|the|this|his|her)"
    r" question\b"
    r"|\bquestions? (?:that|which|to take|I take|of)\b"
    r"|\b(?:boa|buena|gute|gut|tolle|ótima|schöne) (?:pergunta|pregunta|frage)\b"
    r"|سؤال (?:جيد|ممتاز|رائع)|\bdas? (?:plateia|sala|saal|publikum)\b"
    r"|\bwe ask the\b|\bask(?:ed|s|ing)? (?:me|us)\b"
    r"|\b(?:asks|asked|asking (?:the|whether)|was asked|posed|wondered|wonders)\b(?! for)"
    r"|\bquestions? (?:from|is|was|qui|now|on the screen|répétée|of the day)\b"
    r"|\b(?:première|première|deuxième|dernière|first|second|third|next|bonne|good|best|great)"
    r" questions?\b\s*[:.,]?\s*(?!ever)"
    r"|\b(?:great|good|nice|excellent) q\b|\bfor myself\b|\ba posé\b"
    r"|\bdemandé à\b|\bdemande à\b|\bquestion d['’]"
    r"|\bfirst from the floor\b|\bfrom the floor\b|\bpregunt(?:a|ó) (?:el|la|una?) \b"
    r"|\bperguntou\b|\bpreguntó\b|\bfragte\b|\bfragt (?:der|die|ein)\b|سأل(?:ني|ت)?|وسألني"
    r"|\bpoll\b|\bvote (?:in|here|now)\b|\bvotez\b|\bvota\b"
    r"|\btell us\b|\bretweet if\b|\bserious question before\b",
    IGNORE,
)
RHETORICAL = re.compile(
    r"\b(?:have predicted|too much to ask|laugh or cry|priorities, anyone|do they really think"
    r"|must every|does it take to|can we please stop|when has \w+ ever|that is what \w+ \w+ need"
    r"|on rit ou on pleure|qui l['’]avait demandé|faut-il vraiment|reímos o lloramos"
    r"|quién (?:la|lo) había pedido|es mucho pedir|quem [ao] pediu|rimos ou choramos"
    r"|wer hat danach gefragt|lachen oder weinen|muss (?:jeder|jede|das) \w+ (?:mit|immer))\b"
    r"|أنضحك أم نبكي|ومن طلبه"
    r"|\b(?:did (?:anyone|anybody|we) ask for|supposed to (?:reassure|comfort|convince|calm)"
    r"|is there anything more|what next,|who on earth|why (?:on earth|listen to)"
    r"|isn['’]t that exactly"
    r"|remember when|do i look like|why do (?:conferences|panels|we) always"
    r"|se moque de qui|depuis quand|ça vous étonne|il faudrait applaudir"
    r"|pretenden (?:convencer|que)|para qué (?:escuchar|leer|votar)|hacía falta"
    r"|a quem é que isto|era para nos|desde quando|desde cuándo|para quê ouvir"
    r"|seit wann|das soll uns|wem nützt)\b|وما الفائدة"
    r"|\b(?:seriously\?|honest question from|really\?|what if [^?]{0,30}, but|who knew|who cares"
    r"|who needs|hot take|since when|who could have (?:guessed|known)|who would have|do we even"
    r"|how hard can|supposed to be impressed|what could (?:possibly )?go wrong|why bother"
    r"|still a debate|is this thing on|splendid|brilliant|name two|counted by whom"
    r"|warum eigentlich|wer soll das|na servas|wozu (?:noch|überhaupt|\w+, wenn)|eigentlich"
    r"|à quoi bon|à qui profite|on prend les paris|franchement|on appelle (?:ça|cela)"
    r"|c['’]est vraiment|personne ne répond|qui décide qu"
    r"|de qu[ée] sirve|para qu[ée] (?:sirve|pregunt\w+)|en serio|iba a imaginar|de verdad"
    r"|quién ha leído|para que serve|a sério|era mesmo)\b"
    r"|هل كنا بحاجة|لكن أين|فأين|ما الفائدة|ما فائدة|وهل"
    r"|^(?:and|so|und|et|¿y|y|e)\s+(?:who|we|wer|dafür|qui|on|quién|quem|a privacidade)\b[^?]*[?]",
    IGNORE,
)
ADVERTISING = re.compile(
    r"\b(?:vpn|deals?|discounts?|\d+ ?% off|savings|code [A-Z]{4,}|sales|demo at|visit our"
    r"|book a|sponsored"
    r"|for the price of|same-day|aff=|speed up your|win|prizes?|we are hiring|stop by"
    r"|check (?:it|this|our)"
    r"|come (?:to|and see)|have you heard)\b|💰|🚀",
    IGNORE,
)
ANNOUNCED = re.compile(
    # What is on next, what has been written elsewhere.
    r"^\W*(?:next(?: session| up)?|today at \d|tonight|tomorrow|now in|coming up|watch|read|new|faq"
    r"|à suivre|à lire|a continuación|em seguida|jetzt|als nächstes)\b[^?]{0,30}:"
    r"|\b(?:webinar|webinaire|seminario web|free seats|new report|out (?:now|today)|thread)\b",
    IGNORE,
)
