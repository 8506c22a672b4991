package bus

import (
	"fmt"
	"regexp"
	"time"
)

// Config says where the bus is, and what of it is a database's. The zero value is for no bus.
type Config struct {
	URL         string // of NATS servers, separated by commas; may hold a password. "" for no bus
	Credentials string // file with a user's credentials; "" for none

	// Name tells this database from others in the same bus: 1 to 32 lower-case letters, digits, _
	// and -.
	Name string

	// Partitions is how many parts the stream has, of which each is one process's at a time. It
	// cannot change. 1 to 256.
	Partitions int

	// Replicas of the stream and of the leases, when they are made: 1, 3 or 5.
	Replicas int

	// MaxBytes is what the stream may hold, when it is made. A full stream takes nothing until
	// there is room.
	MaxBytes int64

	// Lease is how long a partition is left alone whose holder says nothing. Default 6 s.
	Lease time.Duration
}

// On reports whether there is a bus.
func (c Config) On() bool { return c.URL != "" }

const defaultLease = 6 * time.Second

var names = regexp.MustCompile(`^[a-z0-9_-]{1,32}$`)

// ValidName reports whether a name can be that of a database.
func ValidName(name string) bool { return names.MatchString(name) }

// Stream returns the name of the stream, and of the bucket of leases.
func (c Config) Stream() string { return "hookline-" + c.Name }

func (c Config) subjects() string { return "hookline." + c.Name + ".*" }

func (c Config) subject(partition int) string {
	return fmt.Sprintf("hookline.%s.%d", c.Name, partition)
}

const (
	positionSuffix = ".position"
	markSuffix     = ".mark"
)

func (c Config) positionSubject() string { return "hookline." + c.Name + positionSuffix }

func (c Config) markSubject() string { return "hookline." + c.Name + markSuffix }
