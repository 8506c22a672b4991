package sender

import (
	"errors"
	"net/http"
	"net/textproto"
	"net/url"
	"regexp"
	"strconv"
	"syscall"
	"time"
)

// Outcome is what became of an attempt.
type Outcome uint8

const (
	Delivered Outcome = iota // the receiver said 2xx
	Failed                   // it may work another time
	Gone                     // the receiver said 410: it wants no more
	// the address may not be dialled, or the webhook may not hear of the event
	Blocked
)

var outcomeNames = [...]string{
	Delivered: "delivered",
	Failed:    "failed",
	Gone:      "gone",
	Blocked:   "blocked",
}

func (o Outcome) String() string { return outcomeNames[o] }

// Verdict is the judgement on one attempt.
type Verdict struct {
	Outcome Outcome
	Status  int // of the answer; 0 when none came
	// why there was no answer; names no URL and quotes nothing that was sent or received
	Reason    string
	NotBefore time.Time // when the receiver wants to be asked again; zero when it did not say
	Refused   bool      // no answer came as the connection was refused
}

// judge returns the verdict on an answer, or on the error that came in its place. The header
// decides: what happens to the body of the answer is of no account. Retry-After counts where it
// tells of an overload: Varnish puts one on every answer of its own, 404 and 301 as well.
func judge(resp *http.Response, err error, now time.Time) Verdict {
	if err != nil {
		v := Verdict{
			Outcome: Failed, Reason: reason(err), Refused: errors.Is(err, syscall.ECONNREFUSED),
		}
		if _, ok := errors.AsType[*blockedError](err); ok {
			v.Outcome = Blocked
		}
		return v
	}
	v := Verdict{Outcome: Failed, Status: resp.StatusCode}
	switch {
	case resp.StatusCode >= 200 && resp.StatusCode <= 299:
		v.Outcome = Delivered
		return v
	case resp.StatusCode == http.StatusGone:
		v.Outcome = Gone
	}
	if mayAskForTime(resp.StatusCode) {
		v.NotBefore = retryAfter(resp.Header.Get("Retry-After"), now)
	}
	return v
}

// mayAskForTime reports whether Retry-After counts on answers with that status.
func mayAskForTime(status int) bool {
	return status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable
}

// retryAfter returns the time that a Retry-After header means, zero when it means nothing.
//
// https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
func retryAfter(value string, now time.Time) time.Time {
	if seconds, err := strconv.ParseUint(value, 10, 64); err == nil {
		const week = 7 * 24 * 60 * 60 // more than anyone is granted, and far from overflow
		return now.Add(time.Duration(min(seconds, week)) * time.Second)
	}
	if date, err := http.ParseTime(value); err == nil {
		return date
	}
	return time.Time{}
}

var quoted = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)

// reason returns the text of err without what must not be logged: the URL, which url.Error prints,
// and whatever the receiver sent, which may be an echo of the request and which net/http quotes.
func reason(err error) string {
	if _, ok := errors.AsType[textproto.ProtocolError](err); ok {
		return "the answer is not HTTP"
	}
	if e, ok := errors.AsType[*url.Error](err); ok {
		if e.Op == "parse" {
			return "the URL cannot be parsed"
		}
		err = e.Err
	}
	const most = 300
	text := quoted.ReplaceAllLiteralString(err.Error(), `"…"`)
	return text[:min(len(text), most)]
}
