package admin

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"
)

const (
	sessionCookie = "hookline_session"
	sessionLasts  = 12 * time.Hour
	sessionsMost  = 256

	triesAtOnce = 5                // wrong tokens that one address may send in a row, by the form
	triesAgain  = 10 * time.Second // after which it has one more
	triersMost  = 1024

	// Programs that have an old token ask again and again: they are to lock nobody out.
	requestsAtOnce = 20 // likewise, with requests
	requestsAgain  = time.Second
)

// errWrongToken and ErrTooManyTries are what Access refuses for.
var (
	errWrongToken   = errors.New("this is not the token: it is the value of HOOKLINE_ADMIN_TOKEN")
	ErrTooManyTries = errors.New("too many wrong tokens: wait ten seconds")
)

// errNoToken says that a request comes with nothing that would let it in.
var errNoToken = errors.New("there is no token")

// Access knows who may look: who has the token, or a session that was begun with it. Sessions live
// in memory, so a restart ends them.
// Safe for concurrent use.
type Access struct {
	token string // its hash; "" lets everybody in
	now   func() time.Time

	mu       sync.Mutex
	sessions map[string]session // by hash of the cookie's value
	tries    map[trier]*tries
}

// session lets its browser in until it ends. What is asked within it ends with it.
type session struct {
	ends time.Time
	over context.Context
	end  context.CancelFunc
}

// trier is who tries tokens: an address, by the form or with requests.
type trier struct {
	from     netip.Addr
	requests bool
}

// tries are an address' wrong tokens: so many of late, as of a moment.
type tries struct {
	left float64
	at   time.Time
}

// NewAccess returns an Access that takes a token, or, with "", lets everybody in.
func NewAccess(token Token) *Access {
	a := &Access{now: time.Now, sessions: map[string]session{}, tries: map[trier]*tries{}}
	if token != "" {
		a.token = hashOf(string(token))
	}
	return a
}

// Open reports whether everybody is let in.
func (a *Access) Open() bool { return a.token == "" }

func hashOf(s string) string {
	sum := sha256.Sum256([]byte(s))
	return string(sum[:])
}

// Enter begins a session if the token is right. One address may be wrong a few times only.
func (a *Access) Enter(w http.ResponseWriter, r *http.Request, token string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := a.now()
	t := a.triesOf(trier{from: address(r)}, triesAtOnce, triesAgain, now)
	if err := a.try(t, token); err != nil {
		return err
	}
	id := rand.Text()
	a.begin(hashOf(id), now)
	http.SetCookie(w, &http.Cookie{
		Name: sessionCookie, Value: id, Path: "/", MaxAge: int(sessionLasts / time.Second),
		HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: r.TLS != nil,
	})
	return nil
}

// try reports whether a token is right, to who has a try left.
func (a *Access) try(t *tries, token string) error {
	switch {
	case t.left < 1:
		return ErrTooManyTries
	case !sameHash(hashOf(token), a.token):
		t.left--
		return errWrongToken
	}
	return nil
}

// begin adds a session. When there are too many, the one that ends first makes room.
func (a *Access) begin(id string, now time.Time) {
	first := ""
	for i, s := range a.sessions {
		if !now.Before(s.ends) {
			a.remove(i)
		} else if first == "" || s.ends.Before(a.sessions[first].ends) {
			first = i
		}
	}
	if len(a.sessions) >= sessionsMost {
		a.remove(first)
	}
	over, end := context.WithTimeout(context.Background(), sessionLasts)
	a.sessions[id] = session{now.Add(sessionLasts), over, end}
}

// remove ends a session, if there is one.
func (a *Access) remove(id string) {
	if s, ok := a.sessions[id]; ok {
		s.end()
		delete(a.sessions, id)
	}
}

// triesOf returns what somebody has left, as of now: so many at once, and one more after a while.
func (a *Access) triesOf(who trier, most float64, again time.Duration, now time.Time) *tries {
	t := a.tries[who]
	if t == nil {
		if len(a.tries) >= triersMost {
			clear(a.tries)
		}
		t = &tries{left: most, at: now}
		a.tries[who] = t
	}
	t.left = min(most, t.left+float64(now.Sub(t.at))/float64(again))
	t.at = now
	return t
}

// address is where a request comes from; of IPv6 the network, which one party has for itself.
func address(r *http.Request) netip.Addr {
	host, _, _ := net.SplitHostPort(r.RemoteAddr)
	ip, err := netip.ParseAddr(host)
	if err != nil || ip.Unmap().Is4() {
		return ip.Unmap()
	}
	network, _ := ip.WithZone("").Prefix(64)
	return network.Addr()
}

// Leave ends the session of a request.
func (a *Access) Leave(w http.ResponseWriter, r *http.Request) {
	if cookie, err := r.Cookie(sessionCookie); err == nil {
		a.mu.Lock()
		a.remove(hashOf(cookie.Value))
		a.mu.Unlock()
	}
	http.SetCookie(w, &http.Cookie{
		Name:     sessionCookie,
		Path:     "/",
		MaxAge:   -1,
		HttpOnly: true,
		SameSite: http.SameSiteStrictMode,
		Secure:   r.TLS != nil,
	})
}

// admit lets a request in that comes with the token, or belongs to a session: then over ends with
// that, and is nil otherwise. One address may send wrong tokens a few times only.
func (a *Access) admit(r *http.Request) (over context.Context, err error) {
	if a.Open() {
		return nil, nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if token := tokenOf(r); token != "" {
		who := trier{from: address(r), requests: true}
		return nil, a.try(a.triesOf(who, requestsAtOnce, requestsAgain, a.now()), token)
	}
	cookie, err := r.Cookie(sessionCookie)
	if err != nil {
		return nil, errNoToken
	}
	s, known := a.sessions[hashOf(cookie.Value)]
	if !known || !a.now().Before(s.ends) {
		return nil, errNoToken
	}
	return s.over, nil
}
