//go:build linux

package proxy

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/helm-valkey/helm-valkey/entrypoint/resp"
)

// asked is a connection over which a server is asked for what it is. The list of its
// commands is taken apart as it arrives: as a whole it is megabytes, which the process
// would keep for long.
type asked struct {
	conn net.Conn
	r    *bufio.Reader
}

var errTable = errors.New("unexpected reply to COMMAND")

func question(ctx context.Context, target Target, password string) (*asked, error) {
	conn, err := (&net.Dialer{Timeout: learnTimeout}).DialContext(ctx, target.Network, target.Address)
	if err != nil {
		return nil, err
	}
	q := &asked{conn: conn, r: bufio.NewReader(conn)}
	if password != "" {
		if _, err := q.text("AUTH", password); err != nil {
			conn.Close()
			return nil, err
		}
	}
	return q, nil
}

func (q *asked) send(args ...string) error {
	if err := q.conn.SetDeadline(time.Now().Add(learnTimeout)); err != nil {
		return err
	}
	_, err := q.conn.Write(resp.Append(nil, args...))
	return err
}

// text asks for a short reply.
func (q *asked) text(args ...string) (string, error) {
	if err := q.send(args...); err != nil {
		return "", err
	}
	reply, err := resp.Read(q.r)
	if err == nil && reply.Kind == '-' {
		err = resp.Error(reply.Str)
	}
	return reply.Str, err
}

// table asks for the commands.
func (q *asked) table() (table, error) {
	if err := q.send("COMMAND"); err != nil {
		return nil, err
	}
	return readTable(q.r)
}

func readTable(r *bufio.Reader) (table, error) {
	n, err := readArray(r)
	if err != nil {
		return nil, err
	}
	t := table{}
	for range n {
		name, traits, err := readCommand(r)
		if err != nil {
			return nil, err
		}
		t[name] = traits
	}
	if len(t) == 0 {
		return nil, fmt.Errorf("%w: no command", errTable)
	}
	// The server counts these among what concerns the connection, which they do
	// not change; pools of clients send them all the time.
	t["ping"] = stateless | harmless
	t["echo"] = stateless | harmless
	return t, nil
}

// Places of what is of interest in the description of a command.
const (
	commandName        = 0
	commandFlags       = 2
	commandCategories  = 6
	commandSubcommands = 9
)

// readCommand reads the description of one command, subcommands included.
func readCommand(r *bufio.Reader) (name string, t traits, err error) {
	n, err := readArray(r)
	if err != nil {
		return "", 0, err
	}
	var flags, categories []string
	var beneath traits
	for i := range n {
		switch i {
		case commandName:
			name, err = readText(r)
		case commandFlags:
			flags, err = readTexts(r)
		case commandCategories:
			categories, err = readTexts(r)
		case commandSubcommands:
			beneath, err = readSubcommands(r)
		default:
			err = skip(r, maxNested)
		}
		if err != nil {
			return "", 0, err
		}
	}
	// XGROUP has no flags of its own, but subcommands that write.
	return strings.ToLower(name), judge(flags, categories) | beneath&writes, nil
}

func readSubcommands(r *bufio.Reader) (all traits, err error) {
	n, err := readArray(r)
	for range n {
		if err != nil {
			break
		}
		var t traits
		_, t, err = readCommand(r)
		all |= t
	}
	return all, err
}

// readLine reads what an element of a reply begins with.
func readLine(r *bufio.Reader) (kind byte, rest string, err error) {
	line, err := r.ReadSlice('\n')
	if err != nil {
		return 0, "", err
	}
	if len(line) < len("+\r\n") {
		return 0, "", fmt.Errorf("%w: %q", errTable, line)
	}
	return line[0], string(line[1 : len(line)-2]), nil
}

func readArray(r *bufio.Reader) (int, error) {
	kind, rest, err := readLine(r)
	switch {
	case err != nil:
		return 0, err
	case kind == '-':
		return 0, resp.Error(rest)
	case kind != '*':
		return 0, fmt.Errorf("%w: %q instead of an array", errTable, kind)
	}
	return strconv.Atoi(rest)
}

// maxText is longer than any name.
const maxText = 1 << 10

func readText(r *bufio.Reader) (string, error) {
	kind, rest, err := readLine(r)
	if err != nil || kind == '+' {
		return rest, err
	}
	n, err := strconv.Atoi(rest)
	if kind != '$' || err != nil || n < 0 || n > maxText {
		return "", fmt.Errorf("%w: %q %.20q instead of a name", errTable, kind, rest)
	}
	text, err := r.Peek(n)
	if err != nil {
		return "", err
	}
	name := string(text)
	_, err = r.Discard(n + 2)
	return name, err
}

func readTexts(r *bufio.Reader) ([]string, error) {
	n, err := readArray(r)
	var texts []string
	for range n {
		if err != nil {
			break
		}
		var text string
		text, err = readText(r)
		texts = append(texts, text)
	}
	return texts, err
}

const maxNested = 16

// skip reads past one element, whatever it is.
func skip(r *bufio.Reader, levels int) error {
	kind, rest, err := readLine(r)
	if err != nil || (kind != '$' && kind != '*') {
		return err
	}
	n, err := strconv.Atoi(rest)
	if err != nil || levels == 0 {
		return fmt.Errorf("%w: %q %.20q", errTable, kind, rest)
	}
	if kind == '$' && n >= 0 {
		_, err := r.Discard(n + 2)
		return err
	}
	for range n {
		if err := skip(r, levels-1); err != nil {
			return err
		}
	}
	return nil
}
