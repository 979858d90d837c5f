//! Reads and writes quantities of the Kubernetes API: `512Mi`, `50m`, `1.5`, `2e3`.
//!
//! Grammar and rounding follow `k8s.io/apimachinery/pkg/api/resource`.

use crate::syntax::Scalar;
use crate::units::Amount;

/// Bytes, rounded up as the API server does. `None` for values that it rejects.
pub(super) fn bytes(scalar: &Scalar<'_>) -> Option<u64> {
    read(scalar, 0)
}

/// Thousandths, rounded up. `None` for values that the API server rejects.
pub(super) fn thousandths(scalar: &Scalar<'_>) -> Option<u64> {
    read(scalar, 3)
}

/// The factor of each suffix of the API, as a power of two and a power of ten, the greatest first.
static SUFFIXES: [(&str, u32, i64); 15] = [
    ("Ei", 60, 0),
    ("Pi", 50, 0),
    ("Ti", 40, 0),
    ("Gi", 30, 0),
    ("Mi", 20, 0),
    ("Ki", 10, 0),
    ("E", 0, 18),
    ("P", 0, 15),
    ("T", 0, 12),
    ("G", 0, 9),
    ("M", 0, 6),
    ("k", 0, 3),
    ("m", 0, -3),
    ("u", 0, -6),
    ("n", 0, -9),
];

/// The shortest exact text for a number of bytes: `512Mi`, `1500M`, `1`.
pub(super) fn bytes_text(bytes: u64) -> String {
    let units = SUFFIXES.iter().filter_map(|(suffix, twos, tens)| {
        let tens = 10_u64.checked_pow(u32::try_from(*tens).ok()?)?;
        Some((suffix, tens << twos))
    });
    units
        .filter(|(_, unit)| bytes > 0 && bytes.is_multiple_of(*unit))
        .map(|(suffix, unit)| format!("{}{suffix}", bytes / unit))
        .min_by_key(String::len)
        .unwrap_or_else(|| bytes.to_string())
}

/// The text for thousandths of a CPU: `50m`, `2`.
pub(super) fn thousandths_text(thousandths: u64) -> String {
    if thousandths.is_multiple_of(1_000) {
        (thousandths / 1_000).to_string()
    } else {
        format!("{thousandths}m")
    }
}

/// The quantity times a power of ten. A resource is never negative.
fn read(scalar: &Scalar<'_>, decimals: i64) -> Option<u64> {
    match scalar {
        Scalar::Int(value) => parse(&value.to_string(), decimals),
        Scalar::Float(value) => parse(&value.to_string(), decimals),
        Scalar::Str(text) => parse(text, decimals),
        Scalar::Null | Scalar::Bool(_) => None,
    }
}

/// `text` times `10^decimals`, rounded up. The maximum is `i64::MAX`, as in the API.
fn parse(text: &str, decimals: i64) -> Option<u64> {
    let (negative, unsigned) = match text.strip_prefix(['+', '-']) {
        Some(rest) => (text.starts_with('-'), rest),
        None => (false, text),
    };
    let Amount {
        whole,
        fraction,
        unit,
    } = Amount::read(unsigned)?;
    let (twos, tens) = scale(unit)?;

    let (significand, dropped) = significand(whole, fraction);
    if significand == 0 {
        return Some(0);
    }
    if negative {
        return None;
    }
    let fraction_digits = i64::try_from(fraction.len()).ok()?;
    let tens = tens
        .saturating_add(decimals)
        .saturating_add(dropped)
        .saturating_sub(fraction_digits);
    let scaled = significand << twos;
    let power = |exponent: u64| {
        u32::try_from(exponent)
            .ok()
            .and_then(|exponent| 10_u128.checked_pow(exponent))
    };
    let value = if tens >= 0 {
        power(tens.unsigned_abs())
            .and_then(|power| scaled.checked_mul(power))
            .unwrap_or(u128::MAX)
    } else {
        power(tens.unsigned_abs()).map_or(1, |power| scaled.div_ceil(power))
    };
    Some(u64::try_from(value.min(i64::MAX as u128)).unwrap_or(u64::MAX))
}

/// The digits as one number, and the count of dropped digits at its end.
///
/// Twenty digits (67 bits) times the largest suffix (60 bits) fit into 128 bits. Dropped digits
/// round up, as the API does with more precision than it keeps.
fn significand(whole: &str, fraction: &str) -> (u128, i64) {
    let mut number = 0_u128;
    let mut kept = 0;
    let mut dropped = 0;
    let mut rest = false;
    for digit in whole.bytes().chain(fraction.bytes()) {
        let digit = digit - b'0';
        if kept == 0 && digit == 0 {
            continue;
        }
        if kept < 20 {
            number = number * 10 + u128::from(digit);
            kept += 1;
        } else {
            dropped += 1;
            rest |= digit > 0;
        }
    }
    (number + u128::from(rest), dropped)
}

