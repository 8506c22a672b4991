package admin

import (
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"regexp"
	"strings"
)

// DefaultAddr is where the Server listens when nobody says where.
const DefaultAddr = "127.0.0.1:8686"

// Config says where the Server listens, who may ask it, and for what. The zero value serves
// nothing.
type Config struct {
	Addr     string // host:port; "" serves nothing
	Optional bool   // nobody has chosen Addr: when it cannot be had, Hookline goes on without it
	Token    Token  // must come with every request; "" asks for none, and takes a loopback Addr
	ReadOnly bool   // nothing can be changed
	ShowData bool   // the data of records is shown
	Recent   int    // attempts that are remembered in memory
}

// Check returns an error when others than this machine could reach Addr, and no token keeps them
// out.
func (c Config) Check() error {
	if c.Addr == "" || c.Token != "" || Loopback(c.Addr) {
		return nil
	}
	return fmt.Errorf(
		"HOOKLINE_ADMIN_TOKEN is not set, and HOOKLINE_ADMIN_ADDR=%q can be reached from elsewhere: "+
			"set a token, %s; "+
			"or listen on a loopback address, such as %s", c.Addr, TokenForm, DefaultAddr)
}

// Loopback tells whether the host of hostport, with or without a port, is localhost or a loopback
// address.
func Loopback(hostport string) bool {
	host := hostport
	if h, _, err := net.SplitHostPort(hostport); err == nil {
		host = h
	}
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && ip.Unmap().IsLoopback()
}

// Token is what lets somebody in. It prints as a placeholder wherever fmt, slog or encoding/json
// meet it.
type Token string

// TokenForm says in words what Valid takes.
const TokenForm = "16 to 256 letters, digits and signs without spaces, as openssl rand -hex 32 makes them"

var tokenForm = regexp.MustCompile(`^[!-~]{16,256}$`)

// Valid tells whether the token is long enough not to be guessed, and can be sent in a header.
func (t Token) Valid() bool { return tokenForm.MatchString(string(t)) }

const hidden = "[secret]"

func (Token) String() string               { return hidden }
func (Token) GoString() string             { return hidden }
func (Token) LogValue() slog.Value         { return slog.StringValue(hidden) }
func (Token) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// Format covers the verbs that know nothing of String, such as %d.
func (Token) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, hidden) }
