package sender

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"hookline/mapper"
	"hookline/webhook"
)

// The expected value is what openssl gives: printf %s '1700000000123:{"a":1}' | openssl dgst
// -sha256 -hmac secret
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

// A secret that no library takes signs nothing, and checks nothing.
func TestNoStandardKey(t *testing.T) {
	for _, secret := range []string{"v1,whsec_c2VjcmV0", " whsec_c2VjcmV0", "whsec_-_-_"} {
		if got := SignStandard(secret, "evt_1", 1, nil); got != "" {
			t.Errorf("%q signs %q", secret, got)
		}
		header := http.Header{
			HeaderID:                {"evt_1"},
			HeaderStandardTimestamp: {"1"},
			HeaderStandardSignature: {"v1,"},
		}
		if err := VerifyStandard(secret, header, nil, time.Now(), -1); !errors.Is(err, errSecret) {
			t.Errorf("%q: %v, want %v", secret, err, errSecret)
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
		"too old":          {at: tolerance + time.Second, twenty: errTooOld, standard: errTooOld},
		"too new":          {at: -tolerance - time.Second, twenty: errTooNew, standard: errTooNew},
		"age left alone":   {at: 999 * time.Hour, tolerance: -1},
		"other secret":     {secret: "sch", twenty: ErrMismatch, standard: ErrMismatch},
		"other body": {
			body: `{"event":"person.created" }`, twenty: ErrMismatch,
			standard: ErrMismatch,
		},
		"no header": {
			change: func(h http.Header) { clear(h) },
			twenty: errMissing, standard: errMissing,
		},
		"no timestamp": {
			change: func(h http.Header) { h.Del(HeaderTimestamp); h.Del(HeaderStandardTimestamp) },
			twenty: errMissing, standard: errMissing,
		},
		"no number": {
			change: func(h http.Header) {
				h.Set(HeaderTimestamp, "now")
				h.Set(HeaderStandardTimestamp, "1.5")
			},
			twenty: errTimestamp, standard: errTimestamp,
		},
		"moved timestamp": {
			change: func(h http.Header) {
				h.Set(HeaderTimestamp, strconv.FormatInt(now.UnixMilli()+1, 10))
				h.Set(HeaderStandardTimestamp, strconv.FormatInt(now.Unix()+1, 10))
			},
			twenty: ErrMismatch, standard: ErrMismatch,
		},
		"no id":    {change: func(h http.Header) { h.Del(HeaderID) }, standard: errMissing},
		"other id": {change: func(h http.Header) { h.Set(HeaderID, "evt_2") }, standard: ErrMismatch},
		"one of several": {change: func(h http.Header) {
			h.Set(HeaderStandardSignature, "v1a,AAAA v1,AAAA "+h.Get(HeaderStandardSignature))
		}},
		"broken": {
			change: func(h http.Header) {
				h.Set(HeaderSignature, "x")
				h.Set(HeaderStandardSignature, "v1")
			},
			twenty: ErrMismatch, standard: ErrMismatch,
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := whole(t, p, nil, now)
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
			if err := VerifyStandard(secret, h, body, now.Add(test.at), within); !errors.Is(err,
				test.standard) {
				t.Errorf("VerifyStandard = %v, want %v", err, test.standard)
			}
		})
	}
}

