//go:build linux

package proxy

import (
	"bytes"
	"strings"

	"github.com/helm-valkey/helm-valkey/entrypoint/resp"
)

// session is what a client's connection has become by its commands: what has to be
// said again to another master, and what can't be.
type session struct {
	// Commands that the server accepted, as they are sent to the next one.
	auth, database, name, hello []byte

	own      bool // an upstream of its own is needed from now on
	multi    bool // MULTI was sent, EXEC or DISCARD was not
	opening  bool // … and is to be answered before anything follows, if writes are to be confirmed
	reset    bool // RESET was sent, and is to be answered before anything follows
	watching bool // keys may be watched
	blocking bool // a command that may wait for other clients is under way
	sticky   bool // there is state that nobody could restore
	opaque   bool // replies no longer pair with commands: bytes pass as they are
}

// movable tells whether the connection can be continued on another upstream.
func (s *session) movable() bool {
	return !s.multi && !s.watching && !s.blocking && !s.sticky && !s.opaque
}

// login is what makes a new upstream the same as the one before.
func (s *session) login() (commands [][]byte) {
	for _, command := range [][]byte{s.auth, s.database, s.name, s.hello} {
		if command != nil {
			commands = append(commands, command)
		}
	}
	return commands
}

// note is what an accepted command means for the session.
type note uint8

const (
	noteNone note = iota
	noteAuth
	noteSelect
	noteName
	noteHello
	noteReset
	noteMulti
)

// intent is what one command asks of the proxy.
type intent struct {
	traits
	note   note
	own    bool // needs an upstream of its own
	keep   bool // … and so will all that follow
	sticky bool
	opaque bool
	wait   bool // WAIT, which is about the connection's own writes
	multi  bool // opens a transaction
	ends   bool // ends a transaction, with EXEC, or leaves one
	watch  bool
}

// alone tells whether all before the command has to be answered first. Servers up to
// Valkey 8.1 and Redis 8.0 say nothing to a login that fails while other replies are
// still to be sent.
func (i intent) alone() bool {
	return i.opaque || i.note == noteAuth || i.note == noteHello
}

// Commands that make a connection a stream of messages, or that have as many replies
// as arguments. REPLCONF may go without a reply.
var opaqueCommands = map[string]bool{
	"subscribe": true, "psubscribe": true, "ssubscribe": true,
	"unsubscribe": true, "punsubscribe": true, "sunsubscribe": true,
	"monitor": true, "sync": true, "psync": true, "replconf": true,
}

// Subcommands of CLIENT that leave nothing on the connection that matters.
var passingClient = map[string]bool{
	"getname": true, "getredir": true, "help": true, "id": true, "info": true, "kill": true, "list": true,
	"pause": true, "trackinginfo": true, "unblock": true, "unpause": true,
}

// judge says what a command asks for. What concerns the connection is the same in
// all releases and known here; the rest the server's table says.
func (s *session) judge(t table, r *request) intent {
	i := s.judgeName(t, r)
	if s.multi && !i.ends && i.note != noteReset {
		// That it is queued does not say that it will run.
		i.sticky = i.sticky || i.note != noteNone
		i.note, i.wait = noteNone, false
	}
	return i
}

func (s *session) judgeName(t table, r *request) intent {
	name := string(r.name.bytes())
	known := t[name]
	if known&stateless != 0 {
		return intent{traits: known, own: r.inline}
	}
	switch name {
	case "auth":
		return intent{own: true, note: noteAuth}
	case "hello":
		return intent{own: true, note: noteHello}
	case "select":
		return intent{own: true, keep: true, note: noteSelect}
	case "reset":
		return intent{own: true, keep: true, note: noteReset}
	case "client":
		return judgeClient(&r.sub)
	case "multi":
		if s.multi {
			return intent{own: true, keep: true} // the server says no, and stays in the first
		}
		return intent{own: true, keep: true, multi: true, note: noteMulti}
	case "exec":
		return intent{own: true, keep: true, ends: true, traits: writes}
	case "discard":
		return intent{own: true, keep: true, ends: true}
	case "watch":
		return intent{own: true, keep: true, watch: true}
	case "wait", "waitaof":
		return intent{own: true, keep: true, wait: true, traits: blocking}
	case "readonly", "readwrite", "asking":
		return intent{own: true, keep: true, sticky: true}
	case "script":
		return intent{own: true, keep: true, sticky: r.sub.is("debug")}
	}
	if opaqueCommands[name] {
		return intent{own: true, keep: true, opaque: true}
	}
	return intent{traits: known, own: true, keep: t != nil}
}

