package pgtext

import (
	"bytes"
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf16"
	"unicode/utf8"
)

// appendDouble appends f as JavaScript prints it in JSON: the shortest digits that read back as f,
// an exponent from 1e21 up and below 1e-6, 0 for -0, null for what JSON has no number for.
//
// https://tc39.es/ecma262/#sec-numeric-types-number-tostring
func appendDouble(dst []byte, f float64) []byte {
	switch abs := math.Abs(f); {
	case math.IsNaN(f) || math.IsInf(f, 0):
		return append(dst, "null"...)
	case f == 0:
		return append(dst, '0')
	case abs >= 1e-6 && abs < 1e21:
		return strconv.AppendFloat(dst, f, 'f', -1, 64)
	}
	dst = strconv.AppendFloat(dst, f, 'e', -1, 64)
	// Go writes two digits of exponent at least: 1e-07
	if n := len(dst); dst[n-4] == 'e' && dst[n-2] == '0' {
		dst[n-2] = dst[n-1]
		dst = dst[:n-1]
	}
	return dst
}

// AppendDecimal appends the number that JavaScript reads from text, which is a decimal number as
// JSON or Postgres writes it. Text that is no number, or none that a double can hold, reads as
// null.
func AppendDecimal(dst, text []byte) []byte {
	if isShortInteger(text) {
		return append(dst, text...)
	}
	f, err := strconv.ParseFloat(string(text), 64)
	if err != nil && !math.IsInf(f, 0) {
		f = math.NaN()
	}
	return appendDouble(dst, f)
}

