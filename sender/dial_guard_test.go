package sender

import (
	"context"
	"encoding/binary"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
)

func TestGuard(t *testing.T) {
	for _, test := range []struct {
		addr string
		why  string // "" where it may be dialled
	}{
		{"1.1.1.1", ""},
		{"93.184.216.34", ""},
		{"172.15.255.255", ""},
		{"172.32.0.0", ""},
		{"100.63.255.255", ""},
		{"100.128.0.0", ""},
		{"192.0.1.0", ""},
		{"198.17.255.255", ""},
		{"198.20.0.0", ""},
		{"223.255.255.255", ""},
		{"11.0.0.0", ""},
		{"2606:4700::1111", ""},
		{"::ffff:1.1.1.1", ""},
		{"64:ff9b::1.1.1.1", ""},
		{"2002:101:101::1", ""},
		{"2001:0:101:101:0:0:fefe:fefe", ""}, // Teredo: server 1.1.1.1, client 1.1.1.1

		{"127.0.0.1", "loopback"},
		{"127.255.255.254", "loopback"},
		{"::1", "loopback"},
		{"0.0.0.0", "unspecified"},
		{"::", "unspecified"},
		{"0.1.2.3", "this network"},
		{"10.0.0.1", "private"},
		{"172.16.0.1", "private"},
		{"172.31.255.255", "private"},
		{"192.168.1.1", "private"},
		{"fc00::1", "private"},
		{"fdff::1", "private"},
		{"fec0::1", "site-local"},
		{"100.64.0.1", "shared, carrier-grade NAT"},
		{"100.127.255.255", "shared, carrier-grade NAT"},
		{"169.254.1.1", "link-local"},
		{"fe80::1", "link-local"},
		{"fe80::1%eth0", "link-local"},
		{"febf::1", "link-local"},
		{"169.254.169.254", "cloud metadata"},
		{"169.254.170.2", "cloud metadata"},
		{"168.63.129.16", "cloud metadata"},
		{"100.100.100.200", "cloud metadata"},
		{"fd00:ec2::254", "cloud metadata"},
		{"fd20:ce::254", "cloud metadata"},
		{"192.0.0.192", "cloud metadata"},
		{"192.0.0.1", "IETF protocol assignments"},
		{"198.18.0.1", "benchmarking"},
		{"198.19.255.255", "benchmarking"},
		{"192.0.2.1", "documentation"},
		{"2001:db8::1", "documentation"},
		{"224.0.0.1", "multicast"},
		{"239.255.255.255", "multicast"},
		{"ff02::1", "multicast"},
		{"240.0.0.1", "reserved"},
		{"255.255.255.255", "broadcast"},
		{"100::1", "discard"},

		{"::ffff:127.0.0.1", "loopback"},
		{"::ffff:169.254.169.254", "cloud metadata"},
		{"::10.0.0.1", "private"},
		{"64:ff9b::127.0.0.1", "loopback"},
		{"64:ff9b::a9fe:a9fe", "cloud metadata"},
		{"64:ff9b:1::8.8.8.8", "local-use NAT64"},
		{"2002:7f00:1::", "loopback"},
		{"2002:a00:1::1", "private"},
		{"2002:c0a8:101::1", "private"},
		{"2001:0:101:101:0:0:80ff:fffe", "loopback"}, // Teredo: client 127.0.0.1
		{"2001:0:a00:1:0:0:fefe:fefe", "private"},    // Teredo: server 10.0.0.1
	} {
		g, err := newGuard(nil)
		if err != nil {
			t.Fatal(err)
		}
		err = g.check("example.com", netip.MustParseAddr(test.addr))
		blocked, ok := errors.AsType[*blockedError](err)
		switch {
		case ok && blocked.Why != test.why:
			t.Errorf("%s is refused as %q, want %q", test.addr, blocked.Why, test.why)
		case ok == (test.why == ""):
			t.Errorf("%s: %v, want %q", test.addr, err, test.why)
		}
		if ok &&
			(!strings.Contains(err.Error(), blocked.Addr.String()) ||
				!strings.Contains(err.Error(), blocked.Why) ||
				!strings.Contains(err.Error(), "HOOKLINE_ALLOW_ADDRESSES")) {
			t.Errorf("message %q: want address, kind and HOOKLINE_ALLOW_ADDRESSES", err)
		}
	}
}

