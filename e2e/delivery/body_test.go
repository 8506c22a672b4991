package delivery

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"hookline/e2e"
	"hookline/internal/receiver"
)

// moment matches what JavaScript's Date.toJSON prints.
const moment = `\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z`

// A delivery of the default form, byte for byte, and all of its headers.
func TestDelivery(t *testing.T) {
	t.Parallel()
	db, signed, unsigned := e2e.NewDatabase(t), e2e.NewInbox(t), e2e.NewInboxWith(t, "")
	db.Exec(e2e.WebhooksSQL)
	db.Exec(`CREATE TABLE people (
		id text PRIMARY KEY, first_name text, last_name text, email text, created_at timestamptz, created_by text)`)
	db.AddWebhook(signed, "person.created")
	db.AddWebhook(unsigned, "*.*")
	sut := e2e.Start(t, db).Until("active")
	db.Exec(
		`INSERT INTO people VALUES ('abc12345', 'Alice', 'Doe', 'alice@example.com', '2025-02-10 16:30:45+01', 'user_123')`)
	committed := time.Now()
	created := e2e.Entry{Event: "person.created", Record: "abc12345"}
	e2e.Finish(t, sut, signed.Gets(created), unsigned.Gets(created))

	got := signed.All()[0]
	const start = `{"event":"person.created","data":{"id":"abc12345","firstName":"Alice","lastName":"Doe",` +
		`"email":"alice@example.com","createdAt":"2025-02-10T15:30:45Z","createdBy":"user_123"},"timestamp":"`
	rest, found := strings.CutPrefix(string(got.Body), start)
	if !found {
		t.Fatalf("body is\n%s\nwant it to start with\n%s", got.Body, start)
	}
	end := regexp.MustCompile(`^(` + moment +
		`)","id":"(evt_[0-9a-f]{8}_[0-9a-f]{16}_0)","key":{"id":"abc12345"}}$`).FindStringSubmatch(rest)
	if end == nil {
		t.Fatalf("body ends with %s", rest)
	}
	if at, err := time.Parse(time.RFC3339, end[1]); err != nil ||
		committed.Sub(at).Abs() > e2e.Patience {
		t.Errorf("timestamp %s, %v; committed at %s", end[1], err, committed)
	}
	id := end[2]
	wantHeaders(t, got, map[string]string{
		"Content-Type":       `application/json`,
		"User-Agent":         `hookline/` + regexp.QuoteMeta(e2e.Version),
		"Webhook-Id":         id,
		"X-Hookline-Attempt": `1`,

		"X-Twenty-Webhook-Timestamp": `\d{13}`,
		"X-Twenty-Webhook-Signature": `[0-9a-f]{64}`,
		"X-Twenty-Webhook-Nonce":     `[0-9a-f]{32}`,
		"Webhook-Timestamp":          `\d{10}`,
		"Webhook-Signature":          `v1,[0-9A-Za-z+/]{43}=`,

		"Content-Length": strconv.Itoa(len(got.Body)),
	})
	ms, seconds := got.Header.Get("X-Twenty-Webhook-Timestamp"), got.Header.Get("Webhook-Timestamp")
	if twenty := hex.EncodeToString(mac(signed.Secret, ms+":", got.Body)); got.Header.Get(
		"X-Twenty-Webhook-Signature") != twenty {
		t.Errorf("X-Twenty-Webhook-Signature is not %s, the HMAC of %s:<body>", twenty, ms)
	}
	standard := "v1," + base64.StdEncoding.EncodeToString(
		mac(signed.Secret, id+"."+seconds+".", got.Body))
	if got.Header.Get("Webhook-Signature") != standard {
		t.Errorf("webhook-signature is not %s, the HMAC of %s.%s.<body>", standard, id, seconds)
	}
	if ms[:len(seconds)] != seconds {
		t.Errorf("the timestamps differ: %s ms and %s s", ms, seconds)
	}

	plain := unsigned.All()[0]
	if !bytes.Equal(plain.Body, got.Body) {
		t.Errorf("two webhooks get different bodies:\n%s\n%s", got.Body, plain.Body)
	}
	wantHeaders(t, plain, map[string]string{
		"Content-Type": `application/json`, "User-Agent": `hookline/.+`, "Webhook-Id": id,
		"X-Hookline-Attempt": `1`,
		"Content-Length":     `\d+`,
	})
}

func mac(secret, prefix string, body []byte) []byte {
	h := hmac.New(sha256.New, []byte(secret))
	h.Write([]byte(prefix))
	h.Write(body)
	return h.Sum(nil)
}

// wantHeaders checks that the request has headers that match the patterns, and no others.
func wantHeaders(t *testing.T, got receiver.Request, want map[string]string) {
	t.Helper()
	for name, pattern := range want {
		if value := got.Header.Get(name); !regexp.MustCompile("^(?:" + pattern + ")$").MatchString(
			value) {
			t.Errorf("header %s is %q, want %s", name, value, pattern)
		}
	}
	for name := range got.Header {
		if _, wanted := want[name]; !wanted {
			t.Errorf("unexpected header %s", name)
		}
	}
}

