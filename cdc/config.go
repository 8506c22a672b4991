package cdc

import (
	"cmp"
	"fmt"
	"regexp"
	"time"

	"hookline/internal/poll"
)

// ReplicaIdentity is what is to be done about the replica identity of announced tables.
type ReplicaIdentity string

const (
	// IdentityFull sets REPLICA IDENTITY FULL: changed fields, deleted records and TOASTed columns
	// are known.
	IdentityFull ReplicaIdentity = "full"
	// IdentityKeep leaves tables as they are: updates tell no changed fields, deletes carry the key
	// only.
	IdentityKeep ReplicaIdentity = "keep"
)

// UnmarshalText takes full or keep.
func (r *ReplicaIdentity) UnmarshalText(text []byte) error {
	switch v := ReplicaIdentity(text); v {
	case IdentityFull, IdentityKeep:
		*r = v
		return nil
	}
	return fmt.Errorf("replica identity %q: want full or keep", text)
}

// Config is how the stream is read. Zero values stand for the defaults.
type Config struct {
	URL         string // the database, as a Postgres connection string
	Slot        string // name of the replication slot; default hookline
	Publication string // name of the publication; default hookline
	// of the tables that this package keeps in the database; default hookline
	Schema   string
	Identity ReplicaIdentity // default full

	// Environment is the name of what is announced, such as production. It is noted in the
	// database; a copy of that is not announced by who is told another name, or none. "": nothing
	// is noted.
	Environment string

	// Standby has plans leave rows that are not simply new to the process that reads the slot,
	// while one does: one of an earlier version would take them for new.
	Standby bool

	// ReconnectWait is the longest pause between two tries to get the stream back; default 10 s.
	ReconnectWait time.Duration
	// Schedule is told when the server's log moves, and says when to look at what does not tell.
	// nil: always as if it moved.
	Schedule *poll.Schedule
	// StandbyWait is the pause between two tries to take the slot over from another process;
	// default 500 ms.
	StandbyWait time.Duration
}

func (c Config) withDefaults() Config {
	c.Slot = cmp.Or(c.Slot, "hookline")
	c.Publication = cmp.Or(c.Publication, "hookline")
	c.Schema = cmp.Or(c.Schema, "hookline")
	c.Identity = cmp.Or(c.Identity, IdentityFull)
	c.ReconnectWait = cmp.Or(c.ReconnectWait, 10*time.Second)
	c.StandbyWait = cmp.Or(c.StandbyWait, 500*time.Millisecond)
	return c
}

// https://www.postgresql.org/docs/current/warm-standby.html#STREAMING-REPLICATION-SLOTS-MANIPULATION
var slotName = regexp.MustCompile(`^[a-z0-9_]{1,63}$`)

func (c Config) validate() error {
	if !slotName.MatchString(c.Slot) {
		return fmt.Errorf("slot name %q: want 1 to 63 lower-case letters, digits and underscores", c.Slot)
	}
	if len(c.Publication) > 63 {
		return fmt.Errorf("publication name %q: want at most 63 bytes", c.Publication)
	}
	return nil
}
