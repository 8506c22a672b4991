package mapper

import (
	"fmt"
	"time"
)

// Format is the form of a webhook's body.
type Format uint8

const (
	// FormatEvent is the form that Twenty's documentation promises, plus id, workspaceId and updatedFields:
	// {"event":"person.created","data":{…},"timestamp":"…Z","id":"evt_…",…}
	FormatEvent Format = iota
	// FormatTwenty is what Twenty's server sends, key for key.
	FormatTwenty
	// FormatStandard is the payload of Standard Webhooks: {"type":"person.created","timestamp":"…","data":{…}}
	//
	// https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
	FormatStandard
)

var formatNames = [...]string{"event", "twenty", "standard"}

func (f Format) String() string { return formatNames[f] }

// UnmarshalText takes event, twenty or standard.
func (f *Format) UnmarshalText(text []byte) error {
	for i, name := range formatNames {
		if name == string(text) {
			*f = Format(i)
			return nil
		}
	}
	return fmt.Errorf("payload format %q: want event, twenty or standard", text)
}

// Addressee is what the twenty format tells of the webhook that a body goes to.
type Addressee struct {
	ID  string
	URL string
}

// Body returns the event in the given format. The result is shared and must not be modified. Safe for concurrent use.
func (e *Event) Body(f Format, to Addressee) []byte {
	if e.body != nil && f == e.format {
		return e.body
	}
	return e.appendBody(make([]byte, 0, len(e.data)+512), f, to)
}

func (e *Event) appendBody(dst []byte, f Format, to Addressee) []byte {
	dst = e.appendHead(dst, f, to)
	dst = append(dst, e.data...)
	return e.appendTail(dst, f)
}

// appendHead appends everything before the record.
func (e *Event) appendHead(dst []byte, f Format, to Addressee) []byte {
	switch f {
	case FormatTwenty:
		dst = append(dst, `{"targetUrl":`...)
		dst = appendString(dst, to.URL)
		dst = append(dst, `,"eventName":`...)
		dst = appendString(dst, e.Name)
		dst = append(dst, `,"objectMetadata":{"id":`...)
		dst = appendString(dst, e.objectID)
		dst = append(dst, `,"nameSingular":`...)
		dst = appendString(dst, e.Object)
		dst = append(dst, `},"workspaceId":`...)
		dst = appendString(dst, e.tenant())
		dst = append(dst, `,"webhookId":`...)
		dst = appendString(dst, to.ID)
		dst = append(dst, `,"eventDate":`...)
		dst = appendTime(dst, e.Time)
		if e.member != "" {
			dst = append(dst, `,"workspaceMemberId":`...)
			dst = appendString(dst, e.member)
		}
		return append(dst, `,"record":`...)
	case FormatStandard:
		dst = append(dst, `{"type":`...)
		dst = appendString(dst, e.Name)
		dst = append(dst, `,"timestamp":`...)
		dst = appendTime(dst, e.Time)
		return append(dst, `,"data":`...)
	default:
		dst = append(dst, `{"event":`...)
		dst = appendString(dst, e.Name)
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
			dst = appendString(dst, tenant)
		}
	}
	if f != FormatStandard && e.updated != nil {
		dst = append(dst, `,"updatedFields":[`...)
		for i, name := range e.updated {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendString(dst, name)
		}
		dst = append(dst, ']')
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

// appendTime appends t as JavaScript's Date.toJSON prints it: UTC, always three decimals, truncated.
func appendTime(dst []byte, t time.Time) []byte {
	t = t.UTC()
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	dst = appendPadded(append(dst, '"'), year, 4)
	dst = appendTwo(append(dst, '-'), int(month))
	dst = appendTwo(append(dst, '-'), day)
	dst = appendTwo(append(dst, 'T'), hour)
	dst = appendTwo(append(dst, ':'), minute)
	dst = appendTwo(append(dst, ':'), second)
	dst = appendPadded(append(dst, '.'), t.Nanosecond()/int(time.Millisecond), 3)
	return append(dst, 'Z', '"')
}

func appendTwo(dst []byte, n int) []byte { return append(dst, '0'+byte(n/10), '0'+byte(n%10)) }
