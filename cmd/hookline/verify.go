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
	if err := c.check(header, body); err != nil {
		return err
	}
	fmt.Println("The signature is right.")
	return nil
}

// check verifies every signature that the headers carry, and wants at least one.
func (c *verifyCommand) check(header http.Header, body []byte) error {
	tolerance := c.Tolerance
	if tolerance == 0 {
		tolerance = -1 // leave the age alone
	}
	twenty, standard := header.Get(sender.HeaderSignature) != "", header.Get(sender.HeaderStandardSignature) != ""
	if !twenty && !standard {
		return errors.New("no signature: give --signature and --timestamp, or the headers with -H")
	}
	now := time.Now()
	if twenty {
		if err := sender.Verify(c.Secret, header, body, now, tolerance); err != nil {
			return err
		}
	}
	if standard {
		return sender.VerifyStandard(c.Secret, header, body, now, tolerance)
	}
	return nil
}
