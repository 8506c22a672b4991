package mapper_test

import (
	"bytes"
	"reflect"
	"testing"
	"time"

	"hookline/mapper"
)

func TestNewEvent(t *testing.T) {
	parts := mapper.Parts{
		ID: "evt_00000001_0000000000000002_3", Object: "person", Action: mapper.Updated, Workspace: "w1",
		Record: 7,
		Time:   time.Date(2026, 1, 2, 3, 4, 5, 6_999_000, time.UTC), ObjectID: "o1", Member: "m1",
		Updated: []string{"city"},
		Data:    []byte(`{"id":"r1","city":"Bonn"}`), Former: 8, Key: []byte(`{"id":"r1"}`),
		PreviousKey: []byte(`{"id":"r0"}`),
		Previous:    []byte(`{"city":"Köln"}`),
		Position:    9,
	}
	to := mapper.Addressee{ID: "h1", URL: "https://example.com/"}
	bodies := map[mapper.Format]string{
		mapper.FormatEvent: `{"event":"person.updated","data":{"id":"r1","city":"Bonn"},"previous":{"city":"Köln"},"timestamp":"2026-01-02T03:04:05.006Z",` +
			`"id":"evt_00000001_0000000000000002_3","workspaceId":"w1","updatedFields":["city"],"key":{"id":"r1"},"previousKey":{"id":"r0"}}`,
		mapper.FormatTwenty: `{"targetUrl":"https://example.com/","eventName":"person.updated",` +
			`"objectMetadata":{"id":"o1","nameSingular":"person"},"workspaceId":"w1","webhookId":"h1",` +
			`"eventDate":"2026-01-02T03:04:05.006Z","workspaceMemberId":"m1","record":{"id":"r1","city":"Bonn"},"updatedFields":["city"]}`,
		mapper.FormatStandard: `{"type":"person.updated","timestamp":"2026-01-02T03:04:05.006Z","data":{"id":"r1","city":"Bonn"},"previous":{"city":"Köln"},` +
			`"key":{"id":"r1"},"previousKey":{"id":"r0"}}`,
	}
	for _, format := range []mapper.Format{
		mapper.FormatEvent, mapper.FormatTwenty,
		mapper.FormatStandard,
	} {
		t.Run(format.String(), func(t *testing.T) {
			parts.Format = format
			given := parts
			given.Data, given.Previous = bytes.Clone(parts.Data), bytes.Clone(parts.Previous)
			e := mapper.NewEvent(given)
			clear(given.Data) // which is the giver's
			clear(given.Previous)
			if e.Name != "person.updated" {
				t.Errorf("Name = %q", e.Name)
			}
			for f, want := range bodies {
				if got := string(e.Body(f, to)); got != want {
					t.Errorf("Body(%s) =\n%s\nwant\n%s", f, got, want)
				}
			}
			if got := e.Parts(); !reflect.DeepEqual(got, parts) {
				t.Errorf("Parts() = %+v\nwant %+v", got, parts)
			}
			if again := mapper.NewEvent(e.Parts()); !reflect.DeepEqual(again, e) {
				t.Errorf("the event of its own parts differs:\n%+v\nwant\n%+v", again, e)
			}
		})
	}
}
