//! The commands of a shell script, as far as static parsing can determine them.

use std::borrow::Cow;

use super::expand::{Variable, expand};
use crate::image::name::UNKNOWN;
use crate::shell::{Operator, Token, tokens};

/// One command of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Simple<'s> {
    /// The program and its arguments, without leading assignments.
    pub(super) words: Vec<Word<'s>>,
    /// Whether the command runs only under a condition that is known only at run time.
    pub(super) is_conditional: bool,
}

/// One word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word<'s> {
    /// The word as written.
    pub(super) raw: Cow<'s, str>,
    /// The word without quotes and with its variables replaced; [`UNKNOWN`] stands for unknown
    /// parts.
    pub(super) text: String,
}

/// The commands of a script, in source order. Command substitutions are not parsed.
///
/// Time is proportional to the length of the script.
pub(super) fn commands<'s, 'v>(
    script: &'s str,
    variable: &dyn Fn(&str) -> Variable<'v>,
) -> Vec<Simple<'s>> {
    let mut found = Vec::new();
    let mut words: Vec<Word<'s>> = Vec::new();
    let mut flow = Flow::default();
    for token in tokens(script) {
        match token {
            Token::Word(raw) => {
                if words.is_empty() && (flow.take_keyword(raw) || is_assignment(raw)) {
                    continue;
                }
                // The output of a command substitution is unknown.
                let text = if raw.contains("$(") || raw.contains('`') {
                    UNKNOWN.to_string()
                } else {
                    expand(raw, '\\', variable).unwrap_or_else(|| UNKNOWN.to_string())
                };
                words.push(Word {
                    raw: Cow::Borrowed(raw),
                    text,
                });
            }
            Token::Operator(operator) => {
                if !words.is_empty() {
                    let is_conditional = flow.is_conditional();
                    let words = std::mem::take(&mut words);
                    flow.record_test(&words);
                    found.push(Simple {
                        words,
                        is_conditional,
                    });
                }
                flow.next_operator(operator);
            }
        }
    }
    if !words.is_empty() {
        found.push(Simple {
            is_conditional: flow.is_conditional(),
            words,
        });
    }
    found
}

/// The control flow at the current position of the script.
#[derive(Default)]
struct Flow {
    /// The number of open `if`, `for`, `while`, `case`.
    depth: usize,
    /// A test command or `||` came earlier in the same command list.
    is_tested: bool,
}

impl Flow {
    /// Applies a keyword of the shell. Returns false for any other word.
    fn take_keyword(&mut self, word: &str) -> bool {
        match word {
            "if" | "for" | "while" | "until" | "case" => self.depth += 1,
            "fi" | "done" | "esac" => self.depth = self.depth.saturating_sub(1),
            "then" | "else" | "elif" | "do" | "!" | "{" | "}" | "time" => {}
            _ => return false,
        }
        true
    }

    fn record_test(&mut self, words: &[Word<'_>]) {
        let program = words.first().map_or("", |word| word.text.as_str());
        self.is_tested |= matches!(program, "[" | "[[" | "test" | "command" | "which" | "grep");
    }

    fn next_operator(&mut self, operator: Operator) {
        match operator {
            Operator::Or => self.is_tested = true,
            Operator::End => self.is_tested = false,
            Operator::Other => {}
        }
    }

    fn is_conditional(&self) -> bool {
        self.depth > 0 || self.is_tested
    }
}

/// Whether the word is an assignment before a program: `NAME=value`.
fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commands_of(script: &str) -> Vec<String> {
        let variable = |name: &str| match name {
            "U" => Variable::Set("1000"),
            _ => Variable::Unknown,
        };
        commands(script, &variable)
            .into_iter()
            .map(|command| {
                let words: Vec<_> = command.words.iter().map(|w| w.text.clone()).collect();
                let mark = if command.is_conditional { "?" } else { "" };
                format!("{mark}{}", words.join(",").replace(UNKNOWN, "~"))
            })
            .collect()
    }

    #[test]
    fn a_script_is_split_into_commands() {
        assert_eq!(
            commands_of(
                "set -eux; A=1 useradd -u $U \"a b\" && echo x>/y 2>&1 | tee z & (id)\n# useradd no\nlast \\\n one"
            ),
            [
                "set,-eux",
                "useradd,-u,1000,a b",
                "echo,x>/y,2>&1",
                "tee,z",
                "id",
                "last,one"
            ]
        );
    }

    #[test]
    fn conditional_commands_are_marked() {
        assert_eq!(
            commands_of("id app || adduser app; if [ -e x ]; then\n adduser a\nfi; adduser b"),
            [
                "id,app",
                "?adduser,app",
                "?[,-e,x,]",
                "?adduser,a",
                "adduser,b"
            ]
        );
        assert_eq!(
            commands_of("[ $U = 1 ] && useradd a; useradd b"),
            ["[,1000,=,1,]", "?useradd,a", "useradd,b"]
        );
    }

    #[test]
    fn run_time_values_are_unknown() {
        assert_eq!(
            commands_of("setcap x=+ep \"$(readlink -f $(which node))\"; a `b c`$V; d ${V:-e f}"),
            ["setcap,x=+ep,~", "a,~", "d,~"]
        );
    }

    #[test]
    fn any_script_is_parsed_to_its_end() {
        for script in [
            "'",
            "\"",
            "`",
            "$(",
            "${",
            "\\",
            "&&",
            ";;",
            "a\\",
            "#",
            "é'",
            "a;\\\u{e9}",
        ] {
            commands_of(script);
        }
        assert_eq!(commands_of(&"(".repeat(100_000)).len(), 0);
    }
}
