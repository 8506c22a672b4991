package api

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"hookline/cdc"
)

// Overview is how all of it stands.
type Overview struct {
	Version    string        `json:"version"`
	Profile    string        `json:"profile,omitempty"   doc:"what kind of database it is"`
	State      string        `json:"state"               doc:"of this process: active reads the slot, standby waits for it, gap and blocked wait for an operator"`
	Healthy    *bool         `json:"healthy"             doc:"nothing needs attention; null: that is not known yet, ask again"`
	Examining  bool          `json:"examining,omitempty" doc:"the doctor has not said anything yet: ask again"`
	Examined   time.Time     `json:"examined,omitzero"   doc:"when the doctor has examined last; /doctor has it done now"`
	LagSeconds float64       `json:"lagSeconds"          doc:"age of the oldest commit that is not settled"`
	InMemory   int           `json:"inMemory"            doc:"deliveries that are under way or wait their turn"`
	Waiting    int           `json:"waiting"             doc:"deliveries in the spool that wait for an attempt"`
	Dead       int           `json:"dead"                doc:"dead letters in the spool"`
	SpoolBytes int64         `json:"spoolBytes"`
	Active     int           `json:"activeWebhooks"`
	Skipped    int           `json:"skippedWebhooks"     doc:"their rows have a mistake"`
	Disabled   int           `json:"disabledWebhooks"`
	Failing    int           `json:"failingWebhooks"     doc:"their receivers accept nothing"`
	ReadOnly   bool          `json:"readOnly"            doc:"nothing can be changed here"`
	ShowData   bool          `json:"showData"            doc:"the data of records is shown"`
	Attention  []cdc.Finding `json:"attention"           doc:"what is wrong, or should be known, and what mends it"`
}

// Webhook is how one stands.
type Webhook struct {
	Key         string    `json:"key"`
	URL         string    `json:"url"                          doc:"without what may be secret in it"`
	Host        string    `json:"host"`
	State       string    `json:"state"                        doc:"active, skipped or disabled"`
	Reason      string    `json:"reason,omitempty"             doc:"why it is skipped, or which operations are left out"`
	Operations  []string  `json:"operations"`
	Workspace   string    `json:"workspace,omitempty"`
	Format      string    `json:"format,omitempty"`
	Per         string    `json:"per,omitempty"                doc:"as its row has it: commit or change"`
	Undecided   int       `json:"filterFailures,omitempty"     doc:"events for which this process could not evaluate the filter; they are sent"`
	Unclear     string    `json:"filterError,omitempty"        doc:"why not, for the last of them"`
	Previous    string    `json:"previous,omitempty"           doc:"what is sent of the row before: changed or all"`
	Filter      string    `json:"filter,omitempty"             doc:"which events are sent, in CEL"`
	Fields      []string  `json:"fields,omitzero"              doc:"of data that are sent, beside the key; missing: all"`
	Mask        []string  `json:"mask,omitzero"                doc:"fields that are sent as ***"`
	Ignore      []string  `json:"ignore,omitempty"             doc:"changes that it does not hear of"`
	Settle      string    `json:"settle,omitempty"             doc:"how long a record is quiet before it is told"`
	SettleMax   string    `json:"settleMax,omitempty"          doc:"how long it is told later at most"`
	CatchUp     string    `json:"catchUp,omitempty"            doc:"what is sent of what has waited: all or latest"`
	Description string    `json:"description,omitempty"`
	Rekey       string    `json:"rekey,omitempty"              doc:"how a changed key is told: split or whole"`
	Headers     []string  `json:"headers,omitempty"            doc:"names of those that are added"`
	Signed      bool      `json:"signed"`
	Rotating    time.Time `json:"previousSecretUntil,omitzero" doc:"until when the secret of before a rotation signs, too"`
	Left        bool      `json:"previousSecretLeft,omitempty" doc:"it signs no more, and stands in the row still: to finish the rotation removes it"`
	Own         bool      `json:"own"                          doc:"it is in Hookline's own table, and can be changed here"`

	WebhookPace
	PublicKey string `json:"publicKey,omitempty" doc:"checks the signatures, where the secret is a private key"`

	CA                []string  `json:"ca,omitempty"                    doc:"subjects of the authorities by which the receiver is known over TLS; missing: the system's"`
	ClientCertificate string    `json:"clientCertificate,omitempty"     doc:"subject of the certificate that is shown to the receiver"`
	ClientUntil       time.Time `json:"clientCertificateUntil,omitzero" doc:"until when that is valid"`

	Breaker     string    `json:"breaker"                doc:"closed; open: the receiver accepts nothing, one delivery at a time is tried; paused: it answered 410; idle: nothing was sent by this process"`
	InFlight    int       `json:"inFlight"`
	Delivered   int       `json:"delivered"              doc:"attempts of the last hour that were accepted"`
	Failed      int       `json:"failed"                 doc:"attempts of the last hour that were not"`
	MeanSeconds float64   `json:"meanSeconds"            doc:"that an accepted attempt took"`
	Waiting     int       `json:"waiting"                doc:"deliveries in the spool"`
	Dead        int       `json:"dead"`
	Bytes       int64     `json:"bytes"                  doc:"that both take"`
	Oldest      time.Time `json:"oldest,omitzero"        doc:"commit of the first that waits"`
	Full        bool      `json:"full,omitempty"         doc:"what comes for it is given up"`
	LastFailed  time.Time `json:"lastFailed,omitzero"`
	LastStatus  int       `json:"lastStatus,omitempty"   doc:"of the last answer that did not accept"`
	LastError   string    `json:"lastError,omitempty"    doc:"why there was none"`
	LastOK      time.Time `json:"lastDelivered,omitzero"`
}

