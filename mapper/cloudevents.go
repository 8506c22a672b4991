package mapper

import (
	"cmp"
	"strings"

	"hookline/mapper/pgtext"
)

// An event as CloudEvents have it: attributes, and as its data what the format event has as body.
// So all forms tell the same of it.
//
// https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md

// IsCloudEvents reports whether bodies of this form are CloudEvents, or the data of one.
func (f Format) IsCloudEvents() bool {
	return f == FormatCloudEvents || f == FormatCloudEventsBinary
}

// CloudEvent yields the attributes of the event in CloudEvents, but for the type of its data.
func (e *Event) CloudEvent(yield func(name, value string) bool) {
	at := appendTime(nil, e.Time)
	_ = yield("specversion", "1.0") &&
		yield("id", e.ID) &&
		yield("source", e.source()) &&
		yield("type", e.Name) &&
		yield("time", string(at[1:len(at)-1])) && // without its quotes
		(e.tenant() == "" || yield("workspaceid", e.tenant()))
}

// source names the database, as ids do.
func (e *Event) source() string {
	_, rest, _ := strings.Cut(e.ID, "_")
	database, _, _ := strings.Cut(rest, "_")
	return "urn:hookline:" + cmp.Or(database, "unknown")
}

// appendCloudEvent appends the event in the JSON format of CloudEvents.
func (e *Event) appendCloudEvent(dst []byte, to Addressee) []byte {
	dst = append(dst, '{')
	for name, value := range e.CloudEvent {
		dst = append(append(append(dst, '"'), name...), `":`...)
		dst = append(pgtext.AppendString(dst, value), ',')
	}
	dst = append(dst, `"datacontenttype":"application/json","data":`...)
	return append(append(dst, e.Body(FormatEvent, to)...), '}')
}
