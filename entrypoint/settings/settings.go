// Package settings is everything that a pod is told: environment variables and
// the files they name, read once, checked as a whole.
//
// Every variable carries the prefix ENTRYPOINT_, which no Service of a namespace
// injects by chance.
//
//	POD_NAME              this pod's name (required)
//	POD_IP                the address that this pod announces (required beside MASTER)
//	ANNOUNCE_HOST         the name or address by which Sentinels tell clients of this pod (default: POD_IP)
//	CLUSTER_ID            "<namespace>/<release>"; peers of another id are refused
//	ROLE                  master, replica or sentinel: which StatefulSet this pod belongs to (required)
//	MASTER                host name of the master's pod; empty for a standalone server
//	PEERS_FILE            file with the host names of all expected pods, one a line; read again whenever it changes
//	PEER_SERVICES         host names, by comma, of headless Services whose addresses add to the peers
//	HOSTS_FILE            file in the form of hosts(5) that is asked instead of DNS
//	SERVER                the server's binary (default: valkey-server or redis-server in PATH)
//	DATA_DIR              the data directory (default /data)
//	DATA_VOLUME           true if the data directory outlives the pod (default false)
//	REPLICA_VOLUMES       true if the replicas' do: one that does not exist may hold data all the same (default false)
//	RUN_DIR               for the written configuration and the local socket; in memory, it holds secrets (default /run/valkey)
//	PORT, BIND            the server's port (default 6379) and addresses (default "* -::*")
//	PEER_PORT             the peers' server port (default: PORT)
//	HTTP_ADDRESS          probes, metrics, status (default ":9121")
//	CONTROL_ADDRESS       what peers ask of each other (default ":9122")
//	PEER_CONTROL_PORT     the peers' control port (default: the port of CONTROL_ADDRESS)
//	PASSWORD_FILE         file with the password of the default user; empty: no authentication
//	EXTERNAL_MASTER       "host:port" of a server whose data this release takes over: until it is promoted, its master's pod follows that
//	EXTERNAL_USERNAME     whom it logs in there as (default: the default user)
//	EXTERNAL_PASSWORD_FILE
//	                      file with the password there; empty: no authentication
//	CONFIG_FILES          server configuration files, by comma, included in that order
//	PERSISTENCE           aof, rdb or none (default none)
//	DISKLESS_SYNC_DELAY   seconds to wait for more replicas before a full sync (default 0)
//	EMPTY_MASTER          hold or start: what a master does that can't tell whether its peers hold newer data (default hold)
//	BOOTSTRAP_WAIT        how long to wait for peers that do not answer (default 30s)
//	MAX_LAG               a replica further behind is not ready and does not count (default 10s)
//	MIN_REPLICAS_TO_WRITE the master refuses writes with fewer replicas (default 0)
//	MIN_REPLICAS_MAX_LAG  a replica further behind does not count for that (default 10s)
//	PROXY_ADDRESS         the write endpoint, such as ":6380"; empty: none, and mastership moves only when a server dies
//	PROXY_HOLD_TIMEOUT    how long a command waits there for a master (default 5s)
//	PROXY_MAX_CONNECTIONS clients at once (default 10000)
//	PROXY_MAX_PENDING     bytes kept for one connection, each way (default 1048576)
//	DURABILITY            async, or replicated: writes there are answered when MIN_REPLICAS_TO_WRITE replicas have them (default async)
//	DURABILITY_TIMEOUT    how long they wait for that (default 2s)
//	FAILBACK              auto or never: whether the master's pod takes mastership back (default auto; without PROXY_ADDRESS always, and at once)
//	FAILBACK_AFTER        how long all has to be quiet before (default 60s)
//	PRIORITY              0: where masters are elected, this pod is one only while no other can be (default 100)
//	UPDATE_WAIT           how long a master that stops waits for a replica that is up to date (default 10s)
//	REVISION              the pod's revision: its label controller-revision-hash
//	HIVE_POLICY           safe or available: every pod may elect a master; empty: only the master's pod
//	HIVE_SILENCE          how long a master may be silent (default 1s)
//	HIVE_HANG             how long a server may leave a PING unanswered before its own entrypoint kills it (default 3s)
//	READY_SERVICES        host names, by comma, of headless Services that list ready pods only; for available
//	SENTINELS_FILE        file with the host names of all Sentinels' pods, one a line; none: there are no Sentinels
//	SENTINEL_PORT         where they listen (default 26379)
//	SENTINEL_NAME         what they call the master (default mymaster)
//	SENTINEL_QUORUM       how many of them have to miss the master (default: most)
//	SENTINEL_DOWN_AFTER   how long it may leave them without an answer before (default and least: 1.5s; for so long a master that is cut off goes on)
//	SENTINEL_FAILOVER_TIMEOUT
//	                      for twice as long they leave a failover to the pod that has their votes (default 15s)
//	GRACE_PERIOD          the pod's terminationGracePeriodSeconds as a duration (default 30s)
//	LOG_LEVEL             debug, info, warn or error (default info)
package settings

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/helm-valkey/helm-valkey/entrypoint/lead"
)

