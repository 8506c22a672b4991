package mapper

import (
	"cmp"
	"encoding/binary"
	"encoding/hex"
	"strconv"
	"strings"

	"hookline/cdc"
)

// ID is what an event's ID tells, beside the database: evt_<database>_<commit LSN>_<index>. From
// the second timeline on, t and its number are behind it, as another transaction may have been at
// this position of the one before. A second event of one change has _1, and what was told before
// its transaction was over has p.
type ID struct {
	Commit   cdc.LSN
	Index    uint32
	Timeline int32 // 0 for the first
	Second   bool
	Part     bool
}

// idPrefix is what the IDs of a database begin with.
func idPrefix(database string) string { return "evt_" + database + "_" }

// In returns the ID as it is in a database.
func (id ID) In(database string) string { return string(id.append([]byte(idPrefix(database)))) }

func (id ID) append(buf []byte) []byte {
	var lsn [8]byte
	binary.BigEndian.PutUint64(lsn[:], uint64(id.Commit))
	buf = hex.AppendEncode(buf, lsn[:])
	buf = append(buf, '_')
	buf = strconv.AppendUint(buf, uint64(id.Index), 10)
	if id.Timeline > 1 {
		buf = append(buf, 't')
		buf = strconv.AppendInt(buf, int64(id.Timeline), 10)
	}
	if id.Second {
		buf = append(buf, "_1"...)
	}
	if id.Part {
		buf = append(buf, partMark)
	}
	return buf
}

// ParseID is the reverse of ID.In. ok is false unless text is what In returns.
func ParseID(text string) (id ID, ok bool) {
	const commit, index = len("evt_01234567_"), len("evt_01234567_0123456789abcdef_")
	if len(text) <= index || text[:4] != "evt_" || text[commit-1] != '_' || text[index-1] != '_' {
		return ID{}, false
	}
	lsn, err := strconv.ParseUint(text[commit:index-1], 16, 64)
	if err != nil {
		return ID{}, false
	}
	id.Commit = cdc.LSN(lsn)
	rest, part := strings.CutSuffix(text[index:], string(partMark))
	rest, second := strings.CutSuffix(rest, "_1")
	id.Part, id.Second = part, second
	if number, timeline, late := strings.Cut(rest, "t"); late {
		n, err := strconv.ParseInt(timeline, 10, 32)
		if err != nil || n <= 1 {
			return ID{}, false
		}
		rest, id.Timeline = number, int32(n)
	}
	n, err := strconv.ParseUint(rest, 10, 32)
	id.Index = uint32(n)
	return id, err == nil
}

// CompareIDs is negative when the event with ID a comes before that with ID b: by their commits,
// and of one commit by their numbers, which the order of the texts is not. Any two texts have an
// order, and only equal ones are equal.
func CompareIDs(a, b string) int {
	x, y := orderOf(a), orderOf(b)
	return cmp.Or(strings.Compare(x.commit, y.commit), cmp.Compare(x.digits, y.digits),
		strings.Compare(x.number, y.number), strings.Compare(a, b))
}

// idOrder is what IDs are compared by: numbers of as many digits as their texts.
type idOrder struct {
	commit string
	digits int
	number string
}

func orderOf(id string) idOrder {
	mark := string(partMark)
	o := idOrder{number: strings.TrimRight(id, mark)}
	fields := strings.SplitN(id, "_", 5)
	if len(fields) > 2 {
		o.commit = fields[2]
	}
	if len(fields) > 3 {
		o.digits = len(strings.TrimRight(fields[3], mark))
	}
	return o
}
