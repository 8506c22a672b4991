package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"hookline/sender"
	"hookline/webhook"
)

type verifyCommand struct {
	Secret    string        `required:"" env:"WEBHOOK_SECRET" help:"The webhook's secret."`
	Timestamp string        `help:"Value of X-Twenty-Webhook-Timestamp."`
	Signature string        `help:"Value of X-Twenty-Webhook-Signature."`
	Header    []string      `short:"H" sep:"none" help:"A header as it came, 'Name: value'; may be given several times."`
	Tolerance time.Duration `help:"How old the timestamp may be. Its age is not checked by default."`
	Body      string        `arg:"" optional:"" default:"-" help:"File that holds the body's exact bytes; - is standard input."`
}

func (c *verifyCommand) Run() error {
	header := http.Header{}
	for _, line := range c.Header {
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			return fmt.Errorf("header %q: want 'Name: value'", line)
		}
		header.Set(strings.TrimSpace(name), strings.TrimSpace(value))
	}
	if c.Timestamp != "" {
		header.Set(sender.HeaderTimestamp, c.Timestamp)
	}
	if c.Signature != "" {
		header.Set(sender.HeaderSignature, c.Signature)
	}
	var body []byte
	var err error
	if c.Body == "-" {
		body, err = io.ReadAll(os.Stdin)
	} else {
		body, err = os.ReadFile(c.Body)
	}
	if err != nil {
		return fmt.Errorf("read the body: %w", err)
	}
	used, err := c.check(header, body)
	if err != nil {
		return err
	}
	fmt.Println("The signature is right.")
	for _, line := range used {
		fmt.Println(line)
	}
	return nil
}

// check verifies every signature that the headers carry, and wants at least one. It tells which key
// each was made with.
func (c *verifyCommand) check(header http.Header, body []byte) (used []string, err error) {
	tolerance := c.Tolerance
	if tolerance == 0 {
		tolerance = -1 // leave the age alone
	}
	twenty, standard := header.Get(sender.HeaderSignature) != "", header.Get(sender.HeaderStandardSignature) != ""
	if !twenty && !standard {
		return nil, errors.New("no signature: give --signature and --timestamp, or the headers with -H")
	}
	now := time.Now()
	if twenty {
		if err := sender.Verify(c.Secret, header, body, now, tolerance); err != nil {
			return nil, err
		}
		used = append(used, fmt.Sprintf("%s: its key is the secret's own text, %d bytes.", sender.HeaderSignature, len(c.Secret)))
	}
	if standard {
		if err := sender.VerifyStandard(c.Secret, header, body, now, tolerance); err != nil {
			return nil, err
		}
		key, encoded, _ := webhook.Secret(c.Secret).StandardKey()
		what := "the secret's own text; a library of Standard Webhooks would want whsec_ and base64"
		if encoded {
			what = "what follows whsec_, decoded from base64"
		}
		used = append(used, fmt.Sprintf("%s: its key is %s, %d bytes.", sender.HeaderStandardSignature, what, len(key)))
	}
	return used, nil
}
