package sender

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"net/http"
	"strconv"
	"strings"
	"time"

	"hookline/webhook"
)

// The headers that Twenty's receivers check. The nonce is random and not signed.
const (
	HeaderTimestamp = "X-Twenty-Webhook-Timestamp" // Unix milliseconds of the attempt
	HeaderSignature = "X-Twenty-Webhook-Signature" // see Sign
	headerNonce     = "X-Twenty-Webhook-Nonce"     // 32 hex digits
)

// The headers of Standard Webhooks.
//
// https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
const (
	HeaderID                = "Webhook-Id"        // the event's id, the same on every attempt
	HeaderStandardTimestamp = "Webhook-Timestamp" // Unix seconds of the attempt
	HeaderStandardSignature = "Webhook-Signature" // see SignStandard
)

// What Verify and VerifyStandard find wrong. Their errors wrap one of these.
var (
	errMissing   = errors.New("header is missing")
	errTimestamp = errors.New("timestamp is not a number")
	errTooOld    = errors.New("timestamp is too old")
	errTooNew    = errors.New("timestamp is in the future")
	ErrMismatch  = errors.New(
		"signature does not match: another secret, or another body than the one that was signed")
	errSecret = errors.New("the secret cannot be a key of Standard Webhooks")
)

// Sign returns Twenty's signature of body: the HMAC-SHA256 of <timestampMS>:<body> under the
// secret's bytes, in lower-case hex.
func Sign(secret string, timestampMS int64, body []byte) string {
	return string(newSigner(secret).appendTwenty(nil, timestampMS, body))
}

// SignStandard returns the signature of Standard Webhooks: v1, and the HMAC-SHA256 of
// <id>.<timestamp>.<body> in base64, the timestamp in Unix seconds; of a private key, whsk_, it is
// v1a, and its ed25519 signature. The key is that of
// webhook.Secret.StandardKey; the signature is empty when there is none.
func SignStandard(secret, id string, timestamp int64, body []byte) string {
	return string(newSigner(secret).appendStandard(nil, id, timestamp, body))
}

// signer signs under one secret. Used again, it spares the set-up of the HMACs, which takes as long
// as a small body. It belongs to one goroutine.
type signer struct {
	// the same one where the keys are; standard is nil when the secret has no key for it
	twenty, standard hash.Hash
	private          ed25519.PrivateKey // signs in place of both; nil for none
	message          []byte             // that it signs
	buf              [128]byte          // what precedes the body, then the sum

	before *signer   // of the secret before a rotation; nil for none
	until  time.Time // from when on that signs no more; zero for never
}

// signerOf returns what signs for a webhook, nil when its requests are not signed.
func signerOf(to *webhook.Subscription) *signer {
	if to.Secret == "" {
		return nil
	}
	s := newSigner(string(to.Secret))
	if to.Previous != "" {
		s.before, s.until = newSigner(string(to.Previous)), to.PreviousUntil
	}
	return s
}

// previous returns the signer of the secret before a rotation while its grace period lasts, nil
// otherwise. Twenty's header has room for one signature only: it is that one's for so long, since a
// receiver that has heard of no rotation must go on. That of Standard Webhooks has both.
func (s *signer) previous(now time.Time) *signer {
	if s.before == nil || !s.until.IsZero() && !now.Before(s.until) {
		return nil
	}
	return s.before
}

func newSigner(secret string) *signer {
	if key := webhook.Secret(secret); key.IsKeyPair() {
		private, _ := key.PrivateKey()
		return &signer{private: private}
	}
	s := &signer{twenty: hmac.New(sha256.New, []byte(secret))}
	switch key, encoded, err := webhook.Secret(secret).StandardKey(); {
	case err != nil:
	case encoded:
		s.standard = hmac.New(sha256.New, key)
	default:
		s.standard = s.twenty
	}
	return s
}

func (s *signer) appendTwenty(dst []byte, timestampMS int64, body []byte) []byte {
	prefix := append(strconv.AppendInt(s.buf[:0], timestampMS, 10), ':')
	return hex.AppendEncode(dst, s.sum(s.twenty, prefix, body))
}

func (s *signer) appendStandard(dst []byte, id string, timestamp int64, body []byte) []byte {
	if s.standard == nil && s.private == nil {
		return dst
	}
	prefix := append(append(s.buf[:0], id...), '.')
	prefix = append(strconv.AppendInt(prefix, timestamp, 10), '.')
	if s.private != nil {
		message := append(append(s.message[:0], prefix...), body...)
		if s.message = message; cap(message) > mostKept {
			s.message = nil
		}
		return base64.StdEncoding.AppendEncode(append(dst, "v1a,"...), ed25519.Sign(s.private, message))
	}
	return base64.StdEncoding.AppendEncode(append(dst, "v1,"...), s.sum(s.standard, prefix, body))
}

