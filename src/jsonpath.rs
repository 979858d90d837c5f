//! JSONPath (RFC 9535) over a node of a tree.
//!
//! Queries and files both come from a repository, so both can be hostile. A query that could take
//! more than linear time is refused when it is read.

use std::collections::HashSet;
use std::fmt;
use std::str::FromStr;

use jsonpath_rust::parser::model::{
    Comparable, Comparison, Filter, FilterAtom, FnArg, JpQuery, Segment, Selector, Test,
    TestFunction,
};
use jsonpath_rust::parser::parse_json_path;
use jsonpath_rust::query::js_path_process;
use serde_json::Value;

/// A query that takes linear time.
#[derive(Clone, Debug, PartialEq)]
pub struct JsonPath {
    text: String,
    query: JpQuery,
}

/// One step from a node to a child.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// To the value of a key.
    Key(String),
    /// To an item, from 0.
    Index(usize),
}

/// The text is not a JSONPath, or is one that `harden` refuses to run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JsonPathError {
    /// It is not a query of RFC 9535.
    #[error("`{0}` is not a JSONPath; write for example `$.spec.template`")]
    Syntax(String),
    /// It is too long.
    #[error("a JSONPath must have at most {MOST} bytes")]
    TooLong,
    /// Its brackets nest too deep. The parser tries each level several times.
    #[error("the brackets of a JSONPath must not nest deeper than {DEEPEST} levels")]
    TooDeep,
    /// It can visit values more than once.
    #[error("the JSONPath can take too long: {0}")]
    Costly(&'static str),
}

/// The longest query, in bytes.
const MOST: usize = 512;
/// The deepest nesting of `[` and `(`.
const DEEPEST: usize = 6;
/// The largest product of the numbers of selectors in the segments of a query.
const WIDEST: usize = 16;

impl JsonPath {
    /// Whether the query finds anything in `value`.
    #[must_use]
    pub fn matches(&self, value: &Value) -> bool {
        js_path_process(&self.query, value).is_ok_and(|found| !found.is_empty())
    }

    /// The steps from `value` to each node that the query finds, in document order.
    #[must_use]
    pub fn locate(&self, value: &Value) -> Vec<Vec<Step>> {
        let found = js_path_process(&self.query, value).unwrap_or_default();
        let found: HashSet<*const Value> = found
            .into_iter()
            .map(|found| std::ptr::from_ref(found.val()))
            .collect();
        let mut places = Vec::new();
        walk(value, &mut Vec::new(), &mut |node, steps| {
            if found.contains(&std::ptr::from_ref(node)) {
                places.push(steps.to_vec());
            }
        });
        places
    }
}

/// Calls `see` for this value and every value below it.
fn walk(value: &Value, steps: &mut Vec<Step>, see: &mut impl FnMut(&Value, &[Step])) {
    see(value, steps);
    let mut into = |step, child| {
        steps.push(step);
        walk(child, steps, see);
        steps.pop();
    };
    match value {
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                into(Step::Index(at), item);
            }
        }
        Value::Object(entries) => {
            for (key, child) in entries {
                into(Step::Key(key.clone()), child);
            }
        }
        _ => {}
    }
}

impl FromStr for JsonPath {
    type Err = JsonPathError;

    fn from_str(text: &str) -> Result<Self, JsonPathError> {
        if text.len() > MOST {
            return Err(JsonPathError::TooLong);
        }
        if depth(text) > DEEPEST {
            return Err(JsonPathError::TooDeep);
        }
        let query = parse_json_path(text).map_err(|_| JsonPathError::Syntax(text.to_owned()))?;
        let mut cost = Cost::default();
        cost.segments(&query.segments)?;
        Ok(Self {
            text: text.to_owned(),
            query,
        })
    }
}

