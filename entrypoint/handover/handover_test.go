package handover

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/helm-valkey/helm-valkey/entrypoint/resp"
)

// serve answers commands as a server would, until the test ends.
func serve(t *testing.T, answer func(command string) string) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var all sync.WaitGroup
	t.Cleanup(all.Wait)
	t.Cleanup(func() { listener.Close() })
	all.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			all.Go(func() {
				defer conn.Close()
				for reader := bufio.NewReader(conn); ; {
					value, err := resp.Read(reader)
					if err != nil {
						return
					}
					var words []string
					for _, word := range value.Array {
						words = append(words, word.Str)
					}
					if _, err := conn.Write([]byte(answer(strings.Join(words, " ")))); err != nil {
						return
					}
				}
			})
		}
	})
	return listener.Addr().String()
}

func bulk(lines ...string) string {
	text := strings.Join(lines, "\r\n")
	return fmt.Sprintf("$%d\r\n%s\r\n", len(text), text)
}

func TestWhoeverGivesUpAborts(t *testing.T) {
	target := serve(t, func(command string) string {
		if strings.HasPrefix(command, "REPLCONF") {
			return ""
		}
		return bulk("role:slave", "master_link_status:up", "master_replid:a", "master_repl_offset:5")
	})
	_, port, err := net.SplitHostPort(target)
	require.NoError(t, err)
	ctx, giveUp := context.WithCancel(t.Context())
	var commands []string
	failing := false
	master := serve(t, func(command string) string {
		commands = append(commands, command)
		switch {
		case strings.HasPrefix(command, "FAILOVER TO"):
			failing = true
			// Not while the next look is waited for: right before it.
			giveUp()
		case command == "INFO" && failing:
			return bulk("role:slave", "master_failover_state:failover-in-progress")
		case command == "INFO":
			return bulk("role:master", "master_replid:a", "connected_slaves:1", "slave0:ip=127.0.0.1,port="+port+",state=online,offset=5,lag=0")
		}
		return "+OK\r\n"
	})
	err = Run(ctx, resp.Options{Addr: master}, resp.Options{Addr: target}, Steps{
		Begin: func() {},
		Void:  func(context.Context) error { return nil },
	})
	require.ErrorIs(t, err, ErrTakenBack)
	require.Contains(t, commands, "FAILOVER ABORT", "else it would go on for ever, and refuse every REPLICAOF")
}
