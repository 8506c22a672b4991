package answertest

import (
	"crypto/tls"
	"net"
	"sync"
	"testing"
)

// Listen accepts connections, over TLS where secure is not nil. The handler of its number handles
// each in turn, and the last one all further ones. A connection is closed when its handler returns.
// The end of the test waits for all handlers.
func Listen(t testing.TB, secure *tls.Config, handlers ...func(net.Conn)) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var done sync.WaitGroup
	done.Go(func() {
		for i := 0; ; i++ {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			if secure != nil {
				conn = tls.Server(conn, secure)
			}
			done.Go(func() {
				defer conn.Close()
				handlers[min(i, len(handlers)-1)](conn)
			})
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		done.Wait()
	})
	return listener.Addr().String()
}
