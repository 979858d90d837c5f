//! Uses each service as a user would: queries, writes, saves, and reads earlier data.
//!
//! The exercise of round `n` writes a mark for the round and expects the marks of all earlier
//! rounds. It can be repeated within a round.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::stack::Stack;

pub(super) struct Service {
    pub(super) name: &'static str,
    pub(super) exercise: fn(&Stack, u32) -> Result<(), String>,
}

impl Service {
    /// Tries until the exercise succeeds, the container has failed for good, or `patience` is over.
    pub(super) fn run(&self, stack: &Stack, round: u32, patience: Duration) -> Result<(), String> {
        let start = Instant::now();
        loop {
            match (self.exercise)(stack, round) {
                Err(_) if start.elapsed() < patience && !stack.is_dead(self.name) => {
                    sleep(Duration::from_millis(500));
                }
                result => return result,
            }
        }
    }
}

pub(super) fn page(stack: &Stack, service: &str, text: &str) -> Result<(), String> {
    let answer = http(stack, service, "GET", "/", "")?;
    expect(
        answer.starts_with("HTTP/1.1 200") && answer.contains(text),
        answer,
    )
}

/// A page of a service whose port is not published.
pub(super) fn page_within(stack: &Stack, service: &str, text: &str) -> Result<(), String> {
    let script =
        "python3 -c 'import urllib.request as u; print(u.urlopen(\"http://localhost\").read())'";
    let answer = stack.shell(service, script)?;
    expect(answer.contains(text), answer)
}

/// A file to which each round adds a line.
pub(super) fn marks(stack: &Stack, service: &str, path: &str, round: u32) -> Result<(), String> {
    let script =
        format!("grep -qx {round} {path} 2>/dev/null || echo {round} >> {path}; cat {path}");
    let answer = stack.shell(service, &script)?;
    expect(answer == format!("{}\n", rounds(round, "\n")), answer)
}

/// Persistent keys, and a successful background save.
pub(super) fn keys_within(stack: &Stack, service: &str, round: u32) -> Result<(), String> {
    let script = format!("redis-cli SADD rounds {round}; redis-cli SAVE; redis-cli SORT rounds");
    let answer = stack.shell(service, &script)?;
    expect(
        answer.ends_with(&format!("OK\n{}\n", rounds(round, "\n"))),
        answer,
    )
}

/// A page from the backend, and a large request body, which nginx writes to a file before it
/// forwards it.
pub(super) fn proxy(stack: &Stack, service: &str) -> Result<(), String> {
    page(stack, service, "is a good dog")?;
    let answer = http(stack, service, "POST", "/", &"woof".repeat(100_000))?;
    // The application rejects request bodies itself; nginx would answer 500 if it could not write.
    expect(answer.starts_with("HTTP/1.1 405"), answer)
}

/// Persistent rows, and a sort that spills to the disk.
pub(super) fn postgres(stack: &Stack, service: &str, round: u32) -> Result<(), String> {
    let query = format!(
        "PGPASSWORD=secret psql -h {service} -U shop -d shop -qtA -v ON_ERROR_STOP=1 \
         -c 'CREATE TABLE IF NOT EXISTS round (n int PRIMARY KEY)' \
         -c 'INSERT INTO round VALUES ({round}) ON CONFLICT DO NOTHING' \
         -c 'SET work_mem = 64' \
         -c 'SELECT count(*) FROM (SELECT md5(g::text) m FROM generate_series(1, 100000) g ORDER BY m) s' \
         -c 'CHECKPOINT' \
         -c 'SELECT n FROM round ORDER BY n'"
    );
    let answer = stack.shell(service, &query)?;
    let expected = format!("100000\n{}\n", rounds(round, "\n"));
    expect(answer == expected, answer)
}

/// Only persistent rows.
pub(super) fn marks_in_table(stack: &Stack, service: &str, round: u32) -> Result<(), String> {
    let query = format!(
        "PGPASSWORD=secret psql -h localhost -U shop -d shop -qtA -v ON_ERROR_STOP=1 \
         -c 'CREATE TABLE IF NOT EXISTS round (n int PRIMARY KEY)' \
         -c 'INSERT INTO round VALUES ({round}) ON CONFLICT DO NOTHING' \
         -c 'CHECKPOINT' \
         -c 'SELECT n FROM round ORDER BY n'"
    );
    let answer = stack.shell(service, &query)?;
    expect(answer == format!("{}\n", rounds(round, "\n")), answer)
}

/// Persistent rows, and a temporary table that spills to the disk.
pub(super) fn mariadb(stack: &Stack, service: &str, round: u32) -> Result<(), String> {
    let query = format!(
        "mariadb -h {service} -uroot -psecret legacy -N -e '\
         CREATE TABLE IF NOT EXISTS round (n INT PRIMARY KEY) ENGINE=InnoDB; \
         INSERT IGNORE INTO round VALUES ({round}); \
         SET SESSION tmp_memory_table_size = 16384; \
         SELECT COUNT(*) FROM (SELECT MD5(seq) m, COUNT(*) FROM seq_1_to_50000 GROUP BY m) s; \
         SELECT n FROM round ORDER BY n'"
    );
    let answer = stack.shell(service, &query)?;
    let expected = format!("50000\n{}\n", rounds(round, "\n"));
    expect(answer == expected, answer)
}

