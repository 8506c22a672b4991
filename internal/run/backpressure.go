package run

// progressing is how many changes of one transaction, taken or settled from one call to the next,
// show that it is being worked off.
const progressing = 4000

// spoolAbove returns what is to be called with the bytes of WAL that are held. Above limit it calls
// relieve, which moves what waits to the spool, unless they have become fewer since the last call.
// A backlog that is being worked off is on disk already, and to write it once more would help
// nobody. In the middle of a large transaction they cannot become fewer, as a slot knows whole ones
// only; there, inTransaction tells whether it comes on.
func spoolAbove(limit int64, inTransaction func() (work uint64, inside bool),
	relieve func(),
) func(held int64) {
	lastHeld, lastWork := int64(0), uint64(0)
	return func(held int64) {
		work, inside := inTransaction()
		shrinks := held < lastHeld || inside && work-lastWork >= progressing
		if held > limit && !shrinks {
			relieve()
		}
		lastHeld, lastWork = held, work
	}
}
