// Package conf writes the server's configuration file.
package conf

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/helm-valkey/helm-valkey/entrypoint/settings"
)

// Start is how the server is to begin this time. An empty Source starts it as a
// master; otherwise it starts as a replica of that address, "host:port".
// AppendOnly is false where the append-only file on disk must not be loaded,
// because newer data comes from Source. Outside: that is no pod of this release.
type Start struct {
	Source     string
	AppendOnly bool
	Outside    bool
}

// Detached is a source that nobody serves: the server starts as a replica that
// keeps what it has and waits to be pointed at its master.
const Detached = "127.0.0.1:1"

// Render returns the text of the configuration file. What users may change comes
// first, then their own files, then what has to be so for the pod to work.
func Render(s settings.Settings, start Start) (string, error) {
	var c config
	c.comment("Written by the entrypoint at every start of the server: changes to this file are lost.")
	defaults(&c, s)
	for _, file := range s.ConfigFiles {
		c.set("include", file)
	}
	c.comment("From here on the pod depends on it, so it comes last and wins.")
	if err := owned(&c, s, start); err != nil {
		return "", err
	}
	return c.String(), nil
}

func defaults(c *config, s settings.Settings) {
	switch s.Persistence {
	case settings.RDB:
		c.raw("save 3600 1 300 100 60 10000")
	case settings.AOF:
		c.set("save", "")
		c.set("appendfsync", "everysec")
	case settings.None:
		c.set("save", "")
	}
	c.set("repl-diskless-sync", "yes")
	c.set("repl-diskless-sync-delay", strconv.Itoa(s.DisklessSyncDelay))
	c.set("repl-diskless-load", disklessLoad(s))
	c.set("tcp-keepalive", "60")
	if s.Elects() {
		// A master that is silent for longer is suspected.
		c.set("repl-ping-replica-period", "1")
	}
	if s.MinReplicasToWrite > 0 {
		c.set("min-replicas-to-write", strconv.Itoa(s.MinReplicasToWrite))
		c.set("min-replicas-max-lag", strconv.Itoa(seconds(s.MinReplicasMaxLag)))
	}
}

// disklessLoad chooses how a replica takes a full sync. Both choices keep the old
// data until the new data is whole: swapdb needs memory for both at once, and
// flush-before-load leaves an empty replica behind if the master dies in the
// middle, which is when the data is needed most.
//
// Without a volume an empty replica loads from the socket and needs no disk. With
// one the snapshot goes to disk first, and is there after a restart.
func disklessLoad(s settings.Settings) string {
	if s.DataVolume && s.Role == settings.Replica && s.Persistence == settings.RDB {
		return "disabled"
	}
	return "on-empty-db"
}

func owned(c *config, s settings.Settings, start Start) error {
	c.raw("bind " + s.Bind)
	c.set("port", strconv.Itoa(s.Port))
	c.set("protected-mode", "no")
	c.set("unixsocket", s.ServerSocket())
	c.set("unixsocketperm", "700")
	c.set("dir", s.DataDir)
	c.set("dbfilename", SnapshotName)
	c.set("daemonize", "no")
	c.set("supervised", "no")
	c.set("logfile", "")
	c.set("appendonly", yesNo(start.AppendOnly))
	if s.Password != "" {
		c.set("requirepass", s.Password)
		if !start.Outside {
			// A master too: the moment it is handed over it becomes a replica.
			c.set("masterauth", s.Password)
		}
	}
	if start.Outside && s.ExternalPassword != "" {
		c.set("masterauth", s.ExternalPassword)
		if s.ExternalUsername != "" {
			c.set("masteruser", s.ExternalUsername)
		}
	}
	if s.PodIP != "" {
		c.set("replica-announce-ip", s.PodIP)
		c.set("replica-announce-port", strconv.Itoa(s.Port))
	}
	c.set("replica-read-only", "yes")
	if s.Sentinels() {
		// The pods themselves promote, with the Sentinels' votes: a Sentinel knows neither
		// what a server holds nor whether the old master has stopped to take writes.
		c.set("replica-priority", "0")
		if s.Password != "" {
			c.raw("user " + SentinelUser + " on #" + digest(s.SentinelPassword()) + " " + sentinelRights)
		}
	}
	if start.Source == "" {
		return nil
	}
	host, port, err := net.SplitHostPort(start.Source)
	if err != nil {
		return fmt.Errorf("replicate from %q: %w", start.Source, err)
	}
	c.raw("replicaof " + Quote(host) + " " + port)
	return nil
}

// SentinelUser is whom Sentinels log in to servers as. All that they do there is listen,
// ask, and tell each other where they are.
const (
	SentinelUser   = "sentinel"
	sentinelRights = "resetchannels &__sentinel__:hello -@all +ping +info +publish +subscribe +client|setname"
)

// digest is a password as the server keeps it.
func digest(password string) string {
	sum := sha256.Sum256([]byte(password))
	return hex.EncodeToString(sum[:])
}

// SnapshotName is the name of the snapshot in the data directory, AsideName that of
// an old one which is kept until newer data are saved, AppendDir that
// of the directory with the append-only files since 7.0, AppendFile that of the
// single file before.
const (
	SnapshotName = "dump.rdb"
	AsideName    = "dump.rdb.aside"
	AppendDir    = "appendonlydir"
	AppendFile   = "appendonly.aof"
)

type config struct{ strings.Builder }

func (c *config) comment(text string)    { c.raw("# " + text) }
func (c *config) set(name, value string) { c.raw(name + " " + Quote(value)) }
func (c *config) raw(line string)        { c.WriteString(line + "\n") }
func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// seconds rounds up, so that a bound never becomes zero, which means none.
func seconds(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }

// Quote writes an argument so that the server's parser (sdssplitargs) reads back
// the same bytes.
func Quote(s string) string {
	plain := s != ""
	for _, b := range []byte(s) {
		if b <= ' ' || b >= 0x7F || b == '"' || b == '\'' || b == '\\' || b == '#' {
			plain = false
		}
	}
	if plain {
		return s
	}
	var q strings.Builder
	q.WriteByte('"')
	for _, b := range []byte(s) {
		switch {
		case b == '"' || b == '\\':
			q.WriteByte('\\')
			q.WriteByte(b)
		case b < ' ' || b >= 0x7F:
			fmt.Fprintf(&q, `\x%02x`, b)
		default:
			q.WriteByte(b)
		}
	}
	q.WriteByte('"')
	return q.String()
}
