package delivery

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"hookline/e2e"
)

// A row that gets a mistake costs nothing that was committed: what waits stays, what its webhook
// hears of is kept, and all of it comes, in order, once the row is well. Where it is not known what
// may be told, that is not kept. Whoever asks is told so, and since when.
func TestHeldForAMistake(t *testing.T) {
	t.Parallel()
	db := e2e.NewCRM(t)
	settings := []string{
		"HOOKLINE_WEBHOOKS_TABLE=hookline.webhook", e2e.Often, "HOOKLINE_HOLD_MAX=100ms",
	}
	db.SetUp(settings...)
	add := func(values string) (*e2e.Inbox, string) {
		box := e2e.NewInbox(t)
		id := e2e.Value[string](db, `INSERT INTO hookline.webhook (url, secret, operations) VALUES
			($1, $2, `+values+`) RETURNING id::text`, box.URL(), box.Secret)
		return box, id
	}
	operator, _ := add("'{hookline.paused,hookline.resumed}'")
	kept, keptID := add("'{contact.*}'")
	unknown, unknownID := add("'{contact.*}'")
	idle, idleID := add("'{nothing.*}'")
	for _, box := range []*e2e.Inbox{kept, unknown} {
		box.Answers(e2e.Always(http.StatusServiceUnavailable))
	}
	spooled := func(n int) {
		t.Helper()
		e2e.Eventually(t, func() error {
			if got := e2e.Value[int](db, "SELECT count(*) FROM hookline.delivery"); got != n {
				return fmt.Errorf("%d deliveries are in the spool, want %d", got, n)
			}
			return nil
		})
	}
	sut := e2e.Start(t, db, settings...).Until("active")
	db.OneByOne("waits", 3)
	spooled(6)
	set := func(what string, ids ...string) {
		db.Exec("UPDATE hookline.webhook SET "+what+" WHERE id = ANY ($1)", ids)
	}
	set("filter = 'data.version =='", keptID, idleID)
	set("mask = '{NULL}'", unknownID)
	operator.UntilAccepted(3)
	for _, box := range []*e2e.Inbox{kept, unknown} {
		box.Answers(nil)
	}
	before := len(db.Diary())
	db.OneByOne("meanwhile", 3)
	after := len(db.Diary())
	spooled(9)

	sut.Stop()
	sut = e2e.Start(t, db, settings...).Until("active") // which another process goes on with
	db.OneByOne("later", 2)
	spooled(11)
	p := e2e.Run(t, db.Env(settings...), "status")
	code := p.Wait()
	for _, want := range []string{
		"hookline.webhook/" + keptID + " gets nothing since ", "filter: line 1, column ",
		"what waits for it, and what it hears of, is kept until then",
		"hookline.webhook/" + unknownID + " gets nothing since ", "mask: has a null in it",
		"what is committed meanwhile does not come later",
		"hookline.webhook/" + idleID + " gets nothing since ",
	} {
		if code != 3 || !strings.Contains(p.Out.String(), want) {
			t.Errorf("status ends with %d, want 3, and %q:\n%s", code, want, p.Out.String())
		}
	}
	d, text := db.Doctor(settings...)
	if d.Healthy || strings.Count(text, "; it gets nothing since ") != 3 {
		t.Errorf("the doctor finds:\n%s", text)
	}
	for _, box := range []*e2e.Inbox{kept, unknown, idle} {
		if n := box.Count(); n > 0 {
			t.Errorf("%d deliveries were accepted while the row had a mistake", n)
		}
	}

	set("filter = NULL, mask = NULL", keptID, unknownID, idleID)
	diary := db.Diary()
	kept.UntilAccepted(len(diary))
	unknown.UntilAccepted(before)
	db.OneByOne("well", 1)
	all := db.Diary()
	missed := append(all[:before:before], all[len(diary):]...)
	if after == before || len(missed) == len(all) {
		t.Fatal("nothing was committed meanwhile")
	}
	e2e.Eventually(t, kept.Gets(all...).Missing)
	e2e.Eventually(t, unknown.Gets(missed...).Missing)
	if p := e2e.Run(t, db.Env(settings...), "status"); p.Wait() != 0 {
		t.Errorf("once it is well, status says:\n%s", p.Out.String())
	}
	e2e.Finish(t, sut, kept.Gets(all...), unknown.Gets(missed...))
}
