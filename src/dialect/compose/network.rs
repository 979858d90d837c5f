//! Reads the network of a service, its ports, and the namespaces it shares with the host or with
//! other containers.

use std::borrow::Cow;

use super::commands::texts;
use super::layers::{Layers, judged};
use crate::container::{Container, HostNamespace, HostPort, Network, Place, Sysctl};
use crate::dialect::engine_words::{self, Port};
use crate::project::File;
use crate::syntax::{Kind, Schema};

/// Fills in the network, ports, namespaces and kernel parameters.
pub(super) fn read(container: &mut Container, layers: &Layers, files: &[File<'_>]) {
    // In the first format the key is `net`.
    let mode = layers.get(files, &["network_mode"]);
    if let Some(value) = mode.or_else(|| layers.get(files, &["net"]))
        && let Some(mode) = value.judged(files)
    {
        container.network_place = value.origin.place;
        container.network = match &*mode {
            "host" => Network::Host,
            shared if shared.starts_with("service:") || shared.starts_with("container:") => {
                Network::Shared(shared.to_owned())
            }
            variable if variable.contains('$') => Network::Variable(variable.to_owned()),
            _ => Network::Private,
        };
    }
    for (text, _) in layers.texts(files, "expose") {
        container.ports.extend(
            text.split('/')
                .next()
                .and_then(|port| port.parse::<u16>().ok()),
        );
    }
    for value in layers.items(files, "ports") {
        let file = &files[value.file];
        let tree = &file.tree;
        let place = value.origin.place;
        if tree.node(value.node).kind == Kind::Map {
            let port = |key| {
                let found = tree.get(value.node, key, Schema::GoYamlV4)?;
                judged(file, found.value()).map(Cow::into_owned)
            };
            container
                .ports
                .extend(port("target").and_then(|text| text.parse::<u16>().ok()));
            if port("host_ip").is_none_or(|address| address.is_empty()) {
                container.open_ports.extend(place);
            }
            if let Some(published) = port("published").and_then(|text| text.parse().ok()) {
                container.host_ports.push(HostPort {
                    port: published,
                    address: port("host_ip"),
                    place,
                });
            }
        } else if let Some(text) = value.judged(files) {
            if engine_words::port(&text).address.is_none() {
                container.open_ports.extend(place);
            }
            short_port(container, &text, place);
        }
    }
    for (key, name) in [
        ("pid", "pid"),
        ("ipc", "ipc"),
        ("uts", "uts"),
        ("userns_mode", "user"),
        ("cgroup", "cgroup"),
    ] {
        let Some(value) = layers.get(files, &[key]) else {
            continue;
        };
        let mode = value.judged(files).unwrap_or_default();
        if mode == "host" {
            container.host_namespaces.push(HostNamespace {
                name,
                place: value.origin.place,
            });
        }
        if let Some(what) = engine_words::shared_namespace(name, &mode) {
            container.observations.push(what.at(value.origin.place));
        }
    }
    sysctls(container, layers, files);
    container.low_ports_are_free = engine_words::low_ports_are_free(&container.sysctls);
}

fn sysctls(container: &mut Container, layers: &Layers, files: &[File<'_>]) {
    for value in layers.all(files, "sysctls") {
        let file = &files[value.file];
        let tree = &file.tree;
        let place = value.origin.place;
        let pairs: Vec<(String, String)> = match tree.node(value.node).kind {
            Kind::Map => tree
                .effective_entries(value.node, Schema::GoYamlV4)
                .into_iter()
                .filter_map(|(name, found)| {
                    Some((name.into_owned(), judged(file, found.value())?.into_owned()))
                })
                .collect(),
            _ => texts(file, value.node)
                .iter()
                .filter_map(|text| text.split_once('='))
                .map(|(name, text)| (name.to_owned(), text.to_owned()))
                .collect(),
        };
        container
            .sysctls
            .extend(
                pairs
                    .into_iter()
                    .map(|(name, value)| Sysctl { name, value, place }),
            );
    }
}

fn short_port(container: &mut Container, text: &str, place: Option<Place>) {
    let Port {
        address,
        host,
        inner,
    } = engine_words::port(text);
    container.ports.extend(inner);
    container
        .host_ports
        .extend(host.into_iter().map(|port| HostPort {
            port,
            address: address.clone(),
            place,
        }));
}
