//! Reads eConnect XML into a document, in one pass and with bounded memory.

use quick_xml::NsReader;
use quick_xml::events::{BytesDecl, BytesRef, BytesStart, Event};
use quick_xml::name::ResolveResult;

use super::assemble::{Assembler, Refusal};
use super::document::Document;
use super::read_error::{ReadError, ReadErrorKind};
use super::writer::{XSI, is_name, is_xml_character};

/// A start tag's attributes may take this many bytes; namespaces are all that belongs there.
const MAX_ATTRIBUTES: usize = 4096;
/// Characters of the document that a message quotes at most.
const MAX_QUOTE: usize = 128;

/// What a document may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the whole document.
    pub max_bytes: usize,
    /// XML elements of every kind.
    pub max_nodes: usize,
    /// Levels of XML elements; eConnect's own documents have 5.
    pub max_depth: usize,
    /// Bytes of one element's text.
    pub max_text: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_bytes: 32 << 20,
            max_nodes: 250_000,
            max_depth: 8,
            max_text: 64 << 10,
        }
    }
}

/// How a document is read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Options {
    /// What the document may cost.
    pub limits: Limits,
    /// Whether the nodes of a transaction may come in another order than the schema's.
    pub any_order: bool,
}

/// Reads a document that holds only nodes of the catalogue, in the schema's order.
pub fn read(xml: &[u8], limits: &Limits) -> Result<Document, ReadError> {
    let options = Options {
        limits: *limits,
        any_order: false,
    };
    read_with(xml, &options, &|_| false)
}

/// Reads a document; `site_node` tells which names are nodes that a site has added.
pub fn read_with(
    xml: &[u8],
    options: &Options,
    site_node: &dyn Fn(&str) -> bool,
) -> Result<Document, ReadError> {
    let text = checked_text(xml, options.limits.max_bytes)?;
    let mut reader = NsReader::from_str(text);
    let config = reader.config_mut();
    config.expand_empty_elements = true;
    config.check_comments = true;
    let assembler = Assembler::new(options.any_order, options.limits.max_text, site_node);
    let reading = Reading {
        reader,
        assembler,
        limits: options.limits,
        nodes: 0,
    };
    reading.run()
}

/// Refuses what is too large or not UTF-8, and skips a byte order mark.
fn checked_text(xml: &[u8], limit: usize) -> Result<&str, ReadError> {
    let refused = |kind, offset: usize| ReadError {
        node_path: String::new(),
        element: None,
        offset: offset as u64,
        kind,
    };
    if xml.len() > limit {
        return Err(refused(
            ReadErrorKind::TooLarge {
                bytes: xml.len(),
                limit,
            },
            0,
        ));
    }
    let text = std::str::from_utf8(xml)
        .map_err(|error| refused(ReadErrorKind::NotUtf8, error.valid_up_to()))?;
    Ok(text.strip_prefix('\u{FEFF}').unwrap_or(text))
}

struct Reading<'x, 's> {
    reader: NsReader<&'x [u8]>,
    assembler: Assembler<'s>,
    limits: Limits,
    nodes: usize,
}

