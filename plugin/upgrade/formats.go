package upgrade

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/helm-valkey/helm-valkey/plugin/manifest"
	"github.com/helm-valkey/helm-valkey/plugin/ours"
)

// engine is one of the two servers.
type engine string

const (
	valkey engine = "valkey"
	redis  engine = "redis"
)

// server release, as far as it is known. A minor of -1 is any.
type serverRelease struct {
	engine       engine
	major, minor int
}

// written is the format of the files (snapshots, and the base of append-only
// files) that a release writes.
type written struct {
	engine       engine
	major, minor int
	format       int
}

// formats are RDB_VERSION in src/rdb.h of both projects' releases. Redis 7.4 to
// 8.4 write the same. Valkey begins anew at 80, and refuses what lies between its
// last common format with Redis and that.
var formats = []written{
	{redis, 6, 2, 9}, {redis, 7, 0, 10}, {redis, 7, 2, 11}, {redis, 7, 4, 12},
	{redis, 8, 0, 12}, {redis, 8, 2, 12}, {redis, 8, 4, 12}, {redis, 8, 6, 13}, {redis, 8, 8, 14}, {redis, 8, 10, 15},
	{valkey, 7, 2, 11}, {valkey, 8, 0, 11}, {valkey, 8, 1, 11}, {valkey, 9, 0, 80}, {valkey, 9, 1, 80}, {valkey, 9, 2, 81},
}

const (
	lastCommon  = 11
	firstValkey = 80
)

// format is what a release writes. It is not known of releases that are newer
// than this table, and of a tag of several releases that do not write the same.
func (r serverRelease) format() (int, bool) {
	found := 0
	for _, w := range formats {
		if w.engine != r.engine || w.major != r.major || r.minor >= 0 && w.minor != r.minor {
			continue
		}
		if found != 0 && found != w.format {
			return 0, false
		}
		found = w.format
	}
	return found, found != 0
}

// reads says whether a release that writes one format reads another.
func reads(e engine, own, other int) bool {
	if e == redis {
		return other <= own && other < firstValkey
	}
	return other <= lastCommon || other >= firstValkey && other <= own
}

// older says whether a release is older than another of the same engine.
func (r serverRelease) older(than serverRelease) bool {
	return r.engine == than.engine && (r.major < than.major || r.major == than.major && r.minor >= 0 && r.minor < than.minor)
}

func (r serverRelease) String() string {
	name := "Valkey "
	if r.engine == redis {
		name = "Redis "
	}
	if r.minor < 0 {
		return name + strconv.Itoa(r.major)
	}
	return name + strconv.Itoa(r.major) + "." + strconv.Itoa(r.minor)
}

// serverVariable names the server's program when the entrypoint does not have to
// find out.
const serverVariable = "ENTRYPOINT_SERVER"

// version is how a tag begins that says which release it is.
var version = regexp.MustCompile(`^v?(\d{1,3})(?:\.(\d{1,3}))?(?:[.-]|$)`)

// releaseOf reads the server's release from the image of a StatefulSet's pods.
func releaseOf(o manifest.Object) (serverRelease, bool) {
	image, _, _ := strings.Cut(imageName(o), "@")
	base := image[strings.LastIndex(image, "/")+1:]
	name, tag, _ := strings.Cut(base, ":")
	r := serverRelease{engine: engineOf(ours.Setting(o, serverVariable) + " " + name), minor: -1}
	m := version.FindStringSubmatch(tag)
	if r.engine == "" || m == nil {
		return serverRelease{}, false
	}
	r.major, _ = strconv.Atoi(m[1]) // digits, few
	if m[2] != "" {
		r.minor, _ = strconv.Atoi(m[2])
	}
	return r, true
}

// engineOf finds the engine's name in the program's, or else the image's.
func engineOf(names string) engine {
	isValkey, isRedis := strings.Index(names, string(valkey)), strings.Index(names, string(redis))
	switch {
	case isValkey < 0 && isRedis < 0:
		return ""
	case isRedis < 0 || isValkey >= 0 && isValkey < isRedis:
		return valkey
	}
	return redis
}