func judgeClient(sub *word) intent {
	i := intent{own: true, keep: true}
	name := string(sub.bytes())
	switch {
	case name == "setinfo":
		// The client library's name, for people who look: no reason to hold on to
		// a connection when almost every client sends it.
		i.keep = false
	case name == "setname":
		i.note = noteName
	case name == "reply" || strings.ContainsAny(name, `"'`): // an inline command may have it in quotes
		i.opaque = true
	case !passingClient[name]:
		i.sticky = true
	}
	return i
}

// sent changes the session by a command that is on its way.
func (s *session) sent(i intent) {
	s.own = s.own || i.keep
	s.sticky = s.sticky || i.sticky
	s.opaque = s.opaque || i.opaque
	s.blocking = s.blocking || i.traits&blocking != 0
	if i.multi {
		s.multi, s.opening = true, true
	}
	s.reset = i.note == noteReset
	if i.watch {
		s.watching = true
	}
	if i.ends {
		s.multi, s.watching = false, false
	}
}

// denied changes the session by a command to which the server said no.
func (s *session) denied(n note) {
	if n == noteMulti {
		s.multi, s.opening = false, false
	}
}

// accepted changes the session by a command to which the server said yes.
func (s *session) accepted(n note, command []byte) {
	switch n {
	case noteMulti:
		return
	case noteReset:
		*s = session{own: true}
		return
	}
	args, ok := split(command)
	if !ok {
		s.sticky = true
		return
	}
	switch n {
	case noteAuth:
		s.authenticated(args[1:])
	case noteSelect:
		s.database = bytes.Clone(command)
	case noteName:
		s.name = bytes.Clone(command)
	case noteHello:
		s.greeted(args[1:])
	}
}

// authenticated remembers the last of AUTH's arguments. The default user's name
// may be left out, so that both ways of writing it are one.
func (s *session) authenticated(args []string) {
	switch {
	case len(args) == 1:
		s.auth = resp.Append(nil, "AUTH", args[0])
	case len(args) == 2 && args[0] == "default":
		s.auth = resp.Append(nil, "AUTH", args[1])
	case len(args) == 2:
		s.auth = resp.Append(nil, "AUTH", args[0], args[1])
		s.own = true
	}
}

// greeted takes HELLO apart: HELLO protover [AUTH user password] [SETNAME name].
func (s *session) greeted(args []string) {
	if len(args) == 0 {
		return
	}
	s.hello = nil
	if args[0] != "2" {
		s.hello = resp.Append(nil, "HELLO", args[0])
	}
	for at := 1; at < len(args); {
		switch {
		case strings.EqualFold(args[at], "AUTH") && at+2 < len(args):
			s.authenticated(args[at+1 : at+3])
			at += 3
		case strings.EqualFold(args[at], "SETNAME") && at+1 < len(args):
			s.name = resp.Append(nil, "CLIENT", "SETNAME", args[at+1])
			s.own = true
			at += 2
		default:
			s.sticky = true
			return
		}
	}
}

// split returns the arguments of a whole command. Quotes of inline commands are
// beyond it.
func split(command []byte) ([]string, bool) {
	if len(command) == 0 {
		return nil, false
	}
	if command[0] != '*' {
		text := string(command)
		args := strings.Fields(text)
		return args, len(args) > 1 && !strings.ContainsAny(text, `"'`)
	}
	var args []string
	_, rest, _ := bytes.Cut(command, []byte("\r\n"))
	for len(rest) > 0 {
		var n number
		if rest[0] != '$' {
			return nil, false
		}
		used, done, err := n.feed(rest[1:])
		start := int64(1 + used)
		if err != nil || !done || n.value < 0 || start+n.value+2 > int64(len(rest)) {
			return nil, false
		}
		args = append(args, string(rest[start:start+n.value]))
		rest = rest[start+n.value+2:]
	}
	return args, len(args) > 0
}
