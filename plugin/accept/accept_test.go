package accept

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/helm-valkey/helm-valkey/plugin/finding"
)

func TestWarnings(t *testing.T) {
	at := func(rule string, severity finding.Severity, line int) finding.Finding {
		return finding.Finding{RuleID: rule, Severity: severity, Position: finding.Position{Line: line}}
	}
	found := []finding.Finding{
		at("VK002", finding.Warning, 2), at("VK001", finding.Warning, 2), at("VK001", finding.Warning, 2),
		at("VK001", finding.Error, 1), at("VK003", finding.Warning, 1), at("VK001", finding.Warning, 0), at("VK001", finding.Warning, 3),
	}
	for name, breaks := range map[string]string{"as on Unix": "\n", "as on Windows": "\r\n"} {
		t.Run(name, func(t *testing.T) {
			text, left := Warnings("a:"+breaks+"  b: 1"+breaks+"c: 2", found, []string{"VK001", "VK002"}, "it is meant")
			want := "a:" + breaks + "  # valkey-lint: ignore=VK001,VK002 because it is meant" + breaks + "  b: 1" + breaks + "# valkey-lint: ignore=VK001 because it is meant\nc: 2"
			require.Equal(t, want, text)
			require.Equal(t, found[3:6], left)
		})
	}
}
