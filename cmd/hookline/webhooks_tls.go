package main

import (
	"fmt"
	"io"
	"os"

	"hookline/webhook"
)

// webhookTLS are the flags that say how a receiver is known over TLS, and told who calls.
type webhookTLS struct {
	CA                *string `name:"ca" clears:"" placeholder:"FILE" help:"Certificates of the authorities by which its receiver is known, in PEM; empty for the system's."`
	ClientCertificate *string `clears:"" placeholder:"FILE" help:"The certificate that is shown to its receiver, in PEM, and those between it and an authority."`
	ClientKey         *string `clears:"" placeholder:"FILE" help:"The private key of that certificate, in PEM."`
}

// said reports whether anything is.
func (c *webhookTLS) said() bool { return *c != webhookTLS{} }

// tls fills in what the files hold.
func (c *webhookTLS) tls(s *webhook.Settings) (err error) {
	read := func(flag string, file *string) *string {
		if file == nil || *file == "" || err != nil {
			return file
		}
		text, failed := readPEM(*file)
		if failed != nil {
			err = fmt.Errorf("%s: %w", flag, failed)
		}
		return &text
	}
	s.TLSSettings = webhook.TLSSettings{
		CA:                read("--ca", c.CA),
		ClientCertificate: read("--client-certificate", c.ClientCertificate),
		ClientKey:         (*webhook.Secret)(read("--client-key", c.ClientKey)),
	}
	return err
}

// readPEM reads a file of certificates, or of a key, which is not empty.
func readPEM(name string) (string, error) {
	file, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer func() { _ = file.Close() }()
	text, err := io.ReadAll(io.LimitReader(file, webhook.MostPEM+1))
	if err == nil && len(text) == 0 {
		err = fmt.Errorf("%s: is empty", name)
	}
	return string(text), err
}
