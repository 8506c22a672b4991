package mapper

import (
	"bytes"
	"encoding/json"
	"slices"
)

// What is left out of documents: the members of JSON objects whose keys say that they are credentials,
// at any depth, while the text is printed anew. It belongs to one goroutine.

// redactor leaves credentials out of documents.
type redactor struct {
	secrets *SecretColumns
	known   map[string]keyClass // keys that were met
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
)

const (
	mostKeys   = 4096 // that are remembered
	longestKey = 64   // bytes of a key that is
)

func newRedactor(secrets *SecretColumns) *redactor {
	return &redactor{secrets: secrets, known: map[string]keyClass{}}
}

// class returns what a key says. It is as JSON has it, without its quotes.
func (r *redactor) class(key []byte) keyClass {
	if c, ok := r.known[string(key)]; ok {
		return c
	}
	c := r.classify(plainKey(key))
	if len(key) <= longestKey {
		if len(r.known) == mostKeys {
			clear(r.known)
		}
		r.known[string(key)] = c
	}
	return c
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
	if settingValues[name] {
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

// appendJSON appends a JSON document as the function of that name does, without credentials. Of one that
// would become a string nothing can be left out: it is null if there is something.
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

// appendText appends a string. One that holds a JSON object or array has its credentials left out.
func (r *redactor) appendText(dst, text []byte) []byte {
	if len(text) < 2 || text[0] != '{' && text[0] != '[' {
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
	return printHstore(dst, text, func(key []byte) bool {
		quoted := appendString(nil, key)
		return r.class(quoted[1 : len(quoted)-1]).hides('"')
	})
}

// names reports whether a value that a document or a row has for a name is a credential.
func (r *redactor) names(name string) bool {
	const longest = 120 // beyond it is text, and no name
	return len(name) <= longest && r.secrets.leavesName(name, anything)
}

// related are members of one object that say something of each other, wherever in it they stand.
type related struct {
	salted bool
	hashes []span // which are of passwords, if it is salted
	name   span   // which says what the values are
	values []span
}

// span is from where to where something was printed.
type span struct{ from, to int }

// add takes a member that was printed to span, its value to value.
func (m *related) add(c keyClass, whole, value span) {
	switch {
	case c&saltKey != 0:
		m.salted = true
	case c&hashKey != 0:
		m.hashes = append(m.hashes, whole)
	case c&nameKey != 0:
		m.name = value
	case c&valueKey != 0:
		m.values = append(m.values, whole)
	}
}

// settle takes out of an object, the members of which were printed to out from start on, those that
// others say are credentials.
func (r *redactor) settle(out []byte, start int, m *related) (settled []byte, left bool) {
	var cuts []span
	if m.salted {
		cuts = m.hashes
	}
	if m.values != nil && m.name.to > m.name.from && out[m.name.from] == '"' &&
		r.names(plainKey(out[m.name.from+1:m.name.to-1])) {
		cuts = append(cuts, m.values...)
	}
	if cuts == nil {
		return out, false
	}
	slices.SortFunc(cuts, func(a, b span) int { return a.from - b.from })
	kept, at := out[:start], start
	for _, c := range append(cuts, span{len(out), len(out)}) {
		piece := out[at:c.from]
		if len(kept) == start {
			piece = bytes.TrimPrefix(piece, []byte{','})
		}
		kept, at = append(kept, piece...), c.to
	}
	return kept, true
}
