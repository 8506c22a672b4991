package mapper

import "hookline/cdc"

// attachments tells of transactions that attached tables as partitions whether the rows that they had written to these before were moved
// there from other partitions: then they have been told. The stream has the deletes of such a transaction alone, and cdc tells how many rows
// it had written. All of them were moved when as many that it deleted live on.
//
// It is kept in memory: who is killed between the two, or meets a transaction that has moved some rows and made others, announces the rows
// as created, which those that were moved are for the second time.
type attachments struct {
	living map[uint32]int // rows that were deleted and live on, by transaction id
}

// mostAttachments is how many transactions are kept in mind. The rows come within seconds of the commit, or of the next start.
const mostAttachments = 256

func (a *attachments) count(transaction uint32) {
	if a.living == nil || len(a.living) > mostAttachments {
		a.living = map[uint32]int{}
	}
	a.living[transaction]++
}

// moved reports whether the rows were moved, and so have been told.
func (a *attachments) moved(from *cdc.Attached) bool { return a.living[from.Transaction] >= from.Rows }
