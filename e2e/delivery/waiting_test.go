package delivery

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"hookline/e2e"
	"hookline/internal/receiver"
)

// waiting are changes of a webhook's row, one after the other: each is made while deliveries of the
// form before are in flight, wait for a retry, and are in the spool.
var waiting = []string{
	"batch = 3, batch_wait = '5ms'",
	"format = 'cloudevents'",
	"batch = 100, previous = 'all'",
	"batch = NULL, batch_wait = NULL, format = 'cloudevents-binary'",
	"previous = NULL, fields = '{version}'",
	"rate = 200, timeout = '2s'",
	"mask = '{note}', filter = 'data.version > 0'",
	"settle = '20ms'",
	"settle = NULL, catch_up = 'latest', rate = NULL, batch = 20, format = 'event'",
	"per = 'change', rekey = 'split', ignore = '{annotation:source=nobody}'",
	"secret = ''",
	"secret = 'other', previous_secret = '', headers = '{\"X-A\": \"b\"}'",
	"batch = NULL, filter = NULL, fields = NULL, operations = '{contact.created}'",
	"thin = true",
}

// Whatever changes of a webhook's row while its deliveries are in flight, wait for a retry or are in
// the spool, nothing of them is lost: it comes, in the old form or the new one, and also where the
// process is killed meanwhile.
func TestColumnsChangeWhileDeliveriesWait(t *testing.T) {
	t.Parallel()
	db, box, plain := e2e.NewCRM(t), e2e.NewInboxWith(t, ""), e2e.NewInbox(t)
	db.SetUp()
	db.AddOwnWebhook(plain, "event", "contact.*") // which tells how far the stream has come
	_, id, _ := strings.Cut(db.AddOwnWebhook(box, "event", "contact.*"), "/")
	settings := []string{e2e.Often, "HOOKLINE_HOLD_MAX=50ms", "HOOKLINE_MAX_IN_FLIGHT=4"}
	sut := e2e.Start(t, db, settings...).Until("active")
	told := 0
	commit := func(prefix string, records int) {
		t.Helper()
		db.OneByOne(prefix, records)
		told += records
		e2e.Eventually(t, func() error {
			if n := plain.Events(); n < told {
				return fmt.Errorf("%d events are told, want %d", n, told)
			}
			return nil
		})
	}
	for i, columns := range waiting {
		box.Answers(func(r receiver.Request) receiver.Answer {
			if r.ID[len(r.ID)-4]%2 == 0 { // a digit of the commit's position
				return receiver.Answer{Status: http.StatusServiceUnavailable}
			}
			return receiver.Answer{}
		})
		box.CloseAfter(3)
		commit(fmt.Sprintf("before%d-", i), 10)
		box.UntilClosed()
		db.Exec("UPDATE hookline.webhook SET "+columns+" WHERE id = $1::uuid", id)
		commit(fmt.Sprintf("after%d-", i), 5)
		if i%4 == 3 {
			sut.Kill()
			box.ExpectReplay()
			plain.ExpectReplay()
			sut = e2e.Start(t, db, settings...).Until("active")
		}
		box.OpenGate()
		box.Answers(nil)
		e2e.Eventually(t, func() error {
			if n := box.Known(); n < told {
				return fmt.Errorf("%q: %d records have come, want %d", columns, n, told)
			}
			return nil
		})
	}
	e2e.Finish(t, sut, plain.Gets(db.Diary()...))
}
