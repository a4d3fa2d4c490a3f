//! Writes a flat JSON object in canonical form (RFC 8785): names in order, no blanks, the shortest escapes. Reads none.

/// An object being written. The caller gives the names in alphabetical order.
pub(super) struct Object {
    text: Vec<u8>,
    #[cfg(debug_assertions)]
    last: &'static str,
}

impl Object {
    pub(super) fn with_capacity(bytes: usize) -> Self {
        let mut text = Vec::with_capacity(bytes);
        text.push(b'{');
        Self {
            text,
            #[cfg(debug_assertions)]
            last: "",
        }
    }

    fn name(&mut self, name: &'static str) {
        #[cfg(debug_assertions)]
        {
            assert!(self.last < name, "`{name}` comes before `{}`", self.last);
            self.last = name;
        }
        if self.text.len() > 1 {
            self.text.push(b',');
        }
        self.text.push(b'"');
        self.text.extend_from_slice(name.as_bytes());
        self.text.extend_from_slice(b"\":");
    }

    pub(super) fn text(&mut self, name: &'static str, value: &str) {
        self.name(name);
        self.text.push(b'"');
        // Looks at every byte without a way out in between: the compiler makes wide steps of that, and texts are short.
        if value.bytes().fold(false, |found, byte| found | must_be_escaped(byte)) {
            self.escaped(value);
        } else {
            self.text.extend_from_slice(value.as_bytes());
        }
        self.text.push(b'"');
    }

    pub(super) fn optional(&mut self, name: &'static str, value: Option<&str>) {
        if let Some(value) = value {
            self.text(name, value);
        }
    }

    pub(super) fn number(&mut self, name: &'static str, value: u64) {
        self.name(name);
        match value {
            digit @ 0..=9 => self.text.push(b'0' + digit as u8),
            number => self.text.extend_from_slice(number.to_string().as_bytes()),
        }
    }

    pub(super) fn finish(mut self) -> Vec<u8> {
        self.text.push(b'}');
        self.text
    }

    fn escaped(&mut self, value: &str) {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        for byte in value.bytes() {
            let short = match byte {
                b'"' | b'\\' => byte,
                0x08 => b'b',
                0x09 => b't',
                0x0a => b'n',
                0x0c => b'f',
                0x0d => b'r',
                0..0x20 => {
                    let (high, low) = (DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]);
                    self.text.extend_from_slice(&[b'\\', b'u', b'0', b'0', high, low]);
                    continue;
                }
                _ => {
                    self.text.push(byte);
                    continue;
                }
            };
            self.text.extend_from_slice(&[b'\\', short]);
        }
    }
}

fn must_be_escaped(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}
