// Command receiver is a receiver in Go, without packages: WEBHOOK_SECRET=… go run .
package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strconv"
	"sync"
	"time"
)

const (
	maxBody = 16 << 20
	maxAge  = 5 * time.Minute
)

// verified reports whether a request was signed with the secret, and lately. The body must be the
// bytes as they came, before any JSON parser.
func verified(secret string, header http.Header, body []byte) bool {
	timestamp := header.Get("X-Twenty-Webhook-Timestamp")
	ms, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil || time.Since(time.UnixMilli(ms)).Abs() > maxAge {
		return false
	}
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(timestamp + ":"))
	mac.Write(body)
	got, err := hex.DecodeString(header.Get("X-Twenty-Webhook-Signature"))
	return err == nil && hmac.Equal(got, mac.Sum(nil))
}

// seen has the ids of the last events. Where it matters, keep them in the database, and write one
// in the transaction that does what its event asks for.
type seen struct {
	mu    sync.Mutex
	ids   map[string]bool
	order []string // as they came
}

func (s *seen) isNew(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ids[id] {
		return false
	}
	s.ids[id] = true
	if s.order = append(s.order, id); len(s.order) > 10_000 {
		delete(s.ids, s.order[0])
		s.order = s.order[1:]
	}
	return true
}

type receiver struct {
	secret string
	seen   seen
}

func (rc *receiver) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	switch {
	case r.Method != http.MethodPost:
		w.WriteHeader(http.StatusMethodNotAllowed)
	case err != nil:
		w.WriteHeader(http.StatusRequestEntityTooLarge)
	case !verified(rc.secret, r.Header, body):
		w.WriteHeader(http.StatusUnauthorized)
	default:
		var event struct {
			Event string          `json:"event"`
			Key   json.RawMessage `json:"key"`
		}
		if err := json.Unmarshal(body, &event); err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		if id := r.Header.Get("Webhook-Id"); rc.seen.isNew(id) {
			fmt.Println(id, event.Event, string(event.Key))
		}
		// Only once what came is safe: nothing that was answered 2xx is sent again.
		w.WriteHeader(http.StatusOK)
	}
}

func main() {
	secret, addr := os.Getenv("WEBHOOK_SECRET"), os.Getenv("ADDR")
	if secret == "" {
		log.Fatal("WEBHOOK_SECRET is not set: it has to be the secret of the webhook")
	}
	if addr == "" {
		addr = "127.0.0.1:8080"
	}
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("listening on", listener.Addr())
	server := http.Server{
		Handler:           &receiver{secret: secret, seen: seen{ids: map[string]bool{}}},
		ReadHeaderTimeout: 10 * time.Second,
	}
	log.Fatal(server.Serve(listener))
}
