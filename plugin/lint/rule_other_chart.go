package lint

import (
	"fmt"

	"github.com/helm-valkey/helm-valkey/plugin/finding"
	"github.com/helm-valkey/helm-valkey/plugin/migrate"
	"github.com/helm-valkey/helm-valkey/plugin/values"
)

var otherChart = finding.Rule{
	ID:       "VK018",
	Severity: finding.Warning,
	Title:    "Values for another chart",
	Doc: "Several keys that this chart does not know are keys of another one, which knows (nearly)\n" +
		"all that is there. `helm valkey migrate` turns such a file into values for this chart:\n" +
		"with its comments, and with a reason for what has no counterpart.",
	Bad: []string{
		`primary: # <- here
  persistence:
    size: 20Gi
replica:
  externalPrimary:
    enabled: false
`,
		`architecture: replication
replicaCount: 3 # <- here
persistence:
  size: 20Gi
config:
  maxMemory: 1gb
`,
	},
	Good: []string{
		`master:
  persistence:
    size: 20Gi
replica:
  replicaCount: 2
`,
	},
}

// fewUnknown is from how many unknown keys on values may be for another chart.
const fewUnknown = 2

// otherChartFinding looks for a chart that knows the keys which this one does
// not. It points at the first of these.
func (c *Chart) otherChartFinding(v *values.Values, unknown []finding.Finding) ([]finding.Finding, error) {
	if len(unknown) < fewUnknown {
		return nil, nil
	}
	all, err := c.others()
	if err != nil {
		return nil, err
	}
	charts, strange := migrate.Detect(all, v.Given())
	if len(charts) != 1 || 2*strange >= len(unknown) {
		return nil, nil
	}
	at := finding.Sort(unknown)[0].Position
	file := at.Name
	if at.Line == 0 {
		file = "FILE"
	}
	message := fmt.Sprintf("the values look like those of the chart %s", charts[0].Title)
	fix := fmt.Sprintf("helm valkey migrate --from %s %s", charts[0].Name, file)
	return []finding.Finding{otherChart.At(at, "", message, fix)}, nil
}