/// The deepest nesting of brackets outside quotes.
fn depth(text: &str) -> usize {
    let (mut open, mut deepest) = (0_usize, 0);
    let mut quote = None;
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match (byte, quote) {
            (b'\\', Some(_)) => {
                bytes.next();
            }
            (byte, Some(end)) if byte == end => quote = None,
            (b'\'' | b'"', None) => quote = Some(byte),
            (b'[' | b'(', None) => open += 1,
            (b']' | b')', None) => open = open.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(open);
    }
    deepest
}

/// Counts the cost of a query while it is read.
#[derive(Default)]
struct Cost {
    descends: bool,
}

impl Cost {
    fn segments(&mut self, segments: &[Segment]) -> Result<(), JsonPathError> {
        let mut width = 1_usize;
        for segment in segments {
            let mut segment = segment;
            while let Segment::Descendant(inner) = segment {
                if std::mem::replace(&mut self.descends, true) {
                    return Err(JsonPathError::Costly("it uses `..` twice"));
                }
                segment = inner;
            }
            let selectors = match segment {
                Segment::Selector(selector) => std::slice::from_ref(selector),
                Segment::Selectors(selectors) => selectors.as_slice(),
                Segment::Descendant(_) => &[],
            };
            width = width.saturating_mul(selectors.len().max(1));
            if width > WIDEST {
                return Err(JsonPathError::Costly(
                    "it has too many selectors in one place",
                ));
            }
            for selector in selectors {
                if let Selector::Filter(filter) = selector {
                    self.filter(filter)?;
                }
            }
        }
        Ok(())
    }

    fn filter(&mut self, filter: &Filter) -> Result<(), JsonPathError> {
        match filter {
            Filter::Or(filters) | Filter::And(filters) => {
                filters.iter().try_for_each(|filter| self.filter(filter))
            }
            Filter::Atom(FilterAtom::Filter { expr, .. }) => self.filter(expr),
            Filter::Atom(FilterAtom::Test { expr, .. }) => self.test(expr),
            Filter::Atom(FilterAtom::Comparison(comparison)) => {
                let (Comparison::Eq(left, right)
                | Comparison::Ne(left, right)
                | Comparison::Gt(left, right)
                | Comparison::Gte(left, right)
                | Comparison::Lt(left, right)
                | Comparison::Lte(left, right)) = comparison.as_ref();
                [left, right].into_iter().try_for_each(|side| match side {
                    Comparable::Function(function) => self.function(function),
                    Comparable::Literal(_) | Comparable::SingularQuery(_) => Ok(()),
                })
            }
        }
    }

    fn test(&mut self, test: &Test) -> Result<(), JsonPathError> {
        match test {
            Test::RelQuery(segments) => self.segments(segments),
            Test::AbsQuery(_) => Err(JsonPathError::Costly("a filter reads the whole document")),
            Test::Function(function) => self.function(function),
        }
    }

    fn function(&mut self, function: &TestFunction) -> Result<(), JsonPathError> {
        match function {
            TestFunction::Length(argument) => self.argument(argument),
            TestFunction::Value(argument) | TestFunction::Count(argument) => {
                self.argument(argument)
            }
            TestFunction::Search(..) | TestFunction::Match(..) => Err(JsonPathError::Costly(
                "a filter compiles a regular expression for each value",
            )),
            TestFunction::Custom(..) => Err(JsonPathError::Costly(
                "a filter calls a function that RFC 9535 does not define",
            )),
        }
    }

    fn argument(&mut self, argument: &FnArg) -> Result<(), JsonPathError> {
        match argument {
            FnArg::Literal(_) => Ok(()),
            FnArg::Test(test) => self.test(test),
            FnArg::Filter(filter) => self.filter(filter),
        }
    }
}

