package main

// relief returns what is to be done when so and so many bytes of WAL are held: above limit, relieve is called, unless they have become fewer
// since the last look. A backlog that is being worked off is on disk already, and to write it once more would help nobody.
func relief(limit int64, relieve func()) func(held int64) {
	last := int64(0)
	return func(held int64) {
		if held > limit && held >= last {
			relieve()
		}
		last = held
	}
}
