package pgtext

import (
	"bytes"
	"encoding/json"
)

// What is left out of documents: the members of JSON objects whose keys say that they are
// credentials, at any depth, while the text is printed anew. It belongs to one goroutine.

// Redactor leaves credentials out of documents.
type Redactor struct {
	classify func(key string) KeyClass
	known    map[string]knownKey // keys that were met
	recent   [256]knownKey       // some of them, where they are found sooner
}

type knownKey struct {
	key   string
	class KeyClass
}

// KeyClass is what a key says.
type KeyClass uint8

const (
	SecretText   KeyClass = 1 << iota // a credential, unless it is a number or a boolean
	SecretNumber                      // also if it is a number
	SecretAny                         // whatever it is: the configuration says so
	SaltKey                           // beside it, a hash is one of a password
	HashKey
	NameKey // of a setting, whose value stands beside it
	ValueKey

	relatedKey = SaltKey | HashKey | NameKey | ValueKey
)

const (
	mostKeys   = 4096 // that are remembered
	longestKey = 64   // bytes of a key that is
)

// NewRedactor returns a redactor. classify says what a key says; its answers are kept.
func NewRedactor(classify func(key string) KeyClass) *Redactor {
	return &Redactor{classify: classify, known: map[string]knownKey{}}
}

// class returns what a key says. It is as JSON has it, without its quotes.
func (r *Redactor) class(key []byte) KeyClass {
	n := len(key)
	if n == 0 {
		return 0
	}
	sample := uint32(key[0]) | uint32(key[n/2])<<8 | uint32(key[max(n-2, 0)])<<16 | uint32(
		key[n-1])<<24
	recent := &r.recent[(sample^uint32(n&15))*2654435761>>24]
	if recent.key == string(key) {
		return recent.class
	}
	k, ok := r.known[string(key)]
	if !ok {
		k = knownKey{string(key), r.classify(plainKey(key))}
		if n > longestKey {
			return k.class
		}
		if len(r.known) == mostKeys {
			clear(r.known)
		}
		r.known[k.key] = k
	}
	*recent = k
	return k.class
}

// plainKey returns a key without escapes.
func plainKey(key []byte) string {
	if bytes.IndexByte(key, '\\') >= 0 {
		var plain string
		if json.Unmarshal(append(append([]byte{'"'}, key...), '"'), &plain) == nil {
			return plain
		}
	}
	return string(key)
}

// hides reports whether a value is left out that begins with the byte first.
func (c KeyClass) hides(first byte) bool {
	switch {
	case c&SecretAny != 0:
		return true
	case first == 't' || first == 'f':
		return false
	case first == '-' || '0' <= first && first <= '9':
		return c&SecretNumber != 0
	}
	return c&SecretText != 0
}

// AppendJSON appends a JSON document as the function of that name does, without credentials. Of
// one that would become a string nothing can be left out: it is null if there is something.
func (r *Redactor) AppendJSON(dst, text []byte) []byte {
	out, read, _ := reprint(dst, text, true, r)
	switch {
	case read:
		return out
	case r.finds(text):
		return append(out, "null"...)
	}
	return AppendString(out, text)
}

// finds reports whether a text has something like a member of an object that is a credential.
func (r *Redactor) finds(text []byte) bool {
	for rest := text; ; {
		start := bytes.IndexByte(rest, '"')
		if start < 0 {
			return false
		}
		key := rest[start+1:]
		end, _ := plain(key, 0)
		for end < len(key) && key[end] != '"' {
			end, _ = plain(key, min(end+2, len(key))) // an escape
		}
		if end == len(key) {
			return false
		}
		rest = key[end+1:]
		value := bytes.TrimLeft(rest, " \t\r\n")
		if len(value) > 0 && value[0] == ':' && r.class(key[:end])&(SecretAny|SecretText) != 0 {
			return true
		}
	}
}

// MayBeDocument reports whether a text may be a JSON object or array, or a string that holds one.
// The text may also be what stands between the quotes of a JSON string.
func MayBeDocument(text []byte) bool {
	for len(text) > 1 {
		switch text[0] {
		case '{', '[', '"':
			return true
		case ' ', '\t', '\n', '\r':
			text = text[1:]
		case '\\': // printed as part of a JSON string
			switch text[1] {
			case '"':
				return true
			case 't', 'n', 'r':
				text = text[2:]
			default:
				return false
			}
		default:
			return false
		}
	}
	return false
}

// AppendText appends a string. One that holds a JSON object or array has its credentials left
// out.
func (r *Redactor) AppendText(dst, text []byte) []byte {
	if !MayBeDocument(text) {
		return AppendString(dst, text)
	}
	start := len(dst)
	out, read, left := reprint(dst, text, true, r)
	if !read || !left {
		return AppendString(out[:start], text)
	}
	document := bytes.Clone(out[start:])
	return AppendString(out[:start], document)
}

// within leaves credentials out of a document that is a string of another document: the one that
// begins at start of what p has printed. It reports whether there were any.
func (r *Redactor) within(p *reprinter, start int) (left bool) {
	var text string
	if json.Unmarshal(p.out[start:], &text) != nil {
		return false
	}
	document, read, left := reprint(nil, []byte(text), true, r)
	if !read || !left {
		return false
	}
	p.out = AppendString(p.out[:start], document)
	return true
}

// AppendHstore appends an hstore as the function of that name does, without credentials.
func (r *Redactor) AppendHstore(dst, text []byte) []byte {
	salted := bytes.Contains(text, []byte(`salt"=>`))
	return printHstore(dst, text, func(key []byte) bool {
		quoted := AppendString(nil, key)
		c := r.class(quoted[1 : len(quoted)-1])
		return c.hides('"') || salted && c&HashKey != 0
	})
}

// Names reports whether a value that a document or a row has for a name is a credential.
func (r *Redactor) Names(name []byte) bool {
	const longest = 120 // beyond it is text, and no name
	return len(name) <= longest && r.class(name).hides('"')
}

// pairs reports whether a value is a credential by the name before it, both as they were printed:
// in a list of pairs, such as [["password", "…"]]. A list of lists of names, [["password",
// "email"]], reads no other, and loses the second one: what looks like a name may be a password.
func (r *Redactor) pairs(name, value []byte) bool {
	const longest = 120
	return name[0] == '"' && len(name) <= longest && r.class(name[1:len(name)-1]).hides(value[0])
}

// related is a member of an object of which another one says whether it is a credential, or that
// says so of others.
type related struct {
	class       KeyClass // one of SaltKey, HashKey, NameKey and ValueKey
	value       int      // where the value was printed
	first, last int      // where the whole member was, with the comma before it
}

// settle takes out of an object, the members of which were printed to out from start on, those
// that others say are credentials. There may be a salt that was left out already.
func (r *Redactor) settle(out []byte, start int, members []related, salted bool) ([]byte, bool) {
	left := false
	var cut KeyClass
	if salted {
		cut = HashKey
	}
	for _, m := range members {
		if m.class&NameKey != 0 && out[m.value] == '"' && r.Names(out[m.value+1:m.last-1]) {
			cut |= ValueKey
		}
	}
	kept, at := out[:start], start
	keep := func(until int) {
		piece := out[at:until]
		if len(kept) == start {
			piece = bytes.TrimPrefix(piece, []byte{','})
		}
		kept = append(kept, piece...)
	}
	for _, m := range members {
		if m.class&cut != 0 {
			keep(m.first)
			at, left = m.last, true
		}
	}
	if !left {
		return out, false
	}
	keep(len(out))
	return kept, true
}
