//! Rust text with comments, literals and test modules told apart, by a scan of characters. Not a parser: it knows
//! enough of the language to count lines of functions and to look for names without being fooled by a comment.

/// A string literal and the line (from 1) it starts on.
#[derive(Debug, PartialEq)]
pub struct Literal {
    pub line: usize,
    pub text: String,
}

/// A function with a body.
#[derive(Debug, PartialEq)]
pub struct Function {
    pub name: String,
    pub line: usize,
    pub lines: usize,
    pub is_async: bool,
}

/// One file, seen without what rules must not trip over.
#[derive(Debug)]
pub struct RustSource {
    /// The text with comments and literals blanked; lines stay where they are.
    pub code: String,
    /// The same with `#[cfg(test)]` items blanked too.
    pub production: String,
    /// String literals outside `#[cfg(test)]` items.
    pub literals: Vec<Literal>,
    /// Lines outside `#[cfg(test)]` items, comments included.
    pub production_lines: usize,
}

impl RustSource {
    /// Scans `text`; text that isn't Rust gives a useless answer, never a panic.
    pub fn scan(text: &str) -> Self {
        let mut scanner =
            Scanner { chars: text.chars().collect(), at: 0, line: 1, code: String::new(), literals: vec![] };
        scanner.run();
        let code = scanner.code;
        let tests = test_items(&code);
        let mut production: Vec<char> = code.chars().collect();
        let mut test_lines = 0;
        for (start, end) in &tests {
            let item = &mut production[*start..*end];
            test_lines += 1 + item.iter().filter(|c| **c == '\n').count();
            item.iter_mut().filter(|c| **c != '\n').for_each(|c| *c = ' ');
        }
        let production: String = production.into_iter().collect();
        let test_ranges: Vec<(usize, usize)> =
            tests.iter().map(|(start, end)| (line_at(&code, *start), line_at(&code, *end))).collect();
        let in_test = |line: usize| test_ranges.iter().any(|(first, last)| (*first..=*last).contains(&line));
        let literals = scanner.literals.into_iter().filter(|literal| !in_test(literal.line)).collect();
        Self { production_lines: text.lines().count().saturating_sub(test_lines), code, production, literals }
    }

    /// Every function with a body outside test items.
    pub fn functions(&self) -> Vec<Function> {
        let chars: Vec<char> = self.production.chars().collect();
        let mut found = Vec::new();
        for at in word_starts(&chars, "fn") {
            let name: String =
                chars[at + 2..].iter().skip_while(|c| c.is_whitespace()).take_while(|c| is_word(**c)).collect();
            let Some(end) = item_end(&chars, at).filter(|end| !name.is_empty() && chars[*end - 1] == '}') else {
                continue;
            };
            let line_start = chars[..at].iter().rposition(|c| *c == '\n').map_or(0, |newline| newline + 1);
            let before: String = chars[line_start..at].iter().collect();
            let line = 1 + chars[..at].iter().filter(|c| **c == '\n').count();
            let lines = 1 + chars[at..end].iter().filter(|c| **c == '\n').count();
            found.push(Function { name, line, lines, is_async: before.split_whitespace().any(|word| word == "async") });
        }
        found
    }

    /// The lines of production code on which `name` stands between characters that aren't part of a name.
    pub fn lines_naming(&self, name: &str) -> Vec<usize> {
        lines_naming(&self.production, name)
    }
}

