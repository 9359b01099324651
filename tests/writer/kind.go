//go:build linux

package writer

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"syscall"

	"github.com/helm-valkey/helm-valkey/entrypoint/resp"
)

// Kind names the kind of an error: the first word of a server's error in
// lower case (readonly, loading, noauth…), or what happened to the connection.
func Kind(err error) string {
	var server resp.Error
	var network net.Error
	switch {
	case errors.Is(err, ErrNoEndpoint):
		return "noendpoint"
	case errors.As(err, &server):
		word, _, _ := strings.Cut(server.Error(), " ")
		return strings.ToLower(strings.TrimPrefix(word, "-"))
	case errors.Is(err, syscall.ECONNREFUSED):
		return "refused"
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return "unreachable"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "reset"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "closed"
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		return "timeout"
	case errors.As(err, &network) && network.Timeout():
		return "timeout"
	default:
		return "other"
	}
}
