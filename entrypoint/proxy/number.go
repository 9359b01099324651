//go:build linux

package proxy

import "errors"

var errProtocol = errors.New("protocol error")

// number reads the decimal that ends a header line, in as many pieces as it
// arrives in.
type number struct {
	value    int64
	digits   uint8
	negative bool
	cr       bool
}

const maxDigits = 18 // no overflow, and far beyond any length

// feed takes bytes up to the line's end, and tells how many, and whether that was
// reached.
func (n *number) feed(b []byte) (used int, done bool, err error) {
	for i, c := range b {
		switch {
		case n.cr:
			if c != '\n' {
				return i, false, errProtocol
			}
			if n.negative {
				n.value = -n.value
			}
			return i + 1, true, nil
		case c >= '0' && c <= '9' && n.digits < maxDigits && !n.padded(c):
			n.value = n.value*10 + int64(c-'0')
			n.digits++
		case c == '\r' && n.digits > 0:
			n.cr = true
		case c == '-' && n.digits == 0 && !n.negative:
			n.negative = true
		default:
			return i, false, errProtocol
		}
	}
	return len(b), false, nil
}

// padded tells of a number that a digit would make one that servers do not take: what
// they end a connection for must not get that far.
func (n *number) padded(digit byte) bool {
	return (n.digits > 0 && n.value == 0) || (n.negative && n.digits == 0 && digit == '0')
}
