package report

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestHideSecrets(t *testing.T) {
	for line, want := range map[string]string{
		`  requirepass "a b" c`:                      `  requirepass *******`,
		`configuration: masterauth hunter2`:          `configuration: masterauth *******`,
		`tls-key-file-pass x`:                        `tls-key-file-pass *`,
		`  user app on >hunter2 ~* +@read`:           `  user app *********************`,
		`  user app >hunter2 on`:                     `  user app ***********`,
		`user app on #0123 +@all`:                    `user app on #0123 +@all`,
		`description: the user asked for >- nothing`: `description: the user asked for >- nothing`,
		`maxmemory 1gb`:                              `maxmemory 1gb`,
	} {
		require.Equal(t, want, hideSecrets(line))
	}
}
