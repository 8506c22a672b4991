package mapper_test

import (
	"testing"
	"time"

	"hookline/mapper"
)

// An operator event reads in every form, comes back from where it was stored, and is for no tenant.
func TestOperatorEvent(t *testing.T) {
	e := mapper.NewEvent(mapper.Parts{
		ID: "evt_0badcafe_n1_1", Object: mapper.Operator, Action: mapper.DeadLetters,
		Time: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
		Data: []byte(`{"message":"Webhook \"a\" <b> & \u00fc."}`),
	})
	e = mapper.NewEvent(e.Parts())
	for format, want := range map[mapper.Format]string{
		mapper.FormatEvent: `{"event":"hookline.deadLetters",` +
			`"data":{"message":"Webhook \"a\" <b> & \u00fc."},` +
			`"timestamp":"2026-01-02T03:04:05.000Z","id":"evt_0badcafe_n1_1"}`,
		mapper.FormatStandard: `{"type":"hookline.deadLetters","timestamp":"2026-01-02T03:04:05.000Z",` +
			`"data":{"message":"Webhook \"a\" <b> & \u00fc."}}`,
		mapper.FormatSlack: `{"text":"Webhook \"a\" &lt;b&gt; &amp; ü."}`,
		mapper.FormatPlain: "Webhook \"a\" <b> & ü.\n",
	} {
		if got := string(e.Body(format, mapper.Addressee{})); got != want {
			t.Errorf("%s: %s\nwant %s", format, got, want)
		}
	}
	if !e.IsFor("") || !e.IsFor(mapper.Everyone) || e.IsFor("a tenant") {
		t.Error("it is for those alone who hear of no tenant, or of all")
	}
	for _, a := range mapper.OperatorActions() {
		if got, known := mapper.ParseAction(a.String()); !known || got != a || !a.OfOperator() {
			t.Errorf("action %q is %q, %t", a, got, known)
		}
	}
	for _, a := range mapper.Actions() {
		if a.OfOperator() {
			t.Errorf("%s happens to records", a)
		}
	}
	if _, known := mapper.ParseAction(""); known {
		t.Error("no name is the name of an action")
	}
}
