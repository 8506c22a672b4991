package webhook

import (
	"encoding/base64"
	"errors"
	"strings"
)

// keyPrefix begins a secret that holds its key in base64.
//
// https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#signature-scheme
const keyPrefix = "whsec_"

// StandardKey returns the key of the Standard Webhooks signature: what follows whsec_, decoded as
// the libraries of Standard Webhooks decode it. Its padding may be missing, and a blank or line
// break may be behind it; the secret's own bytes when it is not of that form. encoded tells which.
// The error says, without the secret, why libraries would not take it, or would make another key of
// it.
func (s Secret) StandardKey() (key []byte, encoded bool, err error) {
	text, encoded := strings.CutPrefix(string(s), keyPrefix)
	switch begins := strings.TrimSpace(string(s)); {
	case strings.HasPrefix(begins, "v1,"+keyPrefix):
		return nil, false,
			errors.New(
				"begins with v1, before whsec_, which libraries of Standard Webhooks do not take: take v1, " +
					"away")
	case !encoded && strings.HasPrefix(begins, keyPrefix):
		return nil, false, errors.New("has a blank before whsec_: take that away")
	case !encoded:
		return []byte(s), false, nil
	}
	text = strings.TrimRight(strings.TrimRight(text, " \t\r\n"), "=")
	if text == "" {
		return nil, true, errors.New("has no key behind whsec_")
	}
	if !strings.ContainsAny(text, "\r\n") { // package base64 passes over them
		if key, err = base64.RawStdEncoding.DecodeString(text); err == nil {
			return key, true, nil
		}
	}
	if strings.ContainsAny(text, "-_") && !strings.ContainsAny(text, "+/") {
		return nil, true, errors.New(
			"has base64 of the URL-safe kind behind whsec_, which libraries of Standard Webhooks do not " +
				"take: " +
				"write + for each - in it, and / for each _",
		)
	}
	return nil, true, errors.New(
		"is not base64 behind whsec_: correct it, or take whsec_ away to sign with its text")
}