// The verifiers that receivers run on Node: over the raw body, and over the body parsed and printed
// again, as Twenty documents it.
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
	const data = `{"1":0,"10":1,"id":"r1","name":{"firstName":"Jürgen \"J\" 东 😀\ud83d\u0001` +
		"\u2028\u2029\x7f" + ` ","lastName":"</b>"},` +
		`"amount":1e+21,"rate":0.1,"small":1e-7,"none":null,"list":[],"at":"-000043-03-15T12:00:00.000Z"}`
	for name, secret := range map[string]struct{ text, standardKey string }{
		"of Standard Webhooks": {
			"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
			"MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
		},
		// its text, not its bytes
		"as Twenty makes them": {
			strings.Repeat("0f", 32),
			base64.StdEncoding.EncodeToString([]byte(strings.Repeat("0f", 32))),
		},
		"of any letters": {
			"grün 東\u2028",
			base64.StdEncoding.EncodeToString([]byte("grün 東\u2028")),
		},
	} {
		for _, format := range []mapper.Format{
			mapper.FormatEvent, mapper.FormatTwenty,
			mapper.FormatStandard,
		} {
			t.Run(name+"/"+format.String(), func(t *testing.T) {
				e := mapper.NewEvent(mapper.Parts{
					ID:        "evt_1",
					Object:    "person",
					Action:    mapper.Updated,
					Workspace: "w1",
					Time:      time.Now(),
					Updated:   []string{"name"},
					Member:    "m1",
					Data:      []byte(data),
					Format:    format,
				})
				hits := make(chan hit, 1)
				to := subscription("a", receiver(t, hits, nil).URL+"/?q=<ü>&r")
				to.Secret, to.Format, to.Workspace = webhook.Secret(secret.text), format, "w1"
				s := newSender(t, Config{})
				await(t, s.send(to, e), "delivery")
				h := await(t, hits, "request")

				input, err := json.Marshal(map[string]any{
					"secret":      secret.text,
					"standardKey": secret.standardKey,
					"header":      h.header,
					"body":        string(h.body),
				})
				if err != nil {
					t.Fatal(err)
				}
				if testing.Short() {
					t.Skip("Node is not started with -short")
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
}

// twentyReceiver checks a request as Twenty documents it: the signature is that of the parsed body,
// printed again.
const twentyReceiver = `
import crypto from 'node:crypto'
import { createServer } from 'node:http'
createServer((req, res) => {
  let text = ''
  req.setEncoding('utf8').on('data', chunk => { text += chunk }).on('end', () => {
    req.body = JSON.parse(text)
    const signed = req.headers['x-twenty-webhook-timestamp'] + ':' + JSON.stringify(req.body)
    const expected = crypto.createHmac('sha256', process.env.WEBHOOK_SECRET).update(signed).digest('hex')
    res.writeHead(expected === req.headers['x-twenty-webhook-signature'] ? 200 : 401).end()
  })
}).listen(0, '127.0.0.1', function () { console.log('listening on 127.0.0.1:' + this.address().port) })
`

// TestNodeReceivers runs two receivers: the one among the examples, and one that checks as Twenty
// documents it. They accept what is signed with their secret, and nothing else.
func TestNodeReceivers(t *testing.T) {
	example, err := os.ReadFile("../examples/node/receiver.mjs")
	if err != nil {
		t.Fatal(err)
	}
	const secret = "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0"
	for name, script := range map[string]string{
		"the example": string(example), "Twenty's way": twentyReceiver,
	} {
		t.Run(name, func(t *testing.T) {
			url := nodeServer(t, script, secret)
			s := newSender(t, Config{})
			for _, format := range []mapper.Format{
				mapper.FormatEvent, mapper.FormatTwenty,
				mapper.FormatStandard,
			} {
				e := mapper.NewEvent(mapper.Parts{
					ID:     "evt_1",
					Object: "person",
					Action: mapper.Created,
					Time:   time.Now(),
					Data:   []byte(`{"name":"Zoë < >","rate":1e-7}`),
					Format: format,
				})
				to := subscription(format.String(), url)
				to.Format = format
				for sign, want := range map[string]int{secret: 200, secret + "0": 401, "": 401} {
					var by *signer
					if sign != "" {
						by = newSigner(sign)
					}
					if v, _ := s.once(e, to, 1, by); v.Status != want {
						t.Errorf("form %v, signed with %q: answered %d, want %d", format, sign, v.Status, want)
					}
				}
			}
		})
	}
}

// nodeServer runs a script that listens on port 8080, on a free one in its place, and returns its
// URL.
func nodeServer(t *testing.T, script, secret string) string {
	t.Helper()
	if testing.Short() {
		t.Skip("Node is not started with -short")
	}
	node := exec.CommandContext(t.Context(), "node", "--input-type=module", "-e", script)
	node.Env = append(os.Environ(), "WEBHOOK_SECRET="+secret, "ADDR=127.0.0.1:0")
	node.Stderr = t.Output()
	stdout, err := node.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := node.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = node.Process.Kill()
		_ = node.Wait()
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatalf("node does not listen: %v", err)
	}
	return "http://" + strings.TrimPrefix(strings.TrimSpace(line), "listening on ")
}
