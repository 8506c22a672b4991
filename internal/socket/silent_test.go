//go:build linux && !race

package socket_test

import (
	"testing"

	"hookline/internal/socket"
)

func TestSilent(t *testing.T) {
	direct, other := pair(t)
	defer direct.Close()
	defer other.Close()
	if !socket.Silent(direct) {
		t.Fatal("nothing came, and it is not silent")
	}
	if _, err := other.Write([]byte("a")); err != nil {
		t.Fatal(err)
	}
	for socket.Silent(direct) { // until it has come
	}
	if n, err := direct.Read(make([]byte, 8)); n != 1 || err != nil {
		t.Fatalf("%d bytes, %v: the byte was taken away", n, err)
	}
	if !socket.Silent(direct) {
		t.Fatal("all was read, and it is not silent")
	}
	other.Close()
	for socket.Silent(direct) { // until the end has come
	}
	direct.Close()
	if socket.Silent(direct) || socket.Silent(other) {
		t.Error("one that cannot be asked is silent")
	}
}
