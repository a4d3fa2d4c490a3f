//! Changes of claims as an Atom feed (RFC 4287). Ids follow from promise, instant and state, so an entry is the same whenever
//! it is asked for. Reads nothing itself.

use super::words;
use crate::locale::Texts;
use app::claim::shown::Change;
use domain::claim::State;
use jiff::Timestamp;
use std::fmt::Write as _;

/// Changes of so many days are told.
pub const FEED_DAYS: i64 = 90;
/// Changes told at most.
pub const MAX_ENTRIES: usize = 100;

/// The feed. `url` is where people reach STRUCT; `began` stands for its first change while there is none.
pub fn atom(changes: &[Change], url: &str, t: Texts, began: Timestamp) -> String {
    let host = url.split_once("://").map_or(url, |(_, place)| place);
    let host = host.split(['/', ':']).next().unwrap_or_default();
    let (lang, url) = (t.tag(), escaped(url));
    let updated = changes.first().map_or(began, |change| change.at);
    let mut feed = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\" xml:lang=\"{lang}\">\n\
         <id>tag:{host},2026:trust/{lang}</id>\n<title>{title}</title>\n<updated>{updated}</updated>\n\
         <author><name>STRUCT</name></author>\n<link rel=\"self\" type=\"application/atom+xml\" href=\"{url}/trust/feed.atom?lang={lang}\"/>\n\
         <link rel=\"alternate\" type=\"text/html\" href=\"{url}/trust?lang={lang}\"/>\n",
        title = escaped(&t.text("feed-title")),
        updated = instant(updated),
        host = escaped(host),
    );
    for change in changes {
        entry(&mut feed, change, (&escaped(host), &url), t);
    }
    feed.push_str("</feed>\n");
    feed
}

fn entry(feed: &mut String, change: &Change, (host, url): (&str, &str), t: Texts) {
    let name = |state: State| words::state(state, t).text;
    let (id, after) = (change.promise.id, name(change.after));
    let title = t.two("feed-entry", "promise", change.promise.sentence(t.locale), "state", after.as_str());
    let told = match change.before {
        Some(before) => t.two("feed-entry-from", "before", name(before), "after", after.as_str()),
        None => t.one("feed-entry-first", "after", after.as_str()),
    };
    let at = instant(change.at);
    let _ = write!(
        feed,
        "<entry>\n<id>tag:{host},2026:trust/{lang}/{id}/{seconds}/{code}</id>\n<title>{title}</title>\n<updated>{at}</updated>\n\
         <published>{at}</published>\n<category term=\"{code}\"/>\n\
         <link rel=\"alternate\" type=\"text/html\" href=\"{url}/trust/{id}?lang={lang}\"/>\n\
         <content type=\"text\">{told}</content>\n</entry>\n",
        lang = t.tag(),
        seconds = change.at.as_second(),
        code = change.after.code(),
        title = escaped(&title),
        told = escaped(&format!("{told} ({id})")),
    );
}

fn instant(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Text for XML: what it may not hold is left out, what has a meaning there is written otherwise.
pub fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            '\t' | '\n' | '\r' => safe.push(' '),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => {}
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn text_can_not_leave_its_place_in_xml() {
        assert_eq!(escaped("<a href=\"x\">&'\u{0}\u{8}\n"), "&lt;a href=&quot;x&quot;&gt;&amp;&#39; ");
    }
}
