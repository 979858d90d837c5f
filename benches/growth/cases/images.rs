//! Dockerfiles.

use super::{COMPOSE_MARK, Case, Input, case, each};

pub(super) const CASES: &[Case] = &[
    case("dockerfile: stages", 4000, stages),
    case("dockerfile: chain of stages", 1000, stage_chain),
    case("dockerfile: instructions", 10_000, instructions),
    case(
        "dockerfile: ENV lines, each with the one before",
        4000,
        env_chain,
    ),
    case("dockerfile: ENV lines", 5000, envs),
    case("dockerfile: ARG lines", 5000, arguments),
    case("dockerfile: COPY --from each stage", 1000, copies),
    case("dockerfile: users", 2000, users),
    case("dockerfile: VOLUME and EXPOSE lines", 4000, volumes),
    case("dockerfile: continued lines", 20_000, continued),
    case(
        "dockerfile: lines of a here-document",
        20_000,
        here_document,
    ),
    case("dockerfile: here-documents", 4000, here_documents),
    case("dockerfile: shell words of one RUN", 50_000, words),
    case("dockerfile: quotes of one RUN", 50_000, quotes),
];

fn built(text: String) -> Input {
    Input::compose("services:\n  web:\n    build: .\n".to_owned())
        .and("Dockerfile", text)
        .has(COMPOSE_MARK, 1)
}

fn stages(n: usize) -> Input {
    built(each(n, |at| {
        format!("FROM nginx:1.27 AS s{at}\nRUN true\n")
    }))
}

fn stage_chain(n: usize) -> Input {
    let rest = each(n, |at| format!("FROM s{at} AS s{}\nRUN true\n", at + 1));
    built(format!("FROM nginx:1.27 AS s0\n{rest}"))
}

fn lines(n: usize, line: impl Fn(usize) -> String) -> Input {
    built(format!("FROM nginx:1.27\n{}", each(n, line)))
}

fn instructions(n: usize) -> Input {
    lines(n, |at| format!("RUN echo {at}\n"))
}

fn env_chain(n: usize) -> Input {
    lines(n, |at| format!("ENV A{}=${{A{at}}}x\n", at + 1))
}

fn envs(n: usize) -> Input {
    lines(n, |at| format!("ENV A{at}=x\n"))
}

fn arguments(n: usize) -> Input {
    lines(n, |at| format!("ARG A{at}=x\nRUN echo $A{at}\n"))
}

fn copies(n: usize) -> Input {
    let stages = each(n, |at| format!("FROM alpine AS s{at}\n"));
    let copies = each(n, |at| format!("COPY --from=s{at} /a /b{at}\n"));
    built(format!("{stages}FROM nginx:1.27\n{copies}"))
}

fn users(n: usize) -> Input {
    lines(n, |at| {
        format!(
            "RUN useradd -u {} u{at}\nUSER u{at}\nRUN chown u{at} /d{at}\n",
            2000 + at
        )
    })
}

fn volumes(n: usize) -> Input {
    lines(n, |at| {
        format!("VOLUME /v{at}\nEXPOSE {}\n", at % 60000 + 1)
    })
}

fn continued(n: usize) -> Input {
    let rest = each(n, |at| format!(" && echo {at} \\\n"));
    built(format!("FROM nginx:1.27\nRUN true \\\n{rest} && true\n"))
}

fn here_document(n: usize) -> Input {
    let rest = each(n, |at| format!("echo {at}\n"));
    built(format!("FROM nginx:1.27\nRUN <<EOF\n{rest}EOF\n"))
}

fn here_documents(n: usize) -> Input {
    lines(n, |at| format!("RUN <<E{at}\necho\nE{at}\n"))
}

fn words(n: usize) -> Input {
    built(format!("FROM nginx:1.27\nRUN echo {}\n", "a ".repeat(n)))
}

fn quotes(n: usize) -> Input {
    built(format!(
        "FROM nginx:1.27\nRUN echo {}\n",
        "\"'\" ".repeat(n)
    ))
}