/// Persistent keys, a successful background save, and a rewrite of the append-only file if there is
/// one.
pub(super) fn redis(stack: &Stack, service: &str, round: u32) -> Result<(), String> {
    let ask = |command: &str| talk(stack, service, &format!("{command}\r\nQUIT\r\n"));
    let written = ask(&format!("SET round:{round} kept"))?;
    expect(written.starts_with("+OK"), written)?;
    for earlier in 1..=round {
        let answer = ask(&format!("GET round:{earlier}"))?;
        expect(
            answer.contains("kept"),
            format!("round {earlier} is lost: {answer}"),
        )?;
    }

    let started = ask("BGSAVE")?;
    expect(started.starts_with("+Background saving started"), started)?;
    wait_for_save(|| ask("INFO persistence"))?;
    let appending = ask("CONFIG GET appendonly")?.contains("yes");
    if appending {
        let started = ask("BGREWRITEAOF")?;
        expect(
            started.starts_with("+Background append only file rewriting"),
            started,
        )?;
        wait_for_save(|| ask("INFO persistence"))?;
    }
    let written = ask(&format!("SET round:{round} kept"))?;
    expect(written.starts_with("+OK"), written)
}

/// Waits until no save is running, and expects success of the last one.
fn wait_for_save(info: impl Fn() -> Result<String, String>) -> Result<(), String> {
    for _ in 0..100 {
        let info = info()?;
        let says = |line: &str| info.lines().any(|found| found == line);
        if says("rdb_bgsave_in_progress:0")
            && says("aof_rewrite_in_progress:0")
            && says("aof_rewrite_scheduled:0")
        {
            let succeeded = [
                "rdb_last_bgsave_status",
                "aof_last_bgrewrite_status",
                "aof_last_write_status",
            ]
            .iter()
            .all(|status| says(&format!("{status}:ok")));
            return expect(succeeded, info);
        }
        sleep(Duration::from_millis(100));
    }
    Err("the background save does not end".to_owned())
}

pub(super) fn memcached(stack: &Stack, service: &str) -> Result<(), String> {
    let answer = talk(
        stack,
        service,
        "set dog 0 60 4\r\nwoof\r\nget dog\r\nquit\r\n",
    )?;
    expect(
        answer == "STORED\r\nVALUE dog 0 4\r\nwoof\r\nEND\r\n",
        answer,
    )
}

/// A published and consumed message, persistent messages in a durable queue, and the probe, which
/// shares the server's cookie.
pub(super) fn rabbitmq(stack: &Stack, service: &str, round: u32) -> Result<(), String> {
    let ask = |method: &str, path: &str, body: &str| {
        let answer = http(stack, service, method, path, body)?;
        if answer.starts_with("HTTP/1.1 2") {
            Ok(answer)
        } else {
            Err(answer)
        }
    };
    for queue in ["greetings", "orders"] {
        ask(
            "PUT",
            &format!("/api/queues/%2F/{queue}"),
            r#"{"durable":true}"#,
        )?;
    }
    let publish = |queue: &str, payload: &str| {
        let body = format!(
            r#"{{"routing_key":"{queue}","payload":"{payload}","payload_encoding":"string","properties":{{"delivery_mode":2}}}}"#
        );
        let answer = ask("POST", "/api/exchanges/%2F/amq.default/publish", &body)?;
        expect(answer.contains(r#""routed":true"#), answer)
    };
    let get = |queue: &str, mode: &str| {
        let body = format!(r#"{{"count":100,"ackmode":"{mode}","encoding":"auto"}}"#);
        ask("POST", &format!("/api/queues/%2F/{queue}/get"), &body)
    };

    stack.shell(service, "rabbitmq-diagnostics -q ping")?;

    publish("greetings", "hello")?;
    let consumed = get("greetings", "ack_requeue_false")?;
    expect(consumed.contains(r#""payload":"hello""#), consumed)?;
    let left = get("greetings", "ack_requeue_false")?;
    expect(left.ends_with("[]"), left)?;

    publish("orders", &format!("round {round}"))?;
    let waiting = get("orders", "ack_requeue_true")?;
    for earlier in 1..=round {
        let payload = format!(r#""payload":"round {earlier}""#);
        expect(
            waiting.contains(&payload),
            format!("round {earlier} is lost: {waiting}"),
        )?;
    }
    Ok(())
}

/// A new sample, and one start of the process for each round in the stored samples.
pub(super) fn prometheus(stack: &Stack, service: &str, round: u32) -> Result<(), String> {
    let value = |query: &str| {
        let answer = http(
            stack,
            service,
            "GET",
            &format!("/api/v1/query?query={query}"),
            "",
        )?;
        let value = answer
            .rsplit_once(",\"")
            .and_then(|(_, rest)| rest.split('"').next());
        value.map(str::to_owned).ok_or(answer)
    };
    let up = value("up")?;
    expect(up == "1", format!("up is {up}"))?;
    let restarts = value("changes(process_start_time_seconds[1h])")?;
    let expected = (round - 1).to_string();
    expect(
        restarts == expected,
        format!("{restarts} restarts are on record, not {expected}"),
    )
}

fn rounds(last: u32, separator: &str) -> String {
    let rounds: Vec<String> = (1..=last).map(|round| round.to_string()).collect();
    rounds.join(separator)
}

fn expect(holds: bool, otherwise: String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(otherwise) }
}

/// The whole response, header and body. The credentials are those of `rabbitmq`; other services
/// ignore them.
fn http(
    stack: &Stack,
    service: &str,
    method: &str,
    path: &str,
    body: &str,
) -> Result<String, String> {
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
         Authorization: Basic c2hvcDpzZWNyZXQ=\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    talk(stack, service, &request)
}

/// All data that a service sends before it closes the connection.
fn talk(stack: &Stack, service: &str, request: &str) -> Result<String, String> {
    let converse = || {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, stack.port(service)))?;
        stream.set_read_timeout(Some(Duration::from_secs(20)))?;
        stream.write_all(request.as_bytes())?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        Ok(String::from_utf8_lossy(&answer).into_owned())
    };
    converse().map_err(|error: std::io::Error| format!("{service}: {error}"))
}
