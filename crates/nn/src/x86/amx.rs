//! Intel AMX: products of 16×64-byte tiles (Intel SDM volume 1, chapter 18).
//!
//! Eight tile registers of 16 rows by 64 bytes. Here 0–3 collect a 32×32 block of sums, 4–5 hold two tiles of the
//! left matrix (rows as they lie), 6–7 two tiles of the right one (packed by four bytes or by two bf16 of depth).

use std::arch::asm;

/// Asks the kernel for the tile registers, once per process; false where there are none.
pub(crate) fn is_available() -> bool {
    // cpuid leaf 7: amx-bf16 is bit 22, amx-tile 24, amx-int8 25 of edx; the feature macros for them are not stable.
    let leaf = std::arch::x86_64::__cpuid_count(7, 0);
    let wanted = (1 << 22) | (1 << 24) | (1 << 25);
    leaf.edx & wanted == wanted && is_x86_feature_detected!("avx512bf16") && request_permission()
}

#[cfg(target_os = "linux")]
fn request_permission() -> bool {
    const ARCH_REQ_XCOMP_PERM: libc::c_long = 0x1023;
    const XFEATURE_XTILEDATA: libc::c_long = 18;
    // SAFETY: a system call without pointers.
    unsafe {
        libc::syscall(
            libc::SYS_arch_prctl,
            ARCH_REQ_XCOMP_PERM,
            XFEATURE_XTILEDATA,
        ) == 0
    }
}

#[cfg(not(target_os = "linux"))]
fn request_permission() -> bool {
    false
}

/// Palette 1 with eight tiles of 16 rows by 64 bytes.
#[repr(C, align(64))]
struct TileConfig {
    palette: u8,
    start_row: u8,
    reserved: [u8; 14],
    columns: [u16; 16],
    rows: [u8; 16],
}

static CONFIG: TileConfig = TileConfig {
    palette: 1,
    start_row: 0,
    reserved: [0; 14],
    columns: [64, 64, 64, 64, 64, 64, 64, 64, 0, 0, 0, 0, 0, 0, 0, 0],
    rows: [16, 16, 16, 16, 16, 16, 16, 16, 0, 0, 0, 0, 0, 0, 0, 0],
};

/// The tile registers are set up while this lives; products run between.
#[derive(Debug)]
pub(crate) struct Tiles(());

impl Tiles {
    /// Sets the registers up on this thread.
    ///
    /// # Safety
    /// [`is_available`] has returned true.
    pub(crate) unsafe fn configure() -> Self {
        // SAFETY: the processor has the instruction; the operand is 64 bytes as it wants.
        unsafe { asm!("ldtilecfg [{}]", in(reg) &raw const CONFIG, options(nostack, readonly)) };
        Self(())
    }
}

impl Drop for Tiles {
    fn drop(&mut self) {
        // SAFETY: `configure` ran on this thread.
        unsafe { asm!("tilerelease", options(nostack, nomem)) };
    }
}