// Success is the share of attempts that were accepted, from 0 to 1; -1 when there were none.
func (w Webhook) Success() float64 {
	if w.Delivered+w.Failed == 0 {
		return -1
	}
	return float64(w.Delivered) / float64(w.Delivered+w.Failed)
}

// WebhookSettings are what is said of a webhook when it is added or changed. What is missing stays
// as it is.
type WebhookSettings struct {
	Name        string            `json:"-"                     path:"name"`
	URL         *string           `json:"url,omitempty"`
	Secret      *string           `json:"secret,omitempty"                  doc:"made up where a new webhook has none"`
	Operations  []string          `json:"operations,omitempty"              doc:"person.created, person.*, *.created, *.*"`
	Workspace   *string           `json:"workspace,omitempty"`
	Format      *string           `json:"format,omitempty"                  doc:"event, twenty, standard, cloudevents, cloudevents-binary, slack, plain"`
	Per         *string           `json:"per,omitempty"                     doc:"an event for each commit, or each change"`
	Previous    *string           `json:"previous,omitempty"                doc:"changed or all: what is sent of the row before; empty: nothing"`
	Filter      *string           `json:"filter,omitempty"                  doc:"which events are sent, in CEL; empty: all"`
	Fields      []string          `json:"fields,omitzero"                   doc:"of data that are sent, beside the key; empty: all"`
	Mask        []string          `json:"mask,omitzero"                     doc:"fields that are sent as ***; empty: none"`
	Ignore      []string          `json:"ignore,omitzero"                   doc:"changes that it does not hear of: actor:API, origin:name, annotation:key=value. All of them"`
	Settle      *string           `json:"settle,omitempty"                  doc:"how long a record is to be quiet before it is told, such as 5s; empty: each event is sent at once"`
	SettleMax   *string           `json:"settleMax,omitempty"               doc:"how long it is told later at most; empty: ten times settle"`
	CatchUp     *string           `json:"catchUp,omitempty"                 doc:"latest: a record that has waited is told once; all"`
	Rekey       *string           `json:"rekey,omitempty"                   doc:"split: a changed key is told as a deletion and a creation"`
	Headers     map[string]string `json:"headers,omitzero"                  doc:"all of them"`
	Description *string           `json:"description,omitempty"`

	PaceSettings

	CA                *string `json:"ca,omitempty"                doc:"certificates of authorities, in PEM; empty: the system's"`
	ClientCertificate *string `json:"clientCertificate,omitempty" doc:"with those between it and an authority, in PEM; empty: none"`
	ClientKey         *string `json:"clientKey,omitempty"         doc:"its private key, in PEM; empty: none"`
}

