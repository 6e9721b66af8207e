//! The small words of each language that has a table.

use super::Grammar;

/// Every table.
pub(super) const TABLES: [&Grammar; 7] = [
    &ENGLISH,
    &GERMAN,
    &FRENCH,
    &SPANISH,
    &ITALIAN,
    &PORTUGUESE,
    &DUTCH,
];

pub(super) const ENGLISH: Grammar = Grammar {
    code: "en",
    determiners: "a an the this that these those my your his her its our their some any no every each another all both many \
                  much few several such what which whose one two three four five six seven eight nine ten",
    close_prepositions: "of to",
    particles: "on in over about around through along by",
    prepositions: "at for with from into onto under between during against without within across behind beyond near toward \
                   towards upon among above below like",
    coordinators: "and or",
    conjunctions: "until since before after than but nor so because although though if when while whereas unless who where \
                   why how whether as",
    pronouns: "i you he she it we they there i'm you're he's she's it's we're they're there's that's i've you've we've \
               they've i'd you'd he'd she'd we'd they'd i'll you'll he'll she'll we'll they'll",
    auxiliaries: "am is are was were be been being have has had do does did will would shall should can could may might \
                  must not never don't doesn't didn't isn't aren't wasn't weren't won't wouldn't can't couldn't shouldn't \
                  haven't hasn't hadn't very too really quite more most less just only also even almost gonna wanna let's",
    abbreviations: "mr mrs ms dr prof st gen col lt sgt rev hon sen gov mt ft vs vol",
    titles: "sir lady lord president professor doctor captain mister miss king queen saint",
    units: "percent million billion trillion thousand hundred dollars euros pounds cents miles feet inches yards hours minutes \
            seconds days weeks months years kilometres kilometers metres meters centimetres centimeters kilos kilograms grams \
            litres liters degrees o'clock am pm a.m p.m times",
};

pub(super) const GERMAN: Grammar = Grammar {
    code: "de",
    determiners: "der die das den dem des ein eine einen einem einer eines kein keine keinen keinem keiner mein meine meinen \
                  meinem meiner dein deine deinen deinem deiner sein seine seinen seinem seiner ihr ihre ihren ihrem ihrer \
                  unser unsere unseren unserem unserer euer eure dieser diese dieses diesen diesem jener jene jedes jeder jede \
                  jeden jedem alle allen viele vielen einige manche welche welcher welches solche zwei drei vier fünf sechs sieben \
                  acht neun zehn",
    close_prepositions: "von vom zu",
    particles: "",
    prepositions: "in im ins an am ans auf aus bei beim mit nach vor zu zum zur für durch gegen ohne um unter über \
                   zwischen hinter neben seit bis während wegen trotz statt außer gegenüber ab",
    coordinators: "und oder",
    conjunctions: "aber sondern denn dass weil wenn als ob obwohl damit bevor nachdem sobald sodass während falls wie \
                   wo wer warum wohin woher wobei womit wofür doch",
    pronouns: "ich du er sie es wir man mich dich sich uns euch mir dir ihm ihn ihnen",
    auxiliaries: "bin bist ist sind seid war waren warst habe hast hat haben hatte hatten werde wirst wird werden wurde wurden \
                  kann kannst können konnte muss müssen musste soll sollen sollte will wollen wollte darf dürfen mag nicht nie \
                  sehr so zu ganz mehr nur auch noch schon ziemlich",
    abbreviations: "dr prof hr fr st nr bzw ca bspw evtl ggf vgl inkl",
    titles: "herr herrn frau könig königin kaiser papst",
    units: "prozent millionen million milliarden milliarde tausend hundert euro cent dollar mark meter kilometer zentimeter \
            kilo kilogramm gramm liter grad uhr stunden stunde minuten minute sekunden tage tagen wochen monate monaten jahre \
            jahren mal",
};

pub(super) const FRENCH: Grammar = Grammar {
    code: "fr",
    determiners: "le la les un une des du au aux ce cet cette ces mon ma mes ton ta tes son sa ses notre nos votre vos leur \
                  leurs quel quelle quels quelles chaque plusieurs quelques tout toute tous toutes aucun aucune deux trois quatre \
                  cinq six sept huit neuf dix",
    close_prepositions: "de à",
    particles: "",
    prepositions: "en dans par pour sur sous avec sans chez vers entre depuis pendant contre avant après devant derrière \
                   jusque jusqu'à malgré selon parmi dès",
    coordinators: "et ou",
    conjunctions: "mais donc or ni car que qui quand lorsque si comme parce puisque quoique dont où pourquoi comment \
                   alors",
    pronouns: "je tu il elle on nous vous ils elles me te se lui y c'est j'ai qu'il qu'elle qu'on s'il ça",
    auxiliaries: "suis es est sommes êtes sont étais était étaient ai as a avons avez ont avait avaient sera seront été être \
                  avoir vais va vont peut peux peuvent pouvez doit dois doivent faut ne n'est n'a pas plus très trop si bien \
                  aussi moins",
    abbreviations: "m mme mlle mm dr pr st ste",
    titles: "monsieur madame mademoiselle maître roi reine président",
    units: "pour cent pourcent millions million milliards milliard mille cents euros euro dollars centimes mètres kilomètres \
            centimètres kilos kilogrammes grammes litres degrés heures heure minutes secondes jours semaines mois ans années fois",
};

