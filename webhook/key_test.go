package webhook

import (
	"strings"
	"testing"
)

// What the libraries of Standard Webhooks make of a secret, tried with version 1.1.1 of the one for
// JavaScript, 0.0.1 of that for Go, and the one for Python: where those that take it at all agree
// on a key, it is ours as well, and where one would make another key, or none takes it, there is
// none.
func TestStandardKey(t *testing.T) {
	for secret, want := range map[string]struct{ key, err string }{
		"whsec_c2VjcmV0":       {key: "secret"},
		"whsec_c2VjcmV0MQ==":   {key: "secret1"},
		"whsec_c2VjcmV0MQ":     {key: "secret1"},
		"whsec_c2VjcmV0MQ=":    {key: "secret1"},
		"whsec_+/+/":           {key: "\xfb\xff\xbf"},
		"whsec_c2VjcmV0\n":     {key: "secret"},
		"whsec_c2VjcmV0 ":      {key: "secret"},
		"whsec_c2VjcmV0MQ==\n": {key: "secret1"},
		"c2VjcmV0":             {key: "c2VjcmV0"},
		"gr\u00fcn":            {key: "gr\u00fcn"},
		" own text ":           {key: " own text "},

		"whsec_-_-_":          {err: "write + for each -"},
		"v1,whsec_c2VjcmV0":   {err: "take v1, away"},
		" v1,whsec_c2VjcmV0":  {err: "take v1, away"},
		" whsec_c2VjcmV0":     {err: "blank before whsec_"},
		"whsec_":              {err: "no key"},
		"whsec_==":            {err: "no key"},
		"whsec_c2Vjc":         {err: "not base64"},
		"whsec_c2V jcmV0":     {err: "not base64"},
		"whsec_c2V\njcmV0":    {err: "not base64"},
		"whsec_gr\u00fcn":     {err: "not base64"},
		"whsec_my-secret+key": {err: "not base64"},
	} {
		key, encoded, err := Secret(secret).StandardKey()
		if want.err == "" && (err != nil || string(key) != want.key ||
			encoded != strings.HasPrefix(secret, "whsec_")) {
			t.Errorf("%q: key %q, decoded %t, %v; want %q", secret, key, encoded, err, want.key)
		}
		if want.err != "" && (err == nil || !strings.Contains(err.Error(), want.err) ||
			strings.Contains(err.Error(), "c2V")) {
			t.Errorf("%q: key %q, %v; want none and %q", secret, key, err, want.err)
		}
	}
}