// WebhookChanged is a webhook after a change.
type WebhookChanged struct {
	Key    string `json:"key"`
	Secret string `json:"secret,omitempty" doc:"of a webhook that was added, or whose secret was rotated. It is told once"`

	Refused string `json:"refused,omitempty" doc:"why nothing will be delivered to the URL that it was given: its address is refused"`

	Warnings []string `json:"warnings,omitempty" doc:"objects and fields that it names, and that are not there: they may come"`
}

// Rotation says how a secret is rotated.
type Rotation struct {
	Name         string `json:"-"                      path:"name"`
	GraceSeconds *int   `json:"graceSeconds,omitempty"             doc:"for which the old secret signs, too; 0: not at all; default a day"`
}

// TestResult is what became of a test delivery.
type TestResult struct {
	Delivered   bool    `json:"delivered"`
	Status      int     `json:"status,omitempty"`
	Reason      string  `json:"reason,omitempty"`
	Answer      string  `json:"answer,omitempty" doc:"its first KiB"`
	TookSeconds float64 `json:"tookSeconds"`
}

// Decision is what the filter of a webhook has made of an event.
type Decision struct {
	Time    time.Time `json:"time"             doc:"of the commit"`
	Event   string    `json:"event"`
	ID      string    `json:"id"               doc:"of the event"`
	Verdict string    `json:"verdict"          doc:"passed; withheld; failed: the filter cannot be evaluated, so the event is sent"`
	Reason  string    `json:"reason,omitempty" doc:"why it was withheld, or why that cannot be told"`
	Filter  string    `json:"filter"           doc:"as it was"`
}

// Filter picks deliveries: those that have all that it names.
type Filter struct {
	Webhook string    `query:"webhook" json:"webhook,omitempty" doc:"key of one"`
	Event   string    `query:"event"   json:"event,omitempty"   doc:"ID of an event, or a pattern: person.created, person.*, *.created"`
	Record  string    `query:"record"  json:"record,omitempty"  doc:"ID of a record"`
	State   string    `query:"state"   json:"state,omitempty"   doc:"delivered, retrying, waiting or dead"`
	Status  int       `query:"status"  json:"status,omitempty"  doc:"of the last answer; -1 for none"`
	Since   time.Time `query:"since"   json:"since,omitzero"    doc:"committed then or later"`
	Until   time.Time `query:"until"   json:"until,omitzero"    doc:"committed earlier"`
	After   string    `query:"after"   json:"-"                 doc:"those alone that come after a place in the list: the header Link of an answer has it"`
	Limit   int       `query:"limit"   json:"-"                 doc:"at most so many, 1 to 500; default 100"`
}

// Place returns the place that After is, once the filter is checked.
func (f *Filter) Place() Place {
	p, _ := parsePlace(f.After)
	return p
}

// Delivery is one event on its way to one webhook, or there.
type Delivery struct {
	ID          string    `json:"id"                   doc:"of the event"`
	Event       string    `json:"event"`
	Webhook     string    `json:"webhook"`
	State       string    `json:"state"                doc:"delivered; retrying: it has failed and is still in memory; waiting: in the spool; dead: given up; requested: dead, and will be sent again"`
	Attempts    int       `json:"attempts"`
	Status      int       `json:"status,omitempty"     doc:"of the last answer"`
	Reason      string    `json:"reason,omitempty"     doc:"why there was none"`
	Committed   time.Time `json:"committed"`
	LastAttempt time.Time `json:"lastAttempt,omitzero"`
	Next        time.Time `json:"next,omitzero"        doc:"when the next attempt is due"`
	Replay      bool      `json:"replay,omitempty"     doc:"it was dead, and is sent again"`
}

