package settled

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"log/slog"
	"path/filepath"
	"runtime/debug"
	"sync/atomic"
	"time"
	"unsafe"

	"hookline/cdc"
)

// Record is a file of the deliveries that were accepted last. It is mapped into memory. So what is
// added outlives a kill of the process at any moment, and costs no system call. It need not outlive
// the machine: all that it says is true, however old, and what it lacks is sent again.
//
// A nil Record is one that keeps nothing. Add, Mark and Noted are safe for concurrent use, with
// TakeUp as well.
//
// The file is a head and a ring of entries, each with a checksum, as the process may be killed in
// the middle of one. So it can be read while another process adds to it.
type Record struct {
	log  *slog.Logger
	path string
	ring atomic.Pointer[ring] // that is added to; nil while there is none
	read *ring                // as the processes before have left it; nil when they have left none
	held *ring                // that was in ring first; belongs to whoever calls TakeUp
	take func() (*ring, error)
}

// ring is the memory that a file is mapped into.
type ring struct {
	memory []byte  // the whole file
	next   *uint64 // in memory: how many entries there ever were
	noted  *uint64 // in memory: see Noted
	late   bool    // it was taken up after what is in it was looked at
	unmap  func() error
}

const (
	headSize  = 4096
	entrySize = 36
	entries   = 1 << 17 // that the ring has

	magic = "hookline accepted 1\n" // another form is another number

	originAt = 32 // of what the head has behind magic
	nextAt   = 128
	notedAt  = 192
)

// FileSize is how large the file of a record is, in bytes, from its beginning on.
const FileSize = headSize + entries*entrySize

// fromSpool marks the entry of a delivery that came from the spool, in Delivery.Turn.
const fromSpool = 1 << 31

// Origin is whose deliveries they are: of one slot of one database.
type Origin struct{ Database, Slot string }

// sum tells one from all others.
func (o Origin) sum() [sha256.Size]byte { return sha256.Sum256([]byte(o.Database + "\n" + o.Slot)) }

// fileOf is where the record of a slot is.
func fileOf(dir, slot string) string { return filepath.Join(dir, slot+".accepted") }

// begin makes an empty record of what is in memory, whatever that was.
func begin(memory []byte, of Origin) {
	clear(memory)
	sum := of.sum()
	copy(memory[originAt:], sum[:])
	copy(memory, magic) // last: until it is there, nothing is
}

// unlike returns why what is in memory is not the record of an origin; "" when it is, or there is
// nothing.
func unlike(memory []byte, of Origin) string {
	sum := of.sum()
	switch {
	case memory[0] == 0:
		return ""
	case string(memory[:len(magic)]) != magic:
		return "the file holds something else, or what another version has written"
	case string(memory[originAt:originAt+len(sum)]) != string(sum[:]):
		return "the file is of another database or slot"
	}
	return ""
}

// in returns the ring in memory that holds one.
func in(memory []byte) *ring {
	return &ring{
		memory: memory,
		next:   (*uint64)(unsafe.Pointer(&memory[nextAt])),
		noted:  (*uint64)(unsafe.Pointer(&memory[notedAt])),
	}
}

// added returns the ring that is added to, nil when there is none.
func (r *Record) added() *ring {
	if r == nil {
		return nil
	}
	return r.ring.Load()
}

// Add notes that a delivery was accepted; spooled says that it came from the spool.
func (r *Record) Add(d Delivery, spooled bool) {
	g := r.added()
	if g == nil {
		return
	}
	if spooled {
		d.Turn |= fromSpool
	}
	var e [entrySize]byte
	encode(&e, d)
	defer r.survive(debug.SetPanicOnFault(true))
	n := atomic.AddUint64(g.next, 1) - 1
	copy(g.memory[headSize+n%entries*entrySize:], e[:])
}

// Mark returns a place in the record for Noted: all that was added before it lies there, too.
func (r *Record) Mark() (mark uint64) {
	g := r.added()
	if g == nil {
		return 0
	}
	defer r.survive(debug.SetPanicOnFault(true))
	return atomic.LoadUint64(g.next)
}

