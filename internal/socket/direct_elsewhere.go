//go:build !unix

package socket

import "net"

// Direct returns c.
func Direct(c net.Conn) net.Conn { return c }

// Silent returns false.
func Silent(net.Conn) bool { return false }
