package https

import (
	"crypto/tls"
	"net/http"
	"net/url"

	"hookline/sender/http1"
	"hookline/sender/http2"
)

// Target is where requests go, and what is the same in all of them, by either protocol. It is
// immutable.
type Target struct {
	address string // what to dial
	tls     *tls.Config
	key     string // what it shares connections with
	http1   *http1.Target
	http2   *http2.Target
}

// NewTarget returns the target of POSTs to a URL that all have the given header. It shares
// connections with those of the same address and owner alone, which have the same identity: what
// handshakes are made with in place of Config.TLS, unless it is nil. It returns an error unless
// they would be requests, and one each.
func NewTarget(
	u *url.URL, header http.Header, owner string, identity *tls.Config,
) (*Target, error) {
	one, err := http1.NewTarget(u, header, owner)
	if err != nil {
		return nil, err
	}
	address := http1.Address(u)
	return &Target{
		address: address, tls: identity, key: address + owner,
		http1: one, http2: http2.NewTarget(u, header),
	}, nil
}