// Roles of a pod, by its StatefulSet.
const (
	Master   = "master"
	Replica  = "replica"
	Sentinel = "sentinel"
)

// Ways of keeping data on disk.
const (
	AOF  = "aof"
	RDB  = "rdb"
	None = "none"
)

// What to do with a master that can't tell whether its peers hold newer data.
const (
	Hold  = "hold"
	Start = "start"
)

// Whose word a write through the endpoint takes.
const (
	Async      = "async"
	Replicated = "replicated"
)

// Whether the master's pod takes mastership back.
const (
	Auto  = "auto"
	Never = "never"
)

// Settings is what the environment says, checked. Names as in the package
// comment.
type Settings struct {
	PodName, PodIP, ClusterID   string
	AnnounceHost                string
	Role                        string
	Master                      string
	PeersFile                   string
	PeerServices                []string
	HostsFile                   string
	Server                      string
	DataDir                     string
	DataVolume, ReplicaVolumes  bool
	RunDir                      string
	Bind                        string
	Port, PeerPort              int
	HTTPAddress, ControlAddress string
	PeerControlPort             int
	Password                    string
	External                    string
	ExternalUsername            string
	ExternalPassword            string
	ConfigFiles                 []string
	Persistence                 string
	DisklessSyncDelay           int
	EmptyMaster                 string
	BootstrapWait, MaxLag       time.Duration
	MinReplicasToWrite          int
	MinReplicasMaxLag           time.Duration
	ProxyAddress                string
	ProxyHoldTimeout            time.Duration
	ProxyMaxConnections         int
	ProxyMaxPending             int
	Durability                  string
	DurabilityTimeout           time.Duration
	Failback                    string
	Priority                    int
	FailbackAfter, UpdateWait   time.Duration
	Revision                    string
	HivePolicy                  string
	HiveSilence, HiveHang       time.Duration
	ReadyServices               []string
	SentinelsFile               string
	SentinelPort                int
	SentinelName                string
	SentinelQuorum              int
	SentinelDownAfter           time.Duration
	SentinelFailoverTimeout     time.Duration
	GracePeriod                 time.Duration
	LogLevel                    slog.Level
}

const prefix = "ENTRYPOINT_"