/// The suffix as a power of two and a power of ten.
fn scale(suffix: &str) -> Option<(u32, i64)> {
    if suffix.is_empty() {
        return Some((0, 0));
    }
    let known = SUFFIXES.iter().find(|(known, ..)| *known == suffix);
    if let Some((_, twos, tens)) = known {
        return Some((*twos, *tens));
    }
    Some((0, suffix.strip_prefix(['e', 'E'])?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::{bytes_text, parse, thousandths_text};
    use proptest::prelude::*;

    #[test]
    fn every_suffix_of_the_api_is_read() {
        for (text, expected) in [
            ("0", 0),
            ("512Mi", 512 << 20),
            ("1Gi", 1 << 30),
            ("1.5Gi", 3 << 29),
            (".5Ki", 512),
            ("1.", 1),
            ("+3k", 3_000),
            ("128974848", 128_974_848),
            ("129e6", 129_000_000),
            ("129E6", 129_000_000),
            ("1E", 1_000_000_000_000_000_000),
            ("1500e-3", 2),
            ("128974848000m", 128_974_848),
            ("512m", 1),
            ("1n", 1),
            ("7Ei", 7 << 60),
            ("8Ei", i64::MAX as u64),
            ("1e999", i64::MAX as u64),
            ("1e-999", 1),
            ("0e999999999999999999", 0),
            ("-0", 0),
        ] {
            assert_eq!(parse(text, 0), Some(expected), "{text}");
        }
        for (text, expected) in [("50m", 50), ("1", 1_000), ("0.5", 500), ("1.0001", 1_001)] {
            assert_eq!(parse(text, 3), Some(expected), "{text}");
        }
    }

    #[test]
    fn quantities_that_the_api_rejects_are_rejected() {
        for text in [
            "", ".", "+", "Mi", "1.1.M", "1+1.0M", "0.1mi", "1i", "1MB", "512mb", "-1", "-3.01e-",
            "1e", "1 ", " 1", "1 Gi", "1e1.5", "0x10", "1_000", "inf", "NaN", "²",
        ] {
            assert_eq!(parse(text, 0), None, "{text}");
        }
    }

    #[test]
    fn texts_are_short_and_exact() {
        for (bytes, text) in [
            (0, "0"),
            (1, "1"),
            (64 << 20, "64Mi"),
            (512 << 20, "512Mi"),
            (1 << 30, "1Gi"),
            (3 << 29, "1536Mi"),
            (500_000_000, "500M"),
        ] {
            assert_eq!(bytes_text(bytes), text);
        }
        assert_eq!(thousandths_text(1_000), "1");
        assert_eq!(thousandths_text(50), "50m");
        assert_eq!(thousandths_text(1_500), "1500m");
    }

    /// The same result by schoolbook arithmetic on decimal digits: multiply, move the point, round
    /// up.
    fn schoolbook(whole: u64, fraction: &str, twos: u32, tens: i64) -> Option<u64> {
        let text = format!("{whole}{fraction}");
        let mut digits: Vec<u32> = text.bytes().map(|b| u32::from(b - b'0')).collect();
        for _ in 0..twos {
            let mut carry = 0;
            for digit in digits.iter_mut().rev() {
                carry += *digit * 2;
                *digit = carry % 10;
                carry /= 10;
            }
            if carry > 0 {
                digits.insert(0, carry);
            }
        }
        let mut point =
            i64::try_from(digits.len()).ok()? - i64::try_from(fraction.len()).ok()? + tens;
        while point < 0 {
            digits.insert(0, 0);
            point += 1;
        }
        let point = usize::try_from(point).ok()?;
        while digits.len() < point {
            digits.push(0);
        }
        let up = digits[point..].iter().any(|&digit| digit > 0);
        let whole = digits[..point].iter().fold(0_u128, |sum, &digit| {
            sum.saturating_mul(10).saturating_add(u128::from(digit))
        });
        let whole = whole.saturating_add(u128::from(up));
        u64::try_from(whole.min(i64::MAX as u128)).ok()
    }

    proptest! {
        #[test]
        fn reading_agrees_with_schoolbook_arithmetic(
            whole in 0_u64..1 << 40,
            fraction in "[0-9]{0,6}",
            (suffix, twos, tens) in prop::sample::select(vec![
                ("n", 0, -9), ("u", 0, -6), ("m", 0, -3), ("", 0, 0), ("k", 0, 3), ("M", 0, 6),
                ("G", 0, 9), ("T", 0, 12), ("P", 0, 15), ("E", 0, 18), ("Ki", 10, 0),
                ("Mi", 20, 0), ("Gi", 30, 0), ("Ti", 40, 0), ("Pi", 50, 0), ("Ei", 60, 0),
                ("e3", 0, 3), ("E-5", 0, -5), ("e+2", 0, 2),
            ]),
            decimals in prop::sample::select(vec![0_i64, 3]),
        ) {
            let text = if fraction.is_empty() {
                format!("{whole}{suffix}")
            } else {
                format!("{whole}.{fraction}{suffix}")
            };
            prop_assert_eq!(
                parse(&text, decimals),
                schoolbook(whole, &fraction, twos, tens + decimals)
            );
        }

        #[test]
        fn a_written_quantity_reads_back(value in 0..i64::MAX as u64) {
            prop_assert_eq!(parse(&bytes_text(value), 0), Some(value));
            prop_assert_eq!(parse(&thousandths_text(value / 1_000), 3), Some(value / 1_000));
        }
    }
}