func (s *signer) sum(mac hash.Hash, prefix, body []byte) []byte {
	mac.Reset()
	mac.Write(prefix)
	mac.Write(body)
	return mac.Sum(s.buf[:0])
}

// scheme is a way of signing requests, as who gets them checks it.
type scheme struct {
	headers   []string // that all requests have
	timestamp string   // the one of them that has the time of the attempt
	at        func(int64) time.Time
	// returns nil for the signature of a request that is not too old, else why it is none
	check func(secret string, header http.Header, timestamp int64, body []byte) error
}

var twentyScheme = scheme{
	headers:   []string{HeaderSignature, HeaderTimestamp},
	timestamp: HeaderTimestamp, at: time.UnixMilli, check: checkTwenty,
}

var standardScheme = scheme{
	headers:   []string{HeaderID, HeaderStandardSignature, HeaderStandardTimestamp},
	timestamp: HeaderStandardTimestamp, check: checkStandard,
	at: func(seconds int64) time.Time { return time.Unix(seconds, 0) },
}

// Verify checks Twenty's signature of a received body. The timestamp may differ from now by
// tolerance in either direction; a negative tolerance leaves its age alone. It returns nil, or an
// error that wraps one of the errors above. It compares in constant time.
func Verify(
	secret string, header http.Header, body []byte, now time.Time, tolerance time.Duration,
) error {
	return twentyScheme.verify(secret, header, body, now, tolerance)
}

// VerifyStandard checks the Standard Webhooks signature of a received body, as Verify does
// Twenty's. The header may list several signatures; one that matches is enough. The secret may be a
// public key as well, whpk_, or the private one.
func VerifyStandard(
	secret string, header http.Header, body []byte, now time.Time, tolerance time.Duration,
) error {
	return standardScheme.verify(secret, header, body, now, tolerance)
}

func (s *scheme) verify(
	secret string, header http.Header, body []byte, now time.Time, tolerance time.Duration,
) error {
	for _, name := range s.headers {
		if header.Get(name) == "" {
			return fmt.Errorf("%s: %w", name, errMissing)
		}
	}
	text := header.Get(s.timestamp)
	timestamp, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return fmt.Errorf("%s %q: %w", s.timestamp, text, errTimestamp)
	}
	switch age := now.Sub(s.at(timestamp)); {
	case tolerance < 0:
	case age > tolerance:
		return fmt.Errorf("%s is %s old, %s allowed: %w", s.timestamp, age.Round(time.Millisecond),
			tolerance, errTooOld)
	case age < -tolerance:
		return fmt.Errorf("%s is %s ahead, %s allowed: %w", s.timestamp, -age.Round(time.Millisecond),
			tolerance, errTooNew)
	}
	return s.check(secret, header, timestamp, body)
}

func checkTwenty(secret string, header http.Header, timestamp int64, body []byte) error {
	want := Sign(secret, timestamp, body)
	if !hmac.Equal([]byte(header.Get(HeaderSignature)), []byte(want)) {
		return fmt.Errorf("%s: %w", HeaderSignature, ErrMismatch)
	}
	return nil
}

func checkStandard(secret string, header http.Header, timestamp int64, body []byte) error {
	id := header.Get(HeaderID)
	var matches func(signature string) bool
	if key := webhook.Secret(secret); key.IsKeyPair() {
		public := key.VerifyKey()
		if public == nil {
			return fmt.Errorf("%w: it is no key of ed25519", errSecret)
		}
		message := append(fmt.Appendf(nil, "%s.%d.", id, timestamp), body...)
		matches = func(signature string) bool {
			encoded, ok := strings.CutPrefix(signature, "v1a,")
			decoded, err := base64.StdEncoding.DecodeString(encoded)
			return ok && err == nil && ed25519.Verify(public, message, decoded)
		}
	} else {
		if _, _, err := key.StandardKey(); err != nil {
			return fmt.Errorf("%w: it %w", errSecret, err)
		}
		want := []byte(SignStandard(secret, id, timestamp, body))
		matches = func(signature string) bool { return hmac.Equal([]byte(signature), want) }
	}
	for signature := range strings.FieldsSeq(header.Get(HeaderStandardSignature)) {
		if matches(signature) {
			return nil
		}
	}
	return fmt.Errorf("%s: %w", HeaderStandardSignature, ErrMismatch)
}
