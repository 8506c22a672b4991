package mapper

import "math/bits"

// spent is memory of records that have left a fold, which others take up: most of what a
// transaction brings would be garbage otherwise. The zero value has none.
type spent struct {
	records *kept // by next
	rows    [rowClasses][][]byte
	bytes   int // that all of it takes
}

// Rows have room for a power of two of bytes, or for some eighths more. What is larger than
// mostSpent goes back to the garbage collector.
const (
	leastRow   = 64
	mostSpent  = 32 << 10
	rowClasses = 9*8 + 1
)

// rowClass returns how much room a row of so many bytes gets, and the class of such rows.
func rowClass(bytes int) (room, class int) {
	if bytes <= leastRow {
		return leastRow, 0
	}
	power := bits.Len(uint(bytes-1)) - 1 // 2^power < bytes
	eighth := 1 << power / 8
	eighths := (bytes - 1<<power + eighth - 1) / eighth
	return 1<<power + eighths*eighth, (power-6)*8 + eighths
}

// row returns room for a row of so many bytes.
func (s *spent) row(bytes int) []byte {
	if bytes > mostSpent {
		return make([]byte, 0, bytes)
	}
	room, class := rowClass(bytes)
	free := s.rows[class]
	if len(free) == 0 {
		return make([]byte, 0, room)
	}
	row := free[len(free)-1]
	s.rows[class] = free[:len(free)-1]
	s.bytes -= room
	return row[:0]
}

// takeRow takes up the room of a row that nobody looks at any more, unless there is as much as most
// bytes.
func (s *spent) takeRow(row []byte, most int) {
	if row == nil || len(row) > mostSpent || s.bytes+cap(row) > most {
		return
	}
	_, class := rowClass(len(row))
	s.rows[class] = append(s.rows[class], row)
	s.bytes += cap(row)
}

// record returns room for a record.
func (s *spent) record() *kept {
	d := s.records
	if d == nil {
		return &kept{}
	}
	s.records, d.next = d.next, nil
	s.bytes -= recordSize
	return d
}

// takeRecord takes up a record that nobody looks at any more, likewise.
func (s *spent) takeRecord(d *kept, most int) {
	if s.bytes+recordSize > most {
		return
	}
	*d = kept{next: s.records}
	s.records = d
	s.bytes += recordSize
}
