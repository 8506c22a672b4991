package sender

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"net/url"
)

// Refused says why deliveries to a URL would be refused for their address, as far as that can be
// told from here and now: "" where an address of its host may be dialled, and where none is known.
// A name is looked up, for as long as ctx lets it. The error is that of a wrong cfg. Safe for
// concurrent use.
func Refused(ctx context.Context, cfg Config, target string) (why string, err error) {
	guard, err := newGuard(cfg.AllowAddresses)
	if err != nil {
		return "", fmt.Errorf("sender: %w", err)
	}
	u, err := url.Parse(target)
	if err != nil {
		return "", nil //nolint:nilerr // which is told elsewhere
	}
	host := u.Hostname()
	addresses := []netip.Addr{}
	if a, err := netip.ParseAddr(host); err == nil {
		addresses = append(addresses, a)
	} else if addresses, err = net.DefaultResolver.LookupNetIP(ctx, "ip", host); err != nil {
		return "", nil //nolint:nilerr // it may be known when it is sent to
	}
	for _, a := range addresses {
		refusal := guard.check(host, a)
		if refusal == nil {
			return "", nil
		}
		why = refusal.Error()
	}
	return why, nil
}
