//go:build linux

package sentry

import (
	"bufio"
	"cmp"
	"encoding/hex"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/helm-valkey/helm-valkey/entrypoint/conf"
	"github.com/helm-valkey/helm-valkey/entrypoint/sentinel"
	"github.com/helm-valkey/helm-valkey/entrypoint/settings"
)

// memory is what a Sentinel knows beyond its settings, as it writes it into its
// configuration file itself. Addresses are "host:port"; Master is conf.Detached while
// there never was one. ConfigEpoch is that of the master, LeaderEpoch the latest that the
// Sentinel has voted in, CurrentEpoch the latest that it knows of.
type memory struct {
	Master                                 string
	ConfigEpoch, LeaderEpoch, CurrentEpoch uint64
	Replicas                               []string
	Sentinels                              []sentinel.Address
}

// recall reads what a Sentinel wrote. It is false if there is no master in it. What is
// neither an address nor a name is left out: a Sentinel does not start with one in its file.
func recall(text, name string) (memory, bool) {
	var m memory
	lines := bufio.NewScanner(strings.NewReader(text))
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) < 3 || fields[0] != "sentinel" {
			continue
		}
		switch {
		case fields[1] == "current-epoch":
			m.CurrentEpoch = number(fields[2])
		case fields[2] != name || len(fields) < 4:
		case fields[1] == "config-epoch":
			m.ConfigEpoch = number(fields[3])
		case fields[1] == "leader-epoch":
			m.LeaderEpoch = number(fields[3])
		case len(fields) > 4:
			m.know(fields)
		}
	}
	return m, m.Master != ""
}

// know takes over a line with an address in it.
func (m *memory) know(fields []string) {
	host, port := fields[3], number(fields[4])
	if !isHost(host) || port == 0 || port > 65535 {
		return
	}
	at := net.JoinHostPort(host, strconv.FormatUint(port, 10))
	switch fields[1] {
	case "monitor":
		m.Master = at
	case "known-replica", "known-slave":
		// One that is known by name is found by its address again, and must not be both.
		if _, err := netip.ParseAddr(host); err == nil {
			m.Replicas = append(m.Replicas, at)
		}
	case "known-sentinel":
		id := strings.Trim(strings.Join(fields[5:], " "), `"`)
		if _, err := hex.DecodeString(id); err == nil && len(id) == 40 {
			m.meet(sentinel.Address{Host: host, Port: int(port), ID: id})
		}
	}
}

const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

// isHost tells an address or a name from what is neither. Without a letter in it, a name
// is an address gone wrong.
func isHost(text string) bool {
	address, err := netip.ParseAddr(text)
	return err == nil && address.Zone() == "" || strings.ContainsAny(text, letters) && strings.Trim(text, letters+"0123456789.-") == ""
}

// number is 0 for what is none.
func number(text string) uint64 {
	n, _ := strconv.ParseUint(text, 10, 63)
	return n
}

// learn takes over where the master is, if that is of a later epoch.
func (m *memory) learn(master string, epoch uint64) {
	m.CurrentEpoch = max(m.CurrentEpoch, epoch)
	if epoch > m.ConfigEpoch || m.Master == "" || m.Master == conf.Detached {
		m.Master, m.ConfigEpoch = master, max(m.ConfigEpoch, epoch)
	}
}

// meet takes note of another Sentinel.
func (m *memory) meet(a sentinel.Address) {
	m.Sentinels = slices.DeleteFunc(m.Sentinels, func(b sentinel.Address) bool { return b.ID == a.ID })
	m.Sentinels = append(m.Sentinels, a)
}

// refused is a command that no server has.
const refused = "no-sentinel-reconfigures-a-server"

// render writes a Sentinel's configuration.
func render(s settings.Settings, m memory, quorum int) string {
	var lines []string
	set := func(words ...string) { lines = append(lines, strings.Join(words, " ")) }
	of := func(directive string, words ...string) {
		set(append([]string{"sentinel", directive, s.SentinelName}, words...)...)
	}
	set("# Written by the entrypoint at every start, and by the Sentinel itself when what it knows changes.")
	set("bind", s.Bind)
	set("port", strconv.Itoa(s.SentinelPort))
	set("protected-mode", "no")
	set("daemonize", "no")
	set("logfile", conf.Quote(""))
	set("dir", conf.Quote(s.DataDir))
	set("sentinel", "myid", sentinel.ID(s.ClusterID, s.PodName))
	// What was written down while names were announced stays readable without them.
	set("sentinel", "resolve-hostnames", "yes")
	if s.Named() {
		set("sentinel", "announce-hostnames", "yes")
	}
	set("sentinel", "announce-ip", s.AnnounceHost)
	set("sentinel", "announce-port", strconv.Itoa(s.SentinelPort))
	set("sentinel", "current-epoch", strconv.FormatUint(m.CurrentEpoch, 10))
	host, port := split(cmp.Or(m.Master, conf.Detached))
	of("monitor", host, port, strconv.Itoa(quorum))
	// What it does to servers by itself, a Sentinel does with this command. The pods decide
	// who follows whom.
	of("rename-command", "SLAVEOF", refused)
	of("down-after-milliseconds", strconv.FormatInt(s.SentinelDownAfter.Milliseconds(), 10))
	of("failover-timeout", strconv.FormatInt(s.SentinelFailoverTimeout.Milliseconds(), 10))
	of("config-epoch", strconv.FormatUint(m.ConfigEpoch, 10))
	of("leader-epoch", strconv.FormatUint(m.LeaderEpoch, 10))
	if s.Password != "" {
		set("requirepass", conf.Quote(s.Password))
		set("sentinel", "sentinel-pass", conf.Quote(s.Password))
		of("auth-user", conf.SentinelUser)
		of("auth-pass", conf.Quote(s.SentinelPassword()))
	}
	for _, address := range slices.Compact(slices.Sorted(slices.Values(m.Replicas))) {
		if address != m.Master && address != conf.Detached {
			host, port := split(address)
			of("known-replica", host, port)
		}
	}
	for _, a := range m.Sentinels {
		of("known-sentinel", a.Host, strconv.Itoa(a.Port), a.ID)
	}
	return strings.Join(lines, "\n") + "\n"
}

func split(address string) (host, port string) {
	host, port, _ = net.SplitHostPort(address)
	return host, port
}
