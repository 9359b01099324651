package migrate

import (
	"fmt"
	"regexp"
	"strings"
)

// presets are the sizes of Bitnami's common chart (bitnami/common 2.31,
// templates/_resources.tpl): requests and limits of CPU and memory.
var presets = map[string][4]string{
	"nano":    {"100m", "128Mi", "150m", "192Mi"},
	"micro":   {"250m", "256Mi", "375m", "384Mi"},
	"small":   {"500m", "512Mi", "750m", "768Mi"},
	"medium":  {"500m", "1024Mi", "750m", "1536Mi"},
	"large":   {"1.0", "2048Mi", "1.5", "3072Mi"},
	"xlarge":  {"1.0", "3072Mi", "3.0", "6144Mi"},
	"2xlarge": {"1.0", "3072Mi", "6.0", "12288Mi"},
}

func preset(in input) result {
	resources := append(append([]string{}, in.path[:len(in.path)-1]...), "resources")
	if in.value == "none" || !isOff(find(in.given, resources)) {
		return result{off: "there are no presets, and resources are given or wanted to be none"}
	}
	size, ok := presets[fmt.Sprint(in.value)]
	if !ok {
		return result{absent: "there are no presets: set resources"}
	}
	return result{
		value: map[string]any{
			"requests": map[string]any{"cpu": size[0], "memory": size[1]},
			"limits":   map[string]any{"cpu": size[2], "memory": size[3]},
		},
		note: "there are no presets: what it stood for is written out",
	}
}

// isBitnami says whether an image is one of Bitnami's, which run by scripts of
// their own.
func isBitnami(repository any) bool { return strings.Contains(fmt.Sprint(repository), "bitnami") }

func repository(in input) result {
	text := fmt.Sprint(in.value)
	if isBitnami(text) {
		stock := "valkey/valkey"
		if strings.Contains(text, "redis") {
			stock = "library/redis"
		}
		return result{value: stock, note: "images of Bitnami run by scripts of their own, which the entrypoint replaces: it takes the stock image"}
	}
	registry, name, found := strings.Cut(text, "/")
	if found && strings.ContainsAny(registry, ".:") {
		return result{value: name, also: []setting{{split("image.registry"), registry}}}
	}
	return result{same: true}
}

// release is the version at the beginning of one of Bitnami's tags.
var release = regexp.MustCompile(`^(\d+(?:\.\d+)+)(?:-debian-.*)?$`)

func tag(in input) result {
	text := fmt.Sprint(in.value)
	if text == "" {
		return result{off: isEmpty}
	}
	name, digest, found := strings.Cut(text, "@")
	if bitnamiImage(in) {
		m := release.FindStringSubmatch(name)
		if m == nil {
			return result{absent: "it is a tag of Bitnami's: set the release of the stock image"}
		}
		return result{value: m[1]}
	}
	if found {
		return result{value: name, also: []setting{{split("image.digest"), digest}}}
	}
	return result{same: true}
}

// bitnamiImage says whether the server's image is one of Bitnami's, which it
// is by default in their charts.
func bitnamiImage(in input) bool {
	given := find(in.given, split("image.repository"))
	if given == nil {
		return strings.HasPrefix(in.chart, "bitnami-")
	}
	return isBitnami(given)
}

func digest(in input) result {
	if isOff(in.value) {
		return result{off: isEmpty}
	}
	if bitnamiImage(in) {
		return result{absent: "it is the digest of an image of Bitnami's"}
	}
	return result{same: true}
}

// spreadConstraint is redis-ha's one constraint in four values.
func spreadConstraint(in input) result {
	table, _ := in.value.(map[string]any)
	if isOff(table) {
		return result{off: "off"}
	}
	one := map[string]any{"maxSkew": 1, "topologyKey": "topology.kubernetes.io/zone", "whenUnsatisfiable": "ScheduleAnyway"}
	for key := range one {
		if !isOff(table[key]) {
			one[key] = table[key]
		}
	}
	return result{value: []any{one}}
}