// isShortInteger reports whether text is an integer that a double holds exactly and that prints as
// it stands.
func isShortInteger(text []byte) bool {
	digits := bytes.TrimPrefix(text, []byte{'-'})
	if len(digits) == 0 || len(digits) > 15 || digits[0] == '0' {
		return string(text) == "0"
	}
	for _, c := range digits {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// AppendJavaScript appends text, a JSON document, as JSON.stringify(JSON.parse(text)) prints it: no
// white space, strings with the fewest escapes, numbers as doubles, and in objects the keys that
// are array indices first, the last of several equal keys at the place of the first. A document
// that is not JSON, or nested deeper than JavaScript can print it, becomes a JSON string.
//
// https://tc39.es/ecma262/#sec-json.stringify
func AppendJavaScript(dst, text []byte) []byte {
	return reprinted(dst, text, false)
}

// AppendJSON appends text, a JSON document, without the white space that means nothing. A document
// that is not JSON, or nested deeper than others can be expected to read, becomes a JSON string.
func AppendJSON(dst, text []byte) []byte { return reprinted(dst, text, true) }

func reprinted(dst, text []byte, literal bool) []byte {
	out, read, _ := reprint(dst, text, literal, nil)
	if !read {
		return AppendString(out, text)
	}
	return out
}

// reprint appends a JSON document, and nothing when it cannot be read. A redactor, if there is one,
// leaves something out of it, or not.
func reprint(dst, text []byte, literal bool, r *Redactor) (out []byte, read, left bool) {
	p := reprinters.Get().(*reprinter)
	p.in, p.at, p.out, p.members, p.literal = text, 0, dst, p.members[:0], literal
	p.redactor, p.related, p.left = r, p.related[:0], false
	out, read = p.document()
	left = p.left
	p.in, p.out, p.redactor = nil, nil, nil
	reprinters.Put(p)
	if !read {
		return dst, false, false
	}
	return out, true, left
}

var reprinters = sync.Pool{New: func() any { return new(reprinter) }}

// maxDepth is as deep as documents may nest. Node's JSON.stringify overflows its stack at some
// 4,200 levels, at 2,200 where keys are array indices; its caller has used some of the stack
// before, and a body puts a document up to three levels deeper.
const maxDepth = 2000

// A reprinter reads a JSON document once and prints it as it goes. Its methods report whether the
// document is well-formed so far.
type reprinter struct {
	in      []byte
	at      int // what of in is read
	out     []byte
	literal bool     // all but white space stays as it is
	members []member // of all the objects that are open, the outermost first

	redactor *Redactor // nil where all is printed
	related  []related // of all the objects that are open, the outermost first
	left     bool      // it has left something out
}

// member is where a key and its value stand in reprinter.out.
type member struct {
	key, colon, end int
	index           int64 // the key as an array index, notIndex when it is none
}

const notIndex = math.MaxInt64

func (p *reprinter) document() (out []byte, ok bool) {
	p.space()
	ok = p.value(0)
	p.space()
	return p.out, ok && p.at == len(p.in)
}

func (p *reprinter) space() {
	for p.at < len(p.in) {
		switch p.in[p.at] {
		case ' ', '\t', '\n', '\r':
			p.at++
		default:
			return
		}
	}
}

// next takes c when it is the next byte after white space.
func (p *reprinter) next(c byte) bool {
	p.space()
	if p.at < len(p.in) && p.in[p.at] == c {
		p.at++
		return true
	}
	return false
}

func (p *reprinter) value(depth int) bool {
	if p.at == len(p.in) || depth > maxDepth {
		return false
	}
	switch p.in[p.at] {
	case '{':
		return p.object(depth)
	case '[':
		return p.array(depth, false)
	case '"':
		return p.text()
	case 't':
		return p.word("true")
	case 'f':
		return p.word("false")
	case 'n':
		return p.word("null")
	}
	return p.number()
}

func (p *reprinter) word(word string) bool {
	if !bytes.HasPrefix(p.in[p.at:], []byte(word)) {
		return false
	}
	p.at += len(word)
	p.out = append(p.out, word...)
	return true
}

// array reads an array; within says that it is an element of another one.
func (p *reprinter) array(depth int, within bool) bool {
	p.at++
	p.out = append(p.out, '[')
	start, elements, comma := len(p.out), 0, 0
	for ; !p.next(']'); elements++ {
		if elements > 0 {
			if !p.next(',') {
				return false
			}
			if elements == 1 {
				comma = len(p.out)
			}
			p.out = append(p.out, ',')
		}
		p.space()
		nested := p.at < len(p.in) && p.in[p.at] == '[' && depth < maxDepth
		if nested && !p.array(depth+1, true) || !nested && !p.value(depth+1) {
			return false
		}
	}
	if within && elements == 2 && p.redactor != nil &&
		p.redactor.pairs(p.out[start:comma], p.out[comma+1:]) {
		p.out, p.left = p.out[:comma], true
	}
	p.out = append(p.out, ']')
	return true
}

func (p *reprinter) object(depth int) bool {
	p.at++
	p.out = append(p.out, '{')
	start, base := len(p.out), len(p.members)
	relatives, said := len(p.related), KeyClass(0)
	for first := true; !p.next('}'); first = false {
		if !first && !p.next(',') {
			return false
		}
		before := len(p.out)
		if before > start {
			p.out = append(p.out, ',')
		}
		m := member{key: len(p.out)}
		if p.space(); p.at == len(p.in) || p.in[p.at] != '"' || !p.string() {
			return false
		}
		m.colon = len(p.out)
		if !p.next(':') {
			return false
		}
		p.out = append(p.out, ':')
		p.space()
		var class KeyClass
		if p.redactor != nil {
			class = p.redactor.class(p.out[m.key+1 : m.colon-1])
		}
		hidden := class != 0 && p.at < len(p.in) && class.hides(p.in[p.at])
		if !p.value(depth + 1) {
			return false
		}
		said |= class
		if hidden {
			p.out, p.left = p.out[:before], true
			continue
		}
		if class&relatedKey != 0 {
			p.related = append(p.related, related{class, m.colon + 1, before, len(p.out)})
		}
		if !p.literal {
			m.index, m.end = arrayIndex(p.out[m.key+1:m.colon-1]), len(p.out)
			p.members = append(p.members, m)
		}
	}
	p.settle(start, p.members[base:])
	p.members = p.members[:base]
	if said&relatedKey != 0 {
		p.settleRelated(start, p.related[relatives:], said)
		p.related = p.related[:relatives]
	}
	p.out = append(p.out, '}')
	return true
}

// settleRelated leaves out of an object, printed from start on, what its members say of each other.
// said is what all their keys say.
func (p *reprinter) settleRelated(start int, members []related, said KeyClass) {
	if said&(SaltKey|HashKey) != SaltKey|HashKey && said&(NameKey|ValueKey) != NameKey|ValueKey {
		return
	}
	var left bool
	p.out, left = p.redactor.settle(p.out, start, members, said&SaltKey != 0)
	p.left = p.left || left
}

// settle brings the members of an object, printed from start on, into the order of a JavaScript
// object.
func (p *reprinter) settle(start int, members []member) {
	if p.settled(members) {
		return
	}
	firsts := make(map[string]int, len(members))
	kept := members[:0]
	for _, m := range members {
		key := p.out[m.key:m.colon]
		if i, ok := firsts[string(key)]; ok {
			kept[i] = m
			continue
		}
		firsts[string(key)] = len(kept)
		kept = append(kept, m)
	}
	slices.SortStableFunc(kept, func(a, b member) int { return cmp.Compare(a.index, b.index) })
	end := len(p.out)
	for i, m := range kept {
		if i > 0 {
			p.out = append(p.out, ',')
		}
		p.out = append(p.out, p.out[m.key:m.end]...)
	}
	p.out = p.out[:start+copy(p.out[start:], p.out[end:])]
}

// settled reports whether members are in order, as far as that is cheap to tell: indices rise, and
// no key comes twice.
func (p *reprinter) settled(members []member) bool {
	rising := true // by length, then bytes, as the keys of a jsonb do: so no two are equal
	for i := 1; i < len(members); i++ {
		a, b := members[i-1], members[i]
		switch {
		case a.index > b.index, a.index == b.index && a.index != notIndex:
			return false
		case a.index == b.index:
			ka, kb := p.out[a.key:a.colon], p.out[b.key:b.colon]
			rising = rising && cmp.Or(cmp.Compare(len(ka), len(kb)), bytes.Compare(ka, kb)) < 0
		}
	}
	const few = 16
	return rising || len(members) <= few && p.distinct(members)
}

// distinct reports whether no key comes twice; it compares all pairs.
func (p *reprinter) distinct(members []member) bool {
	for i, a := range members {
		for _, b := range members[i+1:] {
			if bytes.Equal(p.out[a.key:a.colon], p.out[b.key:b.colon]) {
				return false
			}
		}
	}
	return true
}

// arrayIndex returns the array index that key is the canonical text of, notIndex when it is not.
//
// https://tc39.es/ecma262/#array-index
func arrayIndex(key []byte) int64 {
	if len(key) == 0 || len(key) > 10 || key[0] == '0' && len(key) > 1 {
		return notIndex
	}
	n := int64(0)
	for _, c := range key {
		if c < '0' || c > '9' {
			return notIndex
		}
		n = n*10 + int64(c-'0')
	}
	if n >= math.MaxUint32 {
		return notIndex
	}
	return n
}

// number reads -?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?
func (p *reprinter) number() bool {
	start := p.at
	p.take("-")
	if !p.take("0") && !p.digits() {
		return false
	}
	if p.take(".") && !p.digits() {
		return false
	}
	if p.take("eE") {
		p.take("-+")
		if !p.digits() {
			return false
		}
	}
	if p.literal {
		p.out = append(p.out, p.in[start:p.at]...)
	} else {
		p.out = AppendDecimal(p.out, p.in[start:p.at])
	}
	return true
}

// take takes the next byte when it is one of those given.
func (p *reprinter) take(chars string) bool {
	if p.at < len(p.in) && strings.IndexByte(chars, p.in[p.at]) >= 0 {
		p.at++
		return true
	}
	return false
}

func (p *reprinter) digits() bool {
	start := p.at
	for p.at < len(p.in) && '0' <= p.in[p.at] && p.in[p.at] <= '9' {
		p.at++
	}
	return p.at > start
}

// text reads a string that is a value.
func (p *reprinter) text() bool {
	start := len(p.out)
	if !p.string() {
		return false
	}
	if p.redactor != nil && MayBeDocument(p.out[start+1:len(p.out)-1]) {
		p.left = p.redactor.within(p, start) || p.left
	}
	return true
}

func (p *reprinter) string() bool {
	p.at++
	p.out = append(p.out, '"')
	for p.at < len(p.in) {
		start := p.at
		p.at, _ = plain(p.in, start)
		p.out = append(p.out, p.in[start:p.at]...)
		switch {
		case p.at == len(p.in):
		case p.in[p.at] == '"':
			p.out = append(p.out, '"')
			p.at++
			return true
		case p.in[p.at] != '\\' || !p.escape():
			return false
		}
	}
	return false
}

// escape reads an escape sequence and prints what it stands for, escaped only where JSON.stringify
// does.
func (p *reprinter) escape() bool {
	if p.at+1 == len(p.in) {
		return false
	}
	c := p.in[p.at+1]
	switch c {
	case '"', '\\', 'b', 'f', 'n', 'r', 't':
		p.out = append(p.out, '\\', c)
	case '/':
		if p.literal {
			p.out = append(p.out, '\\')
		}
		p.out = append(p.out, '/')
	case 'u':
		return p.unicode()
	default:
		return false
	}
	p.at += 2
	return true
}

func (p *reprinter) unicode() bool {
	r, ok := p.codeUnit()
	if !ok {
		return false
	}
	p.at += len(`\u0000`)
	if p.literal {
		p.out = append(p.out, p.in[p.at-len(`\u0000`):p.at]...)
		return true
	}
	if utf16.IsSurrogate(r) {
		if low, ok := p.codeUnit(); ok {
			if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
				p.at += len(`\u0000`)
				p.out = utf8.AppendRune(p.out, pair)
				return true
			}
		}
		p.out = append(p.out, '\\', 'u', hexDigits[r>>12], hexDigits[r>>8&15], hexDigits[r>>4&15],
			hexDigits[r&15])
		return true
	}
	var char [utf8.UTFMax]byte
	quoted := len(p.out)
	p.out = AppendString(p.out, char[:utf8.EncodeRune(char[:], r)])
	p.out = append(p.out[:quoted], p.out[quoted+1:len(p.out)-1]...)
	return true
}

// codeUnit returns the UTF-16 code unit of the \uXXXX that comes next, without taking it.
func (p *reprinter) codeUnit() (r rune, ok bool) {
	in := p.in[p.at:]
	if len(in) < len(`\u0000`) || in[0] != '\\' || in[1] != 'u' {
		return 0, false
	}
	for _, c := range in[2:6] {
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}
