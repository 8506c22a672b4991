package cdc

import (
	"fmt"
	"strings"
)

// fault is one of Postgres that those have to do with who read a logical slot. It is in the minor
// releases of a major one from the first to before the second.
type fault struct {
	what  string
	minor map[int][2]int // by the major version
}

// faults are those that cost changes, the slot, or a stream that goes on. What was a nuisance for a
// moment is left out.
var faults = []fault{
	{
		// "Avoid data loss when DDL operations that don't take a strong lock affect tables that are
		// being logically replicated": https://www.postgresql.org/docs/release/17.5/
		"may lose changes of tables that are published, or altered, while they are written to",
		map[int][2]int{14: {0, 18}, 15: {0, 13}, 16: {0, 9}, 17: {0, 5}},
	}, {
		// What mended that. "Avoid re-distributing cache invalidation messages":
		// https://www.postgresql.org/docs/release/17.6/
		// https://postgr.es/m/CAD21AoBk0im_G0Hux2_LwViXbc6406xjt+J=8TWyYqPGWWFPmA@mail.gmail.com
		`may end the stream for good ("invalid memory alloc request size") ` +
			"after much DDL beside long transactions",
		map[int][2]int{14: {18, 19}, 15: {13, 14}, 16: {9, 10}, 17: {5, 6}},
	}, {
		// "Avoid infinite wait in logical decoding when reading a partially-written WAL record":
		// https://www.postgresql.org/docs/release/17.6/, https://www.postgresql.org/docs/release/15.14/
		"may send nothing after a crash, until more is written",
		map[int][2]int{15: {0, 14}, 16: {0, 10}, 17: {0, 6}},
	}, {
		// "Avoid premature removal of old WAL during checkpoints":
		// https://www.postgresql.org/docs/release/17.6/, https://www.postgresql.org/docs/release/15.14/
		"may not come up after a crash, if a slot has moved during a checkpoint",
		map[int][2]int{15: {0, 14}, 16: {0, 10}, 17: {0, 6}},
	}, {
		// "Remove the unfinished slot state file after failing to write a replication slot's state to
		// disk": https://www.postgresql.org/docs/release/18.1/, and of 17.7, 16.11 and 15.15
		"keeps a slot from moving once its disk was full, until somebody removes " +
			"pg_replslot/<slot>/state.tmp",
		map[int][2]int{15: {0, 15}, 16: {0, 11}, 17: {0, 7}, 18: {0, 1}},
	}, {
		// "Prevent invalidation of newly created or newly synced replication slots":
		// https://www.postgresql.org/docs/release/18.2/, and of 17.8, 16.12 and 15.16
		"may lose a slot that was just made, or just brought to a standby, to a checkpoint",
		map[int][2]int{15: {0, 16}, 16: {0, 12}, 17: {0, 8}, 18: {0, 2}},
	}, {
		// "Prevent indefinite wait in shutdown of a walsender process":
		// https://www.postgresql.org/docs/release/18.4/, and of 17.10 and 15.18
		"may not shut down while a slot is read",
		map[int][2]int{15: {0, 18}, 16: {0, 14}, 17: {0, 10}, 18: {0, 4}},
	}, {
		// "Prevent stuck slotsync worker processes from blocking promotion of a standby server":
		// https://www.postgresql.org/docs/release/18.4/, and of 17.10
		"may hold up the promotion of a standby with sync_replication_slots",
		map[int][2]int{17: {0, 10}, 18: {0, 4}},
	},
}

// KnownFaults tells what is wrong with a version, and which minor release has all of that mended;
// "" when nothing is known.
func KnownFaults(major, minor int) string {
	var list []string
	mended := 0
	for _, f := range faults {
		if in := f.minor[major]; minor >= in[0] && minor < in[1] {
			list = append(list, f.what)
			mended = max(mended, in[1])
		}
	}
	if list == nil {
		return ""
	}
	return fmt.Sprintf("%s; %d.%d has all of that mended", strings.Join(list, "; "), major, mended)
}
