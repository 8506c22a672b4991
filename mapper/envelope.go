package mapper

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"hookline/mapper/pgtext"
)

// Format is the form of a webhook's body.
type Format uint8

const (
	// FormatEvent is the form that Twenty's documentation promises, plus id, workspaceId and
	// updatedFields: {"event":"person.created","data":{…},"timestamp":"…Z","id":"evt_…",…}
	FormatEvent Format = iota
	// FormatTwenty is what Twenty's server sends, key for key.
	FormatTwenty
	// FormatStandard is the payload of Standard Webhooks:
	// {"type":"person.created","timestamp":"…","data":{…}}
	//
	// https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
	FormatStandard
	// FormatCloudEvents is the JSON format of CloudEvents: see CloudEvent.
	FormatCloudEvents
	// FormatCloudEventsBinary is the body of FormatEvent, with attributes of CloudEvents in headers.
	FormatCloudEventsBinary
	// FormatSlack is what Slack's incoming webhooks take, and Mattermost's: {"text":"…"}. It is for
	// operator events.
	//
	// https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
	FormatSlack
	// FormatPlain is the sentence alone, as text. For operator events.
	FormatPlain
)

var formatNames = [...]string{
	"event", "twenty", "standard", "cloudevents", "cloudevents-binary", "slack", "plain",
}

func (f Format) String() string { return formatNames[f] }

// OfRecords reports whether events of records have this form, too.
func (f Format) OfRecords() bool { return f < FormatSlack }

// ContentType is the media type of a body of this form, or of an array of them.
func (f Format) ContentType(array bool) string {
	switch {
	case f == FormatPlain:
		return "text/plain; charset=utf-8"
	case f == FormatCloudEvents && array:
		return "application/cloudevents-batch+json"
	case f == FormatCloudEvents:
		return "application/cloudevents+json"
	}
	return "application/json"
}

// UnmarshalText takes event, twenty, standard, cloudevents, cloudevents-binary, slack or plain.
func (f *Format) UnmarshalText(text []byte) error {
	for i, name := range formatNames {
		if name == string(text) {
			*f = Format(i)
			return nil
		}
	}
	return fmt.Errorf("%.64q: want event, twenty, standard, cloudevents, "+
		"cloudevents-binary, slack or plain", text)
}

// Addressee is what the twenty format tells of the webhook that a body goes to.
type Addressee struct {
	ID  string
	URL string
}

// Body returns the event in the given format. The result is shared and must not be modified. Safe
// for concurrent use.
func (e *Event) Body(f Format, to Addressee) []byte {
	if f == FormatCloudEventsBinary {
		f = FormatEvent
	}
	if e.body != nil && f == e.format {
		return e.body
	}
	return e.appendBody(make([]byte, 0, len(e.data)+512), f, to)
}

func (e *Event) appendBody(dst []byte, f Format, to Addressee) []byte {
	if !f.OfRecords() {
		return e.appendMessage(dst, f)
	}
	if f == FormatCloudEvents {
		return e.appendCloudEvent(dst, to)
	}
	dst = e.appendHead(dst, f, to)
	dst = append(dst, e.data...)
	return e.appendTail(e.appendBefore(dst, f), f)
}

// appendBefore appends what is shown of the row before.
func (e *Event) appendBefore(dst []byte, f Format) []byte {
	if e.before == nil || f == FormatTwenty {
		return dst
	}
	return append(append(dst, `,"previous":`...), e.before...)
}

// appendMessage appends the sentence of an operator event. Any other event has none, and says its
// name.
func (e *Event) appendMessage(dst []byte, f Format) []byte {
	var told struct {
		Message string `json:"message"`
	}
	_ = json.Unmarshal(e.data, &told)
	message := cmp.Or(told.Message, e.Name)
	if f == FormatPlain {
		return append(append(dst, message...), '\n')
	}
	dst = append(dst, `{"text":`...)
	dst = pgtext.AppendString(dst, slackEscapes.Replace(message))
	return append(dst, '}')
}

