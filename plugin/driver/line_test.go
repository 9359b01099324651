package driver

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParse(t *testing.T) {
	tests := []struct {
		name    string
		command string
		args    string
		release string
		chart   string
		kept    string // the arguments for Helm, when they are not the same
		values  map[string][]string
	}{
		{"release and chart", Upgrade, "rel ./chart", "rel", "./chart", "", nil},
		{"chart only", Install, "./chart -g", "", "./chart", "", map[string][]string{"generate-name": {""}}},
		{"flags before, between and behind", Upgrade, "-f a.yaml rel --set x=1 ./chart --wait", "rel", "./chart", "", map[string][]string{"values": {"a.yaml"}, "set": {"x=1"}, "wait": {""}}},
		{"a name from a template", Install, "c --name-template x", "", "c", "", nil},
		{"several of one", Install, "rel c -f a -fb -f=c --values d --values=e", "rel", "c", "", map[string][]string{"values": {"a", "b", "c", "d", "e"}}},
		{"letters together", Upgrade, "-if a rel c", "rel", "c", "", map[string][]string{"install": {""}, "values": {"a"}}},
		{"an optional value is behind =", Upgrade, "--dry-run rel c --wait=hookOnly", "rel", "c", "", map[string][]string{"dry-run": {""}, "wait": {"hookOnly"}}},
		{"a value like a flag", Install, "rel c --set-string --wait", "rel", "c", "", map[string][]string{"set-string": {"--wait"}, "wait": nil}},
		{"a value of upgrade's only", Upgrade, "rel --server-side true c", "rel", "c", "", map[string][]string{"server-side": {"true"}}},
		{"and install's switch", Install, "--server-side rel c", "rel", "c", "", map[string][]string{"server-side": {""}}},
		{"standard input", Install, "rel c -f -", "rel", "c", "", map[string][]string{"values": {"-"}}},
		{"the end of flags", Install, "-f a -- rel -c", "rel", "-c", "", map[string][]string{"values": {"a"}}},
		{"ours are not Helm's", Upgrade, "rel --allow VK301 c --allow=VK302 --patches p -f a", "rel", "c", "rel c -f a", map[string][]string{"allow": {"VK301", "VK302"}, "patches": {"p"}, "values": {"a"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l, err := Parse(tt.command, strings.Fields(tt.args))
			require.NoError(t, err)
			require.NoError(t, l.Check())
			require.Equal(t, tt.release, l.Release())
			require.Equal(t, tt.chart, l.Chart())
			for name, want := range tt.values {
				require.Equal(t, want, l.Values(name), name)
			}
			if tt.kept == "" {
				tt.kept = tt.args
			}
			require.Equal(t, strings.Fields(tt.kept), l.Args)
		})
	}
}

func TestParseRefuses(t *testing.T) {
	for _, args := range []string{"rel c -f", "rel c --set", "rel c --allow"} {
		_, err := Parse(Install, strings.Fields(args))
		require.ErrorContains(t, err, "needs a value", args)
	}
	for _, tt := range []struct{ command, args string }{
		{Install, ""}, {Install, "rel"}, {Install, "c --generate-name=false"}, {Upgrade, "rel"}, {Template, "rel c --of-the-future x"},
	} {
		command, args := tt.command, tt.args
		l, err := Parse(command, strings.Fields(args))
		require.NoError(t, err)
		require.ErrorContains(t, l.Check(), command+" takes ")
	}
}

func TestHas(t *testing.T) {
	l, err := Parse(Upgrade, strings.Fields("rel c --install=false --reuse-values --reset-values=true --atomic --atomic=false"))
	require.NoError(t, err)
	for name, want := range map[string]bool{"install": false, "reuse-values": true, "reset-values": true, "atomic": false, "wait": false} {
		require.Equal(t, want, l.Has(name), name)
	}
}

// More flags count, and stand before what ends the flags.
func TestWith(t *testing.T) {
	l, err := Parse(Install, strings.Fields("-o yaml -- rel c"))
	require.NoError(t, err)
	require.Equal(t, strings.Fields("install -o yaml --output=json -- rel c"), l.With("--output=json"))
	l, err = Parse(Install, strings.Fields("rel c -o yaml"))
	require.NoError(t, err)
	require.Equal(t, strings.Fields("install rel c -o yaml --output=json"), l.With("--output=json"))
}

func TestFlagsForOtherCommands(t *testing.T) {
	l, err := Parse(Upgrade, strings.Fields("rel valkey --repo https://example.org -nshop --kube-context=c --set a=b --version 1 --verify --wait --debug"))
	require.NoError(t, err)
	require.Equal(t, strings.Fields("-nshop --kube-context=c --debug"), l.Global())
	require.Equal(t, strings.Fields("--repo https://example.org -nshop --kube-context=c --version 1 --verify --debug"), l.Source())
}

func TestSent(t *testing.T) {
	tests := []struct {
		name    string
		history []revision
		want    []int
	}{
		{"one", []revision{{1, "deployed"}}, []int{1}},
		{"the last of several", []revision{{1, "superseded"}, {2, "deployed"}}, []int{2}},
		{"and one that failed behind it", []revision{{1, "deployed"}, {2, "failed"}, {3, "failed"}}, []int{3, 1}},
		{"the first failed", []revision{{1, "failed"}}, []int{1}},
		{"uninstalled", []revision{{1, "deployed"}, {2, "uninstalled"}}, nil},
		{"none", nil, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { require.Equal(t, tt.want, sent(tt.history)) })
	}
}

// FuzzParse looks for arguments that are lost: all but ours get to Helm, in
// their order.
func FuzzParse(f *testing.F) {
	for _, args := range []string{"rel c -f a", "-gf=x -- -n", "--=\n-\n--\n--", "rel --set\n--allow=x"} {
		f.Add(strings.ReplaceAll(args, " ", "\n"))
	}
	f.Fuzz(func(t *testing.T, text string) {
		args := strings.Split(text, "\n")
		for _, command := range []string{Install, Upgrade, Template} {
			l, err := Parse(command, args)
			if err != nil {
				continue
			}
			ours := 0
			for _, name := range Ours {
				ours += len(l.Values(name))
			}
			if ours == 0 {
				require.Equal(t, args, l.Args)
			}
			require.Equal(t, append([]string{command}, l.Args...), l.With())
			require.LessOrEqual(t, len(args)-len(l.Args), 2*ours)
		}
	})
}