// Read takes the settings from an environment in the form of os.Environ. Its
// error names everything that is wrong, not the first.
func Read(environ []string) (Settings, error) {
	r := reader{values: map[string]string{}}
	for _, variable := range environ {
		if name, value, ok := strings.Cut(variable, "="); ok && strings.HasPrefix(name, prefix) {
			r.values[strings.TrimPrefix(name, prefix)] = value
		}
	}
	s := Settings{
		PodName:                 r.required("POD_NAME"),
		PodIP:                   r.address("POD_IP"),
		ClusterID:               r.text("CLUSTER_ID", ""),
		Role:                    r.oneOf("ROLE", "", Master, Replica, Sentinel),
		Master:                  r.text("MASTER", ""),
		PeersFile:               r.text("PEERS_FILE", ""),
		PeerServices:            r.list("PEER_SERVICES"),
		HostsFile:               r.text("HOSTS_FILE", ""),
		Server:                  r.text("SERVER", ""),
		DataDir:                 r.text("DATA_DIR", "/data"),
		DataVolume:              r.truth("DATA_VOLUME"),
		ReplicaVolumes:          r.truth("REPLICA_VOLUMES"),
		RunDir:                  r.text("RUN_DIR", "/run/valkey"),
		Bind:                    r.text("BIND", "* -::*"),
		Port:                    r.number("PORT", 6379, 1, 65535),
		HTTPAddress:             r.text("HTTP_ADDRESS", ":9121"),
		ControlAddress:          r.text("CONTROL_ADDRESS", ":9122"),
		Password:                r.password("PASSWORD_FILE"),
		External:                r.text("EXTERNAL_MASTER", ""),
		ExternalUsername:        r.text("EXTERNAL_USERNAME", ""),
		ExternalPassword:        r.password("EXTERNAL_PASSWORD_FILE"),
		ConfigFiles:             r.files("CONFIG_FILES"),
		Persistence:             r.oneOf("PERSISTENCE", None, AOF, RDB, None),
		DisklessSyncDelay:       r.number("DISKLESS_SYNC_DELAY", 0, 0, 3600),
		EmptyMaster:             r.oneOf("EMPTY_MASTER", Hold, Hold, Start),
		BootstrapWait:           r.duration("BOOTSTRAP_WAIT", 30*time.Second, 0),
		MaxLag:                  r.duration("MAX_LAG", 10*time.Second, time.Second),
		MinReplicasToWrite:      r.number("MIN_REPLICAS_TO_WRITE", 0, 0, 1000),
		MinReplicasMaxLag:       r.duration("MIN_REPLICAS_MAX_LAG", 10*time.Second, time.Second),
		ProxyAddress:            r.text("PROXY_ADDRESS", ""),
		ProxyHoldTimeout:        r.duration("PROXY_HOLD_TIMEOUT", 5*time.Second, 100*time.Millisecond),
		ProxyMaxConnections:     r.number("PROXY_MAX_CONNECTIONS", 10000, 1, 1000000),
		ProxyMaxPending:         r.number("PROXY_MAX_PENDING", 1<<20, 1<<16, 1<<30),
		Durability:              r.oneOf("DURABILITY", Async, Async, Replicated),
		DurabilityTimeout:       r.duration("DURABILITY_TIMEOUT", 2*time.Second, 10*time.Millisecond),
		Failback:                r.oneOf("FAILBACK", Auto, Auto, Never),
		Priority:                r.number("PRIORITY", 100, 0, 1000000),
		FailbackAfter:           r.duration("FAILBACK_AFTER", 60*time.Second, 0),
		UpdateWait:              r.duration("UPDATE_WAIT", 10*time.Second, 0),
		Revision:                r.text("REVISION", ""),
		HivePolicy:              r.oneOf("HIVE_POLICY", "", "", string(lead.Safe), string(lead.Available)),
		HiveSilence:             r.duration("HIVE_SILENCE", time.Second, 500*time.Millisecond),
		HiveHang:                r.duration("HIVE_HANG", 3*time.Second, time.Second),
		ReadyServices:           r.list("READY_SERVICES"),
		SentinelsFile:           r.text("SENTINELS_FILE", ""),
		SentinelPort:            r.number("SENTINEL_PORT", 26379, 1, 65535),
		SentinelName:            r.text("SENTINEL_NAME", "mymaster"),
		SentinelQuorum:          r.number("SENTINEL_QUORUM", 0, 0, 1000),
		SentinelDownAfter:       r.duration("SENTINEL_DOWN_AFTER", 1500*time.Millisecond, 1500*time.Millisecond),
		SentinelFailoverTimeout: r.duration("SENTINEL_FAILOVER_TIMEOUT", 15*time.Second, time.Second),
		GracePeriod:             r.duration("GRACE_PERIOD", 30*time.Second, 5*time.Second),
		LogLevel:                r.level("LOG_LEVEL"),
	}
	s.AnnounceHost = r.host("ANNOUNCE_HOST", s.PodIP)
	s.PeerPort = r.number("PEER_PORT", s.Port, 1, 65535)
	s.PeerControlPort = r.number("PEER_CONTROL_PORT", r.portOf("CONTROL_ADDRESS", s.ControlAddress), 1, 65535)
	r.portOf("HTTP_ADDRESS", s.HTTPAddress)
	if s.Role != Master && s.Master == "" {
		r.fail("MASTER", "is required for a %s: the host name of the pod that begins as master", s.Role)
	}
	if s.Master != "" && s.PeersFile == "" {
		r.fail("PEERS_FILE", "is required beside %sMASTER: the master asks all of them before it starts", prefix)
	}
	if s.Master != "" && s.PodIP == "" {
		r.fail("POD_IP", "is required beside %sMASTER: peers and servers know a pod by the address that it announces", prefix)
	}
	r.checkMoves(s)
	r.checkSentinel(s)
	r.checkExternal(s)
	if s.Role == Replica && !s.DataVolume {
		// What such a replica wrote would be gone with the pod, and cost disk and
		// forks meanwhile.
		s.Persistence = None
	}
	return s, errors.Join(r.errs...)
}