// slackEscapes are what keeps a text from being taken for a link or a mention.
//
// https://docs.slack.dev/messaging/formatting-message-text#escaping
var slackEscapes = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// appendHead appends everything before the record.
func (e *Event) appendHead(dst []byte, f Format, to Addressee) []byte {
	switch f {
	case FormatTwenty:
		dst = append(dst, `{"targetUrl":`...)
		dst = pgtext.AppendString(dst, to.URL)
		dst = append(dst, `,"eventName":`...)
		dst = pgtext.AppendString(dst, e.Name)
		dst = append(dst, `,"objectMetadata":{"id":`...)
		dst = pgtext.AppendString(dst, e.objectID)
		dst = append(dst, `,"nameSingular":`...)
		dst = pgtext.AppendString(dst, e.Object)
		dst = append(dst, `},"workspaceId":`...)
		dst = pgtext.AppendString(dst, e.tenant())
		dst = append(dst, `,"webhookId":`...)
		dst = pgtext.AppendString(dst, to.ID)
		dst = append(dst, `,"eventDate":`...)
		dst = appendTime(dst, e.Time)
		if e.member != "" {
			dst = append(dst, `,"workspaceMemberId":`...)
			dst = pgtext.AppendString(dst, e.member)
		}
		return append(dst, `,"record":`...)
	case FormatStandard:
		dst = append(dst, `{"type":`...)
		dst = pgtext.AppendString(dst, e.Name)
		dst = append(dst, `,"timestamp":`...)
		dst = appendTime(dst, e.Time)
		return append(dst, `,"data":`...)
	default:
		dst = append(dst, `{"event":`...)
		dst = pgtext.AppendString(dst, e.Name)
		return append(dst, `,"data":`...)
	}
}

// appendTail appends everything after the record.
func (e *Event) appendTail(dst []byte, f Format) []byte {
	if f == FormatEvent {
		dst = append(dst, `,"timestamp":`...)
		dst = appendTime(dst, e.Time)
		dst = append(dst, `,"id":"`...)
		dst = append(dst, e.ID...)
		dst = append(dst, '"')
		if tenant := e.tenant(); tenant != "" {
			dst = append(dst, `,"workspaceId":`...)
			dst = pgtext.AppendString(dst, tenant)
		}
	}
	if f != FormatStandard && e.updated != nil {
		dst = append(dst, `,"updatedFields":[`...)
		for i, name := range e.updated {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = pgtext.AppendString(dst, name)
		}
		dst = append(dst, ']')
	}
	if f != FormatTwenty && e.isPart() {
		dst = append(dst, `,"part":{"of":"`...)
		dst = append(dst, e.transaction()...)
		dst = append(dst, `"}`...)
	}
	if f != FormatTwenty && e.context != nil {
		dst = append(dst, `,"context":`...)
		dst = append(dst, e.context...)
	}
	if f != FormatTwenty && e.key != nil {
		dst = append(dst, `,"key":`...)
		dst = append(dst, e.key...)
	}
	if f != FormatTwenty && e.previous != nil {
		dst = append(dst, `,"previousKey":`...)
		dst = append(dst, e.previous...)
	}
	return append(dst, '}')
}

// appendTime appends t as JavaScript's Date.toJSON prints it: UTC, always three decimals,
// truncated.
func appendTime(dst []byte, t time.Time) []byte {
	t = t.UTC()
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	dst = pgtext.AppendPadded(append(dst, '"'), year, 4)
	dst = appendTwo(append(dst, '-'), int(month))
	dst = appendTwo(append(dst, '-'), day)
	dst = appendTwo(append(dst, 'T'), hour)
	dst = appendTwo(append(dst, ':'), minute)
	dst = appendTwo(append(dst, ':'), second)
	dst = pgtext.AppendPadded(append(dst, '.'), t.Nanosecond()/int(time.Millisecond), 3)
	return append(dst, 'Z', '"')
}

func appendTwo(dst []byte, n int) []byte { return append(dst, '0'+byte(n/10), '0'+byte(n%10)) }
