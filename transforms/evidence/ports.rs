//! Evidence from the ports that a container listens on.

use crate::container::{Container, Reason, Value, Words};
use crate::image::Facts;

static LOGIN_PORT: Words = Words::new(
    "login-port",
    "It listens on port {port}: servers of {service} start as root to become other users.",
);
static SERVER_PORT: Words = Words::new(
    "server-port",
    "It listens on port {port}: the usual servers of {service} start as root and write next to \
     their files.",
);

/// A port of a service with user logins. Its server needs root to switch to its users, and writes
/// keys, mail or session records to the image's files. Known image facts are more precise and have
/// precedence.
#[must_use]
pub fn login_port(container: &Container) -> Option<Reason> {
    let is_known = container.facts.as_deref().is_some_and(Facts::user_is_known);
    let ports = container.ports.iter().filter(|_| !is_known);
    let (port, service) = ports.copied().find_map(|port| {
        let service = match port {
            21 => "FTP",
            22 => "SSH",
            25 | 465 | 587 => "SMTP",
            110 | 995 => "POP3",
            139 | 445 => "SMB",
            143 | 993 => "IMAP",
            _ => return None,
        };
        Some((port, service))
    })?;
    let service = Value::Note(service.to_owned());
    Some(Reason::new(&LOGIN_PORT).port(port).with("service", service))
}

/// A port of an unknown image whose usual servers start as root and write caches, sockets or PID
/// files next to their files (nginx, Apache and the databases in `images/`). Programs without these
/// needs usually listen above 1024, on other ports.
pub(super) fn server_port(container: &Container) -> Option<Reason> {
    if container.facts.is_some() {
        return None;
    }
    let (port, service) = container.ports.iter().copied().find_map(|port| {
        let service = match port {
            53 => "DNS",
            80 | 443 => "HTTP",
            389 | 636 => "LDAP",
            1433 => "SQL Server",
            1521 => "Oracle",
            3128 => "Squid",
            3306 => "MySQL",
            5432 => "PostgreSQL",
            5672 => "AMQP",
            6379 => "Redis",
            9042 => "Cassandra",
            9092 => "Kafka",
            9200 => "Elasticsearch",
            27017 => "MongoDB",
            _ => return None,
        };
        Some((port, service))
    })?;
    let service = Value::Note(service.to_owned());
    Some(
        Reason::new(&SERVER_PORT)
            .port(port)
            .with("service", service),
    )
}