impl<'x> Reading<'x, '_> {
    fn run(mut self) -> Result<Document, ReadError> {
        loop {
            let event = match self.reader.read_event() {
                Ok(Event::Eof) => break,
                Ok(event) => event,
                Err(error) => {
                    let kind = malformed(&error);
                    return Err(self.located(self.assembler.refuse(kind)));
                }
            };
            self.take(event).map_err(|refusal| self.located(refusal))?;
        }
        let offset = self.reader.buffer_position();
        self.assembler
            .finish()
            .map_err(|refusal| located(refusal, offset))
    }

    fn take(&mut self, event: Event<'x>) -> Result<(), Refusal> {
        match event {
            Event::Start(tag) | Event::Empty(tag) => self.start(&tag),
            Event::End(_) => {
                self.assembler.end();
                Ok(())
            }
            Event::Text(text) => self.text(&text.xml10_content()),
            Event::CData(text) => self.text(&text.xml10_content()),
            Event::GeneralRef(reference) => self.reference(&reference),
            Event::Decl(declaration) => self.declaration(&declaration),
            Event::DocType(_) => Err(self.assembler.refuse(ReadErrorKind::DocumentType)),
            Event::Comment(_) | Event::PI(_) | Event::Eof => Ok(()),
        }
    }

    fn start(&mut self, tag: &BytesStart<'_>) -> Result<(), Refusal> {
        self.nodes += 1;
        let (name, nil) = self.tag(tag).map_err(|kind| self.assembler.refuse(kind))?;
        self.assembler.start(name, nil)
    }

    /// Checks a start tag against the limits; gives its name and whether it is nil.
    fn tag<'t>(&self, tag: &'t BytesStart<'_>) -> Result<(&'t str, bool), ReadErrorKind> {
        let Limits {
            max_nodes,
            max_depth,
            ..
        } = self.limits;
        if self.nodes > max_nodes {
            return Err(ReadErrorKind::TooManyNodes { limit: max_nodes });
        }
        if self.assembler.depth() >= max_depth {
            return Err(ReadErrorKind::TooDeep { limit: max_depth });
        }
        let (namespace, name) = self.reader.resolver().resolve_element(tag.name());
        refuse_unbound(&namespace)?;
        let nil = self.nil(tag)?;
        Ok((checked_name(name.into_inner())?, nil))
    }

    fn nil(&self, tag: &BytesStart<'_>) -> Result<bool, ReadErrorKind> {
        if tag.attributes_raw().len() > MAX_ATTRIBUTES {
            return Err(ReadErrorKind::AttributesTooLong {
                limit: MAX_ATTRIBUTES,
            });
        }
        let mut nil = false;
        for attribute in tag.attributes() {
            let attribute = attribute.map_err(|e| malformed(&e))?;
            if attribute.key.as_namespace_binding().is_some() {
                continue;
            }
            let (namespace, name) = self.reader.resolver().resolve_attribute(attribute.key);
            refuse_unbound(&namespace)?;
            match namespace {
                ResolveResult::Bound(space) if space.0 != XSI => {}
                ResolveResult::Bound(_) if name.into_inner() != "nil" => {}
                ResolveResult::Bound(_) => nil |= nil_value(attribute.value.trim())?,
                ResolveResult::Unbound | ResolveResult::Unknown(_) => {
                    return Err(ReadErrorKind::Attribute(shortened(name.into_inner())));
                }
            }
        }
        Ok(nil)
    }

    fn text(&mut self, text: &str) -> Result<(), Refusal> {
        match text.chars().find(|character| !is_xml_character(*character)) {
            Some(other) => Err(self
                .assembler
                .refuse(ReadErrorKind::Character(u32::from(other)))),
            None => self.assembler.text(text),
        }
    }

    /// Resolves the five entities of XML and character references; there are no others.
    fn reference(&mut self, reference: &BytesRef<'_>) -> Result<(), Refusal> {
        let name = reference.xml10_content();
        let text = match name.as_ref() {
            "amp" => "&",
            "lt" => "<",
            "gt" => ">",
            "quot" => "\"",
            "apos" => "'",
            other => {
                let character = character_reference(other);
                let character = character.map_err(|kind| self.assembler.refuse(kind))?;
                return self.text(character.encode_utf8(&mut [0; 4]));
            }
        };
        self.assembler.text(text)
    }

    fn declaration(&self, declaration: &BytesDecl<'_>) -> Result<(), Refusal> {
        let kind = match declaration.encoding() {
            Some(Ok(name)) if !name.eq_ignore_ascii_case("utf-8") => {
                ReadErrorKind::Encoding(shortened(&name))
            }
            Some(Err(error)) => malformed(&error),
            Some(Ok(_)) | None => return Ok(()),
        };
        Err(self.assembler.refuse(kind))
    }

    fn located(&self, refusal: Refusal) -> ReadError {
        located(refusal, self.reader.buffer_position())
    }
}

fn located(refusal: Refusal, offset: u64) -> ReadError {
    let Refusal {
        node_path,
        element,
        kind,
    } = refusal;
    ReadError {
        node_path,
        element,
        offset,
        kind,
    }
}

fn refuse_unbound(namespace: &ResolveResult<'_>) -> Result<(), ReadErrorKind> {
    match namespace {
        ResolveResult::Unknown(prefix) => {
            let reason = format!("the prefix {:?} is not declared", shortened(prefix));
            Err(ReadErrorKind::Malformed(reason))
        }
        ResolveResult::Bound(_) | ResolveResult::Unbound => Ok(()),
    }
}

fn nil_value(text: &str) -> Result<bool, ReadErrorKind> {
    match text {
        "true" | "1" => Ok(true),
        "false" | "0" => Ok(false),
        _ => Err(ReadErrorKind::Nil),
    }
}

fn checked_name(name: &str) -> Result<&str, ReadErrorKind> {
    if is_name(name) {
        Ok(name)
    } else {
        Err(ReadErrorKind::Name(shortened(name)))
    }
}

/// Reads `#65` or `#x41`; every other name is an entity nobody has defined.
fn character_reference(name: &str) -> Result<char, ReadErrorKind> {
    let Some(digits) = name.strip_prefix('#') else {
        return Err(ReadErrorKind::Entity(shortened(name)));
    };
    let (digits, radix) = match digits.strip_prefix('x') {
        Some(hexadecimal) => (hexadecimal, 16),
        None => (digits, 10),
    };
    // `from_str_radix` alone would accept a sign.
    let plain = digits.chars().all(|digit| digit.is_digit(radix));
    let code = if plain {
        u32::from_str_radix(digits, radix).ok()
    } else {
        None
    };
    let Some(code) = code else {
        return Err(ReadErrorKind::Entity(shortened(name)));
    };
    char::from_u32(code).ok_or(ReadErrorKind::Character(code))
}

/// The parser's words can quote any amount of the document.
fn malformed(error: &dyn std::fmt::Display) -> ReadErrorKind {
    ReadErrorKind::Malformed(shortened(&error.to_string()))
}

/// Keeps what a message quotes short.
fn shortened(text: &str) -> String {
    text.chars().take(MAX_QUOTE).collect()
}
