// Package engine knows which server this is and what that release understands.
// Servers refuse to boot on a directive they do not know, so what is rendered
// depends on the release found in the image, never on the image's tag.
package engine

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// Names of the engines, as Release.Engine holds them.
const (
	Valkey = "valkey"
	Redis  = "redis"
)

// Release is a server's engine and version, for example valkey 9.1.2.
type Release struct {
	Engine              string
	Major, Minor, Patch int
}

const versionTimeout = 10 * time.Second

// Find returns the path of the server binary: name where it is given, else the
// first of valkey-server and redis-server in PATH.
func Find(name string) (string, error) {
	names := []string{"valkey-server", "redis-server"}
	if name != "" {
		names = []string{name}
	}
	for _, n := range names {
		if path, err := exec.LookPath(n); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("no server binary: looked for %q in PATH; use a Valkey or Redis image, or name the binary in ENTRYPOINT_SERVER", names)
}

// Detect runs the server with --version and reads its answer.
func Detect(ctx context.Context, path string) (Release, error) {
	ctx, cancel := context.WithTimeout(ctx, versionTimeout)
	defer cancel()
	out, err := exec.CommandContext(ctx, path, "--version").CombinedOutput()
	if err != nil {
		return Release{}, fmt.Errorf("run %s --version: %w: %.200q", path, err, out)
	}
	release, err := Parse(string(out))
	if err != nil {
		return Release{}, fmt.Errorf("read the output of %s --version: %w", path, err)
	}
	if !release.Since(6, 2) {
		return Release{}, fmt.Errorf("%s is %s: the oldest supported are redis 6.2 and valkey 7.2", path, release)
	}
	return release, nil
}

// Parse reads the output of a server's --version, which has "Valkey server v=9.1.2 sha=…"
// or "Redis server v=7.0.15 sha=…" in it.
func Parse(output string) (Release, error) {
	for _, engine := range []Release{{Engine: Valkey}, {Engine: Redis}} {
		title := strings.ToUpper(engine.Engine[:1]) + engine.Engine[1:]
		_, version, _ := strings.Cut(output, title+" server v=")
		numbers := strings.SplitN(version, ".", 3)
		if len(numbers) < 3 {
			continue
		}
		patch := strings.IndexFunc(numbers[2]+" ", func(r rune) bool { return r < '0' || r > '9' })
		numbers[2] = numbers[2][:patch]
		var err [3]error
		r := engine
		r.Major, err[0] = strconv.Atoi(numbers[0])
		r.Minor, err[1] = strconv.Atoi(numbers[1])
		r.Patch, err[2] = strconv.Atoi(numbers[2])
		if errors.Join(err[:]...) == nil {
			return r, nil
		}
	}
	return Release{}, errors.New(strconv.Quote(fmt.Sprintf("%.100s", output)) + " is not a Valkey's or Redis' version")
}

func (r Release) String() string { return r.Engine + " " + r.Version() }

// Version is the number alone, for example "9.1.2".
func (r Release) Version() string { return fmt.Sprintf("%d.%d.%d", r.Major, r.Minor, r.Patch) }

// Since tells whether the release is at least major.minor. Valkey began as Redis
// 7.2, so one number serves both engines for all that came up to then.
func (r Release) Since(major, minor int) bool {
	return r.Major > major || r.Major == major && r.Minor >= minor
}

// Told is the release as a server tells it in INFO: its fields "valkey_version", which only
// Valkey has, and "redis_version".
func Told(valkey, redis string) (Release, error) {
	if valkey != "" {
		return Parse("Valkey server v=" + valkey)
	}
	return Parse("Redis server v=" + redis)
}

// format is that of the snapshots that a release writes for others, at its oldest. Valkey
// kept that of Redis 7.2 until 8.1, and since 9.1 writes it for replicas that know no other;
// 9.0 has a new one only.
func (r Release) format() int {
	switch {
	case r.Engine == Valkey && r.Major == 9 && r.Minor == 0:
		return ownFormat
	case r.Engine == Valkey:
		return shared
	case r.Since(7, 4):
		return 12
	case r.Since(7, 2):
		return 11
	case r.Since(7, 0):
		return 10
	default:
		return 9
	}
}

const (
	shared    = 11 // the last format that Redis and Valkey have in common
	ownFormat = 80 // the first of Valkey's own
)

// Reads tells whether a server of this release can be a replica of one of another: it takes
// in a snapshot first. Within one format Redis has none that is known to fail.
func (r Release) Reads(other Release) bool {
	format := other.format()
	switch {
	case format == ownFormat:
		return r.Engine == Valkey && r.Since(9, 0)
	case r.Engine == Valkey:
		return format <= shared
	default:
		return format <= r.format()
	}
}
