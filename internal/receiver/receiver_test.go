package receiver_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"hookline/internal/receiver"
	"hookline/sender"
)

func post(t *testing.T, url, secret, body string) (status int, err error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now().UnixMilli()
	req.Header.Set(sender.HeaderTimestamp, strconv.FormatInt(now, 10))
	req.Header.Set(sender.HeaderSignature, sender.Sign(secret, now, []byte(body)))
	req.Header.Set("Webhook-Id", "evt_1")
	req.Header.Set("X-Hookline-Attempt", "3")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	return resp.StatusCode, resp.Body.Close()
}

func TestReceiver(t *testing.T) {
	for _, test := range []struct {
		name   string
		secret string // that signs
		answer func(receiver.Request) receiver.Answer
		status int // 0: cut
		signed bool
	}{
		{"signed", "s3cret", nil, 200, true},
		{"signed with another secret", "other", nil, 401, false},
		{"told to fail", "s3cret", func(receiver.Request) receiver.Answer {
			return receiver.Answer{Status: 503}
		}, 503, true},
		{"told to cut", "s3cret", func(receiver.Request) receiver.Answer {
			return receiver.Answer{Cut: true}
		}, 0, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			came := make(chan receiver.Request, 1)
			server := httptest.NewServer(&receiver.Receiver{
				Secret: "s3cret", Answer: test.answer, Received: func(r receiver.Request) { came <- r },
			})
			defer server.Close()
			status, err := post(t, server.URL, test.secret, `{"event":"person.created"}`)
			if (err != nil) != (test.status == 0) || status != test.status {
				t.Fatalf("answer %d, %v; want status %d", status, err, test.status)
			}
			got := <-came
			if got.ID != "evt_1" || got.Event != "person.created" || got.Attempt != 3 ||
				got.Status != test.status {
				t.Errorf("got %+v", got)
			}
			if (got.Signature == nil) != test.signed ||
				(!test.signed && !errors.Is(got.Signature, sender.ErrMismatch)) {
				t.Errorf("signature: %v, want signed %t", got.Signature, test.signed)
			}
		})
	}
}

// The header of an answer does not wait for the body, and a body that fails is not taken for a
// whole one.
func TestAnswerWithBody(t *testing.T) {
	body, rest := io.Pipe()
	server := httptest.NewServer(&receiver.Receiver{
		Answer: func(receiver.Request) receiver.Answer {
			return receiver.Answer{Status: 202, Body: body}
		},
	})
	defer server.Close()
	resp, err := http.Post(server.URL, "application/json", strings.NewReader(`{}`))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != 202 {
		t.Errorf("status %d, want 202", resp.StatusCode)
	}
	go func() {
		_, _ = rest.Write([]byte("the beginning"))
		_ = rest.CloseWithError(errors.New("that is all"))
	}()
	text, err := io.ReadAll(resp.Body)
	if string(text) != "the beginning" || err == nil {
		t.Errorf("body %q and error %v, want an error after the beginning", text, err)
	}
}

func TestOnlyPost(t *testing.T) {
	recorder := httptest.NewRecorder()
	(&receiver.Receiver{}).ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/", nil))
	if recorder.Code != http.StatusMethodNotAllowed {
		t.Errorf("GET answered %d", recorder.Code)
	}
}

// A receiver of CloudEvents that is asked for its consent gives it.
func TestConsents(t *testing.T) {
	server := httptest.NewServer(&receiver.Receiver{Secret: "s"})
	defer server.Close()
	cfg := sender.Config{AllowAddresses: []string{"127.0.0.0/8"}}
	if rate, err := sender.AskConsent(t.Context(), cfg, server.URL, nil, nil, 5); rate != 0 || err != nil {
		t.Errorf("it allows %v: %v", rate, err)
	}
	recorder := httptest.NewRecorder()
	(&receiver.Receiver{}).ServeHTTP(recorder, httptest.NewRequest(http.MethodOptions, "/", nil))
	if got := recorder.Header().Get("WebHook-Allowed-Origin"); got != "" {
		t.Errorf("it consents to %q, and nobody has asked", got)
	}
}

func TestEventName(t *testing.T) {
	for body, want := range map[string]string{
		`{"event":"a.created"}`: "a.created", `{"eventName":"b.updated"}`: "b.updated",
		`{"type":"c.deleted"}`: "c.deleted", `{}`: "", `no`: "", `["event","a"]`: "", `{"event":`: "",
		`{"event":null,"data":{"type":"x","n":[1,{}]},"type":"d.created"}`: "d.created",
	} {
		if got := receiver.EventName([]byte(body)); got != want {
			t.Errorf("EventName(%s) = %q, want %q", body, got, want)
		}
	}
}
