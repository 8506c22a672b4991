package sender

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
)

// blockedError says that an address was not dialled.
type blockedError struct {
	Addr netip.Addr
	Why  string // what kind of address it is
}

func (e *blockedError) Error() string {
	return fmt.Sprintf("address %s is refused (%s); HOOKLINE_ALLOW_ADDRESSES can allow it", e.Addr,
		e.Why)
}

const (
	linkLocal = "link-local"
	metadata  = "cloud metadata"
)

// special are the ranges that are not the public internet's, narrow ones before the wide ones
// around them.
//
// https://www.iana.org/assignments/iana-ipv4-special-registry
// https://www.iana.org/assignments/iana-ipv6-special-registry
var special = []struct {
	prefix netip.Prefix
	why    string
}{
	{
		netip.MustParsePrefix("169.254.169.254/32"),
		metadata,
	}, // AWS, Azure, Google Cloud and many others
	{netip.MustParsePrefix("169.254.170.2/32"), metadata},   // AWS ECS
	{netip.MustParsePrefix("168.63.129.16/32"), metadata},   // Azure
	{netip.MustParsePrefix("100.100.100.200/32"), metadata}, // Alibaba Cloud
	{netip.MustParsePrefix("192.0.0.192/32"), metadata},     // Oracle Cloud
	{netip.MustParsePrefix("fd00:ec2::254/128"), metadata},  // AWS
	{netip.MustParsePrefix("fd20:ce::254/128"), metadata},   // Google Cloud

	{netip.MustParsePrefix("0.0.0.0/32"), "unspecified"},
	{netip.MustParsePrefix("0.0.0.0/8"), "this network"},
	{netip.MustParsePrefix("10.0.0.0/8"), "private"},
	{netip.MustParsePrefix("100.64.0.0/10"), "shared, carrier-grade NAT"},
	{netip.MustParsePrefix("127.0.0.0/8"), "loopback"},
	{netip.MustParsePrefix("169.254.0.0/16"), linkLocal},
	{netip.MustParsePrefix("172.16.0.0/12"), "private"},
	{netip.MustParsePrefix("192.0.0.0/24"), "IETF protocol assignments"},
	{netip.MustParsePrefix("192.0.2.0/24"), "documentation"},
	{netip.MustParsePrefix("192.168.0.0/16"), "private"},
	{netip.MustParsePrefix("198.18.0.0/15"), "benchmarking"},
	{netip.MustParsePrefix("198.51.100.0/24"), "documentation"},
	{netip.MustParsePrefix("203.0.113.0/24"), "documentation"},
	{netip.MustParsePrefix("224.0.0.0/4"), "multicast"},
	{netip.MustParsePrefix("255.255.255.255/32"), "broadcast"},
	{netip.MustParsePrefix("240.0.0.0/4"), "reserved"},

	{netip.MustParsePrefix("::/128"), "unspecified"},
	{netip.MustParsePrefix("::1/128"), "loopback"},
	{
		netip.MustParsePrefix("64:ff9b:1::/48"),
		"local-use NAT64",
	}, // where in it the IPv4 address stands is known to the network only
	{netip.MustParsePrefix("100::/64"), "discard"},
	{netip.MustParsePrefix("2001:db8::/32"), "documentation"},
	{netip.MustParsePrefix("3fff::/20"), "documentation"},
	{netip.MustParsePrefix("fc00::/7"), "private"},
	{netip.MustParsePrefix("fe80::/10"), linkLocal},
	{netip.MustParsePrefix("fec0::/10"), "site-local"},
	{netip.MustParsePrefix("ff00::/8"), "multicast"},
}

func kind(a netip.Addr) string {
	for _, s := range special {
		if s.prefix.Contains(a) {
			return s.why
		}
	}
	return ""
}

var (
	compatible = netip.MustParsePrefix("::/96")        // RFC 4291
	nat64      = netip.MustParsePrefix("64:ff9b::/96") // RFC 6052
	sixToFour  = netip.MustParsePrefix("2002::/16")    // RFC 3056
	teredo     = netip.MustParsePrefix("2001::/32")    // RFC 4380
)

