package console

import (
	"fmt"
	"net/url"
	"strings"

	"hookline/admin/api"
	"hookline/webhook"
)

// tlsOf reads how the receiver is to be known over TLS, and told who calls. What is left empty
// stays as it is: a form shows no certificate, and never a key.
func tlsOf(form url.Values, s *api.WebhookSettings) (err error) {
	if s.CA, err = pemOf(form, "ca", "no-ca"); err != nil {
		return err
	}
	if s.ClientCertificate, err = pemOf(form, "client_certificate", "no-client"); err != nil {
		return err
	}
	s.ClientKey, err = pemOf(form, "client_key", "no-client")
	return err
}

// pemOf reads a text in PEM, "" when there is to be none, nil when that stays as it is. The error
// tells nothing of the text.
func pemOf(form url.Values, name, none string) (*string, error) {
	text := strings.TrimSpace(strings.ReplaceAll(form.Get(name), "\r\n", "\n"))
	switch {
	case form.Get(none) != "" && text != "":
		return nil, api.Wrong{Why: name + ": is given, and there is to be none: one of both"}
	case form.Get(none) != "":
		return new(string), nil
	case text == "":
		return nil, nil
	case len(text) >= webhook.MostPEM:
		return nil, api.Wrong{Why: fmt.Sprintf("%s: has %d bytes, want at most %d", name, len(text)+1,
			webhook.MostPEM)}
	}
	text += "\n"
	return &text, nil
}