// checkMoves checks what the settings on moving mastership ask of each other.
func (r *reader) checkMoves(s Settings) {
	if s.ProxyAddress != "" {
		r.portOf("PROXY_ADDRESS", s.ProxyAddress)
	}
	if s.ProxyAddress != "" && s.Standalone() {
		r.fail("PROXY_ADDRESS", "has no use without %sMASTER: there is one server only", prefix)
	}
	if s.Durability == Replicated && (s.ProxyAddress == "" || s.MinReplicasToWrite == 0) {
		r.fail("DURABILITY", "is %q, which needs %sPROXY_ADDRESS and %sMIN_REPLICAS_TO_WRITE of at least 1", s.Durability, prefix, prefix)
	}
	if s.HivePolicy == "" {
		return
	}
	if s.ProxyAddress == "" {
		r.fail("HIVE_POLICY", "needs %sPROXY_ADDRESS: the master can be any pod", prefix)
	}
	if s.MinReplicasToWrite == 0 || s.MinReplicasMaxLag != hiveMaxLag {
		r.fail("HIVE_POLICY", "needs %sMIN_REPLICAS_TO_WRITE of at least 1 and %sMIN_REPLICAS_MAX_LAG of %s: by them a master that is cut off stops to take writes", prefix, prefix, hiveMaxLag)
	}
}

// checkSentinel checks what Sentinels ask of the other settings.
func (r *reader) checkSentinel(s Settings) {
	switch {
	case s.SentinelsFile == "" && s.Role == Sentinel:
		r.fail("SENTINELS_FILE", "is required for a Sentinel: it has to know the others")
	case s.SentinelsFile == "" || s.Role == Sentinel:
	case s.HivePolicy != "":
		r.fail("SENTINELS_FILE", "can't be beside %sHIVE_POLICY: both would decide who is master", prefix)
	case s.ProxyAddress == "":
		r.fail("SENTINELS_FILE", "needs %sPROXY_ADDRESS: the master can be any pod", prefix)
	}
	if strings.ContainsAny(s.SentinelName, " ,\"'\\\r\n\t") {
		r.fail("SENTINEL_NAME", "is %q: use letters, digits, dots, dashes and underscores", s.SentinelName)
	}
}

// checkExternal checks what an external master asks of the other settings.
func (r *reader) checkExternal(s Settings) {
	if s.External == "" {
		return
	}
	host, port, err := net.SplitHostPort(s.External)
	number, portErr := strconv.Atoi(port)
	if err != nil || portErr != nil || host == "" || number < 1 || number > 65535 || strings.ContainsAny(host, " ,\"'\\\r\n\t") {
		r.fail("EXTERNAL_MASTER", "is %q: use a host and a port, such as old-redis:6379", s.External)
	}
	if s.Elects() {
		r.fail("EXTERNAL_MASTER", "can't be beside %sHIVE_POLICY or %sSENTINELS_FILE: they would elect a master while there is one outside", prefix, prefix)
	}
	if s.Role == Master && !s.DataVolume {
		r.fail("EXTERNAL_MASTER", "needs %sDATA_VOLUME: a pod that forgets that it was promoted would follow the old master again", prefix)
	}
}

// hiveMaxLag is what lead.FenceWait is made for.
const hiveMaxLag = 2 * time.Second

// Hive tells whether every pod may elect a master.
func (s Settings) Hive() bool { return s.HivePolicy != "" }

// Sentinels tells whether Sentinels decide which pod is master.
func (s Settings) Sentinels() bool { return s.SentinelsFile != "" }

// Elects tells whether a lost master is replaced by another pod: by the pods themselves,
// or by Sentinels.
func (s Settings) Elects() bool { return s.Hive() || s.Sentinels() }

// Reserve tells whether this pod is to be master only while no other can be.
func (s Settings) Reserve() bool { return s.Elects() && s.Priority == 0 }

// Moves tells whether mastership may be anywhere: clients reach it through the
// write endpoint.
func (s Settings) Moves() bool { return s.ProxyAddress != "" }

// Named tells whether Sentinels tell clients names, not addresses.
func (s Settings) Named() bool { return s.AnnounceHost != s.PodIP }