// Attempt is one attempt.
type Attempt struct {
	Number      int       `json:"number"`
	Began       time.Time `json:"began"`
	TookSeconds float64   `json:"tookSeconds"`
	Outcome     string    `json:"outcome"          doc:"delivered, failed, gone or blocked"`
	Status      int       `json:"status,omitempty"`
	Reason      string    `json:"reason,omitempty"`
	Answer      string    `json:"answer,omitempty" doc:"first KiB of one that did not accept"`
	Header      []Line    `json:"header"           doc:"of the request, with all that is secret masked"`
}

// Line is one of a header.
type Line struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Detail is a delivery with all that is known of it.
type Detail struct {
	Delivery
	Tries   []Attempt       `json:"tries"                   doc:"the attempts that are remembered, newest first"`
	Updated []string        `json:"updatedFields,omitempty"`
	Bytes   int             `json:"bytes,omitempty"`
	Data    json.RawMessage `json:"data,omitempty"          doc:"the record, of what is in the spool and with HOOKLINE_ADMIN_SHOW_DATA=on"`
}

// News are deliveries as they have just been attempted: no more than a person reads.
type News struct {
	List []Delivery // the newest, oldest first
	More int        // how many there may be beside them
	Last uint64     // number of the newest attempt, whether it is one of them or not
}

// Count is how many deliveries something is true of.
type Count struct {
	Deliveries int            `json:"deliveries"`
	Webhooks   []WebhookCount `json:"webhooks"`
	Deleted    []WebhookCount `json:"deleted,omitempty" doc:"left out: those to webhooks that were deleted"`
}

// WebhookCount is how many of one webhook's.
type WebhookCount struct {
	Webhook    string `json:"webhook"`
	Deliveries int    `json:"deliveries"`
}

// Object is what is announced of a table, or why nothing is.
type Object struct {
	Table   string   `json:"table"`
	Object  string   `json:"object,omitempty"`
	Events  []string `json:"events,omitempty"`
	Key     []string `json:"key,omitempty"`
	Tenant  string   `json:"tenant,omitempty"`
	LeftOut []string `json:"leftOut,omitempty" doc:"columns, as credentials"`
	Reason  string   `json:"reason,omitempty"  doc:"why nothing is announced"`
}

// Gaps are what was lost, or given up.
type Gaps struct {
	Stream *StreamGap `json:"stream,omitempty" doc:"nothing is delivered until an operator has seen to it"`
	GaveUp []GaveUp   `json:"givenUp"          doc:"deliveries that a full queue did not take"`
}

// StreamGap is one of the stream.
type StreamGap struct {
	Reason string `json:"reason"`
	What   string `json:"what"`
	Hint   string `json:"mend"`
}

// GaveUp is a run of deliveries to one webhook.
type GaveUp struct {
	Webhook string    `json:"webhook"`
	First   string    `json:"first"`
	Last    string    `json:"last"`
	Events  int       `json:"events"`
	Began   time.Time `json:"began"`
	Ended   time.Time `json:"ended,omitzero"`
}

// ExamineEvery is the time between two examinations by the doctor, at least: who asks sooner is
// told what was found.
const ExamineEvery = 15 * time.Second

// Diagnosis is what the doctor has found.
type Diagnosis struct {
	Healthy  bool          `json:"healthy"  doc:"no problem; there may be warnings"`
	Problems int           `json:"problems"`
	Warnings int           `json:"warnings"`
	Findings []cdc.Finding `json:"findings"`
	Examined time.Time     `json:"examined"`
}

// Setting is a variable of the environment.
type Setting struct {
	Name    string `json:"name"`
	Value   string `json:"value"   doc:"masked where it is secret"`
	Default bool   `json:"default" doc:"it was not set"`
	Takes   string `json:"takes"`
}

