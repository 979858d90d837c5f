//! YAML itself.

use super::{COMPOSE_MARK, Case, Input, case, each};

pub(super) const CASES: &[Case] = &[
    case("yaml: services in one line", 2000, one_line),
    case("yaml: bytes of one scalar", 1_000_000, scalar),
    case("yaml: lines of one plain scalar", 50_000, plain_lines),
    case("yaml: lines of one block scalar", 50_000, block_lines),
    case("yaml: escapes of one quoted scalar", 100_000, escapes),
    case("yaml: items of one flow sequence", 50_000, flow_sequence),
    case("yaml: depth of flow collections", 10_000, deep_flow),
    case("yaml: depth of flow mappings", 10_000, deep_flow_mappings),
    case("yaml: depth of block collections", 500, deep_blocks),
    case("yaml: depth of compact sequences", 10_000, deep_compact),
    case("yaml: open brackets", 100_000, open_brackets),
    case("yaml: anchors and aliases", 10_000, anchors),
    case("yaml: anchors that repeat a name", 10_000, one_anchor),
    case("yaml: aliases that repeat each other", 20, laughs),
    case("yaml: bytes of one comment", 1_000_000, comment),
    case("yaml: comment lines", 50_000, comment_lines),
    case(
        "yaml: comment lines after the last service",
        50_000,
        comment_lines_at_end,
    ),
    case("yaml: empty lines", 100_000, empty_lines),
    case("yaml: empty documents", 20_000, empty_documents),
    case("yaml: keys of one mapping", 50_000, keys),
    case("yaml: keys that repeat", 20_000, repeated_keys),
    case("yaml: bytes of one key", 500_000, long_key),
    case("yaml: spaces before a comment", 500_000, spaces),
    case("yaml: tabs", 500_000, tabs),
    case("yaml: explicit keys", 10_000, explicit_keys),
    case("yaml: question marks", 5000, question_marks),
    case("yaml: tag lines", 10_000, tags),
    case("yaml: CRLF services", 4000, crlf),
];

const WEB: &str = "services:\n  web:\n    image: nginx:1.27\n";

fn with(rest: &str) -> Input {
    Input::compose(format!("{WEB}{rest}")).has(COMPOSE_MARK, 1)
}

fn refused(rest: &str) -> Input {
    Input::compose(format!("{WEB}{rest}")).code(2)
}

fn one_line(n: usize) -> Input {
    let services = each(n, |at| format!("s{at}: {{image: nginx}}, "));
    Input::compose(format!("services: {{{services}}}\n")).has("no-new-privileges:true", n)
}

fn scalar(n: usize) -> Input {
    with(&format!("x-a: {}\n", "a".repeat(n)))
}

fn plain_lines(n: usize) -> Input {
    with(&format!("x-a: a\n{}", "  b\n".repeat(n)))
}

fn block_lines(n: usize) -> Input {
    with(&format!("x-a: |\n{}", "  b\n".repeat(n)))
}

fn escapes(n: usize) -> Input {
    with(&format!("x-a: \"{}\"\n", "\\n".repeat(n)))
}

fn flow_sequence(n: usize) -> Input {
    with(&format!("x-a: [{}]\n", "a, ".repeat(n)))
}

fn deep_flow(n: usize) -> Input {
    refused(&format!("x-a: {}{}\n", "[".repeat(n), "]".repeat(n)))
}

fn deep_flow_mappings(n: usize) -> Input {
    refused(&format!("x-a: {}{}\n", "{a: ".repeat(n), "}".repeat(n)))
}

fn deep_blocks(n: usize) -> Input {
    let lines = each(n, |at| format!("{}a:\n", " ".repeat(at)));
    refused(&lines)
}

fn deep_compact(n: usize) -> Input {
    refused(&format!("x-a:\n  {}a\n", "- ".repeat(n)))
}

fn open_brackets(n: usize) -> Input {
    refused(&format!("x-a: {}\n", "[".repeat(n)))
}

fn anchors(n: usize) -> Input {
    with(&each(n, |at| {
        format!("x-a{at}: &a{at} x\nx-b{at}: *a{at}\n")
    }))
}

fn one_anchor(n: usize) -> Input {
    with(&each(n, |at| format!("x-a{at}: &a x\nx-b{at}: *a\n")))
}

fn laughs(n: usize) -> Input {
    let lines = each(n, |at| {
        let next = at + 1;
        format!("x-a{next}: &a{next} [*a{at}, *a{at}, *a{at}, *a{at}]\n")
    });
    with(&format!("x-a0: &a0 [x]\n{lines}"))
        .refused("the aliases of the file repeat more than the limit")
}

fn comment(n: usize) -> Input {
    with(&format!("# {}\n", "a".repeat(n)))
}

fn comment_lines(n: usize) -> Input {
    Input::compose(format!("{}{WEB}", "# a\n".repeat(n))).has(COMPOSE_MARK, 1)
}

fn comment_lines_at_end(n: usize) -> Input {
    with(&"    # a\n".repeat(n))
}

fn empty_lines(n: usize) -> Input {
    with(&format!("{}x-a: b\n", "\n".repeat(n)))
}

fn empty_documents(n: usize) -> Input {
    let text = format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: a}}\nspec: {{containers: [{{name: a, image: nginx}}]}}\n{}",
        "---\n".repeat(n)
    );
    Input::manifest(text)
}

fn keys(n: usize) -> Input {
    with(&each(n, |at| format!("x-a{at}: x\n")))
}

fn repeated_keys(n: usize) -> Input {
    with(&"x-a: x\n".repeat(n))
}

fn long_key(n: usize) -> Input {
    with(&format!("x-{}: x\n", "a".repeat(n)))
}

fn spaces(n: usize) -> Input {
    with(&format!("x-a: b{}# a\n", " ".repeat(n)))
}

fn tabs(n: usize) -> Input {
    with(&format!("x-a: b{}# a\n", "\t".repeat(n)))
}

fn explicit_keys(n: usize) -> Input {
    with(&each(n, |at| format!("? x-a{at}\n: x\n")))
}

fn question_marks(n: usize) -> Input {
    refused(&format!("x-a: {}a\n", "? ".repeat(n)))
}

fn tags(n: usize) -> Input {
    with(&each(n, |at| format!("x-a{at}: !!str x\n")))
}

fn crlf(n: usize) -> Input {
    let text = format!(
        "services:\n{}",
        each(n, |at| format!("  s{at}:\n    image: nginx:1.27\n"))
    );
    Input::compose(text.replace('\n', "\r\n")).has(COMPOSE_MARK, n)
}
