//go:build linux

package proxy

import (
	"bytes"
	"errors"
)

// The limits of the servers themselves, in their own words.
var (
	errCount  = errors.New("invalid multibulk length")
	errBulk   = errors.New("invalid bulk length")
	errDollar = errors.New("expected '$'")
	errEnd    = errors.New("invalid CRLF in request")
	errInline = errors.New("too big inline request")

	// Servers take it, and nobody sends it: it could be any command.
	errQuoted = errors.New("quotes around the name of an inline command")
	// Servers look no further for the end of the line, and wait for ever.
	errNull = errors.New("null byte in an inline request")
)

const (
	maxInline = 64 << 10
	maxArgs   = 1<<31 - 1
	wordSize  = 24 // longer than any command's name
)

// word is the beginning of an argument, in lower case.
type word struct {
	text   [wordSize]byte
	length uint8
}

func (w *word) bytes() []byte { return w.text[:w.length] }

func (w *word) is(s string) bool { return string(w.text[:w.length]) == s }

// add takes more of an argument. What does not fit makes no known name.
func (w *word) add(b []byte) {
	for _, c := range b {
		if int(w.length) == wordSize {
			return
		}
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		w.text[w.length] = c
		w.length++
	}
}

type requestState uint8

const (
	requestStart requestState = iota
	requestCount
	requestMark
	requestLength
	requestBody
	requestInline
	requestDone
)

// request finds the end of one command in a client's stream, in as many pieces as
// it arrives in, and keeps its first two words. It holds none of the bytes.
type request struct {
	state  requestState
	inline bool
	empty  bool // a command to which servers give no reply
	index  int32
	args   int32 // that the command has
	left   int64 // bytes of the argument under way, its CR LF included
	size   int64 // bytes so far
	number number
	name   word
	sub    word
}

// declared is how long the command will be at least, as far as that is known.
func (r *request) declared() int64 { return r.size + r.left }

// scan takes bytes up to the command's end, and tells how many, and whether that
// was reached.
func (r *request) scan(b []byte) (int, bool, error) {
	at := 0
	for at < len(b) && r.state != requestDone {
		n, err := r.step(b[at:])
		at += n
		if err != nil {
			return at, false, err
		}
	}
	r.size += int64(at)
	return at, r.state == requestDone, nil
}

func (r *request) step(b []byte) (int, error) {
	switch r.state {
	case requestStart:
		if b[0] == '*' {
			r.state = requestCount
			return 1, nil
		}
		r.state, r.inline, r.empty = requestInline, true, true
		return 0, nil
	case requestCount:
		return r.header(b, errCount, r.counted)
	case requestMark:
		if b[0] != '$' {
			return 0, errDollar
		}
		r.state = requestLength
		return 1, nil
	case requestLength:
		return r.header(b, errBulk, r.measured)
	case requestBody:
		return r.body(b)
	default:
		return r.line(b)
	}
}

func (r *request) header(b []byte, wrong error, then func(int64) bool) (int, error) {
	n, done, err := r.number.feed(b)
	if err != nil {
		return n, wrong
	}
	if done {
		value := r.number.value
		r.number = number{}
		if !then(value) {
			return n, wrong
		}
	}
	return n, nil
}

func (r *request) counted(n int64) bool {
	if n > maxArgs {
		return false
	}
	r.args = int32(max(n, 0))
	if n <= 0 {
		r.state, r.empty = requestDone, true
		return true
	}
	r.state = requestMark
	return true
}

func (r *request) measured(n int64) bool {
	r.state, r.left = requestBody, n+2
	return n >= 0
}

func (r *request) body(b []byte) (int, error) {
	n := int(min(r.left, int64(len(b))))
	// Older servers take anything for the CR LF, newer ones end the connection.
	if cr := r.left - 2; cr >= 0 && cr < int64(n) && b[cr] != '\r' {
		return n, errEnd
	}
	if lf := r.left - 1; lf < int64(n) && b[lf] != '\n' {
		return n, errEnd
	}
	if r.index < 2 {
		// The CR LF is no part of the word.
		text := b[:min(int64(n), max(r.left-2, 0))]
		if r.index == 0 {
			r.name.add(text)
		} else {
			r.sub.add(text)
		}
	}
	r.left -= int64(n)
	if r.left > 0 {
		return n, nil
	}
	r.index++
	r.state = requestMark
	if r.index == r.args {
		r.state = requestDone
	}
	return n, nil
}

// line takes an inline command: words on a line.
func (r *request) line(b []byte) (int, error) {
	end := bytes.IndexByte(b, '\n')
	n := len(b)
	if end >= 0 {
		n = end + 1
		r.state = requestDone
	}
	if r.size+int64(n) > maxInline {
		return n, errInline
	}
	for i, c := range b[:n] {
		if c == 0 {
			return i, errNull
		}
		blank := c == ' ' || (c >= '\t' && c <= '\r')
		switch {
		case blank && ((r.index == 0 && r.name.length > 0) || (r.index == 1 && r.sub.length > 0)):
			r.index++
		case blank || r.index > 1:
		case r.index == 0:
			if quote(c) {
				return i, errQuoted
			}
			r.empty = false
			r.name.add(b[i : i+1])
		default:
			r.sub.add(b[i : i+1])
		}
	}
	return n, nil
}

func quote(c byte) bool { return c == '"' || c == '\'' }