// carried returns the IPv4 addresses that packets to an IPv6 address end at, or pass, by way of a
// translator or a tunnel.
func carried(a netip.Addr) []netip.Addr {
	b := a.As16()
	at := func(i int) netip.Addr { return netip.AddrFrom4([4]byte(b[i : i+4])) }
	switch {
	case compatible.Contains(a), nat64.Contains(a):
		return []netip.Addr{at(12)}
	case sixToFour.Contains(a):
		return []netip.Addr{at(2)}
	case teredo.Contains(a): // the server, and the client with its bits flipped
		for i := 12; i < 16; i++ {
			b[i] = ^b[i]
		}
		return []netip.Addr{at(4), at(12)}
	}
	return nil
}

// guard decides which addresses may be dialled: public ones, and those it was told to allow. It is
// immutable.
type guard struct {
	all      bool
	prefixes []netip.Prefix
	hosts    []string
}

// newGuard reads a list as in Config.AllowAddresses.
func newGuard(allow []string) (*guard, error) {
	g := &guard{}
	for _, entry := range allow {
		if entry == "*" {
			g.all = true
		} else if a, err := netip.ParseAddr(entry); err == nil && a.Zone() == "" {
			a = a.Unmap()
			g.prefixes = append(g.prefixes, netip.PrefixFrom(a, a.BitLen()))
		} else if p, err := netip.ParsePrefix(entry); err == nil && !p.Addr().Is4In6() {
			g.prefixes = append(g.prefixes, p.Masked())
		} else if host := hostName(entry); isHostName(host) {
			g.hosts = append(g.hosts, host)
		} else {
			return nil, fmt.Errorf(
				"AllowAddresses %q: want an IP address, a CIDR range, a host name without scheme and port, "+
					"or *",
				entry,
			)
		}
	}
	return g, nil
}

// hostName returns the form of a host name that two spellings of it share.
func hostName(s string) string { return strings.ToLower(strings.TrimSuffix(s, ".")) }

// isHostName reports whether s can be a host name rather than a mistyped address. Underscores are
// common in the names of containers.
func isHostName(s string) bool {
	labels := strings.Split(s, ".")
	for _, label := range labels {
		if label == "" || strings.ContainsFunc(label, func(r rune) bool {
			return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != '_'
		}) {
			return false
		}
	}
	return strings.Trim(labels[len(labels)-1], "0123456789") != ""
}

// check returns a *blockedError unless a may be dialled for a URL with the given host.
func (g *guard) check(host string, a netip.Addr) error {
	if g.all {
		return nil
	}
	a = a.WithZone("").Unmap()
	if g.names(a) {
		return nil
	}
	trusted := slices.Contains(g.hosts, hostName(host))
	why := kind(a)
	for _, inner := range carried(a) {
		if !g.names(inner) && (why == "" || kind(inner) == metadata || kind(inner) == linkLocal) {
			why = kind(inner)
		}
	}
	if why == "" || trusted && why != linkLocal && why != metadata {
		return nil
	}
	return &blockedError{Addr: a, Why: why}
}

// names reports whether the list names a: the address itself, or, metadata addresses excepted, a
// range that it is in.
func (g *guard) names(a netip.Addr) bool {
	return slices.ContainsFunc(g.prefixes, func(p netip.Prefix) bool {
		return p.Contains(a) && (p.IsSingleIP() || kind(a) != metadata)
	})
}

// dialer returns a dial function that asks the guard about each address just before it is connected
// to. So no second look-up of the name can slip another address in. The error is a *blockedError
// only if the guard has refused all addresses of the name: where it allows one, what came of that
// one counts.
func (g *guard) dialer(
	d net.Dialer,
) func(ctx context.Context, network, address string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		host, _, err := net.SplitHostPort(address)
		if err != nil {
			return nil, err
		}
		var allowed atomic.Pointer[string]
		d := d
		d.ControlContext = func(_ context.Context, _, resolved string, _ syscall.RawConn) error {
			to, err := netip.ParseAddrPort(resolved)
			if err != nil {
				return fmt.Errorf("resolved address of %s: %w", host, err)
			}
			if err := g.check(host, to.Addr()); err != nil {
				return err
			}
			allowed.CompareAndSwap(nil, &resolved)
			return nil
		}
		conn, err := d.DialContext(ctx, network, address)
		refused, ok := errors.AsType[*blockedError](err)
		if !ok || allowed.Load() == nil {
			return conn, err
		}
		// Of several errors net.Dialer returns the first. The other one only the kernel can tell.
		if conn, err = d.DialContext(ctx, network, *allowed.Load()); err != nil {
			err = fmt.Errorf("%w; its other address %s is refused (%s)", err, refused.Addr, refused.Why)
		}
		return conn, err
	}
}
