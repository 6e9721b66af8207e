//! Abbreviations whose full stop ends no sentence, because what they announce has to follow.
//!
//! Punkt learnt its abbreviations from newspapers: some languages lack their titles, and a title before a name that is a
//! word too ("Mr. Brown was here") may still count as an end.

/// What a language has of them; in lower case, without the last full stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Abbreviations {
    /// Before a name or in the middle of a sentence: titles, "e.g.", "vs.".
    pub(super) before_words: &'static [&'static str],
    /// Before a number only: "No." alone may be an answer.
    pub(super) before_numbers: &'static [&'static str],
}

/// The abbreviations of a language code; none where it has no such rules.
pub(super) fn of_language(code: &str) -> Abbreviations {
    let found = TABLES.iter().find(|(codes, ..)| codes.contains(&code));
    found.map_or(
        Abbreviations {
            before_words: &[],
            before_numbers: &[],
        },
        |(_, before_words, before_numbers)| Abbreviations {
            before_words,
            before_numbers,
        },
    )
}

type Words = &'static [&'static str];

#[rustfmt::skip]
const TABLES: &[(&[&str], Words, Words)] = &[
    (
        &["en"],
        &[
            "mr", "mrs", "ms", "mx", "dr", "prof", "st", "mt", "rev", "fr", "gov", "sen", "rep", "pres",
            "gen", "col", "maj", "capt", "cpt", "cmdr", "lt", "sgt", "cpl", "pvt", "adm", "supt", "messrs", "mme",
            "mlle", "msgr", "vs", "e.g", "i.e", "cf", "viz",
        ],
        &["no", "nos", "vol", "fig", "figs", "sec", "ch", "p", "pp", "art", "op", "ca", "approx"],
    ),
    (
        &["de"],
        &[
            "hr", "fr", "frl", "dr", "prof", "ing", "dipl", "st", "bzw", "vgl", "z.b", "d.h", "sog", "evtl",
            "ggf", "insb", "bspw",
        ],
        &["nr", "abs", "art", "kap", "bd", "s", "ca", "abb"],
    ),
    (
        &["fr"],
        &["m", "mme", "mmes", "mlle", "mlles", "dr", "pr", "mgr", "st", "ste", "p.ex", "cf", "c.-à-d"],
        &["n", "no", "art", "p", "pp", "fig", "vol", "env"],
    ),
    (
        &["es", "ca", "gl"],
        &[
            "sr", "sra", "srta", "sres", "sras", "dr", "dra", "d", "dña", "prof", "gral", "lic",
            "ing", "sto", "sta", "p.ej", "p.ex",
        ],
        &["n", "no", "núm", "nro", "pág", "págs", "art", "vol", "cap", "fig"],
    ),
    (
        &["it"],
        &[
            "sig", "sig.ra", "sigg", "sig.na", "dott", "dott.ssa", "dr", "prof", "prof.ssa", "ing", "avv", "arch", "on",
            "mons", "s", "es", "p.es", "cfr",
        ],
        &["n", "nr", "pag", "art", "vol", "cap", "fig", "ca"],
    ),
    (
        &["pt"],
        &["sr", "sra", "srs", "sras", "srta", "dr", "dra", "prof", "profa", "eng", "exmo", "exma", "d", "sto", "sta", "p.ex"],
        &["n", "no", "nº", "núm", "pág", "págs", "art", "vol", "cap", "fig"],
    ),
    (
        &["nl"],
        &["dhr", "mevr", "mw", "mr", "dr", "drs", "ir", "ing", "prof", "st", "bijv", "d.w.z", "o.a", "m.a.w"],
        &["nr", "blz", "art", "ca", "afb"],
    ),
    (&["sv"], &["hr", "fr", "dr", "prof", "st", "t.ex", "bl.a", "d.v.s", "dvs"], &["nr", "s", "kap", "ca"]),
    (
        &["da", "no", "nn"],
        &["hr", "fr", "dr", "prof", "st", "f.eks", "bl.a", "d.v.s", "dvs"],
        &["nr", "s", "kap", "ca"],
    ),
    (&["fi"], &["hra", "rva", "nti", "dr", "tri", "prof", "esim"], &["nro", "n", "s"]),
    (&["et"], &["hr", "pr", "dr", "prof", "nt", "s.t"], &["nr", "lk"]),
    (
        &["pl"],
        &["dr", "prof", "mgr", "inż", "ks", "św", "gen", "płk", "kpt", "por", "np", "tzn", "tzw", "m.in"],
        &["nr", "str", "art", "ok", "ul"],
    ),
    (
        &["cs", "sk"],
        &[
            "p", "pí", "dr", "mgr", "ing", "prof", "doc", "bc", "mudr", "judr", "phdr", "sv", "např", "napr", "tj", "tzn",
            "tzv",
        ],
        &["č", "čís", "str", "čl", "cca"],
    ),
    (&["sl", "hr", "sr", "bs"], &["g", "gđa", "gdč", "dr", "mr", "mag", "prof", "sv", "npr", "tj", "tzv"], &["br", "št", "str", "čl"]),
    (&["ru"], &["г-н", "г-жа", "св", "проф", "акад", "ген", "т.е", "т.н"], &["стр", "ст", "гл", "рис"]),
    (&["uk"], &["св", "проф", "акад", "ген", "ім", "т.зв"], &["стор", "ст", "гл", "рис"]),
    (&["ro"], &["dl", "dlui", "d-na", "dna", "dr", "prof", "ing", "sf"], &["nr", "pag", "art"]),
    (&["hu"], &["dr", "prof", "ifj", "id", "özv", "szt", "ún"], &[]),
    (&["el"], &["κ", "κα", "δρ", "καθ", "π.χ", "δηλ"], &["αρ", "σελ", "αριθ"]),
    (&["tr"], &["dr", "prof", "doç", "sn", "st", "örn"], &["no", "s"]),
    (&["lv", "lt"], &["dr", "prof", "kgs", "kdze", "t.i", "t.y", "pvz"], &["nr"]),
];
