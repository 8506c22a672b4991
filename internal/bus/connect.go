package bus

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// ErrAway says that the bus cannot be reached, or does not answer, at present.
var ErrAway = errors.New("the bus is away")

// Meanwhile says what happens until NATS answers again, and what is to be done.
const Meanwhile = "nothing new is delivered meanwhile, and nothing is lost: the slot keeps what " +
	"is committed, which costs WAL on the database's disk, and the stream what it has; " +
	"it goes on by itself once NATS is there"

const (
	connectLimit = 5 * time.Second // for a connection, and for one answer
	firstPause   = 100 * time.Millisecond
	lastPause    = 2 * time.Second
)

// Bus is a connection to NATS, which is made anew when it breaks. Safe for concurrent use.
type Bus struct {
	cfg Config
	log *slog.Logger
	nc  *nats.Conn
	js  jetstream.JetStream
}

// Connect returns a connection to a server that has JetStream for this account. The error wraps
// ErrAway where trying again may help, and is a *cdc.Blocked else. It shows no password.
func Connect(ctx context.Context, cfg Config, log *slog.Logger) (*Bus, error) {
	if cfg.Lease == 0 {
		cfg.Lease = defaultLease
	}
	b := &Bus{cfg: cfg, log: log}
	options := []nats.Option{
		nats.Name("hookline " + cfg.Name), nats.Timeout(connectLimit), nats.MaxReconnects(-1),
		// Whatever is published while the connection is away fails, rather than be sent later, in
		// an order that nobody knows.
		nats.ReconnectBufSize(-1),
		nats.ReconnectWait(firstPause), nats.PingInterval(5 * time.Second), nats.MaxPingsOutstanding(2),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if err != nil {
				log.Warn("the connection to the bus is lost, connecting again", "error", err)
			}
		}),
		nats.ReconnectHandler(func(*nats.Conn) { log.Info("connected to the bus again") }),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			log.Debug("the bus reports an error", "error", err)
		}),
	}
	if cfg.Credentials != "" {
		options = append(options, nats.UserCredentials(cfg.Credentials))
	}
	var err error
	if b.nc, err = nats.Connect(cfg.URL, options...); err != nil {
		return nil, explain(cfg, err)
	}
	if b.js, err = b.jetstream(); err == nil {
		_, err = b.js.AccountInfo(ctx)
	}
	if err != nil {
		b.nc.Close()
		return nil, explain(cfg, err)
	}
	return b, nil
}

func (b *Bus) jetstream(options ...jetstream.JetStreamOpt) (jetstream.JetStream, error) {
	return jetstream.New(b.nc, append(options, jetstream.WithDefaultTimeout(connectLimit))...)
}

// Connected reports whether there is a connection now.
func (b *Bus) Connected() bool { return b.nc.IsConnected() }

// Close gives what was said last a moment to get out, and ends the connection.
func (b *Bus) Close() {
	_ = b.nc.FlushTimeout(time.Second) // what is lost by it comes again
	b.nc.Close()
}

// explain says what is wrong with the connection, and what is to be done.
func explain(cfg Config, err error) error {
	where := Hosts(cfg.URL)
	switch {
	case errors.Is(err, nats.ErrAuthorization), errors.Is(err, nats.ErrAuthExpired),
		errors.Is(err, nats.ErrAuthRevoked), errors.Is(err, nats.ErrAccountAuthExpired),
		strings.Contains(strings.ToLower(err.Error()), "authorization violation"):
		return blocked(fmt.Sprintf("NATS at %s does not let Hookline in: %v", where, err),
			"set user and password in HOOKLINE_NATS_URL, or HOOKLINE_NATS_CREDENTIALS")
	case errors.Is(err, jetstream.ErrJetStreamNotEnabled):
		return blocked(fmt.Sprintf("NATS at %s has no JetStream", where),
			"start its servers with -js, or jetstream { store_dir: … } in their configuration")
	case errors.Is(err, jetstream.ErrJetStreamNotEnabledForAccount):
		return blocked(fmt.Sprintf("JetStream is off for the account of Hookline's user in NATS at %s",
			where),
			"is it the right user? Else enable JetStream for its account")
	case errors.Is(err, nats.ErrNoServers), errors.Is(err, nats.ErrTimeout),
		errors.Is(err, context.DeadlineExceeded):
	default:
		if _, parse := errors.AsType[*url.Error](err); parse {
			err = errors.New("the URL cannot be read") // it may quote a password
		}
	}
	return fmt.Errorf("%w: NATS at %s, HOOKLINE_NATS_URL: %w", ErrAway, where, err)
}

// Hosts returns the servers of a URL without users and passwords.
func Hosts(list string) string {
	var found []string
	for server := range strings.SplitSeq(list, ",") {
		_, host, _ := strings.Cut("//"+strings.TrimSpace(server), "//")
		if _, after, has := strings.Cut(host, "//"); has {
			host = after
		}
		if i := strings.LastIndexByte(host, '@'); i >= 0 {
			host = host[i+1:]
		}
		found = append(found, host)
	}
	return strings.Join(found, ",")
}

// away marks err with ErrAway.
func away(err error) error { return fmt.Errorf("%w: %w", ErrAway, err) }