// Point is how ten seconds went.
type Point struct {
	Time          time.Time `json:"time"`
	Delivered     float64   `json:"delivered"     doc:"attempts in a second"`
	Failed        float64   `json:"failed"        doc:"attempts in a second"`
	MedianSeconds float64   `json:"medianSeconds" doc:"from commit to delivery; 0 when nothing was delivered"`
	P99Seconds    float64   `json:"p99Seconds"`
	LagSeconds    float64   `json:"lagSeconds"`
	Backlog       int       `json:"backlog"       doc:"deliveries in memory and in the spool"`
}

// NotFound says that what was asked for is not there.
type NotFound struct{ What string }

// Refused says that what was asked for is not done, and why.
type Refused struct{ Why string }

// Wrong says that the request makes no sense.
type Wrong struct{ Why string }

func (e NotFound) Error() string { return e.What }
func (e Refused) Error() string  { return e.Why }
func (e Wrong) Error() string    { return e.Why }

// Backend knows and does what operators ask for. Its methods are safe for concurrent use. Errors
// are one of the above, or of the moment.
type Backend interface {
	Overview(ctx context.Context) (Overview, error)
	Webhooks(ctx context.Context) ([]Webhook, error)
	Deliveries(ctx context.Context, f Filter) (Page, error)
	Delivery(ctx context.Context, event, webhook string) ([]Detail, error)
	Objects(ctx context.Context) ([]Object, error)
	Gaps(ctx context.Context) (Gaps, error)
	Diagnosis(ctx context.Context) (Diagnosis, error)
	Settings() []Setting
	Series() []Point

	// Live waits for the next attempt after the one of that number, 0 for the newest, and returns
	// those that the filter picks as they are after it. It is over when ok is false.
	Live(ctx context.Context, f Filter, after uint64) (n News, ok bool)

	CountDead(ctx context.Context, f Filter) (Count, error) // that Replay would send again
	Replay(ctx context.Context, f Filter) (Count, error)
	Remaining(
		ctx context.Context,
		webhook string,
	) (Count, error) // deliveries that wait or are requested; webhook "" is for all

	AddWebhook(ctx context.Context, s WebhookSettings) (WebhookChanged, error)
	EditWebhook(ctx context.Context, s WebhookSettings) (WebhookChanged, error)
	PauseWebhook(ctx context.Context, name string) (WebhookChanged, error)
	ResumeWebhook(ctx context.Context, name string) (WebhookChanged, error)
	RotateWebhook(ctx context.Context, r Rotation) (WebhookChanged, error)
	FinishRotation(ctx context.Context, name string) (WebhookChanged, error)
	RemoveWebhook(ctx context.Context, name string) (WebhookChanged, error)
	TestWebhook(ctx context.Context, name string) (TestResult, error)
	// Decisions are the last ones of the webhook's filter, newest first.
	Decisions(ctx context.Context, name string) ([]Decision, error)
}

// Check returns a Wrong when the filter makes no sense, and fills in what it leaves out.
func (f *Filter) Check() error {
	switch f.State {
	case "", "delivered", "retrying", "waiting", "dead":
	default:
		return Wrong{fmt.Sprintf("state %q: want delivered, retrying, waiting or dead", f.State)}
	}
	if f.Status < -1 || f.Status > 999 {
		return Wrong{fmt.Sprintf("status %d: want that of an answer, or -1 for none", f.Status)}
	}
	if _, ok := parsePlace(f.After); !ok {
		return Wrong{fmt.Sprintf("after %q: want what the header Link of an answer has", f.After)}
	}
	if f.Limit == 0 {
		f.Limit = 100
	}
	if f.Limit < 1 || f.Limit > 500 {
		return Wrong{fmt.Sprintf("limit %d: want 1 to 500", f.Limit)}
	}
	return nil
}
