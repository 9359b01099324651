package resp

import (
	"bufio"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRead(t *testing.T) {
	tests := []struct {
		name, wire string
		want       Value
	}{
		{"simple string", "+PONG\r\n", Value{Kind: '+', Str: "PONG"}},
		{"error", "-LOADING wait\r\n", Value{Kind: '-', Str: "LOADING wait"}},
		{"integer", ":-12\r\n", Value{Kind: ':', Str: "-12", Int: -12}},
		{"bulk", "$5\r\na\r\nbc\r\n", Value{Kind: '$', Str: "a\r\nbc"}},
		{"empty bulk", "$0\r\n\r\n", Value{Kind: '$'}},
		{"nil bulk", "$-1\r\n", Value{Kind: '$', Null: true}},
		{"nil array", "*-1\r\n", Value{Kind: '*', Null: true}},
		{"array", "*2\r\n$1\r\na\r\n:7\r\n", Value{Kind: '*', Array: []Value{{Kind: '$', Str: "a"}, {Kind: ':', Str: "7", Int: 7}}}},
		{"map", "%1\r\n+k\r\n+v\r\n", Value{Kind: '%', Array: []Value{{Kind: '+', Str: "k"}, {Kind: '+', Str: "v"}}}},
		{"null", "_\r\n", Value{Kind: '_', Null: true}},
		{"true", "#t\r\n", Value{Kind: '#', Str: "t", Int: 1}},
		{"double", ",1.5\r\n", Value{Kind: ',', Str: "1.5"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Read(bufio.NewReader(strings.NewReader(tt.wire)))
			require.NoError(t, err)
			require.Equal(t, tt.want, got)
		})
	}
}

func TestReadRefuses(t *testing.T) {
	tests := map[string]string{
		"unknown type":    "?x\r\n",
		"no CR":           "+x\n",
		"empty line":      "\r\n",
		"no number":       ":x\r\n",
		"negative length": "$-2\r\n",
		"huge length":     "$99999999999\r\n",
		"bulk cut off":    "$5\r\nab\r\n",
		"bulk too long":   "$1\r\nabc\r\n",
		"array cut off":   "*3\r\n:1\r\n",
		"too deep":        strings.Repeat("*1\r\n", 20) + ":1\r\n",
		"endless line":    "+" + strings.Repeat("x", 200_000),
	}
	for name, wire := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := Read(bufio.NewReader(strings.NewReader(wire)))
			require.Error(t, err)
		})
	}
}

func FuzzRead(f *testing.F) {
	for _, seed := range []string{"+OK\r\n", "$3\r\nabc\r\n", "*2\r\n:1\r\n_\r\n", "%1\r\n+k\r\n*-1\r\n", "-ERR x\r\n", "$-1\r\n", ">2\r\n+a\r\n+b\r\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, wire string) {
		// Whatever comes in: an error or a value, never a panic or an endless read.
		_, _ = Read(bufio.NewReader(strings.NewReader(wire)))
	})
}

// What Append writes, Read must read back as the same strings.
func FuzzAppend(f *testing.F) {
	f.Add("SET", "key\r\n", "\x00\xff")
	f.Fuzz(func(t *testing.T, a, b, c string) {
		v, err := Read(bufio.NewReader(strings.NewReader(string(Append(nil, a, b, c)))))
		require.NoError(t, err)
		require.Len(t, v.Array, 3)
		require.Equal(t, []string{a, b, c}, []string{v.Array[0].Str, v.Array[1].Str, v.Array[2].Str})
	})
}