/// The lines (from 1) of `code` on which `name` stands as a whole name.
pub fn lines_naming(code: &str, name: &str) -> Vec<usize> {
    let whole = |line: &str| {
        line.match_indices(name).any(|(at, _)| {
            let before = line[..at].chars().next_back();
            let after = line[at + name.len()..].chars().next();
            !(before.is_some_and(is_word) || name.ends_with(is_word) && after.is_some_and(is_word))
        })
    };
    code.lines().enumerate().filter(|(_, line)| whole(line)).map(|(index, _)| index + 1).collect()
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn line_at(code: &str, at: usize) -> usize {
    1 + code.chars().take(at).filter(|c| *c == '\n').count()
}

fn word_starts(chars: &[char], word: &str) -> Vec<usize> {
    let word: Vec<char> = word.chars().collect();
    let fits = |at: &usize| {
        let end = at + word.len();
        chars[*at..].starts_with(&word)
            && !at.checked_sub(1).is_some_and(|before| is_word(chars[before]))
            && !chars.get(end).is_some_and(|after| is_word(*after))
    };
    (0..chars.len()).filter(fits).collect()
}

/// Where the item that starts at `from` ends: after its closing brace, or after its semicolon.
fn item_end(chars: &[char], from: usize) -> Option<usize> {
    let mut brackets = 0_i32;
    let mut braces = 0_i32;
    for (at, c) in chars.iter().enumerate().skip(from) {
        match c {
            '(' | '[' => brackets += 1,
            ')' | ']' => brackets -= 1,
            '{' => braces += 1,
            '}' => {
                braces -= 1;
                if braces == 0 && brackets == 0 {
                    return Some(at + 1);
                }
            }
            ';' if braces == 0 && brackets == 0 => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// The ranges of items under `#[cfg(test)]` (attributes between it and the item included).
fn test_items(code: &str) -> Vec<(usize, usize)> {
    let chars: Vec<char> = code.chars().collect();
    let attribute: Vec<char> = "#[cfg(test)]".chars().collect();
    let mut ranges: Vec<(usize, usize)> = Vec::new();
    for start in 0..chars.len() {
        let inside = ranges.last().is_some_and(|(_, end)| start < *end);
        if !inside && chars[start..].starts_with(&attribute) {
            let end = item_end(&chars, start + attribute.len()).unwrap_or(chars.len());
            ranges.push((start, end));
        }
    }
    ranges
}

struct Scanner {
    chars: Vec<char>,
    at: usize,
    line: usize,
    code: String,
    literals: Vec<Literal>,
}

impl Scanner {
    fn run(&mut self) {
        while let Some(c) = self.peek(0) {
            match (c, self.peek(1)) {
                ('/', Some('/')) => self.blank_while(|scanner| scanner.peek(0) != Some('\n')),
                ('/', Some('*')) => self.block_comment(),
                ('"', _) => self.string(),
                ('r', _) if self.raw_hashes().is_some() => self.raw_string(),
                ('\'', _) => self.quote(),
                _ => self.keep(),
            }
        }
    }

    fn peek(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.at + ahead).copied()
    }

    fn step(&mut self, shown: char) {
        if self.peek(0) == Some('\n') {
            self.line += 1;
            self.code.push('\n');
        } else {
            self.code.push(shown);
        }
        self.at += 1;
    }

    fn keep(&mut self) {
        self.step(self.chars[self.at]);
    }

    fn blank(&mut self, count: usize) {
        for _ in 0..count.min(self.chars.len() - self.at) {
            self.step(' ');
        }
    }

    fn blank_while(&mut self, going: impl Fn(&Self) -> bool) {
        while self.at < self.chars.len() && going(self) {
            self.blank(1);
        }
    }

    fn block_comment(&mut self) {
        let mut depth = 0;
        while self.at < self.chars.len() {
            match (self.peek(0), self.peek(1)) {
                (Some('/'), Some('*')) => depth += 1,
                (Some('*'), Some('/')) => depth -= 1,
                _ => {
                    self.blank(1);
                    continue;
                }
            }
            self.blank(2);
            if depth == 0 {
                return;
            }
        }
    }

    fn string(&mut self) {
        let line = self.line;
        let mut text = String::new();
        self.keep();
        while let Some(c) = self.peek(0).filter(|c| *c != '"') {
            text.push(c);
            if c == '\\' {
                text.extend(self.peek(1));
                self.blank(1);
            }
            self.blank(1);
        }
        if self.at < self.chars.len() {
            self.keep();
        }
        self.literals.push(Literal { line, text });
    }

    /// The number of `#` when a raw string starts here (`r"`, `r#"`, `br"`, `cr#"`).
    fn raw_hashes(&self) -> Option<usize> {
        let before = |back: usize| self.at.checked_sub(back).map(|at| self.chars[at]);
        let starts = match before(1) {
            Some('b' | 'c') => !before(2).is_some_and(is_word),
            other => !other.is_some_and(is_word),
        };
        let hashes = self.chars[self.at + 1..].iter().take_while(|c| **c == '#').count();
        (starts && self.peek(1 + hashes) == Some('"')).then_some(hashes)
    }

    fn raw_string(&mut self) {
        let line = self.line;
        let hashes = self.raw_hashes().unwrap_or(0);
        self.blank(2 + hashes);
        let mut closing = vec!['"'];
        closing.extend(std::iter::repeat_n('#', hashes));
        let start = self.at;
        self.blank_while(|scanner| !scanner.chars[scanner.at..].starts_with(&closing));
        self.literals.push(Literal { line, text: self.chars[start..self.at].iter().collect() });
        self.blank(closing.len());
    }

    /// A character literal is blanked, a lifetime kept.
    fn quote(&mut self) {
        match (self.peek(1), self.peek(2)) {
            (Some('\\'), _) => {
                self.blank(3);
                self.blank_while(|scanner| scanner.peek(0) != Some('\''));
                self.blank(1);
            }
            (Some(_), Some('\'')) => self.blank(3),
            _ => self.keep(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_literals_are_not_code() {
        let text = "let a = \"fn x() {\"; // fn y() {\n/* fn z() { /* } */ */ let c = '{'; let l: &'static str = r#\"\"}\"#;\n";
        let source = RustSource::scan(text);
        assert!(!source.code.contains('{') && !source.code.contains('}'), "{}", source.code);
        assert!(source.code.contains("&'static str"));
        assert_eq!(source.literals[0], Literal { line: 1, text: "fn x() {".into() });
        assert_eq!(source.literals[1], Literal { line: 2, text: "\"}".into() });
        assert_eq!(source.code.lines().count(), 2);
    }

    #[test]
    fn a_function_is_measured_from_its_name_to_its_last_brace() {
        let text = "trait T { fn no_body(&self) -> [u8; 2]; }\npub async fn long(\n    a: [u8; 3],\n) -> u8 {\n    if true { 1 } else { 2 }\n}\n";
        let functions = RustSource::scan(text).functions();
        assert_eq!(functions, [Function { name: "long".into(), line: 2, lines: 5, is_async: true }]);
    }

    #[test]
    fn what_stands_under_cfg_test_is_not_production() {
        let text = "fn real() {}\n#[cfg(test)]\n#[allow(x)]\nmod tests {\n    const SQL: &str = \"SELECT\";\n    fn fake() {}\n}\nfn after() {}\n";
        let source = RustSource::scan(text);
        let names: Vec<String> = source.functions().into_iter().map(|function| function.name).collect();
        assert_eq!(names, ["real", "after"]);
        assert!(source.literals.is_empty());
        assert_eq!(source.production_lines, 2);
    }

    #[test]
    fn a_name_is_found_whole_or_not_at_all() {
        assert_eq!(lines_naming("SystemTime::now()\nMySystemTime::now\nSystemTime::nowhere", "SystemTime::now"), [1]);
    }
}
