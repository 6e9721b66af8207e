//! The alignment models that are taken for a language where none is asked for.

use crate::language::Language;

/// Where an alignment model is published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AlignModel {
    /// A pipeline of torchaudio: one file, whose alphabet is known by the pipeline's name.
    Torchaudio(TorchaudioBundle),
    /// A repository of the Hugging Face hub, as `owner/name`.
    Hub(&'static str),
}

impl AlignModel {
    /// The model for `language`, if there is one.
    pub fn for_language(language: Language) -> Option<Self> {
        let bundle = |bundle: &&TorchaudioBundle| bundle.language == language.code();
        let hub = HUB.iter().find(|(code, _)| *code == language.code());
        let bundle = BUNDLES.iter().find(bundle).copied();
        bundle
            .map(Self::Torchaudio)
            .or_else(|| hub.map(|(_, repository)| Self::Hub(repository)))
    }

    /// The models of all languages.
    pub fn all() -> impl Iterator<Item = Self> {
        let bundles = BUNDLES.iter().copied().map(Self::Torchaudio);
        bundles.chain(HUB.iter().map(|(_, repository)| Self::Hub(repository)))
    }

    /// The name by which it is asked for.
    pub fn name(self) -> &'static str {
        match self {
            Self::Torchaudio(bundle) => bundle.name,
            Self::Hub(repository) => repository,
        }
    }
}

/// A wav2vec2 pipeline of torchaudio.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TorchaudioBundle {
    /// Its name, such as `WAV2VEC2_ASR_BASE_960H`.
    pub name: &'static str,
    /// Its language code.
    pub language: &'static str,
    /// Its file, below [`TorchaudioBundle::SITE`].
    pub file: &'static str,
    /// The alphabet from id 1 on; id 0 is the blank.
    pub alphabet: &'static str,
    /// Rows of the output layer that stand for nothing, before they are removed.
    pub unused_rows: &'static [usize],
}

impl TorchaudioBundle {
    /// Where torchaudio publishes its models.
    pub const SITE: &str = "https://download.pytorch.org/torchaudio/models";

    /// Every pipeline that is known, in the order of the API.
    pub fn all() -> &'static [Self] {
        BUNDLES
    }

    /// The pipeline of a name.
    pub fn find(name: &str) -> Option<Self> {
        BUNDLES.iter().find(|bundle| bundle.name == name).copied()
    }

    /// The pipeline whose file is called so.
    pub fn of_file(file: &str) -> Option<Self> {
        BUNDLES.iter().find(|bundle| bundle.file == file).copied()
    }
}

const BUNDLES: &[TorchaudioBundle] = &[
    TorchaudioBundle {
        name: "WAV2VEC2_ASR_BASE_960H",
        language: "en",
        file: "wav2vec2_fairseq_base_ls960_asr_ls960.pth",
        alphabet: "|ETAONIHSRDLUMWCFGYPBVK'XJQZ",
        unused_rows: &[1, 2, 3],
    },
    TorchaudioBundle {
        name: "VOXPOPULI_ASR_BASE_10K_FR",
        language: "fr",
        file: "wav2vec2_voxpopuli_base_10k_asr_fr.pt",
        alphabet: "|esnitraouldcmpévqfgbhxàjèyêzôkçœûùîâwïëüæ",
        unused_rows: &[1, 2, 3],
    },
    TorchaudioBundle {
        name: "VOXPOPULI_ASR_BASE_10K_DE",
        language: "de",
        file: "wav2vec2_voxpopuli_base_10k_asr_de.pt",
        alphabet: "|enirstadhulgcmobwfkzpvüäöjßyxq",
        unused_rows: &[1, 2, 3, 35],
    },
    TorchaudioBundle {
        name: "VOXPOPULI_ASR_BASE_10K_ES",
        language: "es",
        file: "wav2vec2_voxpopuli_base_10k_asr_es.pt",
        alphabet: "|eaosnrildctupmbqyghvófíájzñéxúkwü",
        unused_rows: &[1, 2, 3, 35],
    },
    TorchaudioBundle {
        name: "VOXPOPULI_ASR_BASE_10K_IT",
        language: "it",
        file: "wav2vec2_voxpopuli_base_10k_asr_it.pt",
        alphabet: "|eianotrlscdupmgvhzfbqàèùéòìkyxwjóíï",
        unused_rows: &[1, 2, 3],
    },
];

