package node

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestMoving(t *testing.T) {
	n := newNode(t, nil)
	n.record.Leader, n.quiet = n.settings.PodName, time.Now().Add(-time.Hour)
	require.False(t, n.moving())
	n.intent = intent{term: 1, leader: "v-replica-0", until: time.Now().Add(intentFor)}
	require.True(t, n.moving(), "the master that hands over votes for nobody meanwhile")
	n.record.Leader = "v-replica-1"
	require.False(t, n.moving(), "the old master has been gone for long")
	n.quiet = time.Time{}
	require.True(t, n.moving())
	n.intent.until = time.Now()
	require.False(t, n.moving())
}
