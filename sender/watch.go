package sender

import (
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"hookline/sender/queue"
	"hookline/webhook"
)

// Attempt is what is told of an attempt that is over. It holds no secret, and of the record nothing
// but its key.
type Attempt struct {
	Event     string // its ID
	Name      string // <object>.<action>
	Webhook   string // Subscription.Key
	Host      string
	Key       RecordKey
	Committed time.Time
	Began     time.Time
	Took      time.Duration
	Number    int  // from 1, as the receiver was told
	Replay    bool // of a dead letter that is sent again
	Signed    bool
	Outcome   Outcome
	Status    int       // of the answer; 0 when none came
	Reason    string    // why none came
	Answer    string    // the first KiB of one that did not accept; the signing secret is masked in it
	Next      time.Time // when the next attempt is due; of a failed one that is not the last
	Dead      bool      // it was the last one

	extra       http.Header // that the subscription adds
	contentType string
	keyPair     bool // signs, and makes no signature of Twenty's
}

// RecordKey is the primary key of a record as a JSON object, unless that is longer: then it is
// empty. It is an array so that noting
// it allocates nothing.
type RecordKey struct {
	length uint8
	json   [55]byte
}

// newRecordKey returns that of a key in JSON.
func newRecordKey(key []byte) (k RecordKey) {
	if len(key) <= len(k.json) {
		k.length = uint8(copy(k.json[:], key))
	}
	return k
}

func (k RecordKey) String() string { return string(k.json[:k.length]) }

// masked stands for what is secret.
const masked = "[secret]"

// beginning returns the first of an answer's body.
func (b *requestBuilder) beginning(resp *http.Response) string {
	text, _ := io.ReadAll(io.LimitReader(resp.Body, mostShown))
	return Showable(b.to, text)
}

// Showable returns what a receiver has answered as it may be shown: a text, without the secrets
// that its webhook has.
func Showable(to *webhook.Subscription, answer []byte) string {
	text := strings.ToValidUTF8(string(answer), "\ufffd")
	for _, secret := range []webhook.Secret{to.Secret, to.Previous} {
		if secret != "" {
			text = strings.ReplaceAll(text, string(secret), masked)
		}
	}
	return text
}

// watch counts an attempt that ended now, and tells of it who wants to know. w.mu is held.
func (w *webhookQueue) watch(d *queue.Delivery, a attempted, now, next time.Time, dead bool) {
	w.tally.add(a, now)
	watch := w.sender.cfg.Watch
	if watch == nil {
		return
	}
	if a.verdict.Outcome == Delivered || dead {
		next = time.Time{}
	}
	watch(Attempt{
		Event:     d.Event.ID,
		Name:      d.Told().Name,
		Webhook:   w.key,
		Host:      d.Tried.Host,
		Key:       newRecordKey(d.Event.Key()),
		Committed: d.Event.Time,
		Began:     now.Add(-a.took),
		Took:      a.took,
		Number:    d.Attempts,
		Replay:    d.Replay,
		Signed:    d.Tried.Secret != "",
		keyPair:   d.Tried.Secret.IsKeyPair(),
		Outcome:   a.verdict.Outcome,
		Status:    a.verdict.Status,
		Reason:    a.verdict.Reason,
		Answer:    a.answer,
		Next:      next,
		Dead:      dead,
		extra:     d.Tried.Headers, contentType: d.Tried.Format.ContentType(batches(d.Tried)),
	})
}

// HeaderLine is a line of a request's header as it may be shown.
type HeaderLine struct{ Name, Value string }

// Header returns what the attempt's request had in its header beside what HTTP itself lives by,
// with signatures masked, and
// the values of the headers that its subscription adds: they may be secrets.
func (a *Attempt) Header(userAgent string) []HeaderLine {
	lines := []HeaderLine{
		{"Content-Type", a.contentType},
		{"User-Agent", userAgent},
		{HeaderID, a.Event},
		{headerAttempt, strconv.Itoa(a.Number)},
	}
	if a.Replay {
		lines = append(lines, HeaderLine{headerReplay, "true"})
	}
	if a.Signed {
		ms := a.Began.UnixMilli()
		if !a.keyPair {
			lines = append(lines, HeaderLine{HeaderTimestamp, strconv.FormatInt(ms, 10)},
				HeaderLine{HeaderSignature, masked}, HeaderLine{headerNonce, masked})
		}
		lines = append(lines, HeaderLine{HeaderStandardTimestamp, strconv.FormatInt(ms/1000, 10)},
			HeaderLine{HeaderStandardSignature, masked})
	}
	for _, name := range slices.Sorted(maps.Keys(commonHeader(userAgent, a.contentType, a.extra))) {
		if name != "Content-Type" && name != "User-Agent" {
			lines = append(lines, HeaderLine{name, masked})
		}
	}
	return lines
}
