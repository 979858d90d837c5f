//! Sizes and CPU numbers: parsing as container engines do, and formatting.

/// A decimal number with a unit: `1.5Gi`.
///
/// The grammars of sizes share the same numbers. They differ in the units and in how they round
/// fractions of a byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Amount<'t> {
    /// The digits before the decimal point.
    pub(crate) whole: &'t str,
    /// The digits after the decimal point.
    pub(crate) fraction: &'t str,
    /// The rest of the text, as it is written.
    pub(crate) unit: &'t str,
}

impl<'t> Amount<'t> {
    /// Parses digits with at most one decimal point, and the text after them. `None` if the text
    /// does not start with such a number.
    pub(crate) fn read(text: &'t str) -> Option<Self> {
        let end = text
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(text.len());
        let (number, unit) = text.split_at(end);
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let has_digits = !whole.is_empty() || !fraction.is_empty();
        let is_number = has_digits && !fraction.contains('.');
        is_number.then_some(Self {
            whole,
            fraction,
            unit,
        })
    }

    /// The number times the factor, rounded down; `None` beyond 64 bits.
    pub(crate) fn times(self, factor: u64) -> Option<u64> {
        self.scaled(factor).map(|(whole, _)| whole)
    }

    /// The number times the factor, rounded up; `None` beyond 64 bits.
    pub(crate) fn times_rounded_up(self, factor: u64) -> Option<u64> {
        let (whole, rest) = self.scaled(factor)?;
        whole.checked_add(u64::from(rest))
    }

    /// The product rounded down, and whether a fraction was cut off.
    fn scaled(self, factor: u64) -> Option<(u64, bool)> {
        /// More fraction digits cannot change the whole part of a 64-bit product.
        const DIGITS: usize = 18;
        let number = |digits: &str| match digits {
            "" => Some(0),
            digits => digits.parse::<u128>().ok(),
        };
        let (kept, cut) = self.fraction.split_at(self.fraction.len().min(DIGITS));
        let divisor = 10_u128.pow(u32::try_from(kept.len()).ok()?);
        let part = number(kept)? * u128::from(factor);
        let whole = number(self.whole)?
            .checked_mul(u128::from(factor))?
            .checked_add(part / divisor)?;
        let rest = part % divisor > 0 || cut.contains(|digit| digit != '0');
        Some((u64::try_from(whole).ok()?, rest))
    }
}

/// Bytes of a size such as `512m`, `1.5 GiB`, `1073741824`: go-units `RAMInBytes`, where every
/// unit is a power of 1024.
pub(crate) fn bytes(text: &str) -> Option<u64> {
    let amount = Amount::read(text.trim())?;
    amount.times(engine_unit(amount.unit.trim_start())?)
}

/// The bytes of a unit, as container engines read it: `k`, `KB`, `KiB`. No unit means bytes.
pub(crate) fn engine_unit(unit: &str) -> Option<u64> {
    let power = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 0,
        "k" | "kb" | "ki" | "kib" => 1,
        "m" | "mb" | "mi" | "mib" => 2,
        "g" | "gb" | "gi" | "gib" => 3,
        "t" | "tb" | "ti" | "tib" => 4,
        "p" | "pb" | "pi" | "pib" => 5,
        _ => return None,
    };
    Some(1024_u64.pow(power))
}

/// Parses a number of CPUs and returns thousandths: `0.5` is 500.
pub(crate) fn millicpu(text: &str) -> Option<u64> {
    let amount = Amount::read(text.trim())?;
    amount.unit.is_empty().then(|| amount.times(1000))?
}

/// Formats a size in the largest unit of 1024 that gives a whole number: `512m`, `1g`, `1500k`.
pub(crate) fn write_bytes(bytes: u64) -> String {
    for (shift, unit) in [(30, "g"), (20, "m"), (10, "k")] {
        if bytes >= 1 << shift && bytes.trailing_zeros() >= shift {
            return format!("{}{unit}", bytes >> shift);
        }
    }
    bytes.to_string()
}

/// Formats a number of CPUs: `1`, `0.75`.
pub(crate) fn write_cpus(millicpu: u64) -> String {
    let (whole, rest) = (millicpu / 1000, millicpu % 1000);
    if rest == 0 {
        return whole.to_string();
    }
    format!("{whole}.{rest:03}")
        .trim_end_matches('0')
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_go_units_reads_them() {
        assert_eq!(bytes("512m"), Some(512 << 20));
        assert_eq!(bytes("1.5 GiB"), Some(3 << 29));
        assert_eq!(bytes("1073741824"), Some(1 << 30));
        assert_eq!(bytes(".5g"), Some(1 << 29));
        assert_eq!(bytes("many"), None);
        assert_eq!(bytes("1x"), None);
        assert_eq!(bytes(""), None);
        assert_eq!(bytes("99999999999999999999g"), None);
    }

    #[test]
    fn a_part_of_a_unit_is_cut_off_or_counts() {
        for (text, factor, down, up) in [
            ("1.5", 2, Some(3), Some(3)),
            ("1.5", 1, Some(1), Some(2)),
            ("0.0000000000000000000001", 1, Some(0), Some(1)),
            ("18446744073709551615", 1, Some(u64::MAX), Some(u64::MAX)),
            ("18446744073709551615.1", 1, Some(u64::MAX), None),
            ("18446744073709551616", 1, None, None),
        ] {
            let amount = Amount::read(text).unwrap();
            let products = (amount.times(factor), amount.times_rounded_up(factor));
            assert_eq!(products, (down, up), "{text}");
        }
        for text in ["", ".", "k", "1.2.3", "-1", "\u{b2}"] {
            assert_eq!(Amount::read(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_written_is_read_back() {
        for value in [1, 1023, 1024, 64 << 20, 3 << 29, 5 << 30] {
            assert_eq!(bytes(&write_bytes(value)), Some(value));
        }
        for value in [1000, 750, 1500, 50, 1] {
            assert_eq!(millicpu(&write_cpus(value)), Some(value));
        }
    }
}