pub(super) const SPANISH: Grammar = Grammar {
    code: "es",
    determiners: "el la los las un una unos unas lo al del este esta estos estas ese esa esos esas aquel aquella mi mis tu tus \
                  su sus nuestro nuestra nuestros nuestras vuestro vuestra cada todo toda todos todas algún alguna algunos algunas \
                  ningún ninguna otro otra otros otras muchos muchas qué cuál dos tres cuatro cinco seis siete ocho nueve diez",
    close_prepositions: "de",
    particles: "",
    prepositions: "a en con por para sin sobre entre hasta desde hacia contra según durante tras ante bajo mediante",
    coordinators: "y e o u",
    conjunctions: "pero sino ni que porque aunque si cuando como mientras pues donde quien quienes cuyo cómo dónde \
                   cuándo",
    pronouns: "yo tú él ella usted nosotros nosotras ellos ellas ustedes me te se nos os le les",
    auxiliaries: "soy eres es somos son era eran fue fueron estoy está están estaba estaban he has ha hemos han había habían \
                  será serán sido ser estar voy va van puede puedo pueden debe deben hay no nunca muy más menos tan ya",
    abbreviations: "sr sra srta dr dra prof lic ing ud uds",
    titles: "don doña señor señora señorita san santa rey reina presidente",
    units: "ciento millones millón mil euros euro dólares pesos metros kilómetros centímetros kilos kilogramos gramos litros \
            grados horas hora minutos segundos días semanas meses años veces",
};

pub(super) const ITALIAN: Grammar = Grammar {
    code: "it",
    determiners: "il lo la i gli le un uno una del dello della dei degli delle al allo alla ai agli alle dal dallo dalla dai \
                  dagli dalle nel nello nella nei negli nelle sul sullo sulla sui sugli sulle questo questa questi queste quel \
                  quello quella quei quegli quelle mio mia miei mie tuo tua tuoi tue suo sua suoi sue nostro nostra nostri nostre \
                  vostro vostra loro ogni qualche alcuni alcune molti molte tutti tutte altro altra altri altre due tre quattro \
                  cinque sei sette otto nove dieci",
    close_prepositions: "di",
    particles: "",
    prepositions: "a da in con su per tra fra senza verso contro durante dopo prima sopra sotto dentro fuori presso",
    coordinators: "e ed o oppure",
    conjunctions: "ma però che perché se quando come mentre dove chi cui anche quindi dunque né affinché sebbene",
    pronouns: "io tu lui lei noi voi essi mi ti si ci vi ne",
    auxiliaries: "sono sei è siamo siete era erano sarà saranno stato stata ho hai ha abbiamo avete hanno aveva avevano essere \
                  avere può posso possono deve devo devono vuole non mai molto più meno troppo così già c'è",
    abbreviations: "sig sig.ra dott prof avv ing",
    titles: "signor signora signorina dottor dottoressa don san santa re regina presidente",
    units: "percento cento milioni milione miliardi miliardo mila mille euro dollari metri chilometri centimetri chili grammi litri \
            gradi ore ora minuti secondi giorni settimane mesi anni volte",
};

pub(super) const PORTUGUESE: Grammar = Grammar {
    code: "pt",
    determiners: "o a os as um uma uns umas ao aos à às do da dos das no na nos nas pelo pela pelos pelas num numa este esta \
                  estes estas esse essa esses essas aquele aquela meu minha meus minhas teu tua seu sua seus suas nosso nossa \
                  nossos nossas cada todo toda todos todas algum alguma alguns algumas nenhum nenhuma outro outra outros outras \
                  muitos muitas dois duas três quatro cinco seis sete oito nove dez",
    close_prepositions: "de",
    particles: "",
    prepositions: "em com por para pra sem sobre entre até desde contra segundo durante após perante sob",
    coordinators: "e ou",
    conjunctions: "mas porém que porque embora se quando como enquanto pois onde quem cujo nem",
    pronouns: "eu tu ele ela você nós eles elas vocês me te lhe lhes vos",
    auxiliaries: "sou és é somos são era eram foi foram estou está estão estava estavam tenho tem temos têm tinha tinham será \
                  serão sido ser estar vou vai vão pode posso podem deve devem há não nunca muito mais menos tão já",
    abbreviations: "sr sra srta dr dra prof eng",
    titles: "dom dona senhor senhora santo santa rei rainha presidente",
    units: "cento milhões milhão mil bilhões bilhão euros euro dólares reais metros quilômetros quilómetros centímetros quilos \
            gramas litros graus horas hora minutos segundos dias semanas meses anos vezes",
};

pub(super) const DUTCH: Grammar = Grammar {
    code: "nl",
    determiners: "de het een 't 'n dit dat deze die mijn jouw je zijn haar ons onze jullie hun geen elk elke ieder iedere alle \
                  veel enkele sommige welke zo'n twee drie vier vijf zes zeven acht negen tien",
    close_prepositions: "van te",
    particles: "",
    prepositions: "in op aan voor met door bij naar uit over onder tussen tegen zonder om tot na sinds tijdens achter boven \
                   naast langs rond vanaf volgens te",
    coordinators: "en of",
    conjunctions: "maar want dus omdat als toen wanneer terwijl hoewel zodat voordat nadat tenzij wie wat waar waarom hoe",
    pronouns: "ik jij hij zij ze wij we u men mij me hem zich",
    auxiliaries: "ben bent is was waren heb hebt heeft hebben had hadden word wordt worden werd werden kan kunt kunnen kon moet \
                  moeten moest zal zullen zou zouden wil willen mag mogen niet nooit heel erg zeer te meer minder nog ook al",
    abbreviations: "dhr mevr mw dr prof ir ing drs mr st",
    titles: "meneer mevrouw koning koningin president",
    units: "procent miljoen miljard duizend honderd euro cent dollar meter kilometer centimeter kilo gram liter graden uur \
            minuten seconden dagen weken maanden jaar keer",
};
