package proxy

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// requests are commands with what the scanner has to make of them.
var requests = []struct {
	name, wire, word, sub string
	empty                 bool
}{
	{name: "array", wire: "*3\r\n$3\r\nSeT\r\n$1\r\nK\r\n$5\r\na\r\nbc\r\n", word: "set", sub: "k"},
	{name: "one word", wire: "*1\r\n$4\r\nPING\r\n", word: "ping"},
	{name: "empty argument", wire: "*2\r\n$3\r\nGET\r\n$0\r\n\r\n", word: "get"},
	{name: "long word", wire: "*1\r\n$30\r\nabcdefghijklmnopqrstuvwxyzabcd\r\n", word: "abcdefghijklmnopqrstuvwx"},
	{name: "inline", wire: "  PiNG  Hello world\r\n", word: "ping", sub: "hello"},
	{name: "inline without CR", wire: "ping\n", word: "ping"},
	{name: "blank line", wire: " \r\n", empty: true},
	{name: "no arguments", wire: "*0\r\n", empty: true},
	{name: "null array", wire: "*-1\r\n", empty: true},
	{name: "multi bulk of text with stars", wire: "*2\r\n$4\r\nECHO\r\n$9\r\n*1\r\n$1\r\nx\r\n", word: "echo", sub: "*1\r\n$1\r\nx"},
}

func TestRequestAtEverySplit(t *testing.T) {
	for _, tt := range requests {
		t.Run(tt.name, func(t *testing.T) {
			for split := range len(tt.wire) {
				var r request
				n, done, err := r.scan([]byte(tt.wire[:split]))
				require.NoError(t, err)
				require.False(t, done, "after %q", tt.wire[:split])
				require.Equal(t, split, n)
				// What follows is another command's.
				n, done, err = r.scan([]byte(tt.wire[split:] + "*1\r\n"))
				require.NoError(t, err)
				require.True(t, done)
				require.Equal(t, len(tt.wire)-split, n)
				require.Equal(t, tt.word, string(r.name.bytes()))
				require.Equal(t, tt.sub, string(r.sub.bytes()))
				require.Equal(t, tt.empty, r.empty)
				require.EqualValues(t, len(tt.wire), r.size)
			}
		})
	}
}

func TestRequestRefuses(t *testing.T) {
	for wire, want := range map[string]error{
		"*x\r\n":                        errCount,
		"*99999999999\r\n":              errCount,
		"*1\r\n+OK\r\n":                 errDollar,
		"*1\r\n$-1\r\n":                 errBulk,
		"*1\r\n$x\r\n":                  errBulk,
		"*1\r\n$9999999999999999999999": errBulk,
		strings.Repeat("x", 70_000):     errInline,
		"\"SET\" k v\r\n":               errQuoted,
		"PING \x00\r\n":                 errNull,
	} {
		t.Run(wire[:min(len(wire), 20)], func(t *testing.T) {
			var r request
			_, _, err := r.scan([]byte(wire))
			require.ErrorIs(t, err, want)
		})
	}
}

var replies = []string{
	"+OK\r\n", "-ERR no\r\n", ":1\r\n", "$3\r\na\r\n\r\n", "$0\r\n\r\n", "$-1\r\n", "*-1\r\n", "*0\r\n",
	"*2\r\n$1\r\na\r\n*2\r\n:1\r\n*1\r\n+x\r\n", "%2\r\n+a\r\n:1\r\n+b\r\n*1\r\n$1\r\nc\r\n", "~1\r\n#t\r\n", "_\r\n", ",1.5\r\n",
	"(123\r\n", "=5\r\ntxt:a\r\n", "!3\r\nERR\r\n", ">2\r\n+message\r\n$1\r\nx\r\n", "|1\r\n+ttl\r\n:9\r\n*1\r\n:1\r\n", "%0\r\n",
}

func TestReplyAtEverySplit(t *testing.T) {
	for _, wire := range replies {
		t.Run(wire, func(t *testing.T) {
			for split := range len(wire) {
				var r reply
				n, done, err := r.scan([]byte(wire[:split]))
				require.NoError(t, err)
				require.False(t, done, "after %q", wire[:split])
				require.Equal(t, split, n)
				n, done, err = r.scan([]byte(wire[split:] + "+next\r\n"))
				require.NoError(t, err)
				require.True(t, done)
				require.Equal(t, len(wire)-split, n)
				require.True(t, r.fresh())
			}
		})
	}
}

// Whatever a client sends: cut anywhere, it comes to the same end or error.
func FuzzRequest(f *testing.F) {
	for _, r := range requests {
		f.Add([]byte(r.wire), 3)
	}
	f.Fuzz(func(t *testing.T, wire []byte, split int) {
		split = min(max(split, 0), len(wire))
		var whole, pieces request
		n, done, err := whole.scan(wire)
		m, early, cut := pieces.scan(wire[:split])
		if cut == nil && !early {
			var more int
			more, early, cut = pieces.scan(wire[split:])
			m += more
		}
		require.Equal(t, done, early)
		if !strings.HasPrefix(string(wire), "*") {
			return // how much of a line that is too long is taken depends on the pieces
		}
		require.Equal(t, err, cut)
		if err != nil {
			return // the connection ends, wherever it was found
		}
		require.Equal(t, n, m)
		require.Equal(t, whole.name, pieces.name)
	})
}

func FuzzReply(f *testing.F) {
	for _, wire := range replies {
		f.Add([]byte(wire), 3)
	}
	f.Fuzz(func(t *testing.T, wire []byte, split int) {
		split = min(max(split, 0), len(wire))
		var whole, pieces reply
		n, done, err := whole.scan(wire)
		m, early, cut := pieces.scan(wire[:split])
		if cut == nil && !early {
			var more int
			more, early, cut = pieces.scan(wire[split:])
			m += more
		}
		require.Equal(t, done, early)
		require.Equal(t, err, cut)
		require.Equal(t, n, m)
	})
}

func TestSplit(t *testing.T) {
	args, ok := split([]byte("*3\r\n$4\r\nAUTH\r\n$2\r\n\r\n\r\n$0\r\n\r\n"))
	require.True(t, ok)
	require.Equal(t, []string{"AUTH", "\r\n", ""}, args)
	for _, wire := range []string{"", "*2\r\n$4\r\nAUTH\r\n$9\r\nx\r\n", "*1\r\n+x\r\n", "AUTH 'a b'\r\n"} {
		_, ok := split([]byte(wire))
		require.False(t, ok, wire)
	}
}
