package sender

import (
	"encoding/json"
	"errors"
	"net/http"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"hookline/mapper"
)

// The expected value is what openssl gives: printf %s '1700000000123:{"a":1}' | openssl dgst -sha256 -hmac secret
func TestSign(t *testing.T) {
	const want = "ecd6d6afde44055e19611e57b6713374a6f37598abba78da38545d1f24a9d0af"
	if got := Sign("secret", 1700000000123, []byte(`{"a":1}`)); got != want {
		t.Errorf("Sign = %s, want %s", got, want)
	}
}

// The example of the specification's reference libraries.
func TestSignStandard(t *testing.T) {
	const secret, id = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek"
	got := SignStandard(secret, id, 1614265330, []byte(`{"test": 2432232314}`))
	if want := "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="; got != want {
		t.Errorf("SignStandard = %s, want %s", got, want)
	}
}

func TestStandardKey(t *testing.T) {
	for secret, want := range map[string]string{
		"whsec_c2VjcmV0": "secret",
		"whsec_c2VjcmV":  "whsec_c2VjcmV", // not base64
		"whsec_":         "whsec_",
		"c2VjcmV0":       "c2VjcmV0",
		"grün":           "grün",
	} {
		if got := string(standardKey(secret)); got != want {
			t.Errorf("standardKey(%q) = %q, want %q", secret, got, want)
		}
	}
}

func TestVerify(t *testing.T) {
	const secret, tolerance = "shh", 5 * time.Minute
	body := []byte(`{"event":"person.created"}`)
	now := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	p := &post{id: "evt_1", attempt: 1, signer: newSigner(secret), body: body}

	for name, test := range map[string]struct {
		change    func(http.Header)
		secret    string
		body      string
		at        time.Duration // when it is verified
		tolerance time.Duration
		twenty    error
		standard  error
	}{
		"good":             {},
		"good, just":       {at: tolerance},
		"good, clock slow": {at: -tolerance},
		"too old":          {at: tolerance + time.Second, twenty: ErrTooOld, standard: ErrTooOld},
		"too new":          {at: -tolerance - time.Second, twenty: ErrTooNew, standard: ErrTooNew},
		"age left alone":   {at: 999 * time.Hour, tolerance: -1},
		"other secret":     {secret: "sch", twenty: ErrMismatch, standard: ErrMismatch},
		"other body":       {body: `{"event":"person.created" }`, twenty: ErrMismatch, standard: ErrMismatch},
		"no header": {
			change: func(h http.Header) { clear(h) },
			twenty: ErrMissing, standard: ErrMissing,
		},
		"no timestamp": {
			change: func(h http.Header) { h.Del(HeaderTimestamp); h.Del(HeaderStandardTimestamp) },
			twenty: ErrMissing, standard: ErrMissing,
		},
		"no number": {
			change: func(h http.Header) { h.Set(HeaderTimestamp, "now"); h.Set(HeaderStandardTimestamp, "1.5") },
			twenty: ErrTimestamp, standard: ErrTimestamp,
		},
		"moved timestamp": {
			change: func(h http.Header) {
				h.Set(HeaderTimestamp, strconv.FormatInt(now.UnixMilli()+1, 10))
				h.Set(HeaderStandardTimestamp, strconv.FormatInt(now.Unix()+1, 10))
			},
			twenty: ErrMismatch, standard: ErrMismatch,
		},
		"no id":    {change: func(h http.Header) { h.Del(HeaderID) }, standard: ErrMissing},
		"other id": {change: func(h http.Header) { h.Set(HeaderID, "evt_2") }, standard: ErrMismatch},
		"one of several": {change: func(h http.Header) {
			h.Set(HeaderStandardSignature, "v1a,AAAA v1,AAAA "+h.Get(HeaderStandardSignature))
		}},
		"broken": {
			change: func(h http.Header) { h.Set(HeaderSignature, "x"); h.Set(HeaderStandardSignature, "v1") },
			twenty: ErrMismatch, standard: ErrMismatch,
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := p.header(now)
			if test.change != nil {
				test.change(h)
			}
			secret, body, within := secret, body, tolerance
			if test.secret != "" {
				secret = test.secret
			}
			if test.body != "" {
				body = []byte(test.body)
			}
			if test.tolerance != 0 {
				within = test.tolerance
			}
			if err := Verify(secret, h, body, now.Add(test.at), within); !errors.Is(err, test.twenty) {
				t.Errorf("Verify = %v, want %v", err, test.twenty)
			}
			if err := VerifyStandard(secret, h, body, now.Add(test.at), within); !errors.Is(err, test.standard) {
				t.Errorf("VerifyStandard = %v, want %v", err, test.standard)
			}
		})
	}
}

// The verifiers that receivers run on Node: over the raw body, and over the body parsed and printed again, as Twenty documents
// it.
const nodeVerifier = `
const crypto = require('crypto');
const {secret, standardKey, header, body} = JSON.parse(require('fs').readFileSync(0));
const timestamp = header['X-Twenty-Webhook-Timestamp'][0];
const twenty = body => crypto.createHmac('sha256', secret).update(` + "`${timestamp}:${body}`" + `).digest('hex');
const standard = crypto.createHmac('sha256', Buffer.from(standardKey, 'base64'))
  .update(` + "`${header['Webhook-Id'][0]}.${header['Webhook-Timestamp'][0]}.${body}`" + `).digest('base64');
console.log(JSON.stringify({
  raw: twenty(body) === header['X-Twenty-Webhook-Signature'][0],
  parsed: twenty(JSON.stringify(JSON.parse(body))) === header['X-Twenty-Webhook-Signature'][0],
  standard: 'v1,' + standard === header['Webhook-Signature'][0],
}));
`

func TestNodeVerifies(t *testing.T) {
	const data = `{"id":"r1","name":{"firstName":"Jürgen \"J\" 东\u0001 ","lastName":"</b>"},"amount":1e+21,"rate":0.1,"none":null,"list":[]}`
	const secret, key = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	for _, format := range []mapper.Format{mapper.FormatEvent, mapper.FormatTwenty, mapper.FormatStandard} {
		t.Run(format.String(), func(t *testing.T) {
			e := mapper.NewEvent(mapper.Parts{
				ID: "evt_1", Object: "person", Action: mapper.Created, Workspace: "w1", Time: time.Now(),
				Data: []byte(data), Format: format,
			})
			hits := make(chan hit, 1)
			to := subscription("a", receiver(t, hits, nil).URL)
			to.Secret, to.Format = secret, format
			s := newSender(t, Config{})
			await(t, s.send(to, e), "delivery")
			h := await(t, hits, "request")

			input, err := json.Marshal(map[string]any{"secret": secret, "standardKey": key, "header": h.header, "body": string(h.body)})
			if err != nil {
				t.Fatal(err)
			}
			node := exec.Command("node", "-e", nodeVerifier)
			node.Stdin = strings.NewReader(string(input))
			out, err := node.CombinedOutput()
			if err != nil {
				t.Fatalf("node: %v\n%s", err, out)
			}
			if got := strings.TrimSpace(string(out)); got != `{"raw":true,"parsed":true,"standard":true}` {
				t.Errorf("node says %s for %s", got, h.body)
			}
		})
	}
}
