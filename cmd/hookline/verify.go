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
	Header    []string      `short:"H" sep:"none" help:"${verify_header}"`
	Tolerance time.Duration `help:"How old the timestamp may be. Its age is not checked by default."`
	jsonFlag
	Body string `arg:"" optional:"" default:"-" help:"File of the exact body; - is standard input."`
}

// Validate refuses what cannot be meant.
func (c *verifyCommand) Validate() error {
	if c.Tolerance < 0 {
		return fmt.Errorf("--tolerance %s: want a time such as 5m", c.Tolerance)
	}
	for _, line := range c.Header {
		if name, _, ok := strings.Cut(line, ":"); !ok || strings.TrimSpace(name) == "" {
			return fmt.Errorf("--header %q: want 'Name: value'", line)
		}
	}
	return nil
}

func (c *verifyCommand) Run() error {
	header := http.Header{}
	for _, line := range c.Header {
		name, value, _ := strings.Cut(line, ":")
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
	if c.JSON {
		result := verified{Right: err == nil, Keys: append([]string{}, used...)}
		if err != nil {
			result.Reason = err.Error()
		}
		return errors.Join(printJSON(os.Stdout, result), err)
	}
	if err != nil {
		return err
	}
	fmt.Println("The signature is right.")
	for _, line := range used {
		fmt.Println(line)
	}
	return nil
}

// verified is what verify prints.
type verified struct {
	Right  bool     `json:"right"`
	Reason string   `json:"reason,omitempty"` // why not
	Keys   []string `json:"keys"`             // which key each signature was made with
}

// check verifies every signature that the headers carry, and wants at least one. It tells which key
// each was made with. While a secret is being replaced there are two of Standard Webhooks, and one
// of Twenty's that is of the secret before: then those of Standard Webhooks decide.
func (c *verifyCommand) check(header http.Header, body []byte) (used []string, err error) {
	tolerance := c.Tolerance
	if tolerance == 0 {
		tolerance = -1 // leave the age alone
	}
	twenty := header.Get(sender.HeaderSignature) != ""
	standard := header.Get(sender.HeaderStandardSignature) != ""
	if !twenty && !standard {
		return nil, errors.New("no signature: give --signature and --timestamp, or the headers with -H")
	}
	now := time.Now()
	rotating := len(strings.Fields(header.Get(sender.HeaderStandardSignature))) > 1
	if webhook.Secret(c.Secret).IsKeyPair() { // which makes no signature of Twenty's
		if err := sender.VerifyStandard(c.Secret, header, body, now, tolerance); err != nil {
			return nil, err
		}
		return []string{sender.HeaderStandardSignature + ": ed25519, checked with the public key."}, nil
	}
	if twenty {
		err := sender.Verify(c.Secret, header, body, now, tolerance)
		if errors.Is(err, sender.ErrMismatch) && rotating {
			used = append(used, sender.HeaderSignature+
				": not of this secret, but of the one before a rotation.")
			twenty = false
		} else if err != nil {
			return nil, err
		}
	}
	if twenty {
		used = append(used, fmt.Sprintf("%s: its key is the secret's own text, %d bytes.",
			sender.HeaderSignature, len(c.Secret)))
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
		used = append(used, fmt.Sprintf("%s: its key is %s, %d bytes.", sender.HeaderStandardSignature,
			what, len(key)))
	}
	return used, nil
}