// One life of a person, in each of the forms that a body can have.
func TestFormats(t *testing.T) {
	t.Parallel()
	db := e2e.NewTwenty(t)
	apple := db.Apple()
	formats := []string{"event", "twenty", "standard", "cloudevents", "cloudevents-binary"}
	boxes := map[string]*e2e.Inbox{}
	db.SetUp() // makes hookline.webhook
	for i, format := range formats {
		box := e2e.NewInbox(t)
		boxes[format] = box
		db.Exec(
			`INSERT INTO hookline.webhook (id, workspace_id, url, secret, format) VALUES ($1, $2, $3, $4, $5)`,
			"00000000-0000-4000-8000-00000000000"+strconv.Itoa(i), apple.ID, box.URL(), box.Secret, format)
		box.ValidatesPayload(db.Database, format)
	}
	sut := e2e.Start(t, db.Database, "HOOKLINE_TWENTY_WEBHOOKS=none").Until("active")

	const ada = "3c9f2f63-9ab0-4d1c-8f0e-6f0c5e1d2b3a"
	db.Exec(`SET search_path = ` + apple.Schema + `, public`)
	db.Exec(`INSERT INTO person (
			id, "nameFirstName", "nameLastName", "emailsPrimaryEmail", "emailsAdditionalEmails", "jobTitle",
			  position)
		VALUES (
			$1, 'Ada', 'Lovelace "Byron" <née>', 'ada@example.com', '["a@example.com", "l@example.com"]', E'Analyst\n\u2028', 1.5)`, ada)
	db.Exec(
		`UPDATE person SET "jobTitle" = 'First programmer', "phonesPrimaryPhoneNumber" = '020 7946 0018' WHERE id = $1`, ada)
	db.Exec(`UPDATE person SET "deletedAt" = '2026-01-02 03:04:05.678+00' WHERE id = $1`, ada)
	db.Exec(`UPDATE person SET "deletedAt" = NULL WHERE id = $1`, ada)
	db.Exec(`UPDATE person SET "deletedAt" = '2026-01-02 03:04:05.678+00' WHERE id = $1`, ada)
	db.Exec(`DELETE FROM person WHERE id = $1`, ada)

	var want []e2e.Delivery
	for _, format := range formats {
		var entries []e2e.Entry
		for _, action := range []string{
			"created", "updated", "deleted", "restored", "deleted",
			"destroyed",
		} {
			e := apple.Did("person."+action, ada)
			if format == "standard" {
				e.Workspace = "" // which that format does not tell
			}
			entries = append(entries, e)
		}
		want = append(want, boxes[format].Gets(entries...))
	}
	e2e.Finish(t, sut, want...)
	for _, format := range formats {
		var text bytes.Buffer
		for _, r := range boxes[format].All() {
			text.Write(masked(r.Body))
			text.WriteByte('\n')
		}
		file := format + ".jsonl"
		if format == "cloudevents-binary" { // whose body is that of the format event
			file = "event.jsonl"
		}
		golden(t, filepath.Join("testdata", file), text.Bytes())
	}
}

// volatile is what differs from run to run.
var volatile = map[string]*regexp.Regexp{
	`"evt_DATABASE_LSN_$1"`:         regexp.MustCompile(`"evt_[0-9a-f]{8}_[0-9a-f]{16}_(\d+)"`),
	`"timestamp":"COMMIT"`:          regexp.MustCompile(`"timestamp":"` + moment + `"`),
	`"time":"COMMIT"`:               regexp.MustCompile(`"time":"` + moment + `"`),
	`"urn:hookline:DATABASE"`:       regexp.MustCompile(`"urn:hookline:[0-9a-f]{8}"`),
	`"eventDate":"COMMIT"`:          regexp.MustCompile(`"eventDate":"` + moment + `"`),
	`"${1}At":"NOW"`:                regexp.MustCompile(`"(created|updated)At":"` + moment + `"`),
	`"targetUrl":"URL"`:             regexp.MustCompile(`"targetUrl":"http://127\.0\.0\.1:\d+/hook"`),
	`"objectMetadata":{"id":"UUID"`: regexp.MustCompile(`"objectMetadata":{"id":"[0-9a-f-]{36}"`),
}

func masked(body []byte) []byte {
	for mask, pattern := range volatile {
		body = pattern.ReplaceAll(body, []byte(mask))
	}
	return body
}

// golden compares with a file, or writes it when the test runs with -update.
func golden(t *testing.T, file string, got []byte) {
	t.Helper()
	if *e2e.Update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s: got\n%s\nwant\n%s", file, got, want)
	}
}
