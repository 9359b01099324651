package spelling

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDistance(t *testing.T) {
	tests := []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"a", "", 1}, {"abc", "abc", 0}, {"abc", "acb", 1}, {"abc", "ab", 1}, {"abc", "abd", 1}, {"persistance", "persistence", 1},
		{"replica-count", "replicaCount", 0}, {"REPLICA_COUNT", "replicaCount", 0}, {"kitten", "sitting", 3}, {"größe", "grösse", 2},
	}
	for _, tt := range tests {
		require.Equal(t, tt.want, Distance(tt.a, tt.b), "%s, %s", tt.a, tt.b)
		require.Equal(t, tt.want, Distance(tt.b, tt.a), "%s, %s", tt.b, tt.a)
	}
}
