//! Which kernels this processor can run.

use std::fmt;
use std::str::FromStr;
use std::sync::OnceLock;

/// A family of kernels, from the plainest to the fastest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Isa {
    /// Portable kernels; the products still choose AVX2, AVX-512 or NEON themselves (`rten-gemm`).
    Portable,
    /// AVX2 with FMA: integer products of 16-bit pairs.
    Avx2,
    /// AVX-512 with the VNNI integer products.
    Avx512Vnni,
    /// AMX tiles for int8 and bf16, with AVX-512 around them.
    Amx,
}

impl Isa {
    /// The fastest family that runs here, found once.
    ///
    /// `SCRIVEN_CPU` (`portable`, `avx2`, `avx512` or `amx`) lowers the choice, for tests and for comparing; it never
    /// raises it above what the processor has.
    pub fn detect() -> Self {
        static FOUND: OnceLock<Isa> = OnceLock::new();
        *FOUND.get_or_init(|| {
            let best = best();
            let wanted = std::env::var("SCRIVEN_CPU")
                .ok()
                .and_then(|name| name.parse().ok());
            wanted.map_or(best, |wanted: Self| wanted.min(best))
        })
    }

    /// Every family that runs here, plainest first.
    pub fn available() -> Vec<Self> {
        [Self::Portable, Self::Avx2, Self::Avx512Vnni, Self::Amx]
            .into_iter()
            .filter(|isa| *isa <= best())
            .collect()
    }
}

impl fmt::Display for Isa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Portable => "portable",
            Self::Avx2 => "avx2",
            Self::Avx512Vnni => "avx512",
            Self::Amx => "amx",
        })
    }
}

impl FromStr for Isa {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "portable" => Ok(Self::Portable),
            "avx2" => Ok(Self::Avx2),
            "avx512" => Ok(Self::Avx512Vnni),
            "amx" => Ok(Self::Amx),
            _ => Err(format!(
                "'{text}' is not one of portable, avx2, avx512, amx"
            )),
        }
    }
}

#[cfg(target_arch = "x86_64")]
fn best() -> Isa {
    static BEST: OnceLock<Isa> = OnceLock::new();
    *BEST.get_or_init(|| {
        let vnni = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512vnni")
            && is_x86_feature_detected!("f16c");
        let avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
        if vnni && crate::x86::amx::is_available() {
            Isa::Amx
        } else if vnni {
            Isa::Avx512Vnni
        } else if avx2 {
            Isa::Avx2
        } else {
            Isa::Portable
        }
    })
}

#[cfg(not(target_arch = "x86_64"))]
fn best() -> Isa {
    Isa::Portable
}
