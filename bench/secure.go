package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// The protocols of a receiver.
const (
	plainHTTP = "http"
	tlsHTTP1  = "https, HTTP/1.1"
	tlsHTTP2  = "https, HTTP/2"
)

// leastOfPlain is the share of plain HTTP's events/s that https has: the receiver, which is
// net/http's server on the same cores, takes more for it as well.
const leastOfPlain = 0.7

// mostOfPlain is how many times the CPU time of plain HTTP https takes.
const mostOfPlain = 1.7

// secure delivers to a receiver by each protocol in turn, at once and after a latency.
func secure(ctx context.Context, b *bench) (*result, error) {
	r := &result{about: fmt.Sprintf(
		"As backlog, to a receiver by HTTP/1.1, by HTTP/1.1 over TLS and by HTTP/2 over TLS in turn, "+
			"then to one of each that answers after %s, for which there are as many rows as take %s. "+
			"The plain POSTs of net/http go by the same protocol. The CPU time is that from when "+
			"Hookline was ready.", slowBound, b.scaled(slowSpan))}
	slow := int(inFlight / slowBound.Seconds() * b.scaled(slowSpan).Seconds())
	for _, test := range []struct {
		latency time.Duration
		records int
	}{{0, b.rows}, {slowBound, slow}} {
		if err := b.secureAt(ctx, r, test.latency, test.records); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// secureAt measures one latency.
func (b *bench) secureAt(
	ctx context.Context, r *result, latency time.Duration, records int,
) (err error) {
	var cases []*secureCase
	defer func() {
		for _, c := range cases {
			err = errors.Join(err, c.close())
		}
	}()
	for i, protocol := range []string{plainHTTP, tlsHTTP1, tlsHTTP2} {
		l := load{
			name:    fmt.Sprintf("secure_%d_%d", latency.Milliseconds(), i),
			records: records, versions: 1, runs: b.runs,
		}.each(commitContacts)
		c, err := b.secureCase(ctx, l, protocol, latency)
		if err != nil {
			return err
		}
		cases = append(cases, c)
	}
	for run := range b.runs {
		for _, c := range cases {
			say("secure: %s, %s: run %d of %d", c.protocol, latency, run+1, b.runs)
			t := c.to.expect(c.load.records, 1, signatureStride)
			if err := c.measure(ctx, b, c.d, run, t); err != nil {
				return fmt.Errorf("%s: %w", c.protocol, err)
			}
			if err := c.measurePost(ctx, c.to, min(c.load.records, b.rows)); err != nil {
				return fmt.Errorf("%s: %w", c.protocol, err)
			}
		}
	}
	for _, c := range cases {
		r.counts.add(c.counts)
		r.figures = append(r.figures, c.figures(latency, cases[0])...)
	}
	return nil
}

// secureCase is one protocol.
type secureCase struct {
	drained
	protocol string
	load     load
	to       *receiver
	d        *database
}

func (b *bench) secureCase(
	ctx context.Context, l load, protocol string, latency time.Duration,
) (c *secureCase, err error) {
	c = &secureCase{protocol: protocol, load: l}
	if c.to, err = listenBy(protocol, latency); err != nil {
		return nil, err
	}
	if c.d, err = b.prepare(ctx, l, c.to.url(0)); err != nil {
		c.to.close()
		return nil, err
	}
	c.d.env = c.to.env()
	return c, nil
}

func (c *secureCase) close() error {
	c.to.close()
	return c.d.close()
}

// figures compares with plain HTTP, and with net/http by the same protocol.
func (c *secureCase) figures(latency time.Duration, plain *secureCase) []figure {
	rate := figure{
		what: c.protocol + ", " + latency.String() + ": " + eventRate, values: c.rate,
		print:   perSecond,
		against: []comparison{{limit: limitPost, values: c.post}},
	}
	cpu := figure{
		what: c.protocol + ", " + latency.String() + ": " + cpuTime, values: c.active,
		print:   millis,
		against: []comparison{{limit: limitPost, values: c.postCPU}},
	}
	if c != plain {
		rate.against = append(rate.against,
			comparison{limit: plainHTTP, values: plain.rate, least: leastOfPlain})
		cpu.against = append(cpu.against,
			comparison{limit: plainHTTP, values: plain.active, most: mostOfPlain})
	}
	return []figure{rate, cpu}
}

// certificate is one of this machine's own, and where it is for those who are to trust it.
type certificate struct {
	tls.Certificate
	dir string // to be removed
}

// trust is the setting by which a process trusts it.
func (c *certificate) trust() string {
	return "SSL_CERT_FILE=" + filepath.Join(c.dir, "certificate.pem")
}

// sign makes a certificate for another address, with the same key.
func (c *certificate) sign(address net.IP) (*tls.Certificate, error) {
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), NotAfter: c.Leaf.NotAfter, IPAddresses: []net.IP{address},
		KeyUsage: x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, c.Leaf, c.Leaf.PublicKey, c.PrivateKey)
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: c.PrivateKey}, err
}

// newCertificate makes one for an address, which can sign others.
func newCertificate(address net.IP) (c *certificate, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, IPAddresses: []net.IP{address},
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	c = &certificate{Certificate: tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}}
	if c.Leaf, err = x509.ParseCertificate(der); err != nil {
		return nil, err
	}
	if c.dir, err = os.MkdirTemp("", "hookline-bench-"); err != nil {
		return nil, err
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	return c, os.WriteFile(filepath.Join(c.dir, "certificate.pem"), text, 0o600)
}
