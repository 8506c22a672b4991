package webhook

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"hookline/mapper"
	"hookline/webhook/filter"
)

// Secret is a signing key. It prints as a placeholder wherever fmt, slog or encoding/json meet it.
type Secret string

const hidden = "[secret]"

func (Secret) String() string               { return hidden }
func (Secret) GoString() string             { return hidden }
func (Secret) LogValue() slog.Value         { return slog.StringValue(hidden) }
func (Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// Format covers the verbs that know nothing of String, such as %d.
func (Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, hidden) }

// Subscription is one webhook as its row stood at one point of the stream. It is immutable; when
// the row changes, another Subscription of the same Key takes its place. It prints as its key and
// host.
type Subscription struct {
	// unique in the database and stable over changes of the row: <schema>.<table>/<primary key>
	Key string
	ID  string // the row's primary key
	// hears of this tenant's events only, of all with mapper.Everyone; "" in a database without
	// tenants
	Workspace  string
	URL        string        // absolute, http or https; may hold credentials: log Host, never URL
	RowURL     string        // URL as the row has it, "" for the same; see TargetURL
	Host       string        // host[:port] of URL
	Secret     Secret        // "" sends no signature
	Previous   Secret        // the one before a rotation, which signs, too; "" for none
	Operations []string      // patterns as Registry.Match takes them, without the prefix hookline:
	Format     mapper.Format // form of the body
	Split      bool          // a changed key is the end of one record and the beginning of another
	Changes    bool          // hears of each change; else once of a record and commit
	Pace       Pace          // of the requests to it
	Headers    http.Header   // sent beside Hookline's own; nil for none
	Expires    time.Time     // from when on it hears of nothing; zero for never

	TLS *TLS // how its receiver is known, and told who calls; nil: as all others

	View   *mapper.View   // what it gets of events; nil for all of them, and nothing beside
	Filter *filter.Filter // decides which events it gets; nil for all of those that it hears of

	PreviousUntil time.Time // from when on Previous signs no more; zero for never

	// Operator events that it hears of; nil for none. Operations are of records alone.
	Operator []mapper.Action

	Ignore *mapper.Ignore // changes that it does not hear of; nil for none

	Settling Settling // what of the events of one record it hears of as one

	// Held is why nothing may be sent to it, as its row has a mistake: what waits for it, and what
	// it hears of, is kept until the row is well again. "" when it is served. Of a held one nothing
	// counts but what says who it is and what it hears of. It names no value that is secret.
	Held string

	nowhere bool                          // it is not known whose it is, as it is Held
	ignore  []string                      // as the row has it
	per     string                        // what the row says of Changes, "" for nothing
	current *atomic.Pointer[Subscription] // shared by all versions of the row
}

// Current returns the newest version of the subscription, which may be Held; nil once the webhook
// is gone or switched off: what is still queued for it must not be sent. Safe for concurrent use.
func (s *Subscription) Current() *Subscription {
	if s.current != nil {
		s = s.current.Load()
	}
	if s == nil || s.expired() {
		return nil
	}
	return s
}

// Merges reports whether events of one record are told as one.
func (s *Subscription) Merges() bool { return s.Settling.For > 0 || s.Settling.Latest }

// expired reports whether its time is over.
func (s *Subscription) expired() bool {
	return !s.Expires.IsZero() && !time.Now().Before(s.Expires)
}

// TargetURL returns the URL as the row has it. Twenty's bodies quote it so, whatever is made of it
// to send.
func (s *Subscription) TargetURL() string { return cmp.Or(s.RowURL, s.URL) }

// Version tells one version of the row from another: 16 hex digits that are the same as long as all
// of the above is. The secret cannot be read from them.
func (s *Subscription) Version() string {
	hash := hmac.New(sha256.New, []byte(s.Secret))
	// maps are printed in order
	fmt.Fprintf(hash, "%q %q %q %q %v %q", s.Workspace, s.URL, s.RowURL, s.Operations, s.Format,
		s.Headers)
	if !s.Expires.IsZero() {
		fmt.Fprintf(hash, " %d", s.Expires.UnixMicro())
	}
	if s.Split {
		fmt.Fprint(hash, " split")
	}
	if s.Previous != "" {
		fmt.Fprintf(hash, " %q %d", string(s.Previous), s.PreviousUntil.UnixMicro())
	}
	if s.Operator != nil {
		fmt.Fprintf(hash, " %v", s.Operator)
	}
	if s.per != "" {
		fmt.Fprint(hash, " per ", s.per)
	}
	fmt.Fprint(hash, s.Pace.version())
	if s.View != nil {
		fmt.Fprintf(hash, " view %q", s.View)
	}
	if s.Filter != nil {
		fmt.Fprintf(hash, " filter %q", s.Filter)
	}
	if s.ignore != nil {
		fmt.Fprintf(hash, " ignore %q", s.ignore)
	}
	if s.TLS != nil {
		fmt.Fprintf(hash, " tls %x", s.TLS.Identity)
	}
	if s.Settling != (Settling{}) {
		fmt.Fprintf(hash, " settle %v", s.Settling)
	}
	if s.Held != "" {
		fmt.Fprintf(hash, " held %q", s.Held)
	}
	return hex.EncodeToString(hash.Sum(nil)[:8])
}

func (s Subscription) String() string   { return s.Key + " at " + s.Host }
func (s Subscription) GoString() string { return s.String() }

func (s Subscription) LogValue() slog.Value {
	return slog.GroupValue(slog.String("webhook", s.Key), slog.String("host", s.Host))
}

func (s Subscription) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]string{"webhook": s.Key, "host": s.Host})
}
