package main

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"hookline/sender"
)

func open(t *testing.T) *receiver {
	t.Helper()
	r, err := listen(0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.close)
	return r
}

func TestPosterSendsEachRecordOnce(t *testing.T) {
	const n, size = 500, 1057
	to := open(t)
	tally := to.expect(n, 1, 0)
	if err := post(to.url(0), n, size); err != nil {
		t.Fatal(err)
	}
	if err := tally.result().err(); err != nil {
		t.Error(err)
	}
	if got := tally.pace().body; got != size {
		t.Errorf("bodies of %d bytes, want %d", got, size)
	}
}

func TestReceiverChecksSignatures(t *testing.T) {
	const id = "evt_1"
	body := `{"event":"contact.created","data":{"id":` + strconv.Itoa(signatureStride) +
		`,"version":1,"firstName":"Ana \"id\":7"}}`
	for name, tc := range map[string]struct {
		secret string
		wrong  int
	}{
		"right": {secret, 0},
		"wrong": {"another", 1},
	} {
		t.Run(name, func(t *testing.T) {
			to := open(t)
			tally := to.expect(signatureStride, 1, signatureStride)
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, to.url(0),
				strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			now := time.Now()
			req.Header.Set(sender.HeaderID, id)
			req.Header.Set(sender.HeaderTimestamp, strconv.FormatInt(now.UnixMilli(), 10))
			req.Header.Set(sender.HeaderSignature, sender.Sign(tc.secret, now.UnixMilli(), []byte(body)))
			req.Header.Set(sender.HeaderStandardTimestamp, strconv.FormatInt(now.Unix(), 10))
			req.Header.Set(sender.HeaderStandardSignature,
				sender.SignStandard(tc.secret, id, now.Unix(), []byte(body)))
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			want := counts{expected: signatureStride, lost: signatureStride - 1, unsigned: tc.wrong}
			if got := tally.result(); got != want {
				t.Errorf("counts %+v, want %+v", got, want)
			}
		})
	}
}

func TestIdentify(t *testing.T) {
	for body, want := range map[string]event{
		`{"event":"contact.created","data":{"id":42,"version":1,"notes":"\"id\":9"}}`:  {42, 1},
		`{"event":"contact.deleted","data":{"id":42,"version":9,"notes":"x"}}`:         {42, 10},
		`{"event":"contact.updated","data":{"id":42,"version":9,"notes":"a.deleted"}}`: {42, 9},
		`{"data":{"id":100000,"version":50}}`:                                          {100000, 50},
		`{"data":{"id":"42","version":null}}`:                                          {0, 0},
		`{}`:                                                                           {0, 0},
		``:                                                                             {0, 0},
	} {
		if record, version := identify([]byte(body)); (event{record, version}) != want {
			t.Errorf("identify(%s) = %d, %d, want %v", body, record, version, want)
		}
	}
}