func TestGuardAllows(t *testing.T) {
	for _, test := range []struct {
		allow string // space-separated
		host  string
		addr  string
		ok    bool
	}{
		{"10.0.0.0/8", "x", "10.1.2.3", true},
		{"10.9.9.9/8", "x", "10.1.2.3", true},
		{"10.0.0.0/8", "x", "192.168.0.1", false},
		{"10.0.0.0/8", "x", "::ffff:10.1.2.3", true},
		{"10.0.0.0/8", "x", "64:ff9b::10.1.2.3", true},
		{"10.0.0.0/8", "x", "2002:a00:1::1", true},
		{"10.0.0.7", "x", "10.0.0.7", true},
		{"10.0.0.7", "x", "10.0.0.8", false},
		{"::ffff:10.0.0.7", "x", "10.0.0.7", true},
		{"::1", "x", "::1", true},
		{"::1", "x", "127.0.0.1", false},
		{"fd00::/8", "x", "fd12::1", true},
		{"64:ff9b:1::/48", "x", "64:ff9b:1::808:808", true},
		{"192.168.0.0/16 10.0.0.0/8", "x", "10.1.2.3", true},

		{"169.254.0.0/16", "x", "169.254.1.1", true},
		{"169.254.0.0/16", "x", "169.254.169.254", false}, // a range does not name it
		{"0.0.0.0/0", "x", "169.254.169.254", false},
		{"169.254.169.254", "x", "169.254.169.254", true},
		{"169.254.169.254/32", "x", "169.254.169.254", true},
		{"fd00::/8", "x", "fd00:ec2::254", false},
		{"*", "x", "169.254.169.254", true},
		{"*", "x", "127.0.0.1", true},

		{"n8n.internal", "n8n.internal", "10.1.2.3", true},
		{"n8n.internal", "N8N.Internal.", "10.1.2.3", true},
		{"N8N.internal.", "n8n.internal", "127.0.0.1", true},
		{"n8n.internal", "evil.n8n.internal", "10.1.2.3", false},
		{"n8n.internal", "n8n", "10.1.2.3", false},
		{"my_service", "my_service", "172.17.0.2", true},
		{"n8n.internal", "n8n.internal", "169.254.1.1", false},
		{"n8n.internal", "n8n.internal", "169.254.169.254", false},
		{"n8n.internal", "n8n.internal", "fe80::1%eth0", false},
		{"n8n.internal", "n8n.internal", "100.100.100.200", false},
		{"n8n.internal", "n8n.internal", "64:ff9b::a9fe:a9fe", false},
		{"n8n.internal", "n8n.internal", "::1", true},
	} {
		g, err := newGuard(strings.Fields(test.allow))
		if err != nil {
			t.Fatal(err)
		}
		if err := g.check(test.host, netip.MustParseAddr(test.addr)); (err == nil) != test.ok {
			t.Errorf("allowing %s, %s at %s: %v, want ok %t", test.allow, test.host, test.addr, err, test.ok)
		}
	}
}

func TestGuardRefusesEntries(t *testing.T) {
	for _, entry := range []string{
		"", " ", "10.0.0.0/33", "10.0.0/8", "300.1.1.1", "10.0.0", "http://n8n", "n8n:5678", "n8n/",
		"*.internal", "a..b", "[::1]",
		"fe80::1%eth0", "::ffff:10.0.0.0/104", "bücher.example", "a b",
	} {
		if _, err := newGuard([]string{"10.0.0.1", entry}); err == nil ||
			!strings.Contains(err.Error(), `"`+entry+`"`) {
			t.Errorf("%q: %v, want an error that names it", entry, err)
		}
	}
}

// The guard sits in the dialer: what a name resolves to is checked, and a refused address sees no
// packet.
func TestGuardDials(t *testing.T) {
	for name, test := range map[string]struct {
		allow []string
		host  string
		ok    bool
	}{
		"address":                    {[]string{"127.0.0.0/8"}, "127.0.0.1", true},
		"mapped address":             {[]string{"127.0.0.0/8"}, "[::ffff:127.0.0.1]", true},
		"name at an allowed address": {[]string{"127.0.0.0/8", "::1"}, "localhost", true},
		"allowed name":               {[]string{"localhost"}, "localhost", true},
		"allowed name's address":     {[]string{"localhost"}, "127.0.0.1", false},
		"everything":                 {[]string{"*"}, "localhost", true},
		"refused":                    {nil, "127.0.0.1", false},
		"refused, mapped":            {nil, "[::ffff:127.0.0.1]", false},
		"refused by name":            {nil, "localhost", false},
		"refused, unspecified":       {nil, "0.0.0.0", false},
	} {
		t.Run(name, func(t *testing.T) {
			connections := make(chan struct{}, 9)
			server := httptest.NewUnstartedServer(recording(t, nil, nil))
			server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
				if state == http.StateNew {
					connections <- struct{}{}
				}
			}
			server.Start()
			t.Cleanup(server.Close)
			_, port, err := net.SplitHostPort(server.Listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			s := newSender(t, Config{AllowAddresses: append([]string{"192.0.2.1"}, test.allow...)})
			v, _ := s.once(newEvent(1, 1), subscription("a",
				"http://"+net.JoinHostPort(strings.Trim(test.host, "[]"), port)), 1, nil)
			if test.ok {
				if v.Outcome != Delivered {
					t.Errorf("verdict %+v, want delivered", v)
				}
				return
			}
			if v.Outcome != Blocked || !strings.Contains(v.Reason, "HOOKLINE_ALLOW_ADDRESSES") {
				t.Errorf("verdict %+v, want blocked and a hint", v)
			}
			if len(connections) > 0 {
				t.Error("the refused address was connected to")
			}
		})
	}
}

