package node

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helm-valkey/helm-valkey/entrypoint/server"
)

func TestDeadServerAcknowledgesNothing(t *testing.T) {
	n := newNode(t, nil)
	n.process = &server.Process{}
	n.quiet = time.Time{}
	seen(n, "role:slave master_link_status:up")
	n.dead()
	require.False(t, n.quiet.IsZero(), "an election would wait for it for ever")
	require.Nil(t, n.process)
}
