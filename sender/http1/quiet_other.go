//go:build !unix

package http1

func (c *Conn) prepareProbe() {}

// quiet is true: whether a connection is dead, its use will tell.
func (c *Conn) quiet() bool { return true }
