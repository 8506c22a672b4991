package webhook

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
	"time"
)

// TLS is how a receiver is known and told who calls, where that differs from other receivers. It is
// immutable. Whatever prints it prints no key.
type TLS struct {
	// Config has the authorities and the certificate, and the sessions that can be resumed: those of
	// one identity must not be another's. It is not to be changed.
	Config *tls.Config

	// Identity is the same for the same authorities, certificate and key.
	Identity [sha256.Size]byte

	// Authorities are trusted in place of the system's; none where those are.
	Authorities []*x509.Certificate

	// Certificate is the one that is shown to receivers who ask for it; nil for none.
	Certificate *x509.Certificate
}

func (t *TLS) String() string { return "TLS of its own" }

// Format covers the verbs that know nothing of String.
func (t *TLS) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(t.String())) }

// Certificates returns all that may be past their time, each with the name of its column.
func (t *TLS) Certificates() (list []NamedCertificate) {
	if t.Certificate != nil {
		list = append(list, NamedCertificate{roleTexts[roleClientCertificate], t.Certificate})
	}
	for _, authority := range t.Authorities {
		list = append(list, NamedCertificate{roleTexts[roleCA], authority})
	}
	return list
}

// NamedCertificate is a certificate, and the column that it stands in.
type NamedCertificate struct {
	Column string
	*x509.Certificate
}

// roleTexts are the names of these columns in Hookline's own table.
var roleTexts = map[columnRole]string{
	roleCA: "ca", roleClientCertificate: "client_certificate", roleClientKey: "client_key",
}

// MostPEM is how many bytes of certificates and keys a row may have, of each.
const MostPEM = 256 << 10

// tls reads the columns that say by which authorities the receiver is known, and who calls.
func (r *reading) tls() {
	ca, certificate, key := r.pem(roleCA), r.pem(roleClientCertificate), r.pem(roleClientKey)
	if ca == nil && certificate == nil && key == nil || r.wrong != nil {
		return
	}
	t, column, err := newTLS(ca, certificate, key)
	if err != nil {
		r.fail(column, err)
		return
	}
	if !strings.HasPrefix(r.sub.URL, "https:") {
		first := roleCA
		if ca == nil {
			first = roleClientCertificate
		}
		r.fail(first, errors.New("says nothing of a receiver without TLS: want an https URL, or null"))
		return
	}
	r.sub.TLS = t
}

// newTLS makes one of texts in PEM, nil for none. The error is of a column, and tells nothing of
// what stands there.
func newTLS(ca, certificate, key []byte) (t *TLS, column columnRole, err error) {
	t = &TLS{
		Config: &tls.Config{
			MinVersion: tls.VersionTLS12, ClientSessionCache: tls.NewLRUClientSessionCache(0),
		},
		Identity: sha256.Sum256(fmt.Appendf(nil, "%q %q %q", ca, certificate, key)),
	}
	if ca != nil {
		if t.Authorities, err = certificates(ca); err != nil {
			return nil, roleCA, err
		}
		t.Config.RootCAs = x509.NewCertPool()
		for _, authority := range t.Authorities {
			t.Config.RootCAs.AddCert(authority)
		}
	}
	switch {
	case certificate == nil && key == nil:
		return t, 0, nil
	case certificate == nil:
		return nil, roleClientCertificate, errors.New("is null, and client_key is not")
	case key == nil:
		return nil, roleClientKey, errors.New("is null, and client_certificate is not")
	}
	column, err = t.identify(certificate, key)
	return t, column, err
}

// keepTLS has a version of a subscription use what the one before has where it says the same: its
// sessions can be resumed.
func (s *Subscription) keepTLS(before *Subscription) {
	if s != nil && before != nil && s.TLS != nil && before.TLS != nil &&
		s.TLS.Identity == before.TLS.Identity {
		s.TLS = before.TLS
	}
}

// pem returns the text of a column, nil for none.
func (r *reading) pem(f columnRole) []byte {
	given := r.row.fields[f]
	switch {
	case given.IsNull():
		return nil
	case len(given.Bytes()) > MostPEM:
		r.fail(f, fmt.Errorf("has %d bytes, want at most %d", len(given.Bytes()), MostPEM))
		return nil
	}
	return given.Bytes()
}

