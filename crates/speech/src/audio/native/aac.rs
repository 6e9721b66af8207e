//! Whether an AAC stream is more than its core.
//!
//! HE-AAC is plain AAC at half the rate plus a recipe for the upper half of the spectrum (SBR). A decoder that does not
//! know the recipe plays the lower half without complaint, and speech loses its consonants; so we ask before decoding.

use symphonia::core::codecs::audio::AudioCodecParameters;

/// Object types of ISO 14496-3.
const AAC_LC: u32 = 2;
const SBR: u32 = 5;
const PARAMETRIC_STEREO: u32 = 29;

/// Marks an extension behind the configuration of the core.
const EXTENSION_SYNC: u32 = 0x2b7;

/// A core above this rate holds the whole band already; SBR is only ever left unsaid at or below it.
const HIGHEST_HALVED_RATE: u32 = 24_000;

/// What a stream says about spectral band replication.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Replication {
    /// The core is all there is.
    Absent,
    /// HE-AAC.
    Present,
    /// Nothing is said, and at this rate only the frames would tell.
    Unsaid,
}

/// What the parameters of an AAC track say.
pub(super) fn replication(params: &AudioCodecParameters) -> Replication {
    let stated = params.extra_data.as_deref().and_then(stated_replication);
    let core_rate = params
        .extra_data
        .as_deref()
        .and_then(core_rate)
        .or(params.sample_rate);
    match stated {
        Some(true) => Replication::Present,
        Some(false) => Replication::Absent,
        None if core_rate.is_some_and(|rate| rate > HIGHEST_HALVED_RATE) => Replication::Absent,
        None => Replication::Unsaid,
    }
}

/// The parameters of the core alone, for when nobody is there to decode the rest.
pub(super) fn core_only(params: &AudioCodecParameters) -> AudioCodecParameters {
    let mut core = params.clone();
    if let Some(config) = params.extra_data.as_deref().and_then(core_config) {
        core.extra_data = Some(config.into());
    }
    core
}

/// True or false where the configuration says so in words.
fn stated_replication(config: &[u8]) -> Option<bool> {
    let mut bits = Bits {
        bytes: config,
        position: 0,
    };
    let object_type = bits.object_type()?;
    bits.rate()?;
    bits.take(4)?; // channels
    if matches!(object_type, SBR | PARAMETRIC_STEREO) {
        return Some(true);
    }
    bits.take(1)?; // frame length
    if bits.take(1)? == 1 {
        bits.take(14)?; // delay of the core coder
    }
    bits.take(1)?; // extension flag
    if bits.take(11)? == EXTENSION_SYNC && bits.object_type()? == SBR {
        return Some(bits.take(1)? == 1);
    }
    None
}

fn core_rate(config: &[u8]) -> Option<u32> {
    let mut bits = Bits {
        bytes: config,
        position: 0,
    };
    bits.object_type()?;
    bits.rate()
}

/// A configuration of two bytes that names only the core; `None` for rates that need more than an index.
fn core_config(config: &[u8]) -> Option<[u8; 2]> {
    let mut bits = Bits {
        bytes: config,
        position: 0,
    };
    bits.object_type()?;
    let rate_index = bits.take(4).filter(|index| *index < 13)?;
    let channels = bits.take(4)?;
    let packed = AAC_LC << 11 | rate_index << 7 | channels << 3;
    u16::try_from(packed).ok().map(u16::to_be_bytes)
}

/// Reads bits from the highest on.
struct Bits<'a> {
    bytes: &'a [u8],
    position: usize,
}

impl Bits<'_> {
    /// The next `n` bits, at most 24; `None` past the end.
    fn take(&mut self, n: usize) -> Option<u32> {
        let mut value = 0;
        for position in self.position..self.position + n {
            let byte = self.bytes.get(position / 8)?;
            value = value << 1 | u32::from(byte >> (7 - position % 8) & 1);
        }
        self.position += n;
        Some(value)
    }

    fn object_type(&mut self) -> Option<u32> {
        match self.take(5)? {
            31 => Some(32 + self.take(6)?),
            small => Some(small),
        }
    }

    /// A sample rate in Hz.
    fn rate(&mut self) -> Option<u32> {
        const RATES: [u32; 13] = [
            96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025,
            8_000, 7_350,
        ];
        match self.take(4)? {
            15 => self.take(24),
            index => RATES.get(index as usize).copied(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(config: &[u8]) -> AudioCodecParameters {
        let mut params = AudioCodecParameters::new();
        params.with_extra_data(config.into());
        params
    }

    #[test]
    fn the_ways_to_announce_replication_are_told_apart() {
        // AAC-LC 44.1 kHz stereo; nothing more.
        assert_eq!(replication(&params(&[0x12, 0x10])), Replication::Absent);
        // AAC-LC 16 kHz mono; nothing more.
        assert_eq!(replication(&params(&[0x14, 0x08])), Replication::Unsaid);
        // AAC-LC 16 kHz mono, then "no SBR", as ffmpeg writes it.
        assert_eq!(
            replication(&params(&[0x14, 0x08, 0x56, 0xe5, 0x00])),
            Replication::Absent
        );
        // AAC-LC 22.05 kHz mono, then "SBR at 44.1 kHz".
        assert_eq!(
            replication(&params(&[0x13, 0x88, 0x56, 0xe5, 0xa0])),
            Replication::Present
        );
        // Object type 5 (SBR) around a 22.05 kHz core.
        assert_eq!(
            replication(&params(&[0x2b, 0x8a, 0x08, 0x00])),
            Replication::Present
        );
    }

    #[test]
    fn the_core_keeps_its_rate_and_channels() {
        let core = core_only(&params(&[0x2b, 0x8a, 0x08, 0x00]));
        assert_eq!(core.extra_data.as_deref(), Some(&[0x13, 0x88][..]));
    }

    #[test]
    fn a_short_configuration_is_no_panic() {
        for n in 0..4 {
            let _ = replication(&params(&[0xff, 0xff, 0xff, 0xff][..n]));
            let _ = core_only(&params(&[0xff, 0xff, 0xff, 0xff][..n]));
        }
    }
}
