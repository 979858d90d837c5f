//! Sizes and CPU numbers, as engines read them and as people write them.

/// Bytes of a size such as `512m`, `1.5 GiB`, `1073741824`: go-units `RAMInBytes`, where every
/// unit is a power of 1024.
pub(crate) fn bytes(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let factor: u32 = match unit.trim_start().to_ascii_lowercase().as_str() {
        "" | "b" => 0,
        "k" | "kb" | "ki" | "kib" => 1,
        "m" | "mb" | "mi" | "mib" => 2,
        "g" | "gb" | "gi" | "gib" => 3,
        "t" | "tb" | "ti" | "tib" => 4,
        "p" | "pb" | "pi" | "pib" => 5,
        _ => return None,
    };
    scale(number, 1024_u64.pow(factor))
}

/// Thousandths of a processor: `0.5` is 500.
pub(crate) fn millicpu(text: &str) -> Option<u64> {
    scale(text.trim(), 1000)
}

/// `number * factor`, rounded down; `number` is decimal digits with at most one point.
fn scale(number: &str, factor: u64) -> Option<u64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let whole: u128 = if whole.is_empty() {
        0
    } else {
        whole.parse().ok()?
    };
    let fraction = &fraction[..fraction.len().min(18)];
    let divisor = 10_u128.pow(u32::try_from(fraction.len()).ok()?);
    let part: u128 = if fraction.is_empty() {
        0
    } else {
        fraction.parse().ok()?
    };
    let factor = u128::from(factor);
    u64::try_from(
        whole
            .checked_mul(factor)?
            .checked_add(part * factor / divisor)?,
    )
    .ok()
}

/// A size in the shortest whole unit of 1024: `512m`, `1g`, `1500k`.
pub(crate) fn write_bytes(bytes: u64) -> String {
    for (shift, unit) in [(30, "g"), (20, "m"), (10, "k")] {
        if bytes >= 1 << shift && bytes.trailing_zeros() >= shift {
            return format!("{}{unit}", bytes >> shift);
        }
    }
    bytes.to_string()
}

/// Processors: `1`, `0.75`.
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
    fn what_is_written_is_read_back() {
        for value in [1, 1023, 1024, 64 << 20, 3 << 29, 5 << 30] {
            assert_eq!(bytes(&write_bytes(value)), Some(value));
        }
        for value in [1000, 750, 1500, 50, 1] {
            assert_eq!(millicpu(&write_cpus(value)), Some(value));
        }
    }
}