macro_rules! product_32x32 {
    ($(#[$doc:meta])* $name:ident, $instruction:literal) => {
        $(#[$doc])*
        #[expect(clippy::too_many_arguments, reason = "a kernel's registers")]
        pub(crate) unsafe fn $name(
            _tiles: &Tiles, a0: *const u8, a1: *const u8, a_stride: usize, b0: *const u8, b1: *const u8, b_stride: usize,
            n_steps: usize, out: *mut u8, out_stride: usize,
        ) {
            // SAFETY: the caller's promises cover every address below.
            unsafe {
                asm!(
                    "tilezero tmm0", "tilezero tmm1", "tilezero tmm2", "tilezero tmm3",
                    "2:",
                    "tileloadd tmm6, [{b0} + {line}]",
                    "tileloadd tmm4, [{a0} + {lda}]",
                    "tileloadd tmm7, [{b1} + {line}]",
                    concat!($instruction, " tmm0, tmm4, tmm6"),
                    "tileloadd tmm5, [{a1} + {lda}]",
                    concat!($instruction, " tmm1, tmm4, tmm7"),
                    concat!($instruction, " tmm2, tmm5, tmm6"),
                    concat!($instruction, " tmm3, tmm5, tmm7"),
                    "add {a0}, 64", "add {a1}, 64", "add {b0}, {ldb}", "add {b1}, {ldb}",
                    "dec {n}", "jnz 2b",
                    "tilestored [{c} + {ldc}], tmm0",
                    "tilestored [{c} + {ldc} + 64], tmm1",
                    "lea {c}, [{c} + {half}]",
                    "tilestored [{c} + {ldc}], tmm2",
                    "tilestored [{c} + {ldc} + 64], tmm3",
                    a0 = inout(reg) a0 => _, a1 = inout(reg) a1 => _, lda = in(reg) a_stride,
                    b0 = inout(reg) b0 => _, b1 = inout(reg) b1 => _, ldb = in(reg) b_stride,
                    line = in(reg) 64_usize, n = inout(reg) n_steps => _,
                    c = inout(reg) out => _, ldc = in(reg) out_stride, half = in(reg) out_stride * 16,
                    out("tmm0") _, out("tmm1") _, out("tmm2") _, out("tmm3") _,
                    out("tmm4") _, out("tmm5") _, out("tmm6") _, out("tmm7") _,
                    options(nostack),
                );
            }
        }
    };
}

product_32x32!(
    /// `out (32, 32) i32 = A (32, depth) u8 · B (depth, 32) i8`, 64 of depth a step.
    ///
    /// # Safety
    /// `a0`/`a1` point to 16 rows each of `64·n_steps` bytes, `a_stride` bytes apart; `b0`/`b1` to `n_steps` packed
    /// tiles of 1 KiB each, `b_stride` bytes apart; `out` to 32 rows of 128 bytes, `out_stride` apart; `n_steps` ≥ 1.
    u8i8_32x32, "tdpbusd"
);

product_32x32!(
    /// `out (32, 32) f32 = A (32, depth) bf16 · B (depth, 32) bf16`, 32 of depth a step.
    ///
    /// # Safety
    /// As [`u8i8_32x32`], with bf16 rows and tiles packed by pairs.
    bf16_32x32, "tdpbf16ps"
);

/// `out (16, 32) i32 = A (16, depth) u8 · B (depth, 32) i8`: for a handful of rows.
///
/// # Safety
/// As [`u8i8_32x32`] with one tile of rows; B's tiles lie 1 KiB apart.
pub(crate) unsafe fn u8i8_16x32(
    _tiles: &Tiles,
    a: *const u8,
    a_stride: usize,
    b0: *const u8,
    b1: *const u8,
    n_steps: usize,
    out: *mut u8,
) {
    // SAFETY: the caller's promises cover every address below; prefetches may go anywhere.
    unsafe {
        asm!(
            "tilezero tmm0", "tilezero tmm1",
            "2:",
            "tileloadd tmm4, [{a} + {lda}]",
            "tileloadd tmm6, [{b0} + {line}]",
            "tdpbusd tmm0, tmm4, tmm6",
            "tileloadd tmm7, [{b1} + {line}]",
            "tdpbusd tmm1, tmm4, tmm7",
            "add {a}, 64", "add {b0}, 1024", "add {b1}, 1024",
            "dec {n}", "jnz 2b",
            "tilestored [{c} + {ldc}], tmm0",
            "tilestored [{c} + {ldc} + 64], tmm1",
            a = inout(reg) a => _, lda = in(reg) a_stride,
            b0 = inout(reg) b0 => _, b1 = inout(reg) b1 => _,
            line = in(reg) 64_usize, n = inout(reg) n_steps => _,
            c = in(reg) out, ldc = in(reg) 128_usize,
            out("tmm0") _, out("tmm1") _, out("tmm4") _, out("tmm6") _, out("tmm7") _,
            options(nostack),
        );
    }
}

/// `out (32, 32) f32 = Σ A_tap (32, 32) bf16 · B_tap (32, 32) bf16`: what the taps of a convolution see, wherever it lies.
///
/// # Safety
/// Each of `taps` points to 32 rows of 64 bytes, `a_stride` bytes apart; `b` to two packed tiles of 1 KiB for each of
/// them; `out` to 32 rows of 128 bytes; there is at least one tap.
pub(crate) unsafe fn bf16_taps_32x32(
    _tiles: &Tiles,
    taps: &[*const u8],
    a_stride: usize,
    b: *const u8,
    out: *mut u8,
) {
    // SAFETY: the caller's promises cover every address below.
    unsafe {
        asm!(
            "tilezero tmm0", "tilezero tmm1", "tilezero tmm2", "tilezero tmm3",
            "2:",
            "mov {a}, [{taps}]",
            "tileloadd tmm6, [{b} + {line}]",
            "tileloadd tmm4, [{a} + {lda}]",
            "tileloadd tmm7, [{b} + {line} + 1024]",
            "tdpbf16ps tmm0, tmm4, tmm6",
            "add {a}, {half}",
            "tileloadd tmm5, [{a} + {lda}]",
            "tdpbf16ps tmm1, tmm4, tmm7",
            "tdpbf16ps tmm2, tmm5, tmm6",
            "tdpbf16ps tmm3, tmm5, tmm7",
            "add {taps}, 8", "add {b}, 2048",
            "dec {n}", "jnz 2b",
            "tilestored [{c} + {ldc}], tmm0",
            "tilestored [{c} + {ldc} + 64], tmm1",
            "tilestored [{c} + {ldc} + 2048], tmm2",
            "tilestored [{c} + {ldc} + 2112], tmm3",
            taps = inout(reg) taps.as_ptr() => _, n = inout(reg) taps.len() => _, a = out(reg) _,
            lda = in(reg) a_stride, half = in(reg) a_stride * 16,
            b = inout(reg) b => _, line = in(reg) 64_usize, c = in(reg) out, ldc = in(reg) 128_usize,
            out("tmm0") _, out("tmm1") _, out("tmm2") _, out("tmm3") _,
            out("tmm4") _, out("tmm5") _, out("tmm6") _, out("tmm7") _,
            options(nostack),
        );
    }
}
