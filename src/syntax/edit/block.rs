//! Adds and removes entries and items of block collections, as whole lines.

use super::lower::{Lowering, Member, Tail};
use super::{Change, Value};
use crate::syntax::{Kind, NodeId, Style};

impl Lowering<'_, '_, '_> {
    /// Adds to and removes from one block collection.
    pub(super) fn edit_block(&mut self, id: NodeId) {
        let members = self.members(id);
        let added = self.added(id);
        match members.iter().rev().find(|member| !member.is_removed) {
            Some(&last) => {
                if let Some(added) = &added {
                    self.append_lines(id, last, added);
                }
                self.remove_members(id, &members);
            }
            None => self.empty(id, added.as_ref()),
        }
    }

    /// The entries or items that are added, as a value of the collection's kind.
    pub(super) fn added(&self, id: NodeId) -> Option<Value> {
        match self.changes.get(&id) {
            Some(Change::Entries(entries)) => Some(Value::Map(entries.clone())),
            Some(Change::Items(items)) => Some(Value::Seq(items.clone())),
            _ => None,
        }
    }

    /// Adds lines after the last line of the last entry, before blank lines and comments that
    /// follow it. Comments directly below that are indented deeper belong to the last entry, so the
    /// lines go after them.
    fn append_lines(&mut self, id: NodeId, last: Member, added: &Value) {
        let column = self.tree.node(id).column;
        let tail = self.tail_of(last);
        let block = self.block(
            id,
            if tail.is_line_start {
                self.lines.end_before(tail.at)
            } else {
                tail.at
            },
        );
        // The items of a sequence are similar, so a new one uses their quotes. The values of a
        // mapping are not.
        let keep = if self.tree.node(id).kind == Kind::Seq {
            self.quotes(id)
        } else {
            None
        };
        let mut text = String::new();
        for line in block.lines(added, column, keep) {
            if tail.is_line_start {
                text.extend(std::iter::repeat_n(' ', column as usize));
                text.push_str(&line);
                text.push_str(block.eol);
            } else {
                block.break_line(&mut text, column);
                text.push_str(&line);
            }
        }
        let at = self.below_deeper_comments(tail, column);
        self.piece(id, at, at, text);
        self.untab(
            id,
            if tail.is_line_start {
                at
            } else {
                self.lines.next(at)
            },
        );
    }

    /// The offset after an entry, and after the comments below it that are indented deeper than
    /// this column.
    fn below_deeper_comments(&self, tail: Tail, column: u32) -> u32 {
        let is_deeper = |line| {
            self.comment_column(line)
                .is_some_and(|found| found > column)
        };
        let len = self.lines.0.len();
        let mut at = tail.at;
        if tail.is_line_start {
            // A last line without a line break has no next line.
            while is_deeper(at) && (self.lines.end(at) as usize) < len {
                at = self.lines.next(at);
            }
        } else {
            at = self.lines.end(at);
            while is_deeper(self.lines.next(at)) {
                at = self.lines.end(self.lines.next(at));
            }
        }
        at
    }

    /// Removes all entries. `{}`, `[]` or the added entries take their place.
    fn empty(&mut self, id: NodeId, added: Option<&Value>) {
        let node = *self.tree.node(id);
        let Some(added) = added else {
            let text = if node.kind == Kind::Map { "{}" } else { "[]" };
            self.replace_block(id, text);
            return;
        };
        let block = self.block(id, node.span.start);
        let keep = if node.kind == Kind::Seq {
            self.quotes(id)
        } else {
            None
        };
        let lines = block.lines(added, node.column, keep);
        let mut text = String::new();
        for (index, line) in lines.iter().enumerate() {
            if index > 0 || !self.is_compact(id) {
                block.break_line(&mut text, node.column);
            }
            text.push_str(line);
        }
        if self.is_compact(id) {
            self.replace_compact(id, text);
        } else {
            let at = self.lines.end(self.header(id));
            self.delete_block_lines(id);
            self.piece(id, at, at, text);
        }
    }

    /// Replaces a block collection with `text` after its key, and removes the lines of the
    /// collection.
    pub(super) fn replace_block(&mut self, id: NodeId, text: &str) {
        if self.is_compact(id) {
            self.replace_compact(id, text.to_owned());
        } else {
            let header = self.header(id);
            self.piece(id, header, header, format!(" {text}"));
            self.delete_block_lines(id);
        }
    }

    /// Replaces a block collection that starts on the line of its dash, or that is a root.
    fn replace_compact(&mut self, id: NodeId, text: String) {
        let end = self.content_end(id);
        self.piece(id, self.tree.node(id).span.start, end, text);
        self.untab(id, self.lines.next(end));
    }

    /// The end of a collection without the line breaks that its last scalar keeps.
    pub(super) fn content_end(&self, id: NodeId) -> u32 {
        let end = self.tree.node(id).span.end;
        let start = self.lines.start(end);
        if start == end {
            self.lines.end_before(start)
        } else {
            end
        }
    }

    /// Deletes the lines of a block collection below its key.
    pub(super) fn delete_block_lines(&mut self, id: NodeId) {
        let members = self.members(id);
        if let (Some(&first), Some(&last)) = (members.first(), members.last()) {
            self.delete_lines(id, [first, last], None, self.leaf_before(first));
        }
    }

    fn remove_members(&mut self, id: NodeId, members: &[Member]) {
        let mut index = 0;
        while let Some(member) = members.get(index) {
            if !member.is_removed {
                index += 1;
                continue;
            }
            let run = members[index..]
                .iter()
                .take_while(|member| member.is_removed)
                .count();
            let last = members[index + run - 1];
            let before = index
                .checked_sub(1)
                .and_then(|before| members.get(before))
                .copied();
            match members.get(index + run) {
                Some(&next) if index == 0 && self.is_on_indicator_line(id, *member) => {
                    self.pull_up(id, *member, next, last);
                }
                None if self.is_unterminated(last) => {
                    self.delete_lines(id, [*member, last], before, self.leaf_before(*member));
                }
                _ => {
                    // After the removal, the node before the first of them is followed by the rest.
                    let leaf = self.leaf_before(*member);
                    for offset in 0..run {
                        let member = members[index + offset];
                        let before = (index + offset)
                            .checked_sub(1)
                            .and_then(|before| members.get(before));
                        self.delete_lines(id, [member, member], before.copied(), leaf);
                    }
                }
            }
            index += run;
        }
    }

    /// Whether the member is on the line of the dash or marker before its collection.
    fn is_on_indicator_line(&self, id: NodeId, first: Member) -> bool {
        self.is_compact(id) && self.lines.indent_before(self.start(first)).is_none()
    }

    /// Removes the first entries of `- a: 1` and moves the next one after the dash. If that entry
    /// has comments above it, it stays below, with its comments.
    fn pull_up(&mut self, id: NodeId, first: Member, next: Member, last: Member) {
        let from = self.start(first);
        let to = self.start(next);
        let comments = self.comments_above(next, Some(last));
        if comments < self.lines.start(to) {
            let before = self.lines.0.get(..from as usize).unwrap_or_default();
            let from = u32::try_from(before.trim_end_matches([' ', '\t']).len()).unwrap_or(from);
            let to = self.lines.end_before(comments);
            self.piece(id, from, to, String::new());
        } else {
            self.piece(id, from, to, String::new());
        }
    }

    /// Deletes the lines from one member to another, with the comments that belong to them. `leaf`
    /// is the block scalar before the deleted lines.
    fn delete_lines(
        &mut self,
        id: NodeId,
        [first, last]: [Member; 2],
        before: Option<Member>,
        leaf: Option<NodeId>,
    ) {
        let mut from = if self.is_first_of_document(id, first) {
            self.lines.start(self.start(first))
        } else {
            self.comments_above(first, before)
        };
        let to = self.comments_below(id, last, leaf);
        if to as usize == self.lines.0.len() && self.is_unterminated(last) && leaf.is_none() {
            // The file had no final line break, so the new last line gets none.
            from = self.lines.end_before(from);
        }
        self.piece(id, from, to, String::new());
        self.untab(id, to);
    }

    /// Whether the member is the first entry of a document. A comment above it describes the file.
    fn is_first_of_document(&self, id: NodeId, member: Member) -> bool {
        self.tree.node(id).parent == id && member.first.index() == id.index() + 1
    }

    /// The first line of the comments directly above a member, at its column.
    fn comments_above(&self, member: Member, before: Option<Member>) -> u32 {
        let start = self.start(member);
        let column = self.lines.column(start);
        let mut from = self.lines.start(start);
        let bound = match before {
            Some(before) => self.end(before.value),
            None => self.header(self.tree.node(member.first).parent),
        };
        while from > 0 {
            let above = self.lines.start(self.lines.end_before(from));
            if above < bound || self.comment_column(above) != Some(column) {
                break;
            }
            from = above;
        }
        from
    }

    /// The end of the lines of a member, and of the comments below it that are indented deeper.
    ///
    /// If a block scalar (`leaf`) comes before the following lines, indented comments and some
    /// blank lines would become part of it. They are removed too.
    fn comments_below(&self, id: NodeId, member: Member, leaf: Option<NodeId>) -> u32 {
        let end = self.end(member.value).max(self.end(member.first));
        let column = self.tree.node(id).column;
        let mut to = if self.ends_at_line_start(member) {
            end
        } else {
            self.lines.next(end)
        };
        let mut reached = to;
        while (reached as usize) < self.lines.0.len() {
            let is_deeper = self
                .comment_column(reached)
                .is_some_and(|found| found > column);
            let is_blank = self.is_blank(reached);
            let is_content = is_blank && leaf.is_some_and(|leaf| self.is_content(leaf, reached));
            reached = self.lines.next(reached);
            if is_deeper || is_content {
                to = reached;
            } else if !(is_blank && leaf.is_some()) {
                break;
            }
        }
        to
    }

    fn is_blank(&self, line: u32) -> bool {
        self.line(line)
            .bytes()
            .all(|byte| matches!(byte, b' ' | b'\t'))
    }

    fn line(&self, start: u32) -> &str {
        let end = self.lines.end(start);
        self.lines
            .0
            .get(start as usize..end as usize)
            .unwrap_or_default()
    }

    /// The column of a comment that is alone on its line.
    fn comment_column(&self, line: u32) -> Option<u32> {
        let text = self
            .lines
            .0
            .get(line as usize..self.lines.end(line) as usize)?;
        let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
        let comment = text.trim_start_matches([' ', '\t']);
        comment
            .starts_with('#')
            .then(|| u32::try_from(text.len() - comment.len()).unwrap_or(u32::MAX))
    }

    /// The block scalar that ends directly before a member.
    fn leaf_before(&self, member: Member) -> Option<NodeId> {
        let before = self.last_written(member.first);
        matches!(self.tree.node(before).style, Style::Literal | Style::Folded).then_some(before)
    }

    /// Whether a blank line after a block scalar is part of its content: the scalar keeps its line
    /// breaks, or the line is indented deeper than the text.
    fn is_content(&self, scalar: NodeId, line: u32) -> bool {
        let node = self.tree.node(scalar);
        self.keeps_breaks(scalar) || self.lines.end(line) - line > node.column
    }

    fn keeps_breaks(&self, scalar: NodeId) -> bool {
        self.tree
            .text(scalar)
            .split(['\n', '\r'])
            .next()
            .and_then(|header| header.split('#').next())
            .is_some_and(|header| header.contains('+'))
    }

    pub(super) fn last_leaf(&self, member: Member) -> NodeId {
        self.last_written(self.tree.node(member.value).next)
    }

    fn ends_at_line_start(&self, member: Member) -> bool {
        let leaf = self.last_leaf(member);
        self.is_line_start(leaf, self.end(leaf))
    }

    /// Whether the last line of the member is the last line of the file and has no line break.
    fn is_unterminated(&self, member: Member) -> bool {
        let end = self.end(member.value);
        let line_end = self.lines.end(end);
        line_end as usize == self.lines.0.len() && !self.ends_at_line_start(member)
    }
}
