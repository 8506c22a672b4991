package mapper

import (
	"encoding/json"
	"testing"
	"time"
)

// A CloudEvent has the attributes that the specification wants, and as its data what the format
// event has as body.
func TestCloudEvents(t *testing.T) {
	e := NewEvent(Parts{
		ID: "evt_0badcafe_0000000000000007_1", Object: "angebotübersicht", Action: Updated,
		Workspace: "w1", Time: time.Date(2026, 5, 6, 7, 8, 9, 123456789, time.UTC),
		Updated: []string{"stage"}, Data: []byte(`{"id":"7","stage":"\"WON\""}`),
		Key: []byte(`{"id":"7"}`),
	})
	var got struct {
		SpecVersion, ID, Source, Type, Time, DataContentType, WorkspaceID string
		Data                                                              json.RawMessage
	}
	body := e.Body(FormatCloudEvents, Addressee{})
	if err := json.Unmarshal(body, &got); err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	if got.SpecVersion != "1.0" || got.ID != e.ID || got.Source != "urn:hookline:0badcafe" ||
		got.Type != "angebotübersicht.updated" || got.Time != "2026-05-06T07:08:09.123Z" ||
		got.DataContentType != "application/json" || got.WorkspaceID != "w1" {
		t.Errorf("%s", body)
	}
	plain := e.Body(FormatEvent, Addressee{})
	if string(got.Data) != string(plain) {
		t.Errorf("its data is %s, want %s", got.Data, plain)
	}
	if binary := e.Body(FormatCloudEventsBinary, Addressee{}); &binary[0] != &plain[0] {
		t.Error("the data by itself takes memory twice")
	}
}
