package notice

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode/utf16"

	"github.com/dustin/go-humanize"

	"hookline/mapper"
)

// eventFacts are what an operator event says beside what has happened. Zero fields are left out.
type eventFacts struct {
	Message string `json:"message"`           // a sentence for people; filled in when it is told
	Webhook string `json:"webhook,omitempty"` // the webhook's key
	Host    string `json:"host,omitempty"`    // of its URL
	Reason  string `json:"reason,omitempty"`

	Webhooks int         `json:"webhooks,omitempty"` // of a sum: how many it is about
	Hosts    []HostCount `json:"hosts,omitempty"`    // and whose they are, those of most first
	// ID of the delivery that was given up, or of the first that was lost
	Event string    `json:"event,omitempty"`
	Since time.Time `json:"since,omitzero"`       // when it began, or was over
	Lag   float64   `json:"lagSeconds,omitempty"` // seconds
	// of WAL that can still be written before the slot is lost
	Left int64 `json:"leftBytes,omitempty"`

	SchemaChange     // what has become of the fields of an object
	Tables       int `json:"tables,omitempty"` // of a sum: how many further ones it is about

	From string `json:"from,omitempty"` // where a gap begins and ends: positions of WAL
	To   string `json:"to,omitempty"`
}

// tell returns the data of an event.
func (f eventFacts) tell(what mapper.Action) []byte {
	f.Since = f.Since.UTC().Truncate(time.Millisecond)
	f.Message = f.sentence(what)
	data, err := json.Marshal(f)
	if err != nil {
		data, _ = json.Marshal(eventFacts{Message: f.Message}) // no time of this millennium gets here
	}
	return ascii(data)
}

// sentence is the event in words.
func (f *eventFacts) sentence(what mapper.Action) string {
	if f.Webhooks > 0 {
		return f.sumSentence(what)
	}
	who := "Webhook " + f.Webhook
	if f.Host != "" {
		who += " (" + f.Host + ")"
	}
	switch what {
	case mapper.Failing:
		return f.because(who + " fails: its deliveries wait in the spool, and one at a time is tried")
	case mapper.Recovered:
		return f.because(who + " does not fail any more")
	case mapper.Paused:
		return f.because(who + " is paused: what comes for it waits in the spool")
	case mapper.Resumed:
		return f.because(who + " is not paused any more")
	case mapper.DeadLetters:
		return f.because(who + " has a dead letter, " + f.Event +
			": `hookline deliveries list` shows it, and all others")
	case mapper.Overflow:
		return f.because(who + " loses deliveries, from " + f.Event + " on")
	case mapper.OverflowOver:
		return f.because(who + " does not lose deliveries any more")
	case mapper.GapAccepted:
		if f.From == f.To { // the slot was kept: see cdc.OtherSpool
			return f.because("What waited in the spool of before is not delivered, and the stream goes on " +
				"at " + f.To + ": the gap was accepted")
		}
		return f.because(fmt.Sprintf("Changes that were committed between %s and %s are not announced: "+
			"the gap was accepted", f.From, f.To))
	case mapper.Lagging:
		return fmt.Sprintf("Deliveries lag: the oldest change that is not delivered is %s old.",
			age(f.Lag))
	case mapper.CaughtUp:
		return "Deliveries do not lag any more."
	case mapper.SlotAtRisk:
		return fmt.Sprintf("The replication slot is about to be lost, and changes with it: "+
			"it is when %s more of WAL are written. "+
			"`hookline doctor` tells what holds it.", humanize.IBytes(uint64(max(0, f.Left))))
	case mapper.SlotSafe:
		return "The replication slot is not about to be lost any more."
	case mapper.SchemaChanged:
		return f.schemaSentence()
	}
	return what.String()
}

func (f *eventFacts) because(sentence string) string {
	if f.Reason == "" {
		return sentence + "."
	}
	return sentence + " (" + f.Reason + ")."
}

func age(seconds float64) string {
	return (time.Duration(seconds) * time.Second).String()
}

// ascii returns JSON in which everything beyond ASCII is escaped: so a database of any encoding
// takes it.
func ascii(data []byte) []byte {
	var b strings.Builder
	for _, r := range string(data) {
		switch {
		case r < 0x80:
			b.WriteRune(r)
		case r < 0x10000:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&b, `\u%04x\u%04x`, high, low)
		}
	}
	return []byte(b.String())
}
