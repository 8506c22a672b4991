//go:build linux && !race

package socket_test

import (
	"net"
	"syscall"
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
	if _, err := other.Write([]byte("ab")); err != nil {
		t.Fatal(err)
	}
	for socket.Silent(direct) { // until it has come
	}
	if n, err := direct.Read(make([]byte, 8)); n != 2 || err != nil {
		t.Fatalf("%d bytes of 2, %v", n, err)
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

func TestResetIsNotSilent(t *testing.T) {
	direct, other := pair(t)
	defer direct.Close()
	if err := other.(*net.TCPConn).SetLinger(0); err != nil {
		t.Fatal(err)
	}
	other.Close()
	raw, err := direct.(syscall.Conn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	const closed = 7 // the state that a reset leaves, in the first byte of TCP_INFO
	for state := 0; state&0xff != closed; {
		failed := raw.Control(func(fd uintptr) {
			state, err = syscall.GetsockoptInt(int(fd), syscall.IPPROTO_TCP, syscall.TCP_INFO)
		})
		if failed != nil || err != nil {
			t.Fatal(failed, err)
		}
	}
	if socket.Silent(direct) {
		t.Error("a reset has come, and it is silent")
	}
}
