package mapper

import (
	"crypto/rand"
	"encoding/hex"
	"time"
)

// TrialName is the name of the event that a webhook is tested with.
const TrialName = "hookline.test"

// NewTrial returns the event that a webhook is tested with. It is of no record, and told to nobody
// else: its id has the form evt_test_<16 hex digits>, and is another one each time.
func NewTrial(workspace string, now time.Time) *Event {
	if workspace == Everyone {
		workspace = ""
	}
	var id [8]byte
	_, _ = rand.Read(id[:]) // never fails, as it says
	return &Event{
		Subject: Subject{Name: TrialName, Object: "hookline", Workspace: workspace},
		ID:      "evt_test_" + hex.EncodeToString(id[:]), Time: now.UTC(),
		data: []byte(`{"message":"This is a test of the webhook. No record has changed."}`),
	}
}