// identify takes the certificate that is shown to receivers, with those between it and an
// authority behind it. The error is of a column.
func (t *TLS) identify(certificate, key []byte) (columnRole, error) {
	chain, err := certificates(certificate)
	if err != nil {
		return roleClientCertificate, err
	}
	block, _ := pem.Decode(key)
	switch {
	case block == nil:
		return roleClientKey, errors.New("is no private key in PEM: want -----BEGIN PRIVATE KEY-----")
	case strings.Contains(block.Type, "ENCRYPTED") || block.Headers["DEK-Info"] != "":
		return roleClientKey, errors.New("is encrypted: want the key without its passphrase, " +
			"as openssl pkey writes it")
	case !strings.HasSuffix(block.Type, "PRIVATE KEY"):
		return roleClientKey, errors.New("is another thing than a private key in PEM: " +
			"want -----BEGIN PRIVATE KEY-----")
	}
	pair, err := tls.X509KeyPair(certificate, key)
	if err != nil { // it may quote what it has read
		return roleClientKey, errors.New("cannot be read, or is not the key of client_certificate: " +
			"want that of the first certificate there")
	}
	t.Certificate = chain[0]
	// whatever the receiver says whom it takes it from: its refusal says what is wrong
	t.Config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
		return &pair, nil
	}
	return 0, nil
}

// certificates reads certificates in PEM, at least one.
func certificates(text []byte) (list []*x509.Certificate, err error) {
	for rest := text; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			if len(list) == 0 {
				return nil, errors.New("has no certificate in PEM: want -----BEGIN CERTIFICATE-----")
			}
			if bytes.Contains(rest, []byte("-----BEGIN")) {
				return nil, fmt.Errorf("what stands behind certificate %d is cut off, or no PEM", len(list))
			}
			return list, nil
		}
		if block.Type != "CERTIFICATE" {
			return nil, errors.New("has something else than certificates: " +
				"want each from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----")
		}
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("certificate %d cannot be read: it is damaged", len(list)+1)
		}
		list = append(list, certificate)
	}
}

// TLSRow is what may be shown of these columns.
type TLSRow struct {
	CA                []string  `json:"ca,omitempty"`                // subjects
	ClientCertificate string    `json:"clientCertificate,omitempty"` // its subject
	ClientUntil       time.Time `json:"clientCertificateUntil,omitzero"`
}

func (t *TLS) row() (row TLSRow) {
	if t == nil {
		return row
	}
	for _, authority := range t.Authorities {
		row.CA = append(row.CA, authority.Subject.String())
	}
	if t.Certificate != nil {
		row.ClientCertificate = t.Certificate.Subject.String()
		row.ClientUntil = t.Certificate.NotAfter.UTC()
	}
	return row
}

// TLSSettings are what is said of these columns: all in PEM, "" for none.
type TLSSettings struct {
	CA                *string `json:"ca,omitempty"`
	ClientCertificate *string `json:"clientCertificate,omitempty"`
	ClientKey         *Secret `json:"clientKey,omitempty"`
}

// columns sets what is said.
func (s *TLSSettings) columns(set func(name string, value any)) {
	say := func(f columnRole, text *string) {
		switch {
		case text == nil:
		case *text == "":
			set(roleTexts[f], nil)
		default:
			set(roleTexts[f], *text)
		}
	}
	say(roleCA, s.CA)
	say(roleClientCertificate, s.ClientCertificate)
	say(roleClientKey, (*string)(s.ClientKey))
}

// Over returns the TLS of a webhook that had another before, nil for none: of what is said alone,
// where anything is. What cannot be read is refused when it is kept.
func (s *TLSSettings) Over(before *TLS) *TLS {
	if *s == (TLSSettings{}) {
		return before
	}
	text := func(said *string) []byte {
		if said == nil || *said == "" {
			return nil
		}
		return []byte(*said)
	}
	t, _, _ := newTLS(text(s.CA), text(s.ClientCertificate), text((*string)(s.ClientKey)))
	return t
}
