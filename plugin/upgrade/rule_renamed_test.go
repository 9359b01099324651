package upgrade

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// However many objects get another name, it is one mistake.
func TestRenamed(t *testing.T) {
	stream := rendered(t, "sentinel")
	u := Upgrade{Old: read(t, stream), New: read(t, strings.ReplaceAll(stream, "rel-valkey", "other"))}
	require.Equal(t, []string{"VK306 StatefulSet/rel-valkey-master metadata.name: rel-valkey-master → other-master: the new pods start empty, and the old ones are removed"}, summary(u.Check()))
	u.New = read(t, strings.ReplaceAll(stream, `namespace: "space"`, `namespace: "other"`))
	require.Equal(t, []string{"VK306 StatefulSet/rel-valkey-master metadata.namespace: space → other: the new pods start empty, and the old ones are removed"}, summary(u.Check()))
}
