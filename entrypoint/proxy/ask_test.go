package proxy

import (
	"bufio"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const described = "*5\r\n" +
	"*10\r\n$3\r\nGET\r\n:2\r\n*2\r\n+readonly\r\n+fast\r\n:1\r\n:1\r\n:1\r\n*2\r\n+@read\r\n+@fast\r\n*0\r\n*1\r\n*2\r\n$5\r\nflags\r\n*1\r\n+RO\r\n*0\r\n" +
	"*7\r\n$3\r\nset\r\n:-3\r\n*2\r\n+write\r\n+denyoom\r\n:1\r\n:1\r\n:1\r\n*1\r\n+@write\r\n" +
	"*10\r\n$6\r\nxgroup\r\n:-2\r\n*0\r\n:0\r\n:0\r\n:0\r\n*1\r\n+@slow\r\n*0\r\n*0\r\n*2\r\n" +
	"*10\r\n$11\r\nxgroup|help\r\n:2\r\n*1\r\n+stale\r\n:0\r\n:0\r\n:0\r\n*0\r\n*0\r\n*0\r\n*0\r\n" +
	"*10\r\n$13\r\nxgroup|create\r\n:-5\r\n*1\r\n+write\r\n:2\r\n:2\r\n:1\r\n*0\r\n*0\r\n*-1\r\n*0\r\n" +
	"*7\r\n$4\r\neval\r\n:-3\r\n*2\r\n+noscript\r\n+movablekeys\r\n:0\r\n:0\r\n:0\r\n*1\r\n+@scripting\r\n" +
	"*7\r\n$5\r\nblpop\r\n:-3\r\n*2\r\n+write\r\n+blocking\r\n:1\r\n:-2\r\n:1\r\n*0\r\n"

func TestReadTable(t *testing.T) {
	got, err := readTable(bufio.NewReader(strings.NewReader(described)))
	require.NoError(t, err)
	require.Equal(t, table{
		"get":    stateless | harmless,
		"set":    stateless | writes,
		"xgroup": writes,
		"eval":   writes | scripted,
		"blpop":  writes | blocking,
		"ping":   stateless | harmless,
		"echo":   stateless | harmless,
	}, got)
}

func TestReadTableRefuses(t *testing.T) {
	for end := range len(described) {
		_, err := readTable(bufio.NewReader(strings.NewReader(described[:end])))
		require.Error(t, err, "after %d bytes", end)
	}
	for _, wire := range []string{
		"-NOPERM no\r\n", "*0\r\n", "$2\r\nno\r\n", "*x\r\n", "*1\r\n:1\r\n", "*1\r\n*1\r\n:1\r\n", "*1\r\n*1\r\n$9999999\r\n", "\n", "*1\r\n*2\r\n+a\r\n$x\r\n",
		"*1\r\n*2\r\n+a\r\n" + strings.Repeat("*1\r\n", 100),
	} {
		_, err := readTable(bufio.NewReader(strings.NewReader(wire)))
		require.Error(t, err, wire)
	}
}
