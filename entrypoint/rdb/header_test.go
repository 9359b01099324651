package rdb

import (
	"bufio"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const replid = "0123456789abcdef0123456789abcdef01234567"

func aux(key, value string) string {
	return "\xfa" + string(rune(len(key))) + key + value
}

func str(s string) string { return string(rune(len(s))) + s }

func TestRead(t *testing.T) {
	tests := []struct {
		name, file string
		want       Header
	}{
		{"master with data",
			"REDIS0011" + aux("redis-ver", str("7.0.15")) + aux("redis-bits", "\xc0\x40") + aux("ctime", "\xc2\x01\x02\x03\x04") +
				aux("repl-stream-db", "\xc0\x00") + aux("repl-id", str(replid)) + aux("repl-offset", "\xc1\x10\x27") + "\xfe\x00",
			Header{Version: 11, Replid: replid, Offset: 10000, HasData: true}},
		{"valkey's own magic", "VALKEY080" + aux("repl-offset", str("123456789012")) + "\xfb", Header{Version: 80, Offset: 123456789012, HasData: true}},
		{"empty", "REDIS0011" + aux("repl-id", str(replid)) + "\xff", Header{Version: 11, Replid: replid}},
		{"long string", "REDIS0011" + "\xfa\x40\x46" + strings.Repeat("k", 70) + str("v") + "\xff", Header{Version: 11}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Read(bufio.NewReader(strings.NewReader(tt.file)))
			require.NoError(t, err)
			require.Equal(t, tt.want, got)
		})
	}
}

func TestReadRefuses(t *testing.T) {
	tests := map[string]string{
		"nothing":          "",
		"another file":     "PK\x03\x04 some zip",
		"cut in the magic": "REDIS",
		"cut in a field":   "REDIS0011\xfa\x07repl",
		"bad offset":       "REDIS0011" + aux("repl-offset", str("x")) + "\xff",
		"endless fields":   "REDIS0011" + strings.Repeat(aux("a", str("b")), 100),
		"bad encoding":     "REDIS0011\xfa\xc3",
		"64-bit length":    "REDIS0011\xfa\x81",
	}
	for name, file := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := Read(bufio.NewReader(strings.NewReader(file)))
			require.ErrorIs(t, err, errFormat)
		})
	}
}

func FuzzRead(f *testing.F) {
	f.Add("REDIS0011" + aux("repl-id", str(replid)) + aux("repl-offset", "\xc1\x10\x27") + "\xfe")
	f.Add("VALKEY080\xff")
	f.Fuzz(func(t *testing.T, file string) {
		_, _ = Read(bufio.NewReader(strings.NewReader(file)))
	})
}
