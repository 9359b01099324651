//go:build linux

package proxy

import (
	"fmt"
	"net/netip"
	"syscall"
	"unsafe"
)

// Reads and writes of sockets that never block go to the kernel directly:
// telling the scheduler of a call that returns at once costs as much as the call.

func readSocket(fd int, b []byte) (int, syscall.Errno) {
	for {
		n, _, errno := syscall.RawSyscall(syscall.SYS_READ, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)))
		if errno != syscall.EINTR {
			return int(n), errno
		}
	}
}

func writeSocket(fd int, b []byte) (int, syscall.Errno) {
	for {
		n, _, errno := syscall.RawSyscall(syscall.SYS_WRITE, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)))
		if errno != syscall.EINTR {
			return int(n), errno
		}
	}
}

const (
	edgeTriggered  = 1 << 31 // syscall.EPOLLET is negative, which no uint32 constant can hold
	tcpUserTimeout = 0x12    // absent from package syscall

	// Idle clients are probed as the servers themselves do by default.
	keepAliveIdle = 300
	// An upstream that acknowledges nothing for this long is lost.
	upstreamTimeoutMs = 10_000
)

// register watches both directions of a socket once and for all, edge-triggered:
// no further call is needed however often it fills or drains.
func register(epoll, fd int) error {
	event := syscall.EpollEvent{
		Events: syscall.EPOLLIN | syscall.EPOLLOUT | syscall.EPOLLRDHUP | edgeTriggered,
		Fd:     int32(fd),
	}
	if err := syscall.EpollCtl(epoll, syscall.EPOLL_CTL_ADD, fd, &event); err != nil {
		return fmt.Errorf("watch socket: %w", err)
	}
	return nil
}

// registerReadable watches for input, level-triggered: for the listener, and for
// what wakes a loop.
func registerReadable(epoll, fd int) error {
	event := syscall.EpollEvent{Events: syscall.EPOLLIN, Fd: int32(fd)}
	if err := syscall.EpollCtl(epoll, syscall.EPOLL_CTL_ADD, fd, &event); err != nil {
		return fmt.Errorf("watch descriptor: %w", err)
	}
	return nil
}

func unregister(epoll, fd int) {
	_ = syscall.EpollCtl(epoll, syscall.EPOLL_CTL_DEL, fd, nil)
}

// eventfd is how other goroutines wake a loop.
func eventfd() (int, error) {
	fd, _, errno := syscall.RawSyscall(syscall.SYS_EVENTFD2, 0, syscall.O_NONBLOCK|syscall.O_CLOEXEC, 0)
	if errno != 0 {
		return 0, fmt.Errorf("create eventfd: %w", errno)
	}
	return int(fd), nil
}

// tuneClient makes a client's socket answer at once and notice a peer that is gone.
func tuneClient(fd int) {
	// Neither exists on a unix socket, and the connection works without.
	_ = syscall.SetsockoptInt(fd, syscall.IPPROTO_TCP, syscall.TCP_NODELAY, 1)
	_ = syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_KEEPALIVE, 1)
	_ = syscall.SetsockoptInt(fd, syscall.IPPROTO_TCP, syscall.TCP_KEEPIDLE, keepAliveIdle)
}

// peerAddress is where a connection comes from, without the port.
func peerAddress(fd int) string {
	peer, err := syscall.Getpeername(fd)
	if err != nil {
		return ""
	}
	switch peer := peer.(type) {
	case *syscall.SockaddrInet4:
		return string(peer.Addr[:])
	case *syscall.SockaddrInet6:
		return string(peer.Addr[:])
	default:
		return ""
	}
}

// dialTarget begins to connect. A connection that is not there yet shows in epoll.
func dialTarget(t endpoint) (int, error) {
	fd, err := syscall.Socket(t.family, syscall.SOCK_STREAM|syscall.SOCK_NONBLOCK|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, fmt.Errorf("create socket: %w", err)
	}
	if t.family != syscall.AF_UNIX {
		_ = syscall.SetsockoptInt(fd, syscall.IPPROTO_TCP, syscall.TCP_NODELAY, 1)
		_ = syscall.SetsockoptInt(fd, syscall.IPPROTO_TCP, tcpUserTimeout, upstreamTimeoutMs)
	}
	err = syscall.Connect(fd, t.address)
	if err != nil && err != syscall.EINPROGRESS {
		syscall.Close(fd)
		return -1, fmt.Errorf("connect: %w", err)
	}
	return fd, nil
}

// socketError is what became of a connection attempt.
func socketError(fd int) error {
	code, err := syscall.GetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_ERROR)
	if err != nil {
		return fmt.Errorf("ask for the socket's error: %w", err)
	}
	if code != 0 {
		return fmt.Errorf("connect: %w", syscall.Errno(code))
	}
	return nil
}

// endpoint is a Target in the kernel's terms.
type endpoint struct {
	family  int
	address syscall.Sockaddr
}

func (t Target) endpoint() (endpoint, error) {
	switch t.Network {
	case "unix":
		return endpoint{syscall.AF_UNIX, &syscall.SockaddrUnix{Name: t.Address}}, nil
	case "tcp":
	default:
		return endpoint{}, fmt.Errorf("network %q: tcp or unix is needed", t.Network)
	}
	address, err := netip.ParseAddrPort(t.Address)
	if err != nil {
		return endpoint{}, fmt.Errorf("address of the master: %w", err)
	}
	ip := address.Addr().Unmap()
	if ip.Is4() {
		return endpoint{syscall.AF_INET, &syscall.SockaddrInet4{Port: int(address.Port()), Addr: ip.As4()}}, nil
	}
	return endpoint{syscall.AF_INET6, &syscall.SockaddrInet6{Port: int(address.Port()), Addr: ip.As16()}}, nil
}

// pending tells whether a socket holds bytes that nobody has read.
func pending(fd int) bool {
	var b [1]byte
	n, _, err := syscall.Recvfrom(fd, b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
	return err == nil && n > 0
}
