package main

// briskly is how many changes of one transaction, taken or settled from one look to the next, show that it is being worked off.
const briskly = 4000

// relief returns what is to be done when so and so many bytes of WAL are held: above limit, relieve is called, unless they have become fewer
// since the last look. A backlog that is being worked off is on disk already, and to write it once more would help nobody. In the middle
// of a large transaction they cannot become fewer, as a slot knows whole ones only; there, amid tells whether it comes on.
func relief(limit int64, amid func() (work uint64, amid bool), relieve func()) func(held int64) {
	lastHeld, lastWork := int64(0), uint64(0)
	return func(held int64) {
		work, inside := amid()
		shrinks := held < lastHeld || inside && work-lastWork >= briskly
		if held > limit && !shrinks {
			relieve()
		}
		lastHeld, lastWork = held, work
	}
}
