//! What the arrays are called, by those who publish them.

use crate::weights::Weights;

/// Whose names a file follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Names {
    /// `transformers.Wav2Vec2ForCTC`
    HuggingFace,
    /// `torchaudio.models.Wav2Vec2Model`
    Torchaudio,
}

impl Names {
    /// An array of a convolution of the feature extractor.
    pub(super) fn feature_conv(self, layer: usize, part: &str) -> String {
        match self {
            Self::HuggingFace => format!("wav2vec2.feature_extractor.conv_layers.{layer}.{part}"),
            Self::Torchaudio => format!("feature_extractor.conv_layers.{layer}.{part}"),
        }
    }

    /// An array of the layer that widens the features.
    pub(super) fn feature_projection(self, part: &str) -> String {
        match self {
            Self::HuggingFace => format!("wav2vec2.feature_projection.{part}"),
            Self::Torchaudio => format!("encoder.feature_projection.{part}"),
        }
    }

    /// An array of the encoder.
    pub(super) fn encoder(self, part: &str) -> String {
        match self {
            Self::HuggingFace => format!("wav2vec2.encoder.{part}"),
            Self::Torchaudio => format!("encoder.transformer.{part}"),
        }
    }

    /// An array of one block of the encoder.
    pub(super) fn layer(self, layer: usize, part: &str) -> String {
        self.encoder(&format!("layers.{layer}.{part}"))
    }

    /// An array of the output layer.
    pub(super) fn head(self, part: &str) -> String {
        match self {
            Self::HuggingFace => format!("lm_head.{part}"),
            Self::Torchaudio => format!("aux.{part}"),
        }
    }

    /// Lengths (`g`) and directions (`v`) of the positional filters; PyTorch changed their names in version 2.
    pub(super) fn position_weights(self, weights: &dyn Weights) -> (String, String) {
        let conv = |part: &str| self.encoder(&format!("pos_conv_embed.conv.{part}"));
        let new = (
            conv("parametrizations.weight.original0"),
            conv("parametrizations.weight.original1"),
        );
        if weights.shape(&new.0).is_some() {
            new
        } else {
            (conv("weight_g"), conv("weight_v"))
        }
    }
}
