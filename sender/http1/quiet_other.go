//go:build !unix

package http1

func (c *conn) prepareProbe() {}

// quiet says that the connection can be used: whether it is dead, its use will tell.
func (c *conn) quiet() bool { return true }
