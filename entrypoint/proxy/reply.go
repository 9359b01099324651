//go:build linux

package proxy

import "bytes"

type replyState uint8

const (
	replyType replyState = iota
	replyNumber
	replyBulk
	replyLine
)

// reply finds the end of one reply in a server's stream, in as many pieces as it
// arrives in. It holds none of the bytes.
type reply struct {
	state   replyState
	kind    byte  // of the whole reply: its first byte
	element byte  // of the element under way
	left    int64 // elements still to come
	bulk    int64 // bytes of a bulk still to come, its CR LF included
	number  number
}

// fresh tells that no byte of a reply has been taken.
func (r *reply) fresh() bool { return r.kind == 0 }

// scan takes bytes up to the reply's end, and tells how many, and whether that was
// reached. After the end it starts anew.
func (r *reply) scan(b []byte) (int, bool, error) {
	if r.fresh() && len(b) > 0 {
		r.kind, r.left = b[0], 1
	}
	at := 0
	for at < len(b) {
		n, err := r.step(b[at:])
		at += n
		if err != nil {
			return at, false, err
		}
		if r.left == 0 && r.state == replyType {
			*r = reply{}
			return at, true, nil
		}
	}
	return at, false, nil
}

func (r *reply) step(b []byte) (int, error) {
	switch r.state {
	case replyType:
		return 1, r.begin(b[0])
	case replyNumber:
		n, done, err := r.number.feed(b)
		if err != nil || !done {
			return n, err
		}
		value := r.number.value
		r.number = number{}
		return n, r.measured(value)
	case replyBulk:
		n := min(r.bulk, int64(len(b)))
		if r.bulk -= n; r.bulk == 0 {
			r.ended()
		}
		return int(n), nil
	default:
		end := bytes.IndexByte(b, '\n')
		if end < 0 {
			return len(b), nil
		}
		r.ended()
		return end + 1, nil
	}
}

func (r *reply) begin(kind byte) error {
	r.element = kind
	switch kind {
	case '+', '-', ':', ',', '#', '_', '(':
		r.state = replyLine
	case '$', '!', '=', '*', '~', '%', '>', '|':
		r.state = replyNumber
	default:
		return errProtocol
	}
	return nil
}

func (r *reply) ended() {
	r.state = replyType
	r.left--
}

func (r *reply) measured(n int64) error {
	if n < -1 {
		return errProtocol
	}
	switch r.element {
	case '$', '!', '=':
		if n >= 0 {
			r.state, r.bulk = replyBulk, n+2
			return nil
		}
	case '%':
		r.left += 2 * max(n, 0)
	case '|':
		// Attributes go before a value and are none.
		r.left += 2*max(n, 0) + 1
	default:
		r.left += max(n, 0)
	}
	r.ended()
	return nil
}
