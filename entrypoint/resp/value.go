// Package resp speaks the servers' own protocol (RESP2, and what RESP3 adds to
// it) as a client: enough to ask a server of itself, and to give it orders.
package resp

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
)

// Kind is the first byte of a value on the wire: '+', '-', ':', '$', '*' and
// RESP3's '_', ',', '#', '!', '=', '(', '%', '~', '>'.
type Kind byte

// Value is one reply. Str holds every scalar as the server wrote it, Int holds
// integers, Array the elements of arrays, sets and pushes, and of maps as key,
// value, key, value. Null is a nil bulk, nil array or RESP3 null.
type Value struct {
	Kind  Kind
	Str   string
	Int   int64
	Array []Value
	Null  bool
}

// Error is what a server answered when it refused a command, for example
// "READONLY You can't write against a read only replica.".
type Error string

func (e Error) Error() string { return string(e) }

// Limits of what a reply may claim, so that a broken or hostile peer cannot make
// this process allocate without bound. INFO, the largest reply asked for, is a
// few tens of kilobytes.
const (
	maxBulk     = 64 << 20
	maxElements = 1 << 20
	maxDepth    = 8
	maxLine     = 64 << 10
)

var errProtocol = errors.New("protocol error")

// Read reads one value. A server's error is returned as a Value of kind '-' or
// '!', not as an error: an error means that the stream can't be read on.
func Read(r *bufio.Reader) (Value, error) { return read(r, 0) }

func read(r *bufio.Reader, depth int) (Value, error) {
	if depth > maxDepth {
		return Value{}, fmt.Errorf("%w: nested deeper than %d", errProtocol, maxDepth)
	}
	line, err := readLine(r)
	if err != nil {
		return Value{}, err
	}
	if line == "" {
		return Value{}, fmt.Errorf("%w: empty line", errProtocol)
	}
	v := Value{Kind: Kind(line[0]), Str: line[1:]}
	switch v.Kind {
	case '+', '-', ',', '(':
		return v, nil
	case '#':
		if v.Str == "t" {
			v.Int = 1
		}
		return v, nil
	case '_':
		return Value{Kind: v.Kind, Null: true}, nil
	case ':':
		v.Int, err = strconv.ParseInt(v.Str, 10, 64)
		if err != nil {
			return Value{}, fmt.Errorf("%w: integer %q", errProtocol, v.Str)
		}
		return v, nil
	case '$', '!', '=':
		return readBulk(r, v)
	case '*', '~', '>', '%':
		return readAggregate(r, v, depth)
	default:
		return Value{}, fmt.Errorf("%w: unknown type %q", errProtocol, line[0])
	}
}

func readBulk(r *bufio.Reader, v Value) (Value, error) {
	n, null, err := length(v.Str, maxBulk)
	if err != nil || null {
		return Value{Kind: v.Kind, Null: null}, err
	}
	body := make([]byte, n+2)
	if _, err := io.ReadFull(r, body); err != nil {
		return Value{}, err
	}
	if body[n] != '\r' || body[n+1] != '\n' {
		return Value{}, fmt.Errorf("%w: bulk string without its end", errProtocol)
	}
	v.Str = string(body[:n])
	return v, nil
}

func readAggregate(r *bufio.Reader, v Value, depth int) (Value, error) {
	n, null, err := length(v.Str, maxElements)
	if err != nil || null {
		return Value{Kind: v.Kind, Null: null}, err
	}
	if v.Kind == '%' {
		n *= 2
	}
	v.Str = ""
	for range n {
		element, err := read(r, depth+1)
		if err != nil {
			return Value{}, err
		}
		v.Array = append(v.Array, element)
	}
	return v, nil
}

func length(s string, limit int) (n int, null bool, err error) {
	n, err = strconv.Atoi(s)
	if err != nil || n < -1 || n > limit {
		return 0, false, fmt.Errorf("%w: length %q", errProtocol, s)
	}
	return n, n == -1, nil
}

// readLine reads up to CR LF and returns what is before it.
func readLine(r *bufio.Reader) (string, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		line = append(line, part...)
		if err == nil {
			break
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return "", err
		}
		if len(line) > maxLine {
			return "", fmt.Errorf("%w: line longer than %d bytes", errProtocol, maxLine)
		}
	}
	if len(line) < 2 || line[len(line)-2] != '\r' {
		return "", fmt.Errorf("%w: line without CR", errProtocol)
	}
	return string(line[:len(line)-2]), nil
}