// Noted tells that the spool knows of all deliveries from it that were added before a mark. Where
// the record was taken up late it may have some of which this process does not know, so nothing is
// told then: the next one has them all looked at again.
func (r *Record) Noted(mark uint64) {
	g := r.added()
	if g == nil || g.late {
		return
	}
	defer r.survive(debug.SetPanicOnFault(true))
	atomic.StoreUint64(g.noted, mark)
}

// takeUpEvery is the time between two looks whether another process still has the file.
const takeUpEvery = 500 * time.Millisecond

// TakeUp waits until the process that had the file at Open has ended, and has Add add to it from
// then on. It returns at once where nobody had it, and when ctx ends.
func (r *Record) TakeUp(ctx context.Context) {
	if r == nil || r.take == nil {
		return
	}
	tick := time.NewTicker(takeUpEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		g, err := r.take()
		if errors.Is(err, errLocked) {
			continue
		}
		if err != nil {
			r.log.Warn("accepted deliveries are not recorded: after a kill more of them come again",
				"file", r.path, "error", err)
			return
		}
		g.late = true
		r.held = g
		r.ring.Store(g)
		r.log.Info("accepted deliveries are recorded from now on", "file", r.path)
		return
	}
}

// errLocked says that another process has the file.
var errLocked = errors.New("another process has it")

// survive, deferred, lets the process live when the file cannot be written to, as when somebody has
// cut it short: from then on nothing is noted.
func (r *Record) survive(before bool) {
	debug.SetPanicOnFault(before)
	cause := recover()
	if cause == nil {
		return
	}
	if _, fault := cause.(interface{ Addr() uintptr }); !fault {
		panic(cause)
	}
	if r.ring.Swap(nil) != nil {
		r.log.Warn("the record of accepted deliveries cannot be written to: "+
			"after a kill more of them come again", "file", r.path, "error", cause)
	}
}

// Each calls live with the deliveries that the record has of the commits from a position on. It
// calls spooled with those from the spool that it may not know to be accepted. While another
// process has the file, it is what that has added by now.
func (r *Record) Each(from cdc.LSN, live, spooled func(Delivery)) {
	if r == nil || r.read == nil {
		return
	}
	g := r.read
	defer r.survive(debug.SetPanicOnFault(true))
	next, noted := atomic.LoadUint64(g.next), atomic.LoadUint64(g.noted)
	for n := next - min(next, entries); n < next; n++ {
		at := headSize + n%entries*entrySize
		d, whole := decode((*[entrySize]byte)(g.memory[at:]))
		if !whole {
			continue
		}
		came := d.Turn&fromSpool != 0
		d.Turn &^= fromSpool
		if d.Commit >= from {
			live(d)
		}
		if came && n >= noted {
			spooled(d)
		}
	}
}

// Close gives the file back; what is in it stays. TakeUp has returned by then.
func (r *Record) Close() (err error) {
	if r == nil {
		return nil
	}
	r.ring.Store(nil)
	if r.held != nil {
		err = r.held.unmap()
	}
	if r.read != nil && r.read != r.held {
		err = errors.Join(err, r.read.unmap())
	}
	return err
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func encode(e *[entrySize]byte, d Delivery) {
	binary.LittleEndian.PutUint64(e[4:], uint64(d.Commit))
	binary.LittleEndian.PutUint64(e[12:], uint64(d.Time))
	binary.LittleEndian.PutUint32(e[20:], d.Index)
	binary.LittleEndian.PutUint32(e[24:], d.Turn)
	binary.LittleEndian.PutUint64(e[28:], d.Webhook)
	binary.LittleEndian.PutUint32(e[:], crc32.Checksum(e[4:], castagnoli))
}

// decode reads an entry; whole is false when it was cut short, or is none.
func decode(e *[entrySize]byte) (d Delivery, whole bool) {
	d = Delivery{
		Commit:  cdc.LSN(binary.LittleEndian.Uint64(e[4:])),
		Time:    int64(binary.LittleEndian.Uint64(e[12:])),
		Index:   binary.LittleEndian.Uint32(e[20:]),
		Turn:    binary.LittleEndian.Uint32(e[24:]),
		Webhook: binary.LittleEndian.Uint64(e[28:]),
	}
	return d, binary.LittleEndian.Uint32(e[:]) == crc32.Checksum(e[4:], castagnoli)
}
