package mapper

import (
	"bytes"
	"encoding/json"
)

// What is left out of documents: the members of JSON objects whose keys say that they are
// credentials, at any depth, while the text is printed anew. It belongs to one goroutine.

// redactor leaves credentials out of documents.
type redactor struct {
	secrets *SecretColumns
	known   map[string]knownKey // keys that were met
	recent  [256]knownKey       // some of them, where they are found sooner
}

type knownKey struct {
	key   string
	class keyClass
}

// keyClass is what a key says.
type keyClass uint8

const (
	secretText   keyClass = 1 << iota // a credential, unless it is a number or a boolean
	secretNumber                      // also if it is a number
	secretAny                         // whatever it is: the configuration says so
	saltKey                           // beside it, a hash is one of a password
	hashKey
	nameKey // of a setting, whose value stands beside it
	valueKey

	relatedKey = saltKey | hashKey | nameKey | valueKey
)

const (
	mostKeys   = 4096 // that are remembered
	longestKey = 64   // bytes of a key that is
)

func newRedactor(secrets *SecretColumns) *redactor {
	return &redactor{secrets: secrets, known: map[string]knownKey{}}
}

// class returns what a key says. It is as JSON has it, without its quotes.
func (r *redactor) class(key []byte) keyClass {
	n := len(key)
	if n == 0 {
		return 0
	}
	sample := uint32(key[0]) | uint32(key[n/2])<<8 | uint32(key[max(n-2, 0)])<<16 | uint32(key[n-1])<<24
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

func (r *redactor) classify(key string) (c keyClass) {
	switch r.secrets.ofName(key) {
	case leaves:
		return secretAny
	case lets:
		return 0
	}
	if r.secrets.off {
		return 0
	}
	if namesCredential(key, anything) {
		c |= secretText
	}
	if namesCredential(key, number) {
		c |= secretNumber
	}
	name := folded(key)
	if isSalt(key, anything) {
		c |= saltKey
	}
	if isHash(key) {
		c |= hashKey
	}
	if settingNames[name] {
		c |= nameKey
	}
	if isSettingValue(key) {
		c |= valueKey
	}
	return c
}

// hides reports whether a value is left out that begins with the byte first.
func (c keyClass) hides(first byte) bool {
	switch {
	case c&secretAny != 0:
		return true
	case first == 't' || first == 'f':
		return false
	case first == '-' || '0' <= first && first <= '9':
		return c&secretNumber != 0
	}
	return c&secretText != 0
}

// appendJSON appends a JSON document as the function of that name does, without credentials. Of
// one that would become a string nothing can be left out: it is null if there is something.
func (r *redactor) appendJSON(dst, text []byte) []byte {
	out, read, _ := reprint(dst, text, true, r)
	switch {
	case read:
		return out
	case r.finds(text):
		return append(out, "null"...)
	}
	return appendString(out, text)
}

// finds reports whether a text has something like a member of an object that is a credential.
func (r *redactor) finds(text []byte) bool {
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
		if len(value) > 0 && value[0] == ':' && r.class(key[:end])&(secretAny|secretText) != 0 {
			return true
		}
	}
}

// mayBeDocument reports whether a text, or what is printed between the quotes of a JSON string, may
// be a JSON object or array, or a string that holds one.
func mayBeDocument(text []byte) bool {
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

// appendText appends a string. One that holds a JSON object or array has its credentials left
// out.
func (r *redactor) appendText(dst, text []byte) []byte {
	if !mayBeDocument(text) {
		return appendString(dst, text)
	}
	start := len(dst)
	out, read, left := reprint(dst, text, true, r)
	if !read || !left {
		return appendString(out[:start], text)
	}
	document := bytes.Clone(out[start:])
	return appendString(out[:start], document)
}

// within leaves credentials out of a document that is a string of another document: the one that
// begins at start of what p has printed. It reports whether there were any.
func (r *redactor) within(p *reprinter, start int) (left bool) {
	var text string
	if json.Unmarshal(p.out[start:], &text) != nil {
		return false
	}
	document, read, left := reprint(nil, []byte(text), true, r)
	if !read || !left {
		return false
	}
	p.out = appendString(p.out[:start], document)
	return true
}

// appendHstore appends an hstore as the function of that name does, without credentials.
func (r *redactor) appendHstore(dst, text []byte) []byte {
	salted := bytes.Contains(text, []byte(`salt"=>`))
	return printHstore(dst, text, func(key []byte) bool {
		quoted := appendString(nil, key)
		c := r.class(quoted[1 : len(quoted)-1])
		return c.hides('"') || salted && c&hashKey != 0
	})
}

// names reports whether a value that a document or a row has for a name is a credential.
func (r *redactor) names(name []byte) bool {
	const longest = 120 // beyond it is text, and no name
	return len(name) <= longest && r.class(name).hides('"')
}

// pairs reports whether a value is a credential by the name before it, both as they were printed: in a
// list of pairs, such as [["password", "…"]].
func (r *redactor) pairs(name, value []byte) bool {
	const longest = 120
	return name[0] == '"' && len(name) <= longest && r.class(name[1:len(name)-1]).hides(value[0])
}

// related is a member of an object of which another one says whether it is a credential, or that
// says so of others.
type related struct {
	class       keyClass // one of saltKey, hashKey, nameKey and valueKey
	value       int      // where the value was printed
	first, last int      // where the whole member was, with the comma before it
}

// settle takes out of an object, the members of which were printed to out from start on, those
// that others say are credentials. There may be a salt that was left out already.
func (r *redactor) settle(out []byte, start int, members []related, salted bool) ([]byte, bool) {
	left := false
	var cut keyClass
	if salted {
		cut = hashKey
	}
	for _, m := range members {
		if m.class&nameKey != 0 && out[m.value] == '"' && r.names(out[m.value+1:m.last-1]) {
			cut |= valueKey
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