// nameServer answers questions for the addresses of a name, by DNS, in the order in which they are
// given. It becomes the one that names are looked up at.
func nameServer(t *testing.T, name string, addresses ...string) {
	t.Helper()
	socket, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var done sync.WaitGroup
	done.Go(func() {
		packet := make([]byte, 512)
		for {
			n, from, err := socket.ReadFrom(packet)
			if err != nil {
				return
			}
			_, _ = socket.WriteTo(dnsAnswer(packet[:n], name, addresses), from)
		}
	})
	before := net.DefaultResolver
	net.DefaultResolver = &net.Resolver{
		PreferGo: true,
		Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "udp", socket.LocalAddr().String())
		},
	}
	t.Cleanup(func() {
		net.DefaultResolver = before
		_ = socket.Close()
		done.Wait()
	})
}

// dnsAnswer returns the answer to a question.
//
// https://www.rfc-editor.org/rfc/rfc1035#section-4
func dnsAnswer(question []byte, name string, addresses []string) []byte {
	const header, typeA, typeAAAA = 12, 1, 28
	end := header
	var labels []string
	for question[end] != 0 {
		label := question[end+1 : end+1+int(question[end])]
		labels = append(labels, string(label))
		end += 1 + len(label)
	}
	asked := binary.BigEndian.Uint16(question[end+1:])
	answer := append([]byte{}, question[:end+5]...)
	answer[2], answer[3] = 0x85, 0x80 // an authoritative answer, without an error
	count := byte(0)
	for _, a := range addresses {
		ip := netip.MustParseAddr(a)
		kind := uint16(typeA)
		if ip.Is6() {
			kind = typeAAAA
		}
		if asked != kind || strings.Join(labels, ".") != name {
			continue
		}
		count++
		// the name that was asked for
		answer = append(answer, 0xc0, header, 0, byte(kind), 0, 1, 0, 0, 0, 0, 0, byte(ip.BitLen()/8))
		answer = append(answer, ip.AsSlice()...)
	}
	answer[6], answer[7], answer[8], answer[9], answer[10], answer[11] = 0, count, 0, 0, 0, 0
	return answer
}

// Of a name with several addresses the guard decides only when it refuses all of them. Otherwise
// what came of the others counts: a receiver that is down is tried again.
func TestGuardRefusesSome(t *testing.T) {
	server := receiver(t, nil, nil)
	_, open, err := net.SplitHostPort(server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, closed, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	listener.Close()
	for name, test := range map[string]struct {
		addresses []string
		port      string
		outcome   Outcome
		reason    []string
	}{
		"refused first, up": {[]string{"127.0.0.2", "127.0.0.1"}, open, Delivered, nil},
		"refused first, down": {
			[]string{"127.0.0.2", "127.0.0.1"},
			closed, Failed,
			[]string{"connection refused", "127.0.0.2 is refused (loopback)"},
		},
		"refused last, down": {
			[]string{"127.0.0.1", "127.0.0.2"},
			closed, Failed,
			[]string{"connection refused"},
		},
		"of two families, up": {[]string{"::1", "127.0.0.1"}, open, Delivered, nil},
		"of two families, down": {
			[]string{"::1", "127.0.0.1"},
			closed, Failed,
			[]string{"connection refused"},
		},
		"all refused": {
			[]string{"127.0.0.2", "127.0.0.3", "::1"},
			open, Blocked,
			[]string{"HOOKLINE_ALLOW_ADDRESSES"},
		},
	} {
		for _, scheme := range []string{"http", "https"} {
			if test.outcome == Delivered && scheme == "https" {
				continue
			}
			t.Run(name+"/"+scheme, func(t *testing.T) {
				nameServer(t, "both.test", test.addresses...)
				s := newSender(t, Config{AllowAddresses: []string{"127.0.0.1"}})
				v, _ := s.once(newEvent(1, 1), subscription("a", scheme+"://both.test:"+test.port), 1, nil)
				if v.Outcome != test.outcome {
					t.Errorf("%+v, want %s", v, test.outcome)
				}
				for _, want := range test.reason {
					if !strings.Contains(v.Reason, want) {
						t.Errorf("reason %q, want %q in it", v.Reason, want)
					}
				}
			})
		}
	}
}