// SentinelPassword is what Sentinels log in to servers with: made from the release's, which
// both sides have, and of no use for anything else.
func (s Settings) SentinelPassword() string {
	mac := hmac.New(sha256.New, []byte(s.Password))
	mac.Write([]byte("sentinel\n" + s.ClusterID))
	return hex.EncodeToString(mac.Sum(nil))
}

// ServerSocket is the server's local socket.
func (s Settings) ServerSocket() string { return filepath.Join(s.RunDir, "server.sock") }

// Standalone tells whether this server has no peers at all.
func (s Settings) Standalone() bool { return s.Master == "" }

type reader struct {
	values map[string]string
	errs   []error
}

func (r *reader) fail(name, format string, args ...any) {
	r.errs = append(r.errs, fmt.Errorf("%s%s %s", prefix, name, fmt.Sprintf(format, args...)))
}

func (r *reader) text(name, fallback string) string {
	if value := r.values[name]; value != "" {
		return value
	}
	return fallback
}

func (r *reader) required(name string) string {
	if r.values[name] == "" {
		r.fail(name, "is required and not set")
	}
	return r.values[name]
}

func (r *reader) oneOf(name, fallback string, allowed ...string) string {
	value := r.text(name, fallback)
	for _, a := range allowed {
		if value == a {
			return value
		}
	}
	r.fail(name, "is %q: use one of %s", value, strings.Join(allowed, ", "))
	return fallback
}

func (r *reader) number(name string, fallback, low, high int) int {
	value := r.values[name]
	if value == "" {
		return fallback
	}
	n, err := strconv.Atoi(value)
	if err != nil || n < low || n > high {
		r.fail(name, "is %q: use a whole number from %d to %d", value, low, high)
		return fallback
	}
	return n
}

func (r *reader) duration(name string, fallback, low time.Duration) time.Duration {
	value := r.values[name]
	if value == "" {
		return fallback
	}
	d, err := time.ParseDuration(value)
	if err != nil || d < low {
		r.fail(name, "is %q: use a duration of at least %s, such as 30s or 2m", value, low)
		return fallback
	}
	return d
}

func (r *reader) truth(name string) bool { return r.oneOf(name, "false", "true", "false") == "true" }

func (r *reader) list(name string) []string {
	var items []string
	for item := range strings.SplitSeq(r.values[name], ",") {
		if item = strings.TrimSpace(item); item != "" {
			items = append(items, item)
		}
	}
	return items
}

func (r *reader) files(name string) []string {
	files := r.list(name)
	for _, file := range files {
		if _, err := os.Stat(file); err != nil {
			r.fail(name, "names %q: %v", file, err)
		}
	}
	return files
}

func (r *reader) address(name string) string {
	value := r.values[name]
	if value != "" && net.ParseIP(value) == nil {
		r.fail(name, "is %q: use an IP address", value)
	}
	return value
}

func (r *reader) host(name, fallback string) string {
	value := r.text(name, fallback)
	if strings.ContainsAny(value, " ,\"'\\\r\n\t") {
		r.fail(name, "is %q: use a host name or an IP address", value)
	}
	return value
}

// portOf returns the port of an address to listen at, which has to be fixed:
// peers and probes must know it beforehand.
func (r *reader) portOf(name, address string) int {
	_, port, err := net.SplitHostPort(address)
	n, portErr := strconv.Atoi(port)
	if err != nil || portErr != nil || n < 1 || n > 65535 {
		r.fail(name, "is %q: use an address to listen at, such as :9121", address)
		return 1
	}
	return n
}

func (r *reader) level(name string) slog.Level {
	var level slog.Level
	if value := r.values[name]; value != "" {
		if err := level.UnmarshalText([]byte(value)); err != nil {
			r.fail(name, "is %q: use one of debug, info, warn, error", value)
		}
	}
	return level
}

// password reads the first line of the file that the variable names. What the
// file holds never becomes part of an error.
func (r *reader) password(name string) string {
	path := r.values[name]
	if path == "" {
		return ""
	}
	content, err := os.ReadFile(path)
	if err != nil {
		r.fail(name, "can't be read: %v", err)
		return ""
	}
	password := strings.TrimRight(string(content), "\r\n")
	switch {
	case password == "":
		r.fail(name, "names %q, which is empty: put a password into it, or switch authentication off", path)
	case strings.ContainsAny(password, "\r\n"):
		r.fail(name, "names %q, which holds more than one line: a password has no line breaks", path)
	}
	return password
}
