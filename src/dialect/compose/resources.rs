//! Reads memory, CPU and process limits of a service, and where they are written.

use std::borrow::Cow;

use super::layers::{Layers, Value};
use super::{LimitPlaces, Limits};
use crate::container::{Container, Observed, Setting};
use crate::project::File;
use crate::units;

/// Fills in limits and reservations.
pub(super) fn read(container: &mut Container, layers: &Layers, files: &[File<'_>]) {
    let limit = |flat: &str, list: &str, key: &str| {
        let flat = [flat];
        let deploy = ["deploy", "resources", list, key];
        layers
            .get(files, &flat)
            .or_else(|| layers.get(files, &deploy))
    };
    container.memory_limit = setting(limit("mem_limit", "limits", "memory"), files, units::bytes);
    container.memory_request = setting(
        limit("mem_reservation", "reservations", "memory"),
        files,
        units::bytes,
    );
    container.cpu_limit = setting(limit("cpus", "limits", "cpus"), files, units::millicpu);
    container.cpu_request = setting(
        layers.get(files, &["deploy", "resources", "reservations", "cpus"]),
        files,
        units::millicpu,
    );
    container.pids_limit = setting(limit("pids_limit", "limits", "pids"), files, |text| {
        text.trim().parse().ok()
    });
    cpu_quota(container, layers, files);
    container.shared_memory = layers
        .get(files, &["shm_size"])
        .and_then(|value| units::bytes(&value.judged(files)?));
}

/// The place of each limit: where it is written, or otherwise where new limits belong.
pub(super) fn limit_places(layers: &Layers, files: &[File<'_>], by_stack: bool) -> LimitPlaces {
    let new = new_limits_place(layers, files, by_stack);
    let place = |flat: &str| {
        let is_flat = layers.get(files, &[flat]).is_some();
        if is_flat { Limits::Service } else { new }
    };
    LimitPlaces {
        memory: place("mem_limit"),
        cpu: place("cpus"),
        pids: place("pids_limit"),
    }
}

/// The place for new limits: where limits are already written, or otherwise where the consumers of
/// the file read them (docs/semantics.md#limit-one-place, #limit-compose-v1 and #swarm-refuses).
fn new_limits_place(layers: &Layers, files: &[File<'_>], by_stack: bool) -> Limits {
    if layers.has(files, &["deploy", "resources", "limits"]) {
        return Limits::Deploy;
    }
    if ["mem_limit", "cpus", "pids_limit"]
        .iter()
        .any(|key| layers.has(files, &[key]))
    {
        return Limits::Service;
    }
    if by_stack {
        Limits::Deploy
    } else {
        Limits::Service
    }
}

/// `memswap_limit`, which a memory limit must not exceed. -1 and 0 mean no limit.
pub(super) fn swap(layers: &Layers, files: &[File<'_>]) -> Option<(String, Option<u64>)> {
    let text = layers.get(files, &["memswap_limit"])?.judged(files)?;
    let bytes = units::bytes(&text);
    (text.trim() != "-1" && bytes != Some(0)).then(|| (text.into_owned(), bytes))
}

/// `cpu_quota` per `cpu_period` (default 100 ms) is a CPU limit. The engine rejects `cpus` together
/// with either key.
fn cpu_quota(container: &mut Container, layers: &Layers, files: &[File<'_>]) {
    let period = layers.get(files, &["cpu_period"]);
    let micros = |value: &Value| {
        let text = value.judged(files)?;
        let text = text.trim();
        let (number, factor) = match text.strip_suffix("ms") {
            Some(number) => (number, 1_000),
            None => (text.strip_suffix("us").unwrap_or(text), 1),
        };
        number.parse::<u64>().ok()?.checked_mul(factor)
    };
    let length = period
        .as_ref()
        .and_then(micros)
        .filter(|length| *length > 0)
        .unwrap_or(100_000);
    if container.cpu_limit.is_absent()
        && let Some(quota) = layers.get(files, &["cpu_quota"])
    {
        if let Some(text) = quota.judged(files).filter(|text| text.contains('$')) {
            container.cpu_limit = Setting::Variable {
                text: text.into_owned(),
                default: None,
                origin: quota.origin,
            };
            return;
        }
        let limit = micros(&quota)
            .and_then(|quota| quota.checked_mul(1000))
            .map(|quota| quota / length);
        let text = quota.judged(files).map(Cow::into_owned).unwrap_or_default();
        container.cpu_limit = match limit {
            Some(value) => Setting::Set {
                value,
                origin: quota.origin,
            },
            None => Setting::Unreadable {
                text,
                origin: quota.origin,
            },
        };
    } else if let Some(period) = period {
        let period = Observed::CpuPeriod {
            period: "cpu_period",
            limit: "cpus",
        }
        .at(period.origin.place);
        container.observations.push(period);
    }
}

fn setting<T>(
    value: Option<Value>,
    files: &[File<'_>],
    read: impl Fn(&str) -> Option<T>,
) -> Setting<T> {
    value.map_or(Setting::Absent, |value| value.setting(files, read))
}