impl fmt::Display for JsonPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn path(text: &str) -> JsonPath {
        text.parse().unwrap()
    }

    #[test]
    fn it_finds_places() {
        let value = json!({"spec": {"templates": [{"name": "a"}, {"b.c": {"name": "'d']"}}]}});
        let steps = path("$.spec.templates[*]").locate(&value);
        let key = |text: &str| Step::Key(text.to_owned());
        let to = |at| vec![key("spec"), key("templates"), Step::Index(at)];
        assert_eq!(steps, [to(0), to(1)]);
        let steps = path("$..[?@.name==\"'d']\"]").locate(&value);
        assert_eq!(steps, [[to(1), vec![key("b.c")]].concat()]);
        assert!(path("$.spec.templates[?@.name=='a']").matches(&value));
        assert!(!path("$.spec.template").matches(&value));
        assert!(path("$").matches(&value));
    }

    #[test]
    fn what_multiplies_is_refused() {
        for text in [
            "$..*..*",
            "$..[?@..x]",
            "$[*,*,*,*,*][*,*,*,*,*]",
            "$[?$.a.*]",
            "$[?match(@.a,'b')]",
            "$[?count(@..*)>1]..x",
        ] {
            let error = text.parse::<JsonPath>().unwrap_err();
            assert!(matches!(error, JsonPathError::Costly(_)), "{text}: {error}");
        }
        for text in ["", "spec", "$.", "$[", "{.spec}"] {
            let error = text.parse::<JsonPath>().unwrap_err();
            assert!(matches!(error, JsonPathError::Syntax(_)), "{text}: {error}");
        }
        assert!("$.a".repeat(1000).parse::<JsonPath>().is_err());
        let brackets = format!("$[?{}@.a{}]", "(".repeat(200), ")".repeat(200));
        assert_eq!(brackets.parse::<JsonPath>(), Err(JsonPathError::TooDeep));
        assert!("$[?count(@[?@.a=='(((((('])>1]".parse::<JsonPath>().is_ok());
        let hidden = format!("$[?{}@.a{}]", "('\\']))'==@.b||".repeat(8), ")".repeat(8));
        assert_eq!(hidden.parse::<JsonPath>(), Err(JsonPathError::TooDeep));
    }

    #[test]
    fn a_nested_query_ends() {
        let value = json!({"a": {"a": {"a": {"a": [1, 2, 3]}}}});
        for part in [
            "@.a||",
            "@.a&&",
            "!@.a||",
            "1==1&&",
            "@[0]||",
            "@.a==@.b||",
            "@['a']&&",
        ] {
            let text = format!("$[?{}@.a]", part.repeat(60));
            let start = std::time::Instant::now();
            let _ = text.parse::<JsonPath>();
            let elapsed = start.elapsed();
            assert!(elapsed.as_secs() < 2, "{elapsed:?} for {text}");
        }
        for (open, close) in [
            ("(", ")"),
            ("!(", ")"),
            ("@[?", "]"),
            ("!@[?", "]"),
            ("(@.a&&", ")"),
            ("(@.a||", ")"),
            ("length(", ")"),
            ("count(@[?", "])"),
            ("value(@.a[?", "])"),
            ("@['a'][?", "]"),
            ("1==1&&(", ")"),
            ("(1==1||", ")"),
        ] {
            for depth in [1, 2, 3, 4, 8, 16, 24, 32, 64, 100] {
                let inner = format!("{}@.a{}", open.repeat(depth), close.repeat(depth));
                for text in [format!("$[?{inner}]"), format!("$..[?{inner}]"), inner] {
                    let start = std::time::Instant::now();
                    if let Ok(query) = text.parse::<JsonPath>() {
                        let _ = query.matches(&value);
                    }
                    let elapsed = start.elapsed().as_secs();
                    assert!(elapsed < 2, "{elapsed} s for {text}");
                }
            }
        }
    }

    #[test]
    fn a_query_of_a_large_document_ends() {
        let mut deep = json!("x");
        for _ in 0..200 {
            deep = json!({"a": deep, "b": [1, 2, 3]});
        }
        let value = json!({"deep": deep, "wide": vec![json!({"x": 1}); 10_000]});
        assert!(path("$..[?@.x==1]").matches(&value));
        assert!(!path("$..[?@.*.*.y]").matches(&value));
    }
}