/// Language code and repository.
const HUB: &[(&str, &str)] = &[
    ("ja", "jonatasgrosman/wav2vec2-large-xlsr-53-japanese"),
    ("zh", "jonatasgrosman/wav2vec2-large-xlsr-53-chinese-zh-cn"),
    ("nl", "jonatasgrosman/wav2vec2-large-xlsr-53-dutch"),
    ("uk", "Yehor/wav2vec2-xls-r-300m-uk-with-small-lm"),
    ("pt", "jonatasgrosman/wav2vec2-large-xlsr-53-portuguese"),
    ("ar", "jonatasgrosman/wav2vec2-large-xlsr-53-arabic"),
    ("cs", "comodoro/wav2vec2-xls-r-300m-cs-250"),
    ("ru", "jonatasgrosman/wav2vec2-large-xlsr-53-russian"),
    ("pl", "jonatasgrosman/wav2vec2-large-xlsr-53-polish"),
    ("hu", "jonatasgrosman/wav2vec2-large-xlsr-53-hungarian"),
    ("fi", "jonatasgrosman/wav2vec2-large-xlsr-53-finnish"),
    ("fa", "jonatasgrosman/wav2vec2-large-xlsr-53-persian"),
    ("el", "jonatasgrosman/wav2vec2-large-xlsr-53-greek"),
    ("tr", "mpoyraz/wav2vec2-xls-r-300m-cv7-turkish"),
    ("da", "saattrupdan/wav2vec2-xls-r-300m-ftspeech"),
    ("he", "imvladikon/wav2vec2-xls-r-300m-hebrew"),
    ("vi", "nguyenvulebinh/wav2vec2-base-vi-vlsp2020"),
    ("ko", "kresnik/wav2vec2-large-xlsr-korean"),
    ("ur", "kingabzpro/wav2vec2-large-xls-r-300m-Urdu"),
    ("te", "anuragshas/wav2vec2-large-xlsr-53-telugu"),
    ("hi", "theainerd/Wav2Vec2-large-xlsr-hindi"),
    ("ca", "softcatala/wav2vec2-large-xlsr-catala"),
    ("ml", "gvs/wav2vec2-large-xlsr-malayalam"),
    ("no", "NbAiLab/nb-wav2vec2-1b-bokmaal-v2"),
    ("nn", "NbAiLab/nb-wav2vec2-1b-nynorsk"),
    ("sk", "comodoro/wav2vec2-xls-r-300m-sk-cv8"),
    ("sl", "anton-l/wav2vec2-large-xlsr-53-slovenian"),
    ("hr", "classla/wav2vec2-xls-r-parlaspeech-hr"),
    ("ro", "gigant/romanian-wav2vec2"),
    ("eu", "stefan-it/wav2vec2-large-xlsr-53-basque"),
    ("gl", "ifrz/wav2vec2-large-xlsr-galician"),
    ("ka", "xsway/wav2vec2-large-xlsr-georgian"),
    ("lv", "jimregan/wav2vec2-large-xlsr-latvian-cv"),
    ("tl", "Khalsuu/filipino-wav2vec2-l-xls-r-300m-official"),
    ("sv", "KBLab/wav2vec2-large-voxrex-swedish"),
    ("id", "cahya/wav2vec2-large-xlsr-indonesian"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_model_is_for_a_language_that_whisper_knows() {
        let known: Vec<_> = Language::all()
            .filter_map(AlignModel::for_language)
            .collect();
        assert_eq!(known.len(), BUNDLES.len() + HUB.len());
        assert_eq!(known.len(), 41);
    }

    #[test]
    fn alphabets_have_their_published_sizes_and_no_letter_twice() {
        for (bundle, size) in BUNDLES.iter().zip([29, 43, 32, 35, 37]) {
            let mut letters: Vec<char> = bundle.alphabet.chars().collect();
            assert_eq!(letters.len() + 1, size, "{}", bundle.name);
            letters.sort_unstable();
            letters.dedup();
            assert_eq!(letters.len() + 1, size, "{}", bundle.name);
        }
    }

    #[test]
    fn languages_find_their_models() {
        let name = |code: &str| {
            let model = AlignModel::for_language(code.parse().unwrap());
            model.map(AlignModel::name)
        };
        assert_eq!(name("en"), Some("WAV2VEC2_ASR_BASE_960H"));
        assert_eq!(
            name("uk"),
            Some("Yehor/wav2vec2-xls-r-300m-uk-with-small-lm")
        );
        assert_eq!(name("cy"), None);
    }
}
